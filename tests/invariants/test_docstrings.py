"""How docstrings read: the first word is a noun or an imperative, and each sentence names whom it speaks of."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("core", "projections", "workers") for path in (TOP / folder).rglob("*.py"))
BEGINNINGS = re.compile(r"(What|Whether|How|Where|Who|So)\b")
UNNAMED = re.compile(r"\b(whoever|somebody|nobody|anew|by turns)\b", re.IGNORECASE)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Every bare string of a module, with its line: docstrings, and what describes an attribute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value.strip()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(TOP).as_posix())
def test_a_docstring_begins_with_a_noun_or_an_imperative_and_names_whom_it_speaks_of(path: Path) -> None:
    found = [*docstrings(path)]
    assert [(line, text[:60]) for line, text in found if BEGINNINGS.match(text)] == []
    assert [(line, unnamed[0]) for line, text in found if (unnamed := UNNAMED.search(text))] == []
