"""Filters and searches of a record. A search sees the records that the same caller is shown, and nothing else."""

from collections.abc import Collection
from typing import Any, Final

from msgspec import Struct

from core.text.word_search import begin, searched_words
from projections.audit.record_kinds import COUNTED, VOTES, Kind, numbers_of
from projections.audit.records import AuditRecord
from projections.audit.shown_records import Shape

_WORDS: Final = ("body", "name", "title", "reason", "note", "exact", "prefix", "suffix", "prompt")
"""The facts that are words of people."""


class Wanted(Struct, frozen=True, kw_only=True):
    """The events that a reader of a record asks for: all, or those that meet every condition given."""

    kinds: frozenset[Kind] = frozenset()
    """Only events of these kinds; empty for all."""
    actor: str | None = None
    """Only events of this actor, never votes: who voted is looked up where looking is recorded."""
    words: tuple[str, ...] = ()
    """Each begins a word or a name of the event, in the form of `searched_words`."""
    comment: str | None = None
    """Instead of containing `words`, the event may be one of this comment."""

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the names under which such events are counted (`record_kinds`)."""
        return numbers_of(self.kinds) - ({VOTES} if self.actor is not None else set())

    @property
    def mask(self) -> bytes:
        """For `bytes.translate`: 1 for the numbers that are wanted, 0 for the others."""
        return bytes(number in self.numbers for number in range(len(COUNTED))).ljust(256, b"\0")

    @property
    def reads(self) -> bool:
        """True if an event must be read to know whether it is wanted."""
        return self.actor is not None or bool(self.words)

    def takes(self, record: Shape) -> bool:
        """True if a record, as it is shown, is wanted. An unreadable entry is wanted by a filter of kinds alone."""
        if not self.reads:
            return True
        if not isinstance(record, AuditRecord):
            return False
        if self.actor is not None and record.actor.id != self.actor:
            return False
        return not self.words or record.comment == self.comment or self._said(record.data)

    def _said(self, data: dict[str, Any]) -> bool:
        return begin(self.words, [data[name] for name in _WORDS if isinstance(data.get(name), str)])


def searched(kinds: Collection[Kind] = (), actor: str | None = None, q: str | None = None) -> Wanted:
    """The filter that these parameters describe. Raises ValueError for a `q` without a letter or digit."""
    words = tuple(searched_words(q)) if q is not None else ()
    if q is not None and not words:
        raise ValueError("there is no letter and no digit to search for")
    return Wanted(kinds=frozenset(kinds), actor=actor, words=words, comment=q)
