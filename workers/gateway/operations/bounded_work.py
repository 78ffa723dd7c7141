"""The bound of work whose cost grows with a thread: how much of it is done at a time, and in what share of the time.

A client that asks for such work without a pause could otherwise take the whole process. A short queue waits, and
further requests are refused.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio import Semaphore

from core.refusals import Unavailable
from core.throttle import LoopShare, Pace
from workers.runtime import metrics

AT_ONCE: Final = 4
"""Pieces of work done concurrently."""
SHARE: Final = 0.5
"""Share of the event loop's time that they may take."""
QUEUE: Final = 64
"""Pieces of work that may wait."""
WAIT: Final = 2.0
"""Seconds that one may wait."""


class BoundedWork:
    """Admits `at_once` pieces of work at a time; `gate` names them in metrics, `what` in refusals."""

    def __init__(
        self,
        gate: str,
        what: str,
        *,
        at_once: int = AT_ONCE,
        queue: int = QUEUE,
        wait: float = WAIT,
        share: float = SHARE,
    ) -> None:
        """`wait` is in seconds; `share` is above 0 and at most 1."""
        self._what = what
        self._places = Semaphore(at_once, fast_acquire=True)
        self._queue = queue
        self._wait = wait
        self.loop = LoopShare(share)
        """The share of the event loop's time that all of it takes together."""
        self.waiting = 0
        """Number of pieces of work that wait."""
        metrics.REQUESTS_UNDER_WAY.labels(gate).set_function(lambda: at_once - self._places.value)
        metrics.REQUESTS_WAITING.labels(gate).set_function(lambda: self.waiting)
        self._full, self._late = (metrics.REQUESTS_REFUSED.labels(gate, cause) for cause in ("full", "late"))

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Pace]:
        """A place for one piece of work, and the pace to do it at. Raises Unavailable if the queue is full or slow."""
        await self._enter()
        try:
            yield self.loop.pace()
        finally:
            self._places.release()

    async def _enter(self) -> None:
        if self.waiting >= self._queue and not self._places.value:
            self._full.inc()
            raise Unavailable(f"too many requests for {self._what} are in progress on this server")
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
            raise Unavailable(f"too many requests for {self._what} are waiting on this server")
