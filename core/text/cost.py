"""The cost of rendering one text, counted in steps, so that html stays a function of the text alone.

A step is about a microsecond of the processor that the counts were taken on. The parser counts what it does as it
goes: blocks, lines, delimiters, brackets, addresses and the characters that it looks through more than once.
"""

from typing import Final

BUDGET: Final = 6000
"""Steps that one section of a text may cost. A section of more is shown as plain text."""


class TooCostly(Exception):
    """Rendering a text would take more steps than it may."""


class Meter:
    """Counts the steps of rendering one section of a text."""

    __slots__ = ("left",)

    def __init__(self, steps: int = BUDGET) -> None:
        self.left = steps
        """Steps that may still be taken."""

    def spend(self, steps: int) -> None:
        """Count some steps. Raises TooCostly."""
        self.left -= steps
        if self.left < 0:
            raise TooCostly
