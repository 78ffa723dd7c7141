"""Leases of partitions, timed by the server's clock, so that two workers seldom do the same work.

A lease is only an optimization. Fencing prevents a late owner from writing: every commit carries the lease's nonce.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from secrets import token_hex
from typing import Final

from redis.exceptions import RedisError

from core.keys import Keys, Partition
from core.redis.command import Argument, RedisCommand, script_command
from core.redis.router import Router
from core.redis.script import Script

LASTS_MS: Final = 10_000
"""Lifetime of a lease that is not renewed, in milliseconds."""
RENEWED_S: Final = 3.0
"""Interval at which the owner renews a lease, in seconds."""

_TAKE: Final = Script("workers.coordination", "lease_take")
_RENEW: Final = Script("workers.coordination", "lease_renew")
_RELEASE: Final = Script("workers.coordination", "lease_release")


PROJECTING: Final = attrgetter("lease")
"""Key of the lease for projecting a partition."""
BUILDING: Final = attrgetter("building")
"""Key of the lease for building views beside the served ones."""
SCREENING: Final = attrgetter("screening_lease")
"""Key of the lease for the screening of the texts of a partition."""


class Leases:
    """The leases of a deployment, for one worker. Every method except `renew_all` raises `redis.exceptions.RedisError`.

    `of` is the key of the lease in a partition, by default that of the lease for projecting.
    """

    def __init__(self, calls: Router, keys: Keys, worker: str, *, of: Callable[[Partition], str] = PROJECTING) -> None:
        self._calls = calls
        self._lease = [of(one) for one in keys]
        self._worker = worker

    async def take(self, partition: int) -> str | None:
        """Take the lease and return its nonce, or None while another worker holds it."""
        nonce = token_hex(8)
        arguments: list[Argument] = [nonce, self._worker, LASTS_MS]
        reply = await self._calls.run(_TAKE, [self._lease[partition]], arguments)
        return nonce if reply == b"OK" else None

    async def renew_all(self, nonces: Mapping[int, str]) -> dict[int, bool | RedisError]:
        """Renew leases in one pipeline. Per partition: True if it was still ours, or the error. Raises nothing."""
        calls = [script_command(_RENEW, [self._lease[one]], [nonce, LASTS_MS]) for one, nonce in nonces.items()]
        await self._calls.execute(calls)
        return {partition: _renewed(call) for partition, call in zip(nonces, calls, strict=True)}

    async def release(self, partition: int, nonce: str) -> bool:
        """Release the lease. False if it was no longer ours."""
        reply = await self._calls.run(_RELEASE, [self._lease[partition]], [nonce])
        return bool(reply == b"OK")


def _renewed(call: RedisCommand) -> bool | RedisError:
    try:
        return bool(call.answer() == b"OK")
    except RedisError as error:
        return error
