"""Values for spreadsheets, which take a text that begins in some ways for a formula."""

from typing import Final, TypeVar

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a formula."""

Value = TypeVar("Value")


def safe_cell(value: Value) -> Value | str:
    """Return a value that no spreadsheet takes for a formula: such a text is preceded by an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
