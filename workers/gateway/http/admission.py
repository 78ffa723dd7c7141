"""Admission control: a bounded number of concurrent requests, a short queue, and an immediate refusal beyond it.

A process that admits more than it can handle responds to no request in time. So writes and reads have a gate each, and
neither blocks the other. A request that finds the queue full, or has waited for a quarter of a second, is told to retry
later. One member has a share of the writes. Requests of operators' machines never wait. Feeds have no gate: an open
feed costs next to nothing, and a browser does not reconnect after a refusal.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from anyio import CancelScope, Event
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from core.refusals import Unavailable
from workers.gateway.http.refusals import TooManyRequests
from workers.runtime import metrics
from workers.runtime.limits import share

MAX_WRITES: Final = 64
"""Concurrent writes."""
MAX_READS: Final = 128
"""Concurrent reads."""
MAX_QUEUE: Final = 256
"""Requests that may wait at each gate."""
QUEUED_FOR: Final = 0.25
"""Seconds that a request may wait at a gate."""


class Gate:
    """Admits `most` requests at a time. `queue` others may wait for `within` seconds, first come first served."""

    def __init__(self, name: str, most: float, queue: int, *, within: float = QUEUED_FOR) -> None:
        self.inside = 0
        self._most = most
        self._queue = queue
        self._within = within
        self._waiters: deque[Event] = deque()
        metrics.REQUESTS_UNDER_WAY.labels(name).set_function(lambda: self.inside)
        metrics.REQUESTS_WAITING.labels(name).set_function(lambda: len(self._waiters))
        self._full, self._late = (metrics.REQUESTS_REFUSED.labels(name, cause) for cause in ("full", "late"))

    @property
    def waiting(self) -> int:
        """Number of waiting requests."""
        return len(self._waiters)

    def enter_at_once(self) -> bool:
        """Enter until `leave` if there is room. True if there was."""
        if self.inside < self._most:
            self.inside += 1
            return True
        return False

    async def enter(self, receive: Receive) -> None:
        """Enter until `leave`. `receive` reports a client that leaves while it waits; it drops a body.

        Raises Unavailable, or ClientDisconnect if the client left while it waited.
        """
        if self.enter_at_once():
            return
        if len(self._waiters) < self._queue:
            await self._wait(receive)
        else:
            self._full.inc()
            raise Unavailable("too many concurrent requests on this server")

    @contextmanager
    def released(self) -> Iterator[None]:
        """Give up the slot for the block, in which the request only waits for the views.

        Afterwards the request is inside again at once. There may be more than `most` then, until as many have left.
        """
        self.leave()
        try:
            yield
        finally:
            self.inside += 1

    def leave(self) -> None:
        """Leave, and admit waiting requests."""
        self.inside -= 1
        while self._waiters and self.inside < self._most:
            self.inside += 1
            self._waiters.popleft().set()

    async def _wait(self, receive: Receive) -> None:
        """Wait to be admitted."""
        waiter = Event()
        self._waiters.append(waiter)
        try:
            with anyio.move_on_after(self._within) as timeout:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_cancel_when_gone, receive, tasks.cancel_scope)
                    await waiter.wait()
                    tasks.cancel_scope.cancel()
        except BaseException:
            if waiter.is_set():
                self.leave()  # admitted and cancelled at the same moment
            raise
        finally:
            if not waiter.is_set():
                self._waiters.remove(waiter)
        if not waiter.is_set():
            if not timeout.cancelled_caught:
                raise ClientDisconnect
            self._late.inc()
            raise Unavailable("too many requests are waiting on this server")


class Admission:
    """The gates of one gateway, and each member's share of the writes."""

    def __init__(
        self, *, writes: int = MAX_WRITES, reads: int = MAX_READS, queue: int = MAX_QUEUE, per_member: int = 0
    ) -> None:
        """`per_member` bounds the concurrent writes of one member; 0 means an eighth of all."""
        self.writes = Gate("writes", writes, queue)
        self.reads = Gate("reads", reads, queue)
        self.operations = Gate("operations", float("inf"), 0)
        self._per_member = per_member or share(writes)
        self._members: dict[tuple[str, str], int] = {}

    def enter_share(self, site: str, member: str) -> None:
        """Count a write of a member, until `leave_share`. Raises TooManyRequests if the share is exhausted."""
        key = site, member
        under_way = self._members.get(key, 0)
        if under_way >= self._per_member:
            metrics.SHARES_EXHAUSTED.labels("member").inc()
            raise TooManyRequests(f"at most {self._per_member} concurrent writes per member are allowed")
        self._members[key] = under_way + 1

    def leave_share(self, site: str, member: str) -> None:
        """Stop counting the write."""
        key = site, member
        if (left := self._members[key] - 1) > 0:
            self._members[key] = left
        else:
            del self._members[key]


async def _cancel_when_gone(receive: Receive, waiting: CancelScope) -> None:
    """Cancel the wait when the client leaves: nothing else would notice."""
    while (await receive())["type"] != "http.disconnect":
        pass
    waiting.cancel()
