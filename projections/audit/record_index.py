"""The events of one thread in order, without words: position, time, kind, and of votes the tally after each.

The record of a thread is paged by its index. It is read from the log alone, backwards by back pointers, and
grows by the events that were appended since.
"""

from array import array
from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from core.position import Position
from projections.audit.record_kinds import COUNTED, Counted

_OVERHEAD: Final = 2000
"""Bytes of an index without events."""
_PER_EVENT: Final = 36
"""Bytes per event, room to grow not counted."""

Tally = tuple[int, int]
"""Up and down votes of a comment."""


class IndexedEvent(NamedTuple):
    """The facts of one event in an index."""

    position: Position
    occurred: int
    """Time of occurrence, in milliseconds since 1970."""
    counted: int
    """The number of the name that a strip counts it under (`record_kinds`)."""
    tally: Tally = (0, 0)
    """Votes of the comment after a vote; (0, 0) for every other event."""


class Part(NamedTuple):
    """A run of neighbouring events: the first one, the last one, and the number of events by name."""

    first: IndexedEvent
    last: IndexedEvent
    counts: dict[Counted, int]


class RecordIndex:
    """Events of a thread, by number from 0. Events are only added, so numbers and the facts behind them stay."""

    def __init__(self) -> None:
        self._ms, self._n, self._occurred = array("q"), array("q"), array("q")
        self._up, self._down = array("i"), array("i")
        self.counted = bytearray()
        """Per event, the number of the name that a strip counts it under (`record_kinds`)."""

    def __len__(self) -> int:
        return len(self.counted)

    @property
    def bytes(self) -> int:
        """Approximate memory."""
        return _OVERHEAD + _PER_EVENT * len(self)

    @property
    def last(self) -> Position | None:
        """Position of the last event; None without events."""
        return self.position(len(self) - 1) if self.counted else None

    def add(self, event: IndexedEvent) -> None:
        """Add an event after all others."""
        self._ms.append(event.position.ms)
        self._n.append(event.position.n)
        self._occurred.append(event.occurred)
        self._up.append(event.tally[0])
        self._down.append(event.tally[1])
        self.counted.append(event.counted)

    def event(self, number: int) -> IndexedEvent:
        """The facts of an event."""
        return IndexedEvent(self.position(number), self._occurred[number], self.counted[number], self.tally(number))

    def position(self, number: int) -> Position:
        """Position of an event."""
        return Position(self._ms[number], self._n[number])

    def tally(self, number: int) -> Tally:
        """Up and down votes of the comment after a vote; (0, 0) for every other event."""
        return self._up[number], self._down[number]

    def upto(self, position: Position) -> int:
        """Number of events up to and including a position."""
        return bisect_right(range(len(self)), position, key=self.position)

    def before(self, position: Position) -> int:
        """Number of events before a position."""
        return bisect_left(range(len(self)), position, key=self.position)

    def strip(self, parts: int) -> list[Part]:
        """Divide the events into at most `parts` runs of equal length. The last run may be shorter."""
        total = len(self)
        size = max(1, -(-total // parts))
        return [self._part(start, min(start + size, total)) for start in range(0, total, size)]

    def _part(self, start: int, end: int) -> Part:
        within = self.counted[start:end]
        counts = {name: within.count(number) for number, name in enumerate(COUNTED)}
        return Part(self.event(start), self.event(end - 1), counts)
