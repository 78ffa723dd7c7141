"""Pages of a record: runs of its events, in order, from which a caller's filter and search take what they show.

A call reads a bounded number of events, whatever it finds. So a page may be empty without being the last.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from core.events.envelope import Recorded, UnreadableEntry, read_or_error
from core.log.port import BrokenChain, Entry, Log
from core.position import Position
from core.throttle import Pace
from projections.audit.record_index import RecordIndex
from projections.audit.record_search import Wanted
from projections.audit.records import AuditRecord
from projections.audit.shown_records import Shape
from projections.read.queries import MOST_TEXT, size

BUDGET: Final = 1000
"""Maximum number of events read per call."""
_CHUNK: Final = 100
"""Events per read, so that no other task waits for long."""

Show = Callable[[Recorded | UnreadableEntry, int], Shape]
"""The record of the event with this number in an index."""


class RecordPage(Struct, frozen=True, kw_only=True):
    """Some events of a record, and the run of its events that was examined: the numbers from `start` up to `end`."""

    found: list[tuple[int, Shape]]
    """Numbers and records, in order."""
    start: int
    end: int
    total: int


class RecordWalk:
    """The work of one call on one index, done at `pace`. It takes no more events than there were at its beginning."""

    def __init__(
        self,
        log: Log,
        partition: int,
        index: RecordIndex,
        show: Show,
        wanted: Wanted,
        *,
        budget: int = BUDGET,
        pace: Pace | None = None,
    ) -> None:
        self._log = log
        self._partition = partition
        self._index = index
        self._show = show
        self._wanted = wanted
        self._pace = pace or Pace()
        self._left = budget
        self._room = MOST_TEXT
        self.total = len(index)
        self._mask = bytes(index.counted[: self.total]).translate(wanted.mask)
        """Per event, 1 if it is of a kind that is wanted."""

    async def after(self, start: int, limit: int) -> RecordPage:
        """At most `limit` events from number `start` on."""
        found, end = await self._forward(start, limit)
        return RecordPage(found=found, start=start, end=end, total=self.total)

    async def before(self, end: int, limit: int) -> RecordPage:
        """At most `limit` events before number `end`: the last ones."""
        found, start = await self._back(end, limit)
        return RecordPage(found=found, start=start, end=end, total=self.total)

    async def around(self, number: int, limit: int) -> RecordPage:
        """At most `limit` events before and after `number`, and that one itself if it is wanted."""
        budget = self._left
        self._left = budget // 2
        later, end = await self._forward(number, limit - limit // 2)
        self._left += budget - budget // 2
        earlier, start = await self._back(number, limit - len(later))
        more, end = await self._forward(end, limit - len(later) - len(earlier))
        return RecordPage(found=[*earlier, *later, *more], start=start, end=end, total=self.total)

    async def _forward(self, start: int, limit: int) -> tuple[list[tuple[int, Shape]], int]:
        """Events found, and the number to go on from."""
        found: list[tuple[int, Shape]] = []
        at = start
        while at < self.total and len(found) < limit and self._left > 0 and self._room > 0:
            some: list[int] = []
            most = self._most(limit - len(found))
            while len(some) < most and (number := self._mask.find(1, at)) >= 0:
                some.append(number)
                at = number + 1
            if len(some) < most:
                at = self.total
            cut = await self._take(some, found, limit)
            at = at if cut is None else cut + 1
        return found, at

    async def _back(self, end: int, limit: int) -> tuple[list[tuple[int, Shape]], int]:
        """Events found, in order, and the first number that was examined."""
        found: list[tuple[int, Shape]] = []
        at = end
        while at > 0 and len(found) < limit and self._left > 0 and self._room > 0:
            some: list[int] = []
            most = self._most(limit - len(found))
            while len(some) < most and (number := self._mask.rfind(1, 0, at)) >= 0:
                some.append(number)
                at = number
            if len(some) < most:
                at = 0
            cut = await self._take(some, found, limit)
            at = at if cut is None else cut
        return found[::-1], at

    def _most(self, limit: int) -> int:
        """Number of events to read next."""
        return min(_CHUNK, self._left, _CHUNK if self._wanted.reads else limit)

    async def _take(self, some: list[int], found: list[tuple[int, Shape]], limit: int) -> int | None:
        """Read the events with these numbers and add what is wanted. The number at which the page is full, if it is."""
        positions = [self._index.position(number) for number in some]
        entries = await self._log.entries(self._partition, positions) if positions else []
        if len(entries) < len(positions):
            raise _broken(positions, {entry.position for entry in entries})
        self._pace.begin()
        cut = self._shown(some, entries, found, limit)
        await self._pace.rest()
        return cut

    def _shown(self, some: list[int], entries: list[Entry], found: list[tuple[int, Shape]], limit: int) -> int | None:
        """Add what is wanted of these events. The number at which the page is full, if it is."""
        for number, entry in zip(some, entries, strict=True):
            self._left -= 1
            record = self._show(read_or_error(*entry), number)
            if not self._wanted.takes(record):
                continue
            found.append((number, record))
            self._room -= _size(record)
            if len(found) == limit or self._room <= 0:
                return number
        return None


def _size(record: Shape) -> int:
    """Bytes of the text of a record."""
    return size(record.data.get("body")) if isinstance(record, AuditRecord) else 0


def _broken(wanted: list[Position], there: set[Position]) -> BrokenChain:
    missing = next(position for position in wanted if position not in there)
    return BrokenChain(f"no entry at {missing}", missing)
