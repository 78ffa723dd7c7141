"""Long work beside work that must not wait: in slices, with a rest after each.

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
"""Seconds of work at a stretch, about; one step of the work may take longer."""
SPARING: Final = 16
"""So many times smaller is what a server is asked at once where others are spared: they stand behind it."""

_Item = TypeVar("_Item")


class Pace:
    """Keeps work to a share of one core's time; with 1 it never rests, and others only have their turn.

    The time between two rests counts as worked, waiting for answers included: what the server does for it is part of
    what it costs.
    """

    def __init__(self, share: float = 1.0) -> None:
        self.share = share
        self.spent = 0.0
        """Seconds worked, up to the last rest."""
        self._since = time.perf_counter()

    def at_once(self, most: int) -> int:
        """How many things to ask a server for at once, where `most` are fastest."""
        return most if self.share >= 1 else max(1, most // SPARING)

    @property
    def due(self) -> bool:
        """Whether it is time to rest."""
        return time.perf_counter() - self._since >= SLICE_S

    async def rest(self) -> None:
        """Let others work, for as long as the share asks for."""
        worked = time.perf_counter() - self._since
        self.spent += worked
        if self.share < 1:
            await anyio.sleep(worked * (1 - self.share) / self.share)
        else:
            await checkpoint()
        self.begin()

    def begin(self) -> None:
        """Count from now on: what was before was no work."""
        self._since = time.perf_counter()


async def collected(work: Iterable[_Item], pace: Pace | None = None) -> list[_Item]:
    """Everything that a lazy iterable makes, with a rest between two items where it is due.

    Nothing that the work reads may be changed by others meanwhile.
    """
    pace = pace or Pace()
    made = []
    for item in work:
        made.append(item)
        if pace.due:
            await pace.rest()
    return made


class LoopShare:
    """A share of the event loop's time for all work of one kind, however many do it at the same time.

    Each stretch of work books its time on one clock that advances `1 / share` times as fast as the work, and no
    stretch begins before that clock. Waiting for a server is not counted.
    """

    def __init__(self, share: float) -> None:
        """With a share of 1 there is no rest, and other tasks only have their turn."""
        self._share = share
        self._free = -math.inf
        """The time at which the next stretch may begin, by the clock of the event loop."""

    def pace(self) -> "Pace":
        """The pace of one piece of work."""
        return _SharedPace(self, self._share)

    async def book(self, worked: float) -> None:
        """Rest after so many seconds of work, for as long as the whole share has to."""
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
