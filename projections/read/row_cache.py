"""Cache of public rows that one process keeps exact from its own appends.

The response to a vote contains the row of its comment. Reading that row costs the server more than anything else in a
vote except the append. Most votes go to few comments, and events of a partition are numbered without gaps. So a process
whose own appends are consecutive knows every event since it read a row: its own votes, which are added to the row. A
gap was filled by another process, and any other event may change a row: both drop all rows of the partition.

A failover may lose events and reuse their numbers. So a row is kept for a few seconds only. With several processes
appending to a partition, a vote that relied on a cached row would often find it dropped, and wait for the views. So
rows are used only after a run of consecutive appends by this process.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from core.events.envelope import Recorded
from core.events.types import VoteCast, VoteRetracted
from core.lru import Lru
from projections.thread.votes import moved, value_of
from projections.views.pointer import Pointer

KEPT_S: Final = 5.0
"""TTL of a row after it was read, in seconds."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Maximum bytes of all cached rows of a process."""
RUN: Final = 32
"""Consecutive events of a partition that this process must append before rows are used."""

_EACH: Final = 400
"""Approximate bytes of one entry besides the row."""


class CachedRow(NamedTuple):
    """The public row of a comment, in the parts that `projections.read.page_json.alone` takes."""

    stored: bytes
    name: bytes | None
    votes: tuple[int, int]
    answers: int | None
    """Number of replies on the page; None if there never was one."""


class _Kept(NamedTuple):
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
        self._last = [0] * partitions
        """Number of the last event that this process appended, by partition."""
        self._first = [0] * partitions
        """Number of the first event of the current run of consecutive appends by this process, by partition."""
        self._epochs = [0] * partitions
        """Number of times that the rows were dropped, by partition."""
        self._rows = Lru[tuple[int, str, str, str], _Kept](most_bytes)

    @property
    def bytes(self) -> int:
        """Bytes kept."""
        return self._rows.bytes

    def get(self, partition: int, site: str, thread: str, comment: str, pointer: Pointer) -> CachedRow | None:
        """The row as of the last event that this process appended; None if unknown."""
        if self._last[partition] - self._first[partition] < self._run:
            return None
        kept = self._rows.get((partition, site, thread, comment))
        if kept is None or kept.epoch != self._epochs[partition] or kept.pointer != pointer:
            return None
        return kept.row if self._clock() < kept.until else None

    def appended(self, partition: int, recorded: Sequence[Recorded], before: int | None) -> None:
        """Apply what one command of this process appended to a partition; `before` is the earlier value of a vote."""
        last, self._last[partition] = self._last[partition], recorded[-1].position.n
        (first, *others) = recorded
        if first.position.n != last + 1:
            self._first[partition] = first.position.n
            self._epochs[partition] += 1
        elif others or before is None or not self._count(partition, first, before):
            self._epochs[partition] += 1

    def put(self, partition: int, recorded: Recorded, pointer: Pointer, upto: int, row: CachedRow) -> None:
        """Store a row read as of the event numbered `upto`; `recorded` is a vote on the row, counted already.

        The row is stored only if the vote is the next event, and the last one that this process appended.
        """
        if not recorded.position.n == upto + 1 == self._last[partition]:
            return
        event, envelope = recorded.event, recorded.envelope
        assert isinstance(event, VoteCast | VoteRetracted)
        kept = _Kept(row, pointer, self._epochs[partition], self._clock() + self._seconds)
        key = (partition, envelope.site, envelope.thread, event.comment)
        self._rows.put(key, kept, len(row.stored) + _EACH)

    def _count(self, partition: int, recorded: Recorded, before: int) -> bool:
        """Add a vote to its row, if cached; False for any other event."""
        event, envelope = recorded.event, recorded.envelope
        if not isinstance(event, VoteCast | VoteRetracted):
            return False
        key = (partition, envelope.site, envelope.thread, event.comment)
        kept = self._rows.get(key)
        if kept is not None:
            row = kept.row._replace(votes=moved(kept.row.votes, before, value_of(event) or 0))
            self._rows.put(key, kept._replace(row=row), len(row.stored) + _EACH)
        return True
