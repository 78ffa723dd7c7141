"""The screener's worker: takes the partitions that it owns, and has their texts screened."""

import time
from collections.abc import Callable
from typing import Final

import anyio
import structlog
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from redis.exceptions import RedisError

from core.error_summary import fault
from core.keys import SCREENERS
from core.log.notes import MemberNotes
from core.log.port import Log
from core.redis.deployment import Deployment
from core.screener import Screeners
from workers.coordination.leases import RENEWED_S, SCREENING
from workers.coordination.ownership import Ownership, OwnershipListener
from workers.http_client import HttpClient
from workers.runtime import metrics
from workers.screener.asking import Asker
from workers.screener.due_store import DueStore
from workers.screener.partition_screening import TELL_AFTER_S, Backlog, PartitionScreening
from workers.screener.screening import CommentScreening

AT_ONCE: Final = 64
"""Default of the requests to screeners at a time."""
PER_SITE: Final = 8
"""Default of the requests to the screener of a site at a time."""
BACKLOG: Final = 10_000
"""Default of the texts of a site that wait for its screener."""
PAUSE_S: Final = 30.0
"""Default of the seconds for which a failing screener is left alone."""

_log = structlog.get_logger(__name__)


class ScreeningWorker:
    """Screens its share of the partitions of a deployment, under the unique name of `worker`."""

    def __init__(  # noqa: PLR0913 # its bounds, by keyword
        self,
        deployment: Deployment,
        log: Log,
        screeners: Screeners,
        client: HttpClient,
        *,
        worker: str,
        at_once: int = AT_ONCE,
        per_site: int = PER_SITE,
        backlog: int = BACKLOG,
        pause: float = PAUSE_S,
        tell_after: float = TELL_AFTER_S,
        every: float = RENEWED_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.asker = Asker(screeners, client, at_once=at_once, per_site=per_site, pause=pause, clock=clock)
        self._client = client
        self._ownership = Ownership(
            deployment,
            worker=worker,
            partitions=log.partitions,
            listener=OwnershipListener(),
            members=SCREENERS,
            of=SCREENING,
            every=every,
        )
        store = DueStore(deployment.calls, deployment.keys)
        screening = CommentScreening(log, self.asker, MemberNotes(deployment.calls, deployment.keys))
        counts = Backlog(backlog)
        self.partitions = [
            PartitionScreening(number, log, store, screening, self.asker, counts, tell_after=tell_after)
            for number in range(log.partitions)
        ]
        self._ending = anyio.Event()
        self._ended = anyio.Event()
        metrics.SCREENING_DUE.set_function(lambda: self.number_due)
        metrics.SCREENING_OLDEST_SECONDS.set_function(lambda: self.oldest(time.time()))
        metrics.SCREENING_BREAKERS_OPEN.set_function(lambda: self.asker.open_breakers)

    @property
    def owned(self) -> frozenset[int]:
        """Partitions whose lease this worker holds."""
        return self._ownership.held

    @property
    def number_due(self) -> int:
        """Number of comments about which a screener is to be asked or told something."""
        return sum(len(one.due) for one in self.partitions)

    def oldest(self, now: float) -> float:
        """Age in seconds of the event that asks for the oldest of them; 0 if there is none. `now` is since 1970."""
        times = [at.ms for one in self.partitions for item, at in one.due.items() if item.what == "ask"]
        return max(0.0, now - min(times) / 1000) if times else 0.0

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Screen until `drain` or a cancellation, then leave the membership and release the leases."""
        try:
            async with anyio.create_task_group() as tasks:
                for one in self.partitions:
                    tasks.start_soon(self._hold, one)
                tasks.start_soon(self._ownership.attend)
                tasks.start_soon(self._ownership.renew)
                task_status.started()
                await self._ending.wait()
                tasks.cancel_scope.cancel()
        finally:
            await self._ownership.leave()
            with anyio.CancelScope(shield=True):
                await self._client.close()
            self._ended.set()

    async def drain(self) -> None:
        """End `run` gracefully, and wait for its end."""
        self._ending.set()
        await self._ended.wait()

    async def _hold(self, one: PartitionScreening) -> None:
        async def untakable(error: RedisError) -> None:
            _log.error("screening_refused", partition=one.partition, fault=fault(error))
            await self._ownership.until_not_owned(one.partition)

        async def work(nonce: str) -> None:
            metrics.SCREENED_PARTITIONS.inc()
            try:
                await one.run(nonce)
            finally:
                metrics.SCREENED_PARTITIONS.dec()

        await self._ownership.hold(one.partition, work, untakable=untakable, forget=lambda: None)
