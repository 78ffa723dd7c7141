"""Deadlines for replies: one per call, all kept by one timer.

The patience of a caller (`core.redis.errors.retry`) may be shorter than the reply timeout of the server. A cancel scope
per call would take a sixth of the CPU time of a write.
"""

import asyncio
import math
from typing import Final

import redis.exceptions

from core.redis.in_flight import CommandGroup, end

_EARLIEST: Final = 0.001
"""Minimum delay of the timer, in seconds."""


class ReplyDeadlines:
    """Waiting command groups, each with a deadline on the event loop's clock. Then they fail with a TimeoutError."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], tuple[CommandGroup, float]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, group: CommandGroup, seconds: float) -> None:
        """Fail the group in `seconds`, unless it is discarded before."""
        if seconds == math.inf:
            return
        until = asyncio.get_running_loop().time() + seconds
        self._waiting[group.done] = group, until
        if self._timer is None or until < self._timer.when():
            self._arm(until)

    def discard(self, group: CommandGroup) -> None:
        """Remove the group. The timer stays, and may find nothing to do."""
        self._waiting.pop(group.done, None)

    def _arm(self, until: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(_EARLIEST, until - loop.time()), self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        late = [group for group, until in self._waiting.values() if until <= now]
        for group in late:
            self.discard(group)
            end(group, redis.exceptions.TimeoutError("The server has not answered in time"))
        if self._waiting:
            self._arm(min(until for _, until in self._waiting.values()))
