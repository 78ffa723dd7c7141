"""Public rows that one process keeps exact by itself, from what it has appended since it read them.

A vote is answered with the row of its comment. Reading that row costs the server more than anything else that a vote
asks for besides the append. Most votes go to a few comments, and events of a partition are numbered without gaps. So
a process whose own appends follow one another knows everything that happened since it read a row: its own votes, which
it counts on top. Any gap was filled by another process, and any other event may change a row: then all rows of the
partition are forgotten.

A failover may lose events and give their numbers to others. So no row is kept for longer than a few seconds. Where
several processes append to a partition, a vote that relied on a row would often find it forgotten, and wait for the
views. So rows are used only after a run of appends between which nobody else had one.
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
"""Seconds for which a row is kept after it was read."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of all rows that a process keeps."""
RUN: Final = 32
"""Events of a partition that this process appended with none of another between them, before rows are used."""

_EACH: Final = 400
"""Bytes of one entry besides the row, about."""


class CachedRow(NamedTuple):
    """The public row of a comment, in the parts that `projections.read.page_json.alone` takes."""

    stored: bytes
    name: bytes | None
    votes: tuple[int, int]
    answers: int | None
    """How many answers the page shows; None where there never was one."""


class _Kept(NamedTuple):
    row: CachedRow
    pointer: Pointer
    epoch: int
    until: float


class RowMemory:
    """Rows by comment, for as long as nothing happened to them but votes that this process appended."""

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
        """The number of the last event of each partition that this process has appended."""
        self._first = [0] * partitions
        """The number from which on every event up to the last is one that this process has appended."""
        self._epochs = [0] * partitions
        """How often the rows of each partition were forgotten."""
        self._rows = Lru[tuple[int, str, str, str], _Kept](most_bytes)

    @property
    def bytes(self) -> int:
        """Bytes that are kept."""
        return self._rows.bytes

    def get(self, partition: int, site: str, thread: str, comment: str, pointer: Pointer) -> CachedRow | None:
        """The row, as of the last event that this process appended; None where it is not known."""
        if self._last[partition] - self._first[partition] < self._run:
            return None
        kept = self._rows.get((partition, site, thread, comment))
        if kept is None or kept.epoch != self._epochs[partition] or kept.pointer != pointer:
            return None
        return kept.row if self._clock() < kept.until else None

    def appended(self, partition: int, recorded: Sequence[Recorded], before: int | None) -> None:
        """Take in what one command of this process appended to a partition; `before` is the earlier value of a vote."""
        last, self._last[partition] = self._last[partition], recorded[-1].position.n
        (first, *others) = recorded
        if first.position.n != last + 1:
            self._first[partition] = first.position.n
            self._epochs[partition] += 1
        elif others or before is None or not self._count(partition, first, before):
            self._epochs[partition] += 1

    def put(self, partition: int, recorded: Recorded, pointer: Pointer, upto: int, row: CachedRow) -> None:
        """Keep a row that was read as of the event numbered `upto`; `recorded` is a vote on it, counted already.

        The row is kept only where the vote is the event right after, and the last one that this process appended.
        """
        if not recorded.position.n == upto + 1 == self._last[partition]:
            return
        event, envelope = recorded.event, recorded.envelope
        assert isinstance(event, VoteCast | VoteRetracted)
        kept = _Kept(row, pointer, self._epochs[partition], self._clock() + self._seconds)
        key = (partition, envelope.site, envelope.thread, event.comment)
        self._rows.put(key, kept, len(row.stored) + _EACH)

    def _count(self, partition: int, recorded: Recorded, before: int) -> bool:
        """Count a vote on its row, where that is kept; False for any other event."""
        event, envelope = recorded.event, recorded.envelope
        if not isinstance(event, VoteCast | VoteRetracted):
            return False
        key = (partition, envelope.site, envelope.thread, event.comment)
        kept = self._rows.get(key)
        if kept is not None:
            row = kept.row._replace(votes=moved(kept.row.votes, before, value_of(event) or 0))
            self._rows.put(key, kept._replace(row=row), len(row.stored) + _EACH)
        return True
