"""The index of every event of a thread, as staff may know of them."""

import re
from typing import Final

from msgspec import Struct

from core.events.comment_events import RevisionRedacted
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.import_events import VotesBrought
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.log.port import Entry, Log
from core.position import Position
from core.throttle import Pace
from projections.audit.record_index import IndexedEvent, RecordIndex, Tally
from projections.audit.record_kinds import UNREADABLE, counted
from projections.audit.vote_index import VoteIndex
from projections.thread.votes import moved, value_of

_CHUNK: Final = 1024
"""Events per read of the walk back."""
_PER_COMMENT: Final = 240
"""Bytes per comment with votes or redactions."""
_TAIL: Final = 100
"""Bytes at the end of an entry that hold its back pointers."""
_POINTER: Final = re.compile(rb'"tp":"([0-9]+-[0-9]+)"')
_NO_VOTES: Final[Tally] = (0, 0)


class _IndexRow(Struct, frozen=True, gc=False):
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
    voter: str | None = None
    """For a vote: the member whose vote it is."""
    brought: Tally | None = None
    """For votes that an import brought without their voters: how many there are of them now."""
    listed: bool = False
    """For a vote: True if there is one after the event, void or not."""


class ThreadEvents(RecordIndex):
    """All events of a thread, with the tally after each vote, and the texts that are redacted by the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self.redacted: dict[str, frozenset[int]] = {}
        """Redacted revisions, by comment."""
        self.votes = VoteIndex()
        self._tallies: dict[str, Tally] = {}
        self._brought: dict[str, Tally] = {}
        """The part of a tally that an import brought without its voters."""
        self._values = bytearray()
        """Per event, the value of a vote plus 1; 1 for every other event."""

    @property
    def bytes(self) -> int:
        """Approximate memory."""
        indexed = _PER_COMMENT * (len(self.redacted) + len(self._tallies)) + self.votes.bytes
        return super().bytes + len(self) + indexed

    def take(self, row: _IndexRow) -> None:
        """Add the next event."""
        tally = _NO_VOTES
        if row.vote is not None and row.comment is not None:
            before = self._number_at(row.before)
            earlier = 0 if before is None else self._values[before] - 1
            self._tallies[row.comment] = tally = moved(self._tallies.get(row.comment, _NO_VOTES), earlier, row.vote)
            if row.voter is not None:
                self.votes.take(len(self), row.comment, row.voter, before, listed=row.listed)
        if row.brought is not None and row.comment is not None:
            before_up, before_down = self._brought.get(row.comment, _NO_VOTES)
            up, down = self._tallies.get(row.comment, _NO_VOTES)
            tally = up + row.brought[0] - before_up, down + row.brought[1] - before_down
            self._tallies[row.comment], self._brought[row.comment] = tally, row.brought
        if row.redacted is not None and row.comment is not None:
            self.redacted[row.comment] = self.redacted.get(row.comment, frozenset()) | {row.redacted}
        self.add(IndexedEvent(Position(row.ms, row.n), row.occurred, row.counted, tally))
        self._values.append((row.vote or 0) + 1)

    def _number_at(self, before: str) -> int | None:
        """The number of the event at a position; None where there is none."""
        if not before:
            return None
        position = Position.parse(before)
        number = self.before(position)
        return number if number < len(self) and self.position(number) == position else None


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
    rows: list[_IndexRow] = []
    at: Position | None = last
    while at is not None and at != until:
        chunk = await log.chain(*name, at, until=until, limit=_CHUNK)
        pace.begin()
        for entry in chunk:
            rows.append(_row_of(entry))
            if pace.due:
                await pace.rest()
        at = previous(chunk[-1])
    if at != until:
        return None
    # A reader meanwhile has the number of events that it began with, and every prefix is an index of its own.
    for one in reversed(rows):
        events.take(one)
        if pace.due:
            await pace.rest()
    await pace.rest()
    return events


def _row_of(entry: Entry) -> _IndexRow:
    try:
        recorded = read(*entry)
    except UnreadableEntry:
        return _IndexRow(*entry.position, entry.position.ms, UNREADABLE)
    envelope, event = recorded.envelope, recorded.event
    voter, listed = _vote(recorded)
    return _IndexRow(
        *recorded.position,
        recorded.occurred_at,
        counted(envelope.type),
        envelope.comment,
        value_of(event),
        envelope.ap,
        event.revision if isinstance(event, RevisionRedacted) else None,
        brought=(event.up, event.down) if isinstance(event, VotesBrought) else None,
        voter=voter,
        listed=listed,
    )


def _vote(recorded: Recorded) -> tuple[str | None, bool]:
    """The voter of an event of a vote, and whether there is a vote after it."""
    match recorded.event:
        case VoteCast():
            return recorded.envelope.actor.id, True
        case VoteRetracted():
            return recorded.envelope.actor.id, False
        case VoteVoided(voter=voter):
            return voter, True
        case VoteRestored(voter=voter, value=value):
            return voter, value != 0
        case _:
            return None, False


def previous(entry: Entry) -> Position | None:
    """Position of the event of the thread before this entry; None at the first. Also of an unreadable entry."""
    found = _POINTER.search(entry.e[-_TAIL:])
    return None if found is None else Position.decode(found[1])
