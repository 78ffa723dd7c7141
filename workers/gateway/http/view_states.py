"""The states of the partitions' views, each read once for all waiting requests and reused for a moment."""

import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import anyio

from core.refusals import Unavailable
from projections.read.queries import ViewState

FRESH: Final = 0.025
"""Seconds for which the state of a partition is reused without a read."""


ReadStates = Callable[[Sequence[int]], Awaitable[list[ViewState]]]
"""Reads the current states of the views of partitions in one round trip. Raises `core.refusals.Unavailable`."""


class _PendingRead:
    """A read in progress, and its error if it failed."""

    __slots__ = ("ended", "fault")

    def __init__(self) -> None:
        self.ended = anyio.Event()
        self.fault: Unavailable | None = None


class _Moment:
    """The last read state of a partition, and the time of that read."""

    __slots__ = ("at", "pending_read", "state")

    def __init__(self) -> None:
        self.state: ViewState | None = None
        self.at = -math.inf
        self.pending_read: _PendingRead | None = None


class PartitionStates:
    """The states as read at most `fresh` seconds ago. With 0 every use reads them again."""

    def __init__(self, read: ReadStates, *, fresh: float = FRESH) -> None:
        self._read = read
        self._fresh = fresh
        self._moments: dict[int, _Moment] = {}

    def match(self, states: Sequence[ViewState]) -> bool:
        """True if the views are known to be in all of these states. Does no I/O."""
        oldest = time.monotonic() - self._fresh
        for state in states:
            moment = self._moments.get(state.partition)
            if moment is None or moment.at < oldest or moment.state != state:
                return False
        return True

    async def of(self, partitions: Sequence[int]) -> list[ViewState]:
        """Return the states of these partitions. Raises `core.refusals.Unavailable`.

        Stale states are read together, except those that another caller is reading; the failure of that read is shared.
        """
        oldest = time.monotonic() - self._fresh
        moments = [self._moments.get(one) or self._moments.setdefault(one, _Moment()) for one in partitions]
        while stale := [one for one in zip(partitions, moments, strict=True) if one[1].at < oldest]:
            unread = [one for one in stale if one[1].pending_read is None]
            if unread:
                await self._read_states(unread)
            else:
                pending_read = stale[0][1].pending_read
                assert pending_read is not None
                await pending_read.ended.wait()
                if pending_read.fault is not None:
                    # If each caller read again, the last would wait as many times as long.
                    raise Unavailable(pending_read.fault.detail) from pending_read.fault
        found = [moment.state for moment in moments]
        return [state for state in found if state is not None]

    async def _read_states(self, stale: list[tuple[int, _Moment]]) -> None:
        pending_read = _PendingRead()
        for _, moment in stale:
            moment.pending_read = pending_read
        at = time.monotonic()
        try:
            found = await self._read([partition for partition, _ in stale])
            for (_, moment), state in zip(stale, found, strict=True):
                moment.state, moment.at = state, at
        except Unavailable as fault:
            pending_read.fault = fault
            raise
        finally:
            for _, moment in stale:
                moment.pending_read = None
            pending_read.ended.set()
