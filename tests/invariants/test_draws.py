"""Tests that draw from Hypothesis while they run."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_coroutine_draws(path: Path) -> None:
    """Where an example is too large, drawing raises a BaseException, which ends the task that runs all async tests."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and node.attr == "draw":
                    pytest.fail(f"line {node.lineno}: let the decorator draw, or make the test a function")
