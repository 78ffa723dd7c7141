"""Membership: the live workers, and the owner of each partition among them.

Every few seconds, a worker registers and reads the other live workers, in one call, by the server's clock. The same
names give every worker the same result, so that no leader is needed. A partition belongs to the worker with the highest
weight for it (rendezvous hashing), so that only the partitions of a worker that joins or leaves move.

Workers that see different names for a moment may want the same partition, or leave a partition unowned. The lease
resolves the first case, the next registration the second.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from core.keys import WORKERS
from core.redis.command import Argument
from core.redis.router import Router
from core.redis.script import Script
from workers.coordination.leases import LASTS_MS

_ROSTER: Final = Script("workers.coordination", "register_worker")


def owner(partition: int, workers: Iterable[str]) -> str | None:
    """The worker that owns a partition. None if there are no workers."""
    return max(workers, key=lambda worker: (_weight(worker, partition), worker), default=None)


def _weight(worker: str, partition: int) -> bytes:
    return blake2b(f"{partition}/{worker}".encode(), digest_size=8).digest()


class Membership:
    """The live workers of a deployment, including `worker`. Every method raises `RedisError`.

    With another `key`: the live members of that sorted set.
    """

    def __init__(self, calls: Router, worker: str, *, key: str = WORKERS) -> None:
        self._calls = calls
        self._worker = worker
        self._key = key

    async def renew(self) -> frozenset[str]:
        """Register this worker for the lifetime of a lease. Returns all live workers, including this one."""
        return await self._say(alive=True)

    async def leave(self) -> frozenset[str]:
        """Deregister this worker. Returns the remaining live workers."""
        return await self._say(alive=False)

    async def _say(self, *, alive: bool) -> frozenset[str]:
        arguments: list[Argument] = [self._worker, LASTS_MS, int(alive)]
        names: list[bytes] = await self._calls.run(_ROSTER, [self._key], arguments)
        return frozenset(name.decode() for name in names)
