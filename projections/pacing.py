"""Long work beside work that must not wait: in slices, with a rest after each.

for one in many:
    do(one)
    if pace.due:
        await pace.rest()
"""

import time
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

SLICE_S: Final = 0.005
"""Seconds of work at a stretch, about; one step of the work may take longer."""
SPARING: Final = 16
"""So many times smaller is what a server is asked at once where others are spared: they stand behind it."""


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
