"""Cooperative throttling of long work: it runs in slices, with a rest after each.

for one in many:
    do(one)
    if pace.due:
        await pace.rest()
"""

import math
import time
from collections.abc import Iterable
from typing import Final, TypeVar

import anyio
from anyio.lowlevel import checkpoint

SLICE_S: Final = 0.005
"""Approximate seconds of work per slice. One step of the work may take longer."""
SPARING: Final = 16
"""Divisor of the size of server requests for throttled work: the requests of other clients queue behind them."""

_Item = TypeVar("_Item")


class Pace:
    """Limits work to a share of one core's time. With a share of 1 it only yields to other tasks.

    All time between two rests counts as worked, including the wait for replies: the server's work is part of the cost.
    """

    def __init__(self, share: float = 1.0) -> None:
        self.share = share
        self.spent = 0.0
        """Seconds worked, up to the last rest."""
        self._since = time.perf_counter()

    def at_once(self, most: int) -> int:
        """Return the number of items per server request. `most` is the fastest number without throttling."""
        return most if self.share >= 1 else max(1, most // SPARING)

    @property
    def due(self) -> bool:
        """True if a rest is due."""
        return time.perf_counter() - self._since >= SLICE_S

    async def rest(self) -> None:
        """Yield to other tasks, for as long as the share requires."""
        worked = time.perf_counter() - self._since
        self.spent += worked
        if self.share < 1:
            await anyio.sleep(worked * (1 - self.share) / self.share)
        else:
            await checkpoint()
        self.begin()

    def begin(self) -> None:
        """Start counting now. The time before does not count as work."""
        self._since = time.perf_counter()


async def collected(work: Iterable[_Item], pace: Pace | None = None) -> list[_Item]:
    """Collect the items of a lazy iterable, with a rest between two items where one is due.

    The data that the iterable reads must not change meanwhile.
    """
    pace = pace or Pace()
    made = []
    for item in work:
        made.append(item)
        if pace.due:
            await pace.rest()
    return made


class LoopShare:
    """A share of the event loop's time for all work of one kind, across concurrent tasks.

    Each slice of work books its time on one clock that advances `1 / share` times as fast as the work. No slice begins
    before that clock. Waiting for a server is not counted.
    """

    def __init__(self, share: float) -> None:
        """With a share of 1 there is no rest; work only yields to other tasks."""
        self._share = share
        self._free = -math.inf
        """Event loop time at which the next slice may begin."""

    def pace(self) -> "Pace":
        """Return a pace for one piece of work."""
        return _SharedPace(self, self._share)

    async def book(self, worked: float) -> None:
        """Book `worked` seconds of work, and rest for as long as the shared clock requires."""
        now = anyio.current_time()
        self._free = max(self._free, now - worked) + worked / self._share
        if self._free > now:
            await anyio.sleep_until(self._free)
        else:
            await checkpoint()


class _SharedPace(Pace):
    def __init__(self, shared: LoopShare, share: float) -> None:
        super().__init__(share)
        self._shared = shared

    async def rest(self) -> None:
        worked = time.perf_counter() - self._since
        self.spent += worked
        await self._shared.book(worked)
        self.begin()
