"""The sections of the benchmark, each a module, in the order in which they run.

A module is imported when its section runs: of a revision that lacks what one of them uses, the others can still be
measured.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Final

from tests.bench.figures import Figure
from tests.bench.stage import Stage

SECTIONS: Final = (
    "hot",
    "cold",
    "rows",
    "paging",
    "posting",
    "judging",
    "rating",
    "voting",
    "tokens",
    "pressure",
    "appending",
    "backlog",
    "folding",
    "verifying",
    "rebuilding",
    "history",
    "counting",
    "live",
    "feeds",
    "memory",
    "starting",
    "importing",
    "pages",
)

Measure = Callable[[Stage], Awaitable[list[Figure]]]


def section(name: str) -> Measure:
    """What measures a section."""
    measure: Measure = import_module(f"tests.bench.{name}").measure
    return measure


def chosen(text: str) -> list[str]:
    """The sections that a list with commas names. Raises ValueError."""
    names = text.split(",")
    if unknown := [name for name in names if name not in SECTIONS]:
        raise ValueError(f"there is no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    return names
