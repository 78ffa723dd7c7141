"""Places of facts: the order in which those of a discussion come."""

from typing import Final

from msgspec import Struct

from core.domain.import_facts import AnyFact
from workers.importers.planning.drafts import Draft

POST: Final = 0
REPORT: Final = 1
BETWEEN: Final = 2
VOTE: Final = 1_000_000
FEATURE: Final = 1_000_001
PIN: Final = 1_000_002
LAST: Final = 1_000_003
"""Steps of facts about a comment that have the same time: its post, reports, its other own facts, then the rest."""


class Placed(Struct, frozen=True):
    """A fact with its place in the order of the discussion, and the place of its body among the converted ones."""

    order: int
    rank: int
    step: int
    fact: AnyFact
    body: int | None = None


class Steps:
    """Places of the facts of one comment, in the order in which they are made. The first is its post."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._step = POST - BETWEEN
        self._order = draft.order
        self.verdict: str | None = None
        """The last verdict of the source."""
        self.decided = draft.at

    def placed(self, at: int, fact: AnyFact, body: int | None = None) -> Placed:
        """A fact after the ones before it."""
        self._order = max(self._order, at)
        self._step += BETWEEN
        return Placed(self._order, self._draft.rank, self._step, fact, body)
