"""Compare the benchmarks of two source trees: they measure the same where they differ in imports alone.

A module is compared by its syntax tree without import statements and docstrings. A dotted name that begins with
something imported loses that beginning: `heads.comment(…)` is `comment(…)`, whatever module `heads` is called. So a
module may move between the two trees, and nothing else may change. A helper outside the benchmark may move as well.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

BENCH: Final = "tests/bench"
_HELPERS: Final = "tests"
"""Package whose modules outside `BENCH` belong to the benchmark where it imports them."""


def differing(one: Path, other: Path) -> list[str]:
    """Files of the benchmark, as paths in either tree, that differ in more than imports, or that only one tree has."""
    mine, theirs = _trees(one), _trees(other)
    names = {name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)}
    moved = {mine.get(name) for name in names} & {theirs.get(name) for name in names}
    return sorted(name for name in names if _is_of_bench(name) or not {mine.get(name), theirs.get(name)} <= moved)


def _is_of_bench(name: str) -> bool:
    return name.startswith(f"{BENCH}/")


def _trees(root: Path) -> dict[str, str]:
    """The modules of a benchmark as they are compared, by path."""
    return {name: _tree(root / name) for name in _files(root)}


def _files(root: Path) -> Iterator[str]:
    """The modules of the benchmark and those of the tests' helpers that it imports, directly or not."""
    left = [path for path in sorted((root / BENCH).rglob("*.py")) if not path.name.startswith("test_")]
    seen = set(left)
    while left:
        path = left.pop()
        yield path.relative_to(root).as_posix()
        for module in _imported(ast.parse(path.read_bytes())):
            helper = root.joinpath(*module.split(".")).with_suffix(".py")
            if module.partition(".")[0] == _HELPERS and helper.exists() and helper not in seen:
                seen.add(helper)
                left.append(helper)


def _imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names that a module imports, modules and what it takes from them alike."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _tree(path: Path) -> str:
    """A module as it is compared."""
    tree = ast.parse(path.read_bytes())
    bound = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return ast.dump(_Stripped(bound).visit(tree))


class _Stripped(ast.NodeTransformer):
    """Removes imports, docstrings, and the imported beginning of dotted names."""

    def __init__(self, bound: set[str]) -> None:
        self._bound = bound
        """Names that the imports of the module bind, dotted where `import a.b` does."""

    def visit_Import(self, node: ast.Import) -> None:
        """Remove it."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Remove it."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Remove a bare string: a docstring, or what describes an attribute."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Leave the name alone of what is found in something imported."""
        if _dotted(node.value) in self._bound:
            return ast.Name(id=node.attr, ctx=node.ctx)
        return self.generic_visit(node)


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            before = _dotted(node.value)
            return f"{before}.{node.attr}" if before else ""
        case _:
            return ""
