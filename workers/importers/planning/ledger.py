"""Counts of a plan: everything that came in, and what became of it."""

from collections import Counter
from typing import Final

from msgspec import Struct, field

EXAMPLES: Final = 8
"""Most examples that are kept of a note."""


class Ledger(Struct, kw_only=True):
    """Counts of what was brought, known, and left out for which reason; notes with a few examples."""

    brought: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By what (`comments`, `votes`, …) and by kind."""
    known: Counter[str] = field(default_factory=Counter)
    """By what: brought by an earlier plan."""
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By what and by reason."""
    notes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = {}

    def bring(self, what: str, kind: str = "", number: int = 1) -> None:
        """Count what is brought."""
        self.brought[what, kind] += number

    def leave_out(self, what: str, why: str, number: int = 1) -> None:
        """Count what is left out."""
        self.left_out[what, why] += number

    def note(self, what: str, where: str = "", number: int = 1) -> None:
        """Count something that people should know about."""
        self.notes[what] += number
        examples = self.examples.setdefault(what, [])
        if where and len(examples) < EXAMPLES and where not in examples:
            examples.append(where)

    def add(self, other: "Ledger") -> None:
        """Add the counts of a part of the plan."""
        self.brought.update(other.brought)
        self.known.update(other.known)
        self.left_out.update(other.left_out)
        self.notes.update(other.notes)
        for what, examples in other.examples.items():
            mine = self.examples.setdefault(what, [])
            mine.extend(one for one in examples if one not in mine)
            del mine[EXAMPLES:]

    def total(self, what: str) -> tuple[int, int, int]:
        """Numbers of those brought, known and left out."""
        brought = sum(number for (kind, _), number in self.brought.items() if kind == what)
        left_out = sum(number for (kind, _), number in self.left_out.items() if kind == what)
        return brought, self.known[what], left_out
