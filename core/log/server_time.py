"""Estimate of the server's time, so that the right window of command keys is usually named at the first attempt."""

import time

from core.keys import window


class Clocks:
    """Per partition, the offset of the server's time, as last reported by the log, from the local monotonic clock.

    The initial estimate is the local time. A wrong estimate only costs a round trip: the scripts compare.
    """

    def __init__(self, partitions: int) -> None:
        own = time.time_ns() // 1_000_000 - _elapsed()
        self._ahead = [own] * partitions

    def window(self, partition: int) -> int:
        """The estimated window of command keys."""
        return window(_elapsed() + self._ahead[partition])

    def learn(self, partition: int, now: int) -> None:
        """Record `now` as the time reported by the partition's log."""
        self._ahead[partition] = now - _elapsed()


def _elapsed() -> int:
    return time.monotonic_ns() // 1_000_000
