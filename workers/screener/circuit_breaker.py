"""Circuit breaker of one site and host: a screener that keeps failing is left alone for a while."""

from collections.abc import Callable
from typing import Final

FAILURES: Final = 5
"""Failures in a row after which the breaker opens."""


class CircuitBreaker:
    """Opens after some failures in a row, for `pause` seconds. Then one request tries whether it may close."""

    def __init__(self, pause: float, clock: Callable[[], float]) -> None:
        self._pause = pause
        self._clock = clock
        self._failed = 0
        self._until = 0.0
        self._trying = False

    @property
    def is_open(self) -> bool:
        """True if the last requests failed, and none has succeeded since."""
        return self._failed >= FAILURES

    def allows(self) -> bool:
        """True if a request may be sent now. The caller then tells how it ended."""
        if not self.is_open:
            return True
        if self._trying or self._clock() < self._until:
            return False
        self._trying = True
        return True

    def ended(self, *, well: bool | None) -> None:
        """Take the end of a request that was allowed. None says that it was given up before there was an answer."""
        self._trying = False
        if well is None:
            return
        if well:
            self._failed = 0
            return
        self._failed += 1
        self._until = self._clock() + self._pause
