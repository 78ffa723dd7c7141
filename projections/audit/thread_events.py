"""The index of every event of a thread, as staff may know of them."""

import re
from typing import Final

from msgspec import Struct

from core.events.envelope import UnreadableEntry, read
from core.events.types import RevisionRedacted
from core.log.port import Entry, Log
from core.position import Position
from core.throttle import Pace
from projections.audit.record_index import IndexedEvent, RecordIndex, Tally
from projections.audit.record_kinds import UNREADABLE, counted
from projections.thread.votes import moved, value_of

_CHUNK: Final = 1024
"""Events per read of the walk back."""
_PER_COMMENT: Final = 240
"""Bytes per comment with votes or redactions."""
_TAIL: Final = 100
"""Bytes at the end of an entry that hold its back pointers."""
_POINTER: Final = re.compile(rb'"tp":"([0-9]+-[0-9]+)"')
_NOBODY: Final[Tally] = (0, 0)


class _Seen(Struct, frozen=True, gc=False):
    """The part of an event that an index keeps. Garbage collection passes over it: a walk has many."""

    ms: int
    n: int
    occurred: int
    counted: int
    comment: str | None = None
    vote: int | None = None
    """For a vote: its value, 0 if it was retracted."""
    before: str = ""
    """For a vote: position of the voter's vote before it."""
    redacted: int | None = None
    """The revision that the event redacted."""


class ThreadEvents(RecordIndex):
    """All events of a thread, with the tally after each vote, and the texts that are redacted by the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self.redacted: dict[str, frozenset[int]] = {}
        """Redacted revisions, by comment."""
        self._tallies: dict[str, Tally] = {}
        self._values = bytearray()
        """Per event, the value of a vote plus 1; 1 for every other event."""

    @property
    def bytes(self) -> int:
        """Approximate memory."""
        return super().bytes + len(self) + _PER_COMMENT * (len(self.redacted) + len(self._tallies))

    def take(self, seen: _Seen) -> None:
        """Add the next event."""
        tally = _NOBODY
        if seen.vote is not None and seen.comment is not None:
            tally = moved(self._tallies.get(seen.comment, _NOBODY), self._value_at(seen.before), seen.vote)
            self._tallies[seen.comment] = tally
        if seen.redacted is not None and seen.comment is not None:
            self.redacted[seen.comment] = self.redacted.get(seen.comment, frozenset()) | {seen.redacted}
        self.add(IndexedEvent(Position(seen.ms, seen.n), seen.occurred, seen.counted, tally))
        self._values.append((seen.vote or 0) + 1)

    def _value_at(self, before: str) -> int:
        """The value of the vote at a position; 0 where there is none."""
        if not before:
            return 0
        position = Position.parse(before)
        number = self.before(position)
        there = number < len(self) and self.position(number) == position
        return self._values[number] - 1 if there else 0


async def read_thread_events(
    log: Log, site: str, thread: str, known: ThreadEvents | None = None, pace: Pace | None = None
) -> ThreadEvents | None:
    """The events of a thread by now; None if it has none. `known` is extended where the log still continues it.

    Walks back pointers from the thread's last event, at `pace`. Raises `core.log.port.BrokenChain`,
    `core.refusals.Unavailable`.
    """
    pace = pace or Pace()
    last = await log.thread_last(site, thread)
    if last is None:
        return None
    until = None if known is None else known.last
    if known is not None and until == last:
        return known
    if known is not None and until is not None and until < last:
        extended = await _extended(known, log, (site, thread), last, until, pace)
        if extended is not None:
            return extended
    # Nothing is known, or the log has left the branch that it is of.
    return await _extended(ThreadEvents(), log, (site, thread), last, None, pace)


async def _extended(
    events: ThreadEvents, log: Log, name: tuple[str, str], last: Position, until: Position | None, pace: Pace
) -> ThreadEvents | None:
    """Add the events after `until` up to `last`; None if the walk back does not meet `until`."""
    seen: list[_Seen] = []
    at: Position | None = last
    while at is not None and at != until:
        chunk = await log.chain(*name, at, until=until, limit=_CHUNK)
        pace.begin()
        for entry in chunk:
            seen.append(_seen(entry))
            if pace.due:
                await pace.rest()
        at = _previous(chunk[-1])
    if at != until:
        return None
    # A reader meanwhile has the number of events that it began with, and every prefix is an index of its own.
    for one in reversed(seen):
        events.take(one)
        if pace.due:
            await pace.rest()
    await pace.rest()
    return events


def _seen(entry: Entry) -> _Seen:
    try:
        recorded = read(*entry)
    except UnreadableEntry:
        return _Seen(*entry.position, entry.position.ms, UNREADABLE)
    envelope, event = recorded.envelope, recorded.event
    return _Seen(
        *recorded.position,
        recorded.occurred_at,
        counted(envelope.type),
        envelope.comment,
        value_of(event),
        envelope.ap,
        event.revision if isinstance(event, RevisionRedacted) else None,
    )


def _previous(entry: Entry) -> Position | None:
    """Position of the event of the thread before this entry; None at the first. Also of an unreadable entry."""
    found = _POINTER.search(entry.e[-_TAIL:])
    return None if found is None else Position.decode(found[1])
