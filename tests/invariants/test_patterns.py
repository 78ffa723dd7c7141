"""Regular expressions that mean the same on every supported Python."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("core", "projections", "workers") for path in sorted((ROOT / room).rglob("*.py"))]

POSSESSIVE_GROUP = re.compile(r"[^\\]\)(?:[*+?]|\{[0-9,]+\})\+")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_group_is_repeated_possessively(path: Path) -> None:
    """Before Python 3.11.5 such a repetition of a group that backtracks matches wrongly: `(?>(?:…)*)` is right."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func) == "re.compile":
            for node in ast.walk(call):
                if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                    text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                    assert POSSESSIVE_GROUP.search(text) is None, f"line {node.lineno}"
