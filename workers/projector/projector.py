"""The projector: takes the partitions that it owns, projects their views from the log, and reports the lag.

Ownership follows from the live workers (`workers.coordination.membership`). When a worker joins, the projector releases
that worker's partitions, between two commits. When a worker leaves, the projector takes its share of that worker's
partitions, as soon as their leases are released or have expired. While the membership cannot be read, every worker
keeps its partitions.

A stopped partition keeps its lease and makes the process unready, for as long as the process owns the partition. If
released, it would stop the next worker at the same event, then the one after that, until no worker were ready and the
cause could not be located. When ownership moves to another worker, that worker tries once and reports the same.

A process that is unfit for its deployment (`core.redis.deployment_record`) leaves the membership and releases its
partitions until it is fit again: it must not fold or commit there.

Redis may restart or be unavailable at any time: every part restarts from the stored state.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

import anyio
import structlog
from anyio import TASK_STATUS_IGNORED, CancelScope, Semaphore
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
from workers.coordination.lease_keeper import RELEASED_WITHIN, LeaseKeeper
from workers.coordination.leases import RENEWED_S, Leases
from workers.coordination.membership import Membership, owner
from workers.projector.partition_projector import PartitionProjector, StoppedPartition
from workers.projector.requeues import Requeues
from workers.runtime import metrics

AT_ONCE: Final = 8
"""Partitions that process a batch concurrently.

More would only queue at the server and delay the rest of this process: a long backlog in all partitions would keep the
leases from being renewed.
"""

TAKE_ATTEMPTS: Final = 3
"""Attempts per renewal interval to take a lease that another worker has yet to release."""

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
        self._record = deployment.record
        self._requeues = Requeues(log, store, Served(deployment), html=html, read=read)
        self._reads = deployment.reads
        self._worker = worker
        self._keeper = LeaseKeeper(Leases(deployment.calls, deployment.keys, worker))
        self._membership = Membership(deployment.calls, worker)
        self.threads = ThreadCache(thread_bytes)
        """Cache of the folded threads kept between commits."""
        slots = Semaphore(AT_ONCE, fast_acquire=True)
        self._projectors = [
            PartitionProjector(partition, log, store, slots, cache=self.threads, html=html, read=read)
            for partition in range(log.partitions)
        ]
        self._alive: frozenset[str] = frozenset()
        self._own_partitions: frozenset[int] = frozenset()
        """Partitions that this worker owns, according to the last known membership."""
        self._ownership_changed = anyio.Event()
        """Set when `_ours` changes, and then replaced."""
        self._scopes: dict[int, CancelScope] = {}
        self._lags: dict[int, Lag] = {}
        self._parked: dict[int, int] = {}
        """Number of parked threads per held partition, as counted in the metric."""
        self._ending = anyio.Event()
        self._ended = anyio.Event()

    @property
    def owned(self) -> frozenset[int]:
        """Partitions whose lease this worker holds."""
        return frozenset(self._keeper.nonces)

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
                tasks.start_soon(self._attend)
                tasks.start_soon(self._renew)
                tasks.start_soon(self._measure)
                tasks.start_soon(self._requeues.run)
                task_status.started()
                await self._ending.wait()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.move_on_after(RELEASED_WITHIN, shield=True):
                await self._leave()
            self._ended.set()

    async def drain(self) -> None:
        """End `run` gracefully, and wait for its end."""
        self._ending.set()
        await self._ended.wait()

    async def _attend(self) -> None:
        """Renew the membership, and release partitions of other workers. While unfit, release all partitions."""
        while True:
            changed = self._record.changed
            try:
                alive = await self._live_workers()
            except RedisError as error:
                _require_passing(error)
                _log.warning("roster_not_read")
            else:
                if alive != self._alive:
                    self._share(alive)
                for partition in self._scopes.keys() - self._own_partitions:
                    self._scopes[partition].cancel()
            with anyio.move_on_after(RENEWED_S):
                await changed.wait()

    async def _live_workers(self) -> frozenset[str]:
        """The live workers. Empty while this process is unfit for the deployment. Raises `RedisError`."""
        if self._record.unfit is None:
            return await self._membership.renew()
        if self._alive:
            await self._leave_membership()
        return frozenset()

    def _share(self, alive: frozenset[str]) -> None:
        """Recompute the owned partitions after the live workers have changed."""
        before, self._alive = self._alive, alive
        self._own_partitions = frozenset(
            one.partition for one in self._projectors if owner(one.partition, alive) == self._worker
        )
        metrics.REBALANCES.inc()
        if before or len(alive) > 1:  # a single worker at the start is not logged
            _log.info("workers_changed", workers=len(alive), partitions=len(self._own_partitions))
        changed, self._ownership_changed = self._ownership_changed, anyio.Event()
        changed.set()

    async def _hold(self, partition_projector: PartitionProjector) -> None:
        """Take the partition whenever this worker owns it and its lease is free, and project it while it is ours."""
        partition = partition_projector.partition
        while True:
            try:
                nonce = await self._take(partition)
            except RedisError as error:
                partition_projector.stop(error, START)
                await self._until_not_owned(partition)
                partition_projector.forget()
                continue
            with CancelScope() as scope:
                self._scopes[partition] = scope
                metrics.OWNED_PARTITIONS.inc()
                try:
                    await partition_projector.run(nonce)
                    if partition_projector.stopped is not None:
                        await anyio.sleep_forever()
                finally:
                    metrics.OWNED_PARTITIONS.dec()
                    self._count_parked(partition, 0)
                    self._requeues.forget(partition)
                    del self._scopes[partition]
                    self._forget_lag(partition)
            # Not in `finally`: after a cancellation from outside the nonce is kept, and `_leave` releases the lease.
            partition_projector.forget()
            with CancelScope(shield=True):
                await self._release(partition)

    async def _take(self, partition: int) -> str:
        while True:
            changed = self._ownership_changed
            if partition not in self._own_partitions:
                await changed.wait()
                continue
            try:
                # Shielded: a task that is cancelled meanwhile still gets the nonce of the taken lease, and releases it.
                with CancelScope(shield=True):
                    nonce = await self._keeper.take(partition)
            except RedisError as error:
                _require_passing(error)
                nonce = None
            if nonce is not None:
                return nonce
            await anyio.sleep(RENEWED_S / TAKE_ATTEMPTS)

    async def _until_not_owned(self, partition: int) -> None:
        """Wait until another worker owns the partition."""
        while partition in self._own_partitions:
            await self._ownership_changed.wait()

    def _forget_lag(self, partition: int) -> None:
        """Remove the lag of a partition from the metrics: its new owner reports it, and our value would be stale."""
        if self._lags.pop(partition, None) is not None:
            metrics.PROJECTION_LAG_EVENTS.remove(str(partition))
            metrics.PROJECTION_LAG_SECONDS.remove(str(partition))

    async def _renew(self) -> None:
        while True:
            await anyio.sleep(RENEWED_S)
            for partition in await self._keeper.renew():
                if partition in self._scopes:
                    self._scopes[partition].cancel()

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
        if partition not in self._scopes:
            return  # lost during the measurement: its new owner reports the lag
        self._count_parked(partition, len(parked))
        self._requeues.offer(partition, parked)
        self._lags[partition] = lag
        metrics.PROJECTION_LAG_EVENTS.labels(str(partition)).set(max(0, lag.events))
        metrics.PROJECTION_LAG_SECONDS.labels(str(partition)).set(lag.seconds(time.time()))

    def _count_parked(self, partition: int, threads: int) -> None:
        metrics.PARKED_THREADS.inc(threads - self._parked.get(partition, 0))
        self._parked[partition] = threads

    async def _leave(self) -> None:
        """Leave the membership, and release all held leases."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._leave_membership)
            for partition in self.owned:
                tasks.start_soon(self._release, partition)

    async def _leave_membership(self) -> None:
        try:
            await self._membership.leave()
        except RedisError as error:
            _log.warning("roster_not_left", fault=type(error).__name__)

    async def _release(self, partition: int) -> None:
        ours = await self._keeper.release(partition)
        if ours is None:
            return
        metrics.HANDOVERS.labels("given" if ours else "lost").inc()
        if ours:
            _log.debug("partition_given_back", partition=partition)
        else:
            _log.warning("partition_lost", partition=partition)


def _require_passing(error: RedisError) -> None:
    """Raise an error that is not passing."""
    if not is_passing(error):
        raise error
