"""How much a gateway takes on: so many requests at a time, a short queue before them, and beyond it a refusal at once.

Whoever takes on more than can be done answers nobody in time. So what writes and what reads have a gate each, that
neither keeps the other out; who finds the queue full, or has stood in it for a quarter of a second, is told to come
again later. Of what writes, one member has a share. What operators' machines ask never waits. Feeds have no gate: they
cost next to nothing once they are open, and a browser takes any refusal of one for the end.
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
"""Requests that may write at the same time."""
MAX_READS: Final = 128
"""Requests that may read at the same time."""
MAX_QUEUE: Final = 256
"""Requests that may wait before each gate."""
QUEUED_FOR: Final = 0.25
"""Seconds that a request may wait before a gate."""


class Gate:
    """Lets `most` requests in at a time; `queue` others may wait for `within` seconds, first come first served."""

    def __init__(self, name: str, most: float, queue: int, *, within: float = QUEUED_FOR) -> None:
        self.inside = 0
        self._most = most
        self._queue = queue
        self._within = within
        self._turns: deque[Event] = deque()
        metrics.REQUESTS_UNDER_WAY.labels(name).set_function(lambda: self.inside)
        metrics.REQUESTS_WAITING.labels(name).set_function(lambda: len(self._turns))
        self._full, self._late = (metrics.REQUESTS_REFUSED.labels(name, cause) for cause in ("full", "late"))

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._turns)

    def enter_at_once(self) -> bool:
        """Be inside until `leave`, where there is room; whether there was."""
        if self.inside < self._most:
            self.inside += 1
            return True
        return False

    async def enter(self, receive: Receive) -> None:
        """Be inside until `leave`. `receive` tells where the client leaves meanwhile; a body is dropped.

        Raises Unavailable, or ClientDisconnect where the client left while it waited.
        """
        if self.enter_at_once():
            return
        if len(self._turns) < self._queue:
            await self._wait(receive)
        else:
            self._full.inc()
            raise Unavailable("too many requests are under way here")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let another in for the block, in which nothing is done but waiting for the views.

        Afterwards the request is inside again at once: there may be more than `most` then, until as many have left.
        """
        self.leave()
        try:
            yield
        finally:
            self.inside += 1

    def leave(self) -> None:
        """Be inside no longer."""
        self.inside -= 1
        while self._turns and self.inside < self._most:
            self.inside += 1
            self._turns.popleft().set()

    async def _wait(self, receive: Receive) -> None:
        """Wait to be let in."""
        turn = Event()
        self._turns.append(turn)
        try:
            with anyio.move_on_after(self._within) as patience:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_cancel_when_gone, receive, tasks.cancel_scope)
                    await turn.wait()
                    tasks.cancel_scope.cancel()
        except BaseException:
            if turn.is_set():
                self.leave()  # let in and cancelled in one moment
            raise
        finally:
            if not turn.is_set():
                self._turns.remove(turn)
        if not turn.is_set():
            if not patience.cancelled_caught:
                raise ClientDisconnect
            self._late.inc()
            raise Unavailable("too many requests wait here")


class Admission:
    """The gates of one gateway, and what one member may have inside that of the writes."""

    def __init__(
        self, *, writes: int = MAX_WRITES, reads: int = MAX_READS, queue: int = MAX_QUEUE, per_member: int = 0
    ) -> None:
        """`per_member` writes of one member are under way at a time; 0 is an eighth of all."""
        self.writes = Gate("writes", writes, queue)
        self.reads = Gate("reads", reads, queue)
        self.operations = Gate("operations", float("inf"), 0)
        self._per_member = per_member or share(writes)
        self._members: dict[tuple[str, str], int] = {}

    def enter_share(self, site: str, member: str) -> None:
        """Count a write of a member, until `leave_share`. Raises TooManyRequests where the member has its share."""
        key = site, member
        under_way = self._members.get(key, 0)
        if under_way >= self._per_member:
            metrics.SHARES_EXHAUSTED.labels("member").inc()
            raise TooManyRequests(f"of one member at most {self._per_member} writes are under way at a time")
        self._members[key] = under_way + 1

    def leave_share(self, site: str, member: str) -> None:
        """Count the write no longer."""
        key = site, member
        if (left := self._members[key] - 1) > 0:
            self._members[key] = left
        else:
            del self._members[key]


async def _cancel_when_gone(receive: Receive, waiting: CancelScope) -> None:
    """Cancel the waiting request when the client leaves: nothing else would notice."""
    while (await receive())["type"] != "http.disconnect":
        pass
    waiting.cancel()
