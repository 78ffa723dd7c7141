"""What time it is at the server, as far as we know, so that the right window of command keys is named at once."""

import time

from core.keys import window


class Clocks:
    """By partition, the time that its log last told, and how long ago by our own clock.

    The first guess is our own time. A wrong guess costs a round trip, nothing else: the scripts compare.
    """

    def __init__(self, partitions: int) -> None:
        own = time.time_ns() // 1_000_000 - _elapsed()
        self._ahead = [own] * partitions

    def window(self, partition: int) -> int:
        """The window of command keys that it probably is."""
        return window(_elapsed() + self._ahead[partition])

    def learn(self, partition: int, now: int) -> None:
        """The partition's log says that it is `now`."""
        self._ahead[partition] = now - _elapsed()


def _elapsed() -> int:
    return time.monotonic_ns() // 1_000_000
