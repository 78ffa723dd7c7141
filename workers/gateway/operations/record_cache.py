"""The indexes by which the records of threads are paged: made once, kept, and extended by what is appended.

An index of all events of a thread grows with it. The index of its public events is made again after each event, because
a later event can hide an earlier one; access to both is checked for each request. Making one costs time that grows with
its thread, so it is bounded like making pages of the past. An index holds positions, times and counts, and no words.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from core.log.port import BrokenChain, Log
from core.lru import Lru
from core.position import Position
from core.refusals import NotFound, Unavailable
from core.singleflight import SingleFlight
from core.throttle import Pace
from projections.audit.public_events import PublicEvents, read_public_events
from projections.audit.record_index import RecordIndex
from projections.audit.thread_events import ThreadEvents, read_thread_events
from workers.gateway.operations.bounded_work import BoundedWork
from workers.runtime import metrics

MOST_BYTES: Final = 64 * 1024 * 1024
"""Bytes of kept indexes; the least recently used are evicted."""

_Name = tuple[str, str]
_Index = TypeVar("_Index", bound=RecordIndex)
_TRIES: Final = 3
"""Times that an index is read for one call, until it has every event that the thread had when the call began."""


class RecordIndexes:
    """Makes and keeps the indexes of threads. `work` bounds the making."""

    def __init__(self, log: Log, work: BoundedWork, *, most_bytes: int = MOST_BYTES) -> None:
        self._log = log
        self._work = work
        self._whole = Lru[_Name, ThreadEvents](most_bytes // 2)
        self._public = Lru[_Name, PublicEvents](most_bytes // 2)
        self._reads: SingleFlight[_Name, ThreadEvents] = SingleFlight()
        self._folds: SingleFlight[tuple[_Name, Position], PublicEvents] = SingleFlight()
        metrics.RECORD_BYTES.set_function(lambda: self.bytes)

    @property
    def bytes(self) -> int:
        """Bytes of the kept indexes."""
        return self._whole.bytes + self._public.bytes

    @property
    def waiting(self) -> int:
        """Number of indexes, pages of the past and searches that wait to be made."""
        return self._work.waiting

    async def whole(self, site: str, thread: str) -> ThreadEvents:
        """Every event of a thread by now. Raises NotFound, Unavailable."""
        name = site, thread
        last = await self._log.thread_last(site, thread)
        if last is None:
            raise NotFound
        found = self._whole.get(name)
        if found is not None and found.last == last:
            _KEPT.inc()
            return found
        for _ in range(_TRIES):
            found = await self._reads.get(name, self._reading(name))
            if found.last is not None and found.last >= last:
                return found
            # The reading had begun before the last event was appended.
        raise Unavailable("the record of this thread cannot be read now")

    async def public(self, site: str, thread: str) -> PublicEvents:
        """The public events of a thread by now. Raises NotFound, Unavailable."""
        name = site, thread
        whole = await self.whole(site, thread)
        last = whole.last
        assert last is not None
        found = self._public.get(name)
        if found is not None and found.seen == last:
            return found
        return await self._folds.get((name, last), self._folding(name, whole))

    @asynccontextmanager
    async def walk(self, *, searches: bool) -> AsyncIterator[Pace]:
        """The pace at which to read a page. A search, which reads many events, takes a place. Raises Unavailable."""
        if searches:
            async with self._work.place() as pace:
                yield pace
        else:
            yield self._work.loop.pace()

    def _reading(self, name: _Name) -> Callable[[], Awaitable[ThreadEvents]]:
        async def make(pace: Pace) -> ThreadEvents:
            found = await read_thread_events(self._log, *name, self._whole.get(name), pace)
            if found is None:
                raise NotFound
            self._whole.put(name, found, found.bytes)
            return found

        return lambda: self._made(make)

    def _folding(self, name: _Name, whole: ThreadEvents) -> Callable[[], Awaitable[PublicEvents]]:
        async def make(pace: Pace) -> PublicEvents:
            found = await read_public_events(self._log, *name, whole, pace)
            self._public.put(name, found, found.bytes)
            return found

        return lambda: self._made(make)

    async def _made(self, make: Callable[[Pace], Awaitable[_Index]]) -> _Index:
        async with self._work.place() as pace:
            _MADE.inc()
            try:
                return await make(pace)
            except BrokenChain as error:
                raise Unavailable("the record of this thread cannot be read") from error


_KEPT: Final = metrics.RECORD_INDEXES.labels("kept")
_MADE: Final = metrics.RECORD_INDEXES.labels("made")
