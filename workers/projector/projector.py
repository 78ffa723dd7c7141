"""The projector: takes the partitions that it owns, projects their views from the log, and reports the lag.

`workers.coordination.ownership` decides which partitions it works on. It releases one between two commits.

A stopped partition keeps its lease and makes the process unready, for as long as the process owns the partition. If
released, it would stop the next worker at the same event, then the one after that, until no worker were ready and the
cause could not be located. When ownership moves to another worker, that worker tries once and reports the same.

Redis may restart or be unavailable at any time: every part restarts from the stored state.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

import anyio
import structlog
from anyio import TASK_STATUS_IGNORED, Semaphore
from anyio.abc import TaskStatus
from redis.exceptions import RedisError

from core.error_summary import fault
from core.events.envelope import Read, read
from core.log.port import Log
from core.position import START, Position
from core.redis.command import Argument
from core.redis.deployment import Deployment
from core.redis.errors import is_passing, retry
from core.refusals import Unavailable
from core.text.render import rendered
from projections.read.lag import Lag, lag_of
from projections.read.served_generation import Served
from projections.views import parking
from projections.views.layout import Html
from projections.views.parking import Parked
from projections.views.store import Store
from projections.views.stored_thread import together
from projections.views.thread_cache import MOST_BYTES, ThreadCache
from projections.views.versions import OWN, Versions
from workers.coordination.leases import RENEWED_S
from workers.coordination.ownership import Ownership, OwnershipListener
from workers.projector.partition_projector import PartitionProjector, StoppedPartition
from workers.projector.requeues import Requeues
from workers.runtime import metrics

AT_ONCE: Final = 8
"""Partitions that process a batch concurrently.

More would only queue at the server and delay the rest of this process: a long backlog in all partitions would keep the
leases from being renewed.
"""

_log = structlog.get_logger(__name__)


class Projector:
    """Projects its share of the partitions of a deployment, under the unique name of `worker`.

    `versions` is the version that it writes, `html` the renderer of that version. `read` decodes the event shapes of
    that version. `thread_bytes` bounds the cache of folded threads kept between commits.
    """

    def __init__(
        self,
        deployment: Deployment,
        log: Log,
        *,
        worker: str,
        html: Html = rendered,
        versions: Versions = OWN,
        read: Read = read,
        thread_bytes: int = MOST_BYTES,
    ) -> None:
        store = Store(deployment.calls, deployment.reads, deployment.keys, versions=versions)
        self._log = log
        self._requeues = Requeues(log, store, Served(deployment), html=html, read=read)
        self._reads = deployment.reads
        self.ownership = Ownership(
            deployment, worker=worker, partitions=log.partitions, listener=_Counts(), every=RENEWED_S
        )
        self.threads = ThreadCache(thread_bytes)
        """Cache of the folded threads kept between commits."""
        slots = Semaphore(AT_ONCE, fast_acquire=True)
        self._projectors = [
            PartitionProjector(partition, log, store, slots, cache=self.threads, html=html, read=read)
            for partition in range(log.partitions)
        ]
        self._lags: dict[int, Lag] = {}
        self._parked: dict[int, int] = {}
        """Number of parked threads per held partition, as counted in the metric."""
        self._ending = anyio.Event()
        self._ended = anyio.Event()

    @property
    def owned(self) -> frozenset[int]:
        """Partitions whose lease this worker holds."""
        return self.ownership.held

    @property
    def stopped(self) -> Mapping[int, StoppedPartition]:
        """Stopped partitions with the reason. Each of them needs an operator."""
        return {one.partition: one.stopped for one in self._projectors if one.stopped is not None}

    @property
    def lags(self) -> Mapping[int, Lag]:
        """Lag of each held partition, measured every few seconds."""
        return self._lags

    def at(self, partition: int) -> Position | None:
        """Position of the last event in the views of an owned partition. None while it is unknown."""
        return self._projectors[partition].at

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Project until `drain` or a cancellation, then leave the membership and release the leases."""
        try:
            async with anyio.create_task_group() as tasks:
                for partition_projector in self._projectors:
                    tasks.start_soon(self._hold, partition_projector)
                tasks.start_soon(self.ownership.attend)
                tasks.start_soon(self.ownership.renew)
                tasks.start_soon(self._measure)
                tasks.start_soon(self._requeues.run)
                task_status.started()
                await self._ending.wait()
                tasks.cancel_scope.cancel()
        finally:
            await self.ownership.leave()
            self._ended.set()

    async def drain(self) -> None:
        """End `run` gracefully, and wait for its end."""
        self._ending.set()
        await self._ended.wait()

    async def _hold(self, partition_projector: PartitionProjector) -> None:
        """Project the partition whenever this worker owns it and its lease is free."""
        partition = partition_projector.partition

        async def work(nonce: str) -> None:
            metrics.OWNED_PARTITIONS.inc()
            try:
                await partition_projector.run(nonce)
                if partition_projector.stopped is not None:
                    await anyio.sleep_forever()
            finally:
                metrics.OWNED_PARTITIONS.dec()
                self._count_parked(partition, 0)
                self._requeues.forget(partition)
                self._forget_lag(partition)

        async def untakable(error: RedisError) -> None:
            partition_projector.stop(error, START)
            await self.ownership.until_not_owned(partition)
            partition_projector.forget()

        await self.ownership.hold(partition, work, untakable=untakable, forget=partition_projector.forget)

    def _forget_lag(self, partition: int) -> None:
        """Remove the lag of a partition from the metrics: its new owner reports it, and our value would be stale."""
        if self._lags.pop(partition, None) is not None:
            metrics.PROJECTION_LAG_EVENTS.remove(str(partition))
            metrics.PROJECTION_LAG_SECONDS.remove(str(partition))

    async def _measure(self) -> None:
        while True:
            try:
                await self._measure_held()
            except Exception as error:  # noqa: BLE001 - a failed measurement must not stop the projection
                passing = is_passing(error) or isinstance(error, Unavailable)
                _log.warning("lag_not_measured", fault=fault(error), exc_info=None if passing else error)
            await anyio.sleep(RENEWED_S)

    async def _measure_held(self) -> None:
        """Measure all partitions together: one by one, the reads would be most of the work of an idle process."""
        ats = {partition: at for partition in self.owned if (at := self.at(partition)) is not None}
        for partition in self._lags.keys() - ats.keys():
            self._forget_lag(partition)
        if not ats:
            return
        wanted: list[tuple[Argument, ...]] = [("HVALS", self._projectors[partition].parked_key) for partition in ats]
        stored = await retry(partial(together, self._reads, wanted), "parked")
        lasts = await self._log.lasts(list(ats))
        for (partition, at), values, last in zip(ats.items(), stored, lasts, strict=True):
            await self._report(partition, at, last, [parking.decode(value) for value in values])

    async def _report(self, partition: int, at: Position, last: Position, parked: list[Parked]) -> None:
        lag = await lag_of(self._log, partition, at, last)
        if not self.ownership.works_on(partition):
            return  # lost during the measurement: its new owner reports the lag
        self._count_parked(partition, len(parked))
        self._requeues.offer(partition, parked)
        self._lags[partition] = lag
        metrics.PROJECTION_LAG_EVENTS.labels(str(partition)).set(max(0, lag.events))
        metrics.PROJECTION_LAG_SECONDS.labels(str(partition)).set(lag.seconds(time.time()))

    def _count_parked(self, partition: int, threads: int) -> None:
        metrics.PARKED_THREADS.inc(threads - self._parked.get(partition, 0))
        self._parked[partition] = threads


class _Counts(OwnershipListener):
    """Counts changes of ownership."""

    def changed(self) -> None:
        metrics.REBALANCES.inc()

    def released(self, how: Literal["given", "lost"]) -> None:
        metrics.HANDOVERS.labels(how).inc()
