"""The log as recorded, across partitions: merged by time, then partition, then sequence, a page a call.

A cursor keeps a place in every partition, so it never expires and misses nothing, however late an event comes into
a partition. One call reads a bounded number of entries: a page may be empty and still go on.

An entry that cannot be read may be what was asked for, and so is part of every page that comes by it. A partition that
cannot be read may have the next event in the order of all: the page ends there, and where it would begin there, there
is none.
"""

import binascii
import heapq
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from core.concurrency import gathered
from core.events.envelope import Envelope, Recorded, UnreadableEntry, envelope_of, read_or_error
from core.log.port import Entry, Log
from core.position import Position
from core.refusals import UnreadablePartition
from projections.read.queries import BadCursor

BUDGET: Final = 5000
"""Entries that one call looks at, at most, beyond what it reads ahead."""
_FIRST: Final = 32
_MOST: Final = 512
_LONGEST: Final = 64 * 1024

Wanted = Callable[[Envelope], bool]


class MergedPage(NamedTuple):
    """One event, or an entry that cannot be read, and the partition it lies in."""

    partition: int
    recorded: Recorded | UnreadableEntry


class Merged(NamedTuple):
    """A page, and where each partition stands after it."""

    found: list[MergedPage]
    places: list[Position]
    dry: bool
    """Whether everything there was, before the end, has been looked at."""
    done: bool
    """Whether nothing more can come: every partition has an entry at or after the end."""


class _Stream:
    """One partition, read ahead a little."""

    def __init__(self, log: Log, partition: int, after: Position, end: Position | None) -> None:
        self._log = log
        self.partition = partition
        self.at = after
        """The last entry that was taken."""
        self._read = after
        self._end = end
        self._size = _FIRST
        self._ahead: deque[Entry] = deque()
        self._dry = False
        self.beyond = False
        """Whether an entry at or after the end was met: nothing before it can come any more."""

    @property
    def head(self) -> tuple[int, int, int] | None:
        """Where its next entry belongs in the order of all."""
        if not self._ahead:
            return None
        position = self._ahead[0].position
        return position.ms, self.partition, position.n

    @property
    def wants(self) -> bool:
        """Whether it has to be read before the order is known."""
        return not self._ahead and not self._dry

    async def fill(self) -> None:
        """Read on."""
        entries = await self._log.read(self.partition, self._read, limit=self._size)
        self._dry = len(entries) < self._size
        self._size = min(self._size * 2, _MOST)
        for entry in entries:
            if self._end is not None and entry.position >= self._end:
                self.beyond = self._dry = True
                return
            self._ahead.append(entry)
            self._read = entry.position

    @property
    def next(self) -> Entry:
        """Its next entry, which stays."""
        return self._ahead[0]

    def take(self) -> Entry:
        """Its next entry."""
        entry = self._ahead.popleft()
        self.at = entry.position
        return entry


async def merge(log: Log, places: dict[int, Position], *, end: Position | None, wanted: Wanted, limit: int) -> Merged:
    """The next `limit` wanted events after `places`, before `end`, of the partitions that `places` names.

    Raises `core.refusals.UnreadablePartition` where one of them cannot be read now, and nothing was found before that.
    """
    streams = [_Stream(log, partition, after, end) for partition, after in places.items()]
    await gathered([stream.fill for stream in streams])
    order = [(head, stream) for stream in streams if (head := stream.head) is not None]
    heap = [(head, index) for index, (head, _) in enumerate(order)]
    heapq.heapify(heap)
    found: list[MergedPage] = []
    looked = 0
    while heap and looked < BUDGET:
        _, index = heap[0]
        stream = order[index][1]
        looked += 1
        try:
            is_wanted = wanted(envelope_of(*stream.next))
        except UnreadableEntry:
            is_wanted = True
        if is_wanted and len(found) == limit:
            break  # what is not wanted behind a full page is passed over, so that it is known whether there is more
        entry = stream.take()
        if is_wanted:
            found.append(MergedPage(stream.partition, read_or_error(*entry)))
        if stream.wants:
            try:
                await stream.fill()
            except UnreadablePartition:
                break  # the next page begins there, and raises it
        head = stream.head
        if head is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (head, index))
    dry = not heap
    done = dry and all(stream.beyond for stream in streams)
    return Merged(found, [stream.at for stream in streams], dry, done)


def write_cursor(mark: str, places: Sequence[Position]) -> str:
    """The cursor of a page whose partitions stand at `places`."""
    flat = [part for place in places for part in place]
    packed = zlib.compress(msgspec.msgpack.encode(flat), 9)
    return f"{mark}.{urlsafe_b64encode(packed).decode().rstrip('=')}"


def read_cursor(cursor: str, mark: str, partitions: int) -> list[Position]:
    """Where each of so many partitions stands. Raises BadCursor for what `write_cursor` did not write."""
    given, _, packed = cursor.partition(".")
    if given != mark:
        raise BadCursor(_NONE_OF_OURS)
    try:
        data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        unpacked = zlib.decompressobj()
        flat = msgspec.msgpack.decode(unpacked.decompress(data, _LONGEST), type=list[int])
    except (binascii.Error, ValueError, zlib.error, msgspec.DecodeError):
        raise BadCursor(_NONE_OF_OURS) from None
    if len(flat) != 2 * partitions or min(flat, default=0) < 0 or max(flat, default=0) >= _TOO_GREAT:
        raise BadCursor(_NONE_OF_OURS)
    return [Position(ms, n) for ms, n in zip(flat[::2], flat[1::2], strict=True)]


def before(position: Position) -> Position:
    """The place from which reading on begins with `position`."""
    return Position(position.ms, position.n - 1) if position.n > 0 else position


_NONE_OF_OURS: Final = "the cursor is not one that this call gave for these parameters"
_TOO_GREAT: Final = 10**15
