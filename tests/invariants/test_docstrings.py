"""How docstrings read: the first word is a noun or an imperative, and each sentence names whom it speaks of."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("core", "projections", "workers") for path in (TOP / folder).rglob("*.py"))
STATIC = TOP / "workers/gateway/web/static"
BROWSER_MODULES = sorted(STATIC.rglob("*.js"))
BEGINNINGS = re.compile(r"(What|Whether|How|Where|Who|So)\b")
UNNAMED = re.compile(r"\b(whoever|somebody|nobody|anew|by turns)\b", re.IGNORECASE)
CODE = re.compile(r"`[^`]*`")
BLOCK = re.compile(r"/\*\*(.*?)\*/", re.DOTALL)
HEADER = re.compile(r"(?://.*\n)+")


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Every bare string of a module, with its line: docstrings, and what describes an attribute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value.strip()


def comments_of(script: str) -> Iterator[tuple[int, str]]:
    """The header of a script in JavaScript, and every block that documents a declaration, with its line."""
    if header := HEADER.match(script):
        yield 1, re.sub(r"^// ?", "", header[0], flags=re.MULTILINE)
    for block in BLOCK.finditer(script):
        yield script.count("\n", 0, block.start()) + 1, re.sub(r"^ *\* ?", "", block[1], flags=re.MULTILINE).strip()


def faults(found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Line and beginning, or word, of each that begins wrongly or names nobody."""
    return [
        *((line, text[:60]) for line, text in found if BEGINNINGS.match(text)),
        *((line, unnamed[0]) for line, text in found if (unnamed := UNNAMED.search(CODE.sub("", text)))),
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(TOP).as_posix())
def test_a_docstring_begins_with_a_noun_or_an_imperative_and_names_whom_it_speaks_of(path: Path) -> None:
    assert faults([*docstrings(path)]) == []


@pytest.mark.parametrize("path", BROWSER_MODULES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_so_does_a_comment_of_a_script(path: Path) -> None:
    found = [*comments_of(path.read_text())]
    assert found
    assert faults(found) == []
