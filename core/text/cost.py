"""Cost of rendering one text, counted in steps, so that the HTML is a function of the text alone.

A step is about a microsecond on the processor where the costs were measured. The parser counts its work: blocks, lines,
delimiters, brackets, addresses and characters that are scanned more than once.
"""

from typing import Final

BUDGET: Final = 6000
"""Maximum steps per section of a text. A costlier section is shown as plain text."""


class TooCostly(Exception):
    """Rendering the text takes more steps than allowed."""


class Meter:
    """Step counter for one section of a text."""

    __slots__ = ("left",)

    def __init__(self, steps: int = BUDGET) -> None:
        self.left = steps
        """Steps left."""

    def spend(self, steps: int) -> None:
        """Count `steps`. Raises TooCostly."""
        self.left -= steps
        if self.left < 0:
            raise TooCostly
