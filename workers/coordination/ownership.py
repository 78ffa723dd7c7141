"""Ownership of partitions by the workers of one role: each partition is worked on by one of them at a time.

Ownership follows from the live workers (`workers.coordination.membership`). When a worker joins, the others release its
partitions. When a worker leaves, the others take their shares of its partitions, as soon as their leases are released
or have expired. While the membership cannot be read, every worker keeps its partitions.

A process that is unfit for its deployment (`core.redis.deployment_record`) leaves the membership and releases its
partitions until it is fit again: it must not work there.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Literal

import anyio
import structlog
from anyio import CancelScope
from redis.exceptions import RedisError

from core.keys import WORKERS, Partition
from core.redis.deployment import Deployment
from core.redis.errors import is_passing
from workers.coordination.lease_keeper import RELEASED_WITHIN, LeaseKeeper
from workers.coordination.leases import PROJECTING, RENEWED_S, Leases
from workers.coordination.membership import Membership, owner

TAKE_ATTEMPTS: Final = 3
"""Attempts per renewal interval to take a lease that another worker has yet to release."""

_log = structlog.get_logger(__name__)


class OwnershipListener:
    """Is told of changes, for metrics. Does nothing by itself."""

    def changed(self) -> None:
        """The set of live workers has changed."""

    def released(self, how: Literal["given", "lost"]) -> None:
        """A partition was released, or another worker already had it."""


class Ownership:
    """Holds this worker's share of the partitions. `hold` works on one of them whenever its lease is held.

    `attend` and `renew` run beside it, and `leave` after them.
    """

    def __init__(  # the role, by keyword
        self,
        deployment: Deployment,
        *,
        worker: str,
        partitions: int,
        listener: OwnershipListener,
        members: str = WORKERS,
        of: Callable[[Partition], str] = PROJECTING,
        every: float = RENEWED_S,
    ) -> None:
        """`worker` is the unique name of this process among the `members`, and on the leases.

        `members` is the key of the role's live workers, `of` that of its lease in a partition. Both are renewed `every`
        so many seconds.
        """
        self._record = deployment.record
        self._membership = Membership(deployment.calls, worker, key=members)
        self._keeper = LeaseKeeper(Leases(deployment.calls, deployment.keys, worker, of=of))
        self.worker = worker
        self._every = every
        self._partitions = range(partitions)
        self._listener = listener
        self._alive: frozenset[str] = frozenset()
        self._own: frozenset[int] = frozenset()
        """Partitions that this worker owns, according to the last known membership."""
        self._changed = anyio.Event()
        """Set when `_own` changes, and then replaced."""
        self._scopes: dict[int, CancelScope] = {}

    @property
    def held(self) -> frozenset[int]:
        """Partitions whose lease this worker holds."""
        return frozenset(self._keeper.nonces)

    def nonce(self, partition: int) -> str:
        """The nonce of a held lease."""
        return self._keeper.nonces[partition]

    def works_on(self, partition: int) -> bool:
        """True while the work on a partition runs."""
        return partition in self._scopes

    def is_ending(self, partition: int) -> bool:
        """True if the work on a partition was asked to end and has not yet."""
        return self._scopes[partition].cancel_called

    async def hold(
        self,
        partition: int,
        work: Callable[[str], Awaitable[object]],
        *,
        untakable: Callable[[RedisError], Awaitable[object]],
        forget: Callable[[], object],
    ) -> None:
        """Take the partition whenever this worker owns it and its lease is free, and work on it while it is ours.

        `work` gets the nonce of the lease. `untakable` gets the error if the lease cannot be taken for good, and the
        next attempt follows when it returns. `forget` is called before a lease is released, but not if the whole worker
        ends.
        """
        while True:
            try:
                nonce = await self._take(partition)
            except RedisError as error:
                await untakable(error)
                continue
            with CancelScope() as scope:
                self._scopes[partition] = scope
                try:
                    await work(nonce)
                finally:
                    del self._scopes[partition]
            # Not in `finally`: after a cancellation from outside the nonce is kept, and `leave` releases the lease.
            forget()
            with CancelScope(shield=True):
                await self._release(partition)

    async def until_not_owned(self, partition: int) -> None:
        """Wait until another worker owns the partition."""
        while partition in self._own:
            await self._changed.wait()

    async def attend(self) -> None:
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
                for partition in self._scopes.keys() - self._own:
                    self._scopes[partition].cancel()
            with anyio.move_on_after(self._every):
                await changed.wait()

    async def renew(self) -> None:
        """Renew the held leases, and end the work on partitions whose lease was lost."""
        while True:
            await anyio.sleep(self._every)
            for partition in await self._keeper.renew():
                if partition in self._scopes:
                    self._scopes[partition].cancel()

    async def leave(self) -> None:
        """Leave the membership, and release all held leases, within a bound."""
        with anyio.move_on_after(RELEASED_WITHIN, shield=True):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._leave_membership)
                for partition in self.held:
                    tasks.start_soon(self._release, partition)

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
        self._own = frozenset(one for one in self._partitions if owner(one, alive) == self.worker)
        self._listener.changed()
        if before or len(alive) > 1:  # a single worker at the start is not logged
            _log.info("workers_changed", workers=len(alive), partitions=len(self._own))
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def _take(self, partition: int) -> str:
        while True:
            changed = self._changed
            if partition not in self._own:
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
            await anyio.sleep(self._every / TAKE_ATTEMPTS)

    async def _leave_membership(self) -> None:
        try:
            await self._membership.leave()
        except RedisError as error:
            _log.warning("roster_not_left", fault=type(error).__name__)

    async def _release(self, partition: int) -> None:
        ours = await self._keeper.release(partition)
        if ours is None:
            return
        self._listener.released("given" if ours else "lost")
        if ours:
            _log.debug("partition_given_back", partition=partition)
        else:
            _log.warning("partition_lost", partition=partition)


def _require_passing(error: RedisError) -> None:
    """Raise the error unless it is transient."""
    if not is_passing(error):
        raise error
