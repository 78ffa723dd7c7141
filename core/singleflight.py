"""Single flight: concurrent callers with the same key share one computation."""

import math
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from anyio import Event

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class _Flight(Generic[T]):
    """One computation, and its outcome once `done` is set. A cancelled computation has no outcome."""

    def __init__(self) -> None:
        self.done = Event()
        self.until = -math.inf
        self.error: Exception | None = None
        self.results: list[T] = []

    @property
    def has_outcome(self) -> bool:
        """True once there is an outcome."""
        return self.error is not None or bool(self.results)

    def outcome(self) -> T:
        """Return the result. Raises the error of the computation."""
        if self.error is not None:
            # Without the frames of the callers that it was raised in before.
            raise self.error.with_traceback(None)
        return self.results[0]


class SingleFlight(Generic[K, T]):
    """Runs one computation per key at a time, and gives its outcome, a failure included, to all concurrent callers.

    Later callers get the outcome, too, for `keep` seconds after the computation ended. Kept outcomes have no bound in
    number: use few keys.
    The first caller computes in its own task. If that task is cancelled, one of the waiting callers computes instead.
    """

    def __init__(self, *, keep: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep
        self._clock = clock
        self._flights: dict[K, _Flight[T]] = {}

    def __len__(self) -> int:
        """Number of computations that are running or kept."""
        return len(self._flights)

    async def get(self, key: K, compute: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `compute`, or that of a concurrent call with this key. Raises its error."""
        while True:
            flight = self._flights.get(key)
            if flight is None or (flight.has_outcome and flight.until <= self._clock()):
                return await self._lead(key, compute)
            await flight.done.wait()
            if flight.has_outcome:
                return flight.outcome()

    async def _lead(self, key: K, compute: Callable[[], Awaitable[T]]) -> T:
        flight = self._flights[key] = _Flight()
        try:
            flight.results.append(await compute())
        except Exception as error:  # noqa: BLE001 - raised by `outcome`, here and in all waiting callers
            flight.error = error
        finally:
            if flight.has_outcome and self._keep > 0:
                flight.until = self._clock() + self._keep
            else:
                del self._flights[key]
            flight.done.set()
        return flight.outcome()
