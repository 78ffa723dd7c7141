"""Merge of the log across partitions by time, then partition, then sequence, one page per call.

A cursor holds a position in every partition, so it never expires and misses no event, however late an event enters a
partition. One call reads a bounded number of entries: a page may be empty without being the last.

An unreadable entry may match the filter and is therefore part of every page that reaches it. An unreadable partition
may hold the next event in the merged order. The page ends there, or the call fails if the page would begin there.
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
"""Maximum number of entries examined per call, not counting those read ahead."""
_FIRST: Final = 32
_MOST: Final = 512
_LONGEST: Final = 64 * 1024

EnvelopeFilter = Callable[[Envelope], bool]


class MergedRecord(NamedTuple):
    """One event or unreadable entry, and its partition."""

    partition: int
    recorded: Recorded | UnreadableEntry


class MergedPage(NamedTuple):
    """A page, and the position of each partition after it."""

    found: list[MergedRecord]
    places: list[Position]
    dry: bool
    """Set if all present entries before the end were examined."""
    done: bool
    """Set if no more events can follow: every partition has an entry at or after the end."""


class _Stream:
    """Reader of one partition with bounded read-ahead."""

    def __init__(self, log: Log, partition: int, after: Position, end: Position | None) -> None:
        self._log = log
        self.partition = partition
        self.at = after
        """Position of the last entry taken."""
        self._read = after
        self._end = end
        self._size = _FIRST
        self._ahead: deque[Entry] = deque()
        self._dry = False
        self.beyond = False
        """Set if an entry at or after the end was read: no more entries can follow before the end."""

    @property
    def head(self) -> tuple[int, int, int] | None:
        """Sort key of the next entry in the merged order; None if no entry is read ahead."""
        if not self._ahead:
            return None
        position = self._ahead[0].position
        return position.ms, self.partition, position.n

    @property
    def wants(self) -> bool:
        """True if the partition must be read before the order is known."""
        return not self._ahead and not self._dry

    async def fill(self) -> None:
        """Read the next entries ahead."""
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
        """The next entry, without removing it."""
        return self._ahead[0]

    def take(self) -> Entry:
        """Remove and return the next entry."""
        entry = self._ahead.popleft()
        self.at = entry.position
        return entry


async def merge(
    log: Log, places: dict[int, Position], *, end: Position | None, wanted: EnvelopeFilter, limit: int
) -> MergedPage:
    """The next `limit` wanted events after `places` and before `end`, from the partitions in `places`.

    Raises `core.refusals.UnreadablePartition` if a partition cannot be read now and nothing was found before that.
    """
    streams = [_Stream(log, partition, after, end) for partition, after in places.items()]
    await gathered([stream.fill for stream in streams])
    order = [(head, stream) for stream in streams if (head := stream.head) is not None]
    heap = [(head, index) for index, (head, _) in enumerate(order)]
    heapq.heapify(heap)
    found: list[MergedRecord] = []
    examined = 0
    while heap and examined < BUDGET:
        _, index = heap[0]
        stream = order[index][1]
        examined += 1
        try:
            is_wanted = wanted(envelope_of(*stream.next))
        except UnreadableEntry:
            is_wanted = True
        if is_wanted and len(found) == limit:
            break  # unwanted entries after a full page are consumed, to find out if more events follow
        entry = stream.take()
        if is_wanted:
            found.append(MergedRecord(stream.partition, read_or_error(*entry)))
        if stream.wants:
            try:
                await stream.fill()
            except UnreadablePartition:
                break  # the next page begins there and raises the error
        head = stream.head
        if head is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (head, index))
    dry = not heap
    done = dry and all(stream.beyond for stream in streams)
    return MergedPage(found, [stream.at for stream in streams], dry, done)


def write_cursor(mark: str, places: Sequence[Position]) -> str:
    """Encode the cursor of a page that ends at `places`."""
    flat = [part for place in places for part in place]
    packed = zlib.compress(msgspec.msgpack.encode(flat), 9)
    return f"{mark}.{urlsafe_b64encode(packed).decode().rstrip('=')}"


def read_cursor(cursor: str, mark: str, partitions: int) -> list[Position]:
    """Decode a cursor into one position per partition. Raises BadCursor for a value not made by `write_cursor`."""
    given, _, packed = cursor.partition(".")
    if given != mark:
        raise BadCursor(_FOREIGN_CURSOR)
    try:
        data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        unpacked = zlib.decompressobj()
        flat = msgspec.msgpack.decode(unpacked.decompress(data, _LONGEST), type=list[int])
    except (binascii.Error, ValueError, zlib.error, msgspec.DecodeError):
        raise BadCursor(_FOREIGN_CURSOR) from None
    if len(flat) != 2 * partitions or min(flat, default=0) < 0 or max(flat, default=0) >= _TOO_LARGE:
        raise BadCursor(_FOREIGN_CURSOR)
    return [Position(ms, n) for ms, n in zip(flat[::2], flat[1::2], strict=True)]


def before(position: Position) -> Position:
    """The position after which reading starts with `position`."""
    return Position(position.ms, position.n - 1) if position.n > 0 else position


_FOREIGN_CURSOR: Final = "the cursor is not one that this call gave for these parameters"
_TOO_LARGE: Final = 10**15
