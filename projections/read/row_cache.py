"""Cache of public rows that one process keeps exact from its own appends.

The response to a vote contains the row of its comment. Reading that row costs the server more than anything else in a
vote except the append. Every append returns the position of the partition's last event before it. So a process whose
appends follow directly on each other knows every event since it read a row. Its own votes are added to the row, and its
own posts change no other row than that of the comment they reply to. Any other event may change a row, and drops all
rows of the partition. So does a gap, which holds events of other processes, or is what a failover lost. The last
appends are remembered, so that a row read before some of them is brought forward.

With several processes appending to a partition, a vote that relied on a cached row would often find it dropped, and
wait for the views. So rows are used only after a run of appends by this process alone.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from core.events.comment_events import CommentPosted
from core.events.envelope import Recorded
from core.events.vote_events import VoteCast, VoteRetracted
from core.lru import Lru
from core.position import START, Position
from projections.thread.votes import moved, value_of
from projections.views.pointer import Pointer

KEPT_S: Final = 60.0
"""TTL of a row after it was read, in seconds: drift detection and a new version may change rows without an event."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Maximum bytes of all cached rows of a process."""
RUN: Final = 32
"""Consecutive events of a partition that this process must append before rows are used."""
REMEMBERED: Final = 64
"""Events of a partition, appended last, that are remembered to bring forward the rows read before them."""

_EACH: Final = 400
"""Approximate bytes of one entry besides the row."""


class CachedRow(NamedTuple):
    """The public row of a comment, in the parts that `projections.read.page_json.alone` takes."""

    stored: bytes
    name: bytes | None
    votes: tuple[int, int]
    answers: int | None
    """Number of replies on the page; None if there never was one."""


_Key = tuple[int, str, str, str]
"""Partition, site, thread and comment of a row."""


class _Change(NamedTuple):
    """Effect on the rows of an event appended by this process: at most one row changes."""

    after: Position
    """Position of the partition's event directly before."""
    key: _Key | None
    vote: tuple[int, int] | None
    """The member's vote before and now; None if the row must be read again."""


class _RowEntry(NamedTuple):
    row: CachedRow
    pointer: Pointer
    epoch: int
    until: float


class RowMemory:
    """Cache of rows by comment, valid while only votes appended by this process change them."""

    def __init__(
        self,
        partitions: int,
        *,
        seconds: float = KEPT_S,
        most_bytes: int = MOST_BYTES,
        run: int = RUN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._run = run
        self._clock = clock
        self._last = [START] * partitions
        """Number of the last event that this process appended, by partition."""
        self._first = [0] * partitions
        """Number of the first event of the current run of consecutive appends by this process, by partition."""
        self._changes = [deque[_Change](maxlen=REMEMBERED) for _ in range(partitions)]
        """The events that this process appended last, without a gap, and since all rows were dropped; by partition."""
        self._epochs = [0] * partitions
        """Number of times that the rows were dropped, by partition."""
        self._rows = Lru[_Key, _RowEntry](most_bytes)

    @property
    def bytes(self) -> int:
        """Bytes kept."""
        return self._rows.bytes

    def get(self, partition: int, site: str, thread: str, comment: str, pointer: Pointer) -> CachedRow | None:
        """The row as of the last event that this process appended; None if unknown."""
        if self._last[partition].n - self._first[partition] < self._run:
            return None
        kept = self._rows.get((partition, site, thread, comment))
        if kept is None or kept.epoch != self._epochs[partition] or kept.pointer != pointer:
            return None
        return kept.row if self._clock() < kept.until else None

    def appended(self, partition: int, recorded: Sequence[Recorded], after: Position, before: int | None) -> None:
        """Apply what one command of this process appended to a partition, directly after the event at `after`.

        `before` is the earlier value of a vote.
        """
        if after != self._last[partition]:
            self._first[partition] = recorded[0].position.n
            self._drop(partition)
        for one in recorded:
            change = _change(partition, one, after, before)
            if change is None:
                self._drop(partition)
            else:
                self._apply(change)
                self._changes[partition].append(change)
            after = one.position
        self._last[partition] = after

    def put(
        self, partition: int, site: str, thread: str, comment: str, pointer: Pointer, upto: Position, row: CachedRow
    ) -> None:
        """Store a row that includes every event up to `upto`, and none after.

        It is brought forward to the last event that this process appended. It is not stored if this process does not
        know all of the events between.
        """
        key, votes = (partition, site, thread, comment), row.votes
        for change in reversed(self._changes[partition]):
            if change.key == key:
                if change.vote is None:
                    return
                votes = moved(votes, *change.vote)
            if change.after == upto:
                break
        else:
            return
        kept = _RowEntry(row._replace(votes=votes), pointer, self._epochs[partition], self._clock() + self._seconds)
        self._rows.put(key, kept, len(row.stored) + _EACH)

    def _apply(self, change: _Change) -> None:
        """Apply a change to its row, if cached."""
        kept = None if change.key is None else self._rows.get(change.key)
        if change.key is None or kept is None:
            return
        if change.vote is None:
            self._rows.drop(change.key)
            return
        row = kept.row._replace(votes=moved(kept.row.votes, *change.vote))
        self._rows.put(change.key, kept._replace(row=row), len(row.stored) + _EACH)

    def _drop(self, partition: int) -> None:
        """Drop all rows of a partition."""
        self._epochs[partition] += 1
        self._changes[partition].clear()


def _change(partition: int, recorded: Recorded, after: Position, before: int | None) -> _Change | None:
    """Effect of an event on the rows; None if it may change several. `before` is the earlier value of a vote."""
    event, envelope = recorded.event, recorded.envelope
    match event:
        case VoteCast() | VoteRetracted() if before is not None:
            key = partition, envelope.site, envelope.thread, event.comment
            return _Change(after, key, (before, value_of(event) or 0))
        case CommentPosted(parent=None):
            return _Change(after, None, None)
        case CommentPosted(parent=str() as parent):
            return _Change(after, (partition, envelope.site, envelope.thread, parent), None)
        case _:
            return None
