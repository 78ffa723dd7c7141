"""Response cache for pages of the past, and the bound of the work that makes them.

A past page costs time that grows with its thread. So few pages are made at a time, for a share of the event loop's
time, in steps that yield to other tasks (`bounded_work`). Concurrent requests for the same page share one computation.

An entry is valid while the views of the thread are those it was made from and the thread has no later event: each
request reads both, in one round trip. A later removal or redaction is an event of the thread, so a past page never
outlives a removal. Access to the past is checked before the cache, for each request.
"""

from typing import Final, NamedTuple

from core.log.port import Log
from core.lru import Lru
from core.position import Position
from core.singleflight import SingleFlight
from projections.read import past_comments
from projections.read.progress import ThreadProgress, thread_state
from projections.read.queries import PageAnswer, PastQuery
from projections.read.served_generation import Served
from projections.views.viewer import Viewer
from workers.gateway.operations.bounded_work import AT_ONCE, QUEUE, SHARE, WAIT, BoundedWork
from workers.runtime import metrics

MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of cached pages; the least recently used are evicted."""
_OVERHEAD: Final = 1500
"""Bytes of a cache entry besides its body."""


class Key(NamedTuple):
    """Cache key of a query about the past of a thread: per query one entry for staff, and one for everyone else."""

    site: str
    thread: str
    at: Position | int
    query: PastQuery
    staff: bool


class _PastEntry(NamedTuple):
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
        self.work = BoundedWork("past", "the past", at_once=at_once, queue=queue, wait=wait, share=share)
        """The bound of this work. The record of a thread is read within it, too."""
        self._entries = Lru[Key, _PastEntry](most_bytes, most_each=most_bytes // 4)
        self._flights: SingleFlight[tuple[Key, ThreadProgress], PageAnswer] = SingleFlight()
        metrics.PAST_BYTES.set_function(lambda: self.bytes)

    @property
    def waiting(self) -> int:
        """Number of pages that wait to be made."""
        return self.work.waiting

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
        async with self.work.place() as pace:
            _MADE.inc()
            made = await past_comments.answer_at(
                self._served, self._log, key.site, key.thread, key.at, key.query, viewer, pace
            )
        # A page made from views that lag behind `state` may show what has been taken down since.
        if state.last is not None and made.view_position.includes(state.last):
            entry = _PastEntry(made.answer, state)
            self._entries.put(key, entry, entry.size)
        return made.answer


_KEPT: Final = metrics.PAST_PAGES.labels("kept")
_MADE: Final = metrics.PAST_PAGES.labels("made")
