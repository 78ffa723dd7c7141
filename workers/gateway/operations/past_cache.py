"""Response cache for pages of the past, and the bound of the work that makes them.

A past page costs time that grows with its thread, so a client that asks for many moments of a long thread could take
the whole process. Few pages are made at a time, for a share of the event loop's time, in steps that yield to other
tasks. A short queue waits, and further requests are refused. Concurrent requests for the same page share one
computation.

An entry is valid while the views of the thread are those it was made from and the thread has no later event: each
request reads both, in one round trip. A later removal or redaction is an event of the thread, so a past page never
outlives a removal. Access to the past is checked before the cache, for each request.
"""

from typing import Final, NamedTuple

import anyio
from anyio import Semaphore

from core.log.port import Log
from core.lru import Lru
from core.position import Position
from core.refusals import Unavailable
from core.singleflight import SingleFlight
from core.throttle import LoopShare
from projections.read import past_comments
from projections.read.progress import ThreadProgress, thread_state
from projections.read.queries import PageAnswer, PastQuery
from projections.read.served_generation import Served
from projections.views.viewer import Viewer
from workers.runtime import metrics

AT_ONCE: Final = 4
"""Pages of the past made concurrently."""
SHARE: Final = 0.5
"""Share of the event loop's time that making them may take."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of cached pages; the least recently used are evicted."""
QUEUE: Final = 64
"""Pages that may wait to be made."""
WAIT: Final = 2.0
"""Seconds that a page may wait."""
_OVERHEAD: Final = 1500
"""Bytes of a cache entry besides its body."""


class Key(NamedTuple):
    """Cache key of a query about the past of a thread: per query one entry for staff, and one for everyone else."""

    site: str
    thread: str
    at: Position | int
    query: PastQuery
    staff: bool


class _Entry(NamedTuple):
    answer: PageAnswer
    state: ThreadProgress

    @property
    def size(self) -> int:
        return len(self.answer.body) + _OVERHEAD


class PastPages:
    """Makes and caches pages of the past."""

    def __init__(
        self,
        served: Served,
        log: Log,
        *,
        most_bytes: int = MOST_BYTES,
        at_once: int = AT_ONCE,
        queue: int = QUEUE,
        wait: float = WAIT,
        share: float = SHARE,
    ) -> None:
        """`wait` is in seconds; `share` is above 0 and at most 1."""
        self._served, self._log = served, log
        self._places = Semaphore(at_once, fast_acquire=True)
        self._at_once = at_once
        self._queue = queue
        self._wait = wait
        self._loop = LoopShare(share)
        self._entries = Lru[Key, _Entry](most_bytes, most_each=most_bytes // 4)
        self._flights: SingleFlight[tuple[Key, ThreadProgress], PageAnswer] = SingleFlight()
        self.waiting = 0
        """Number of pages that wait to be made."""
        metrics.PAST_BYTES.set_function(lambda: self.bytes)
        metrics.REQUESTS_UNDER_WAY.labels("past").set_function(lambda: self._at_once - self._places.value)
        metrics.REQUESTS_WAITING.labels("past").set_function(lambda: self.waiting)
        self._full, self._late = (metrics.REQUESTS_REFUSED.labels("past", cause) for cause in ("full", "late"))

    @property
    def bytes(self) -> int:
        """Bytes of the cached pages."""
        return self._entries.bytes

    async def page(self, site: str, thread: str, at: Position | int, query: PastQuery, viewer: Viewer) -> PageAnswer:
        """Return the past page, from the cache or made now. Raises NotFound, NotYetOpened, BadCursor, Unavailable."""
        key = Key(site, thread, at, query, viewer.staff)
        state = await thread_state(self._served, site, thread)
        entry = self._entries.get(key)
        if entry is not None and entry.state == state:
            _KEPT.inc()
            return entry.answer

        async def make() -> PageAnswer:
            return await self._make(key, state, viewer)

        return await self._flights.get((key, state), make)

    async def _make(self, key: Key, state: ThreadProgress, viewer: Viewer) -> PageAnswer:
        await self._enter()
        try:
            _MADE.inc()
            made = await past_comments.answer_at(
                self._served, self._log, key.site, key.thread, key.at, key.query, viewer, self._loop.pace()
            )
        finally:
            self._places.release()
        # A page made from views that lag behind `state` may show what has been taken down since.
        if state.last is not None and made.view_position.includes(state.last):
            entry = _Entry(made.answer, state)
            self._entries.put(key, entry, entry.size)
        return made.answer

    async def _enter(self) -> None:
        """Take a slot. Raises Unavailable if the queue is full or the wait too long."""
        if self.waiting >= self._queue and not self._places.value:
            self._full.inc()
            raise Unavailable("too many requests for the past are in progress on this server")
        entered = False
        self.waiting += 1
        try:
            with anyio.move_on_after(self._wait):
                await self._places.acquire()
                entered = True
        finally:
            self.waiting -= 1
        if not entered:
            self._late.inc()
            raise Unavailable("too many requests for the past are waiting on this server")


_KEPT: Final = metrics.PAST_PAGES.labels("kept")
_MADE: Final = metrics.PAST_PAGES.labels("made")
