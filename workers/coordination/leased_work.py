"""Work on partitions, one after another, each under its building lease, which is renewed until the work ends."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

import anyio
import structlog

from core.concurrency import gathered
from core.redis.errors import retry
from core.throttle import Pace
from projections.rebuild.builder import PATIENCE, Interrupted
from workers.coordination.lease_keeper import RELEASED_WITHIN, LeaseKeeper
from workers.coordination.leases import RENEWED_S, Leases

FULL_SPEED: Final = 2
"""Partitions processed concurrently at full speed: one is folded while the other is written."""

Work = Callable[[int, str, Pace], Awaitable[object]]
"""Work on one partition. Receives the partition, the nonce of its lease, and the pace."""

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


class LeasedWork:
    """Works on partitions for a share of the time. `running` renews the leases meanwhile."""

    def __init__(self, leases: Leases, share: float) -> None:
        self._keeper = LeaseKeeper(leases)
        self._share = share

    async def running(self, work: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Run `work`, which may call `each`, and return its result."""
        ended = anyio.Event()
        answers: list[_Answer] = []

        async def answer() -> None:
            answers.append(await work())
            ended.set()

        async def keep() -> None:
            await self._keep(ended)

        await gathered([answer, keep])
        return answers[0]

    async def _keep(self, ended: anyio.Event) -> None:
        """Renew the held leases until the work has ended."""
        while not ended.is_set():
            with anyio.move_on_after(RENEWED_S):
                await ended.wait()
            for error in (await self._keeper.renew()).values():
                if error is not None:
                    raise error

    async def each(self, partitions: Iterable[int], work: Work) -> list[int]:
        """Do `work` in each partition. Returns those held by another process, or where `work` was interrupted."""
        queue, held = deque(partitions), list[int]()

        async def work_off() -> None:
            pace = Pace(self._share)
            while queue:
                partition = queue.popleft()
                async with self._lease(partition) as nonce:
                    if nonce is None or not await _worked(partial(work, partition, nonce, pace), partition):
                        held.append(partition)

        await gathered([work_off] * (FULL_SPEED if self._share == 1 else 1))
        return sorted(held)

    @asynccontextmanager
    async def _lease(self, partition: int) -> AsyncIterator[str | None]:
        nonce = await retry(lambda: self._keeper.take(partition), "take_lease", patience=PATIENCE)
        if nonce is None:
            yield None
            return
        try:
            yield nonce
        finally:
            with anyio.move_on_after(RELEASED_WITHIN, shield=True):
                await self._keeper.release(partition)


async def _worked(work: Callable[[], Awaitable[object]], partition: int) -> bool:
    try:
        await work()
    except Interrupted as why:
        _log.warning("rebuild_interrupted", partition=partition, fault=str(why))
        return False
    return True
