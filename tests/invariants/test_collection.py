"""Names of tests: every process that collects the tests must find the same ones, whenever and wherever it does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CHANGING = frozenset(
    {
        *("time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "datetime.now", "datetime.utcnow"),
        *("os.urandom", "os.getpid", "uuid.uuid4", "uuid4", "token_hex", "token_bytes", "token_urlsafe", "urandom"),
        *("secrets.token_hex", "secrets.token_bytes", "random.random", "random.randint", "random.choice"),
        "tempfile.mkdtemp",
    }
)
"""Calls whose value differs from process to process."""


def parametrised(path: Path) -> Iterator[ast.Call]:
    """The calls within the parameters of tests and fixtures."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(("parametrize", "fixture")):
                yield from (inner for inner in ast.walk(decorator) if isinstance(inner, ast.Call))


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: path.relative_to(TESTS).as_posix())
def test_parameters_are_the_same_in_every_process(path: Path) -> None:
    for call in parametrised(path):
        name = ast.unparse(call.func)
        assert name not in CHANGING, f"line {call.lineno}: {name} differs from process to process"
        if name == "gzip.compress":
            given = {keyword.arg for keyword in call.keywords}
            assert "mtime" in given, f"line {call.lineno}: what is compressed has the time, unless mtime is given"
