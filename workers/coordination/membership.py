"""Which workers are alive, and which of them a partition belongs to.

Every worker says so every few seconds and reads who else does, in one call, by the server's time. From the same names
all come to the same answer, so that nobody has to lead: a partition belongs to the worker that weighs most for it
(rendezvous hashing), and when one comes or goes, only its own partitions move.

Workers that see different names for a moment want the same partition, or leave one to each other. The lease decides
the one, the next look the other.
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
    """The worker that a partition belongs to; None where there is none."""
    return max(workers, key=lambda worker: (_weight(worker, partition), worker), default=None)


def _weight(worker: str, partition: int) -> bytes:
    return blake2b(f"{partition}/{worker}".encode(), digest_size=8).digest()


class Membership:
    """The live workers of a deployment, `worker` being one of them. Every call raises `RedisError`.

    With another `key`, the live members of that sorted set.
    """

    def __init__(self, calls: Router, worker: str, *, key: str = WORKERS) -> None:
        self._calls = calls
        self._worker = worker
        self._key = key

    async def attend(self) -> frozenset[str]:
        """Be alive, for as long as a lease lasts; everybody who is, this worker among them."""
        return await self._say(alive=True)

    async def leave(self) -> frozenset[str]:
        """Be alive no more; everybody who still is."""
        return await self._say(alive=False)

    async def _say(self, *, alive: bool) -> frozenset[str]:
        arguments: list[Argument] = [self._worker, LASTS_MS, int(alive)]
        names: list[bytes] = await self._calls.run(_ROSTER, [self._key], arguments)
        return frozenset(name.decode() for name in names)
