"""Work that others should not notice: it rests after each step, in proportion to the time that the step took."""

import time

import anyio


class Pace:
    """A share of the time, from above 0 to 1, which is all of it. One worker rests by one pace."""

    def __init__(self, share: float) -> None:
        self._rest = 1 / share - 1
        self._since = time.monotonic()

    async def rest(self) -> None:
        """End a step; the next one begins when this returns."""
        await anyio.sleep((time.monotonic() - self._since) * self._rest)
        self._since = time.monotonic()
