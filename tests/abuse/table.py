"""The table of docs/abuse.md, written by the run itself."""

from collections.abc import Sequence
from typing import Final

from tests.abuse.run import Played

HEADS: Final = (
    "attack",
    "token",
    "what one client does",
    "connections",
    "responses",
    "sent, MB",
    "honest requests",
    "refused or failed",
    "median (99th percentile), ms",
    "memory growth, MB",
    "most open files",
    "connections left open",
)
_WORDS: Final = 3
"""Columns of words; the others are numbers."""


def table(played: Sequence[Played]) -> str:
    """The rows as Markdown."""
    rules = ["---" if number < _WORDS else "---:" for number in range(len(HEADS))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (HEADS, rules, *map(_cells, played)))


def _cells(one: Played) -> tuple[str, ...]:
    served, outcome = one.served, one.outcome
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(outcome.answers.items()))
    times = served.times
    took = f"{times.percentile(0.5) * 1000:.1f} ({times.percentile(0.99) * 1000:.0f})" if times.total else ""
    return (
        one.attack,
        "yes" if one.token else "no",
        one.does,
        f"{outcome.opened:,}",
        answers,
        f"{outcome.sent / 1e6:.1f}",
        f"{served.requests:,}",
        str(served.refused + served.failed),
        took,
        f"{max(0, one.held.memory) / 2**20:.0f}",
        f"{one.held.files:,}",
        f"{one.held.left:,}",
    )
