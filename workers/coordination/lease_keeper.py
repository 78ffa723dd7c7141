"""The held leases of one role of a process: taken, renewed together, and released."""

from collections.abc import Mapping
from typing import Final

import structlog
from redis.exceptions import RedisError

from core.redis.errors import is_passing
from workers.coordination.leases import Leases

RELEASED_WITHIN: Final = 2.0
"""Timeout for the release of leases at the end, in seconds. A lease that is not released expires."""

_log = structlog.get_logger(__name__)


class LeaseKeeper:
    """Keeps the leases that it has taken. The owner calls `renew` every `RENEWED_S` seconds."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._nonces: dict[int, str] = {}

    @property
    def nonces(self) -> Mapping[int, str]:
        """Nonce per held partition."""
        return self._nonces

    async def take(self, partition: int) -> str | None:
        """Take a lease and return its nonce, or None while another worker holds it. Raises `RedisError`."""
        nonce = await self._leases.take(partition)
        if nonce is not None:
            self._nonces[partition] = nonce
        return nonce

    async def renew(self) -> dict[int, RedisError | None]:
        """Renew all held leases. Returns those that are no longer ours, with the error where renewing failed for good.

        After a passing error the lease still lasts for a while. If another worker takes it then, the nonce stops our
        writes.
        """
        nonces = dict(self._nonces)
        lost: dict[int, RedisError | None] = {}
        for partition, ours in (await self._leases.renew_all(nonces)).items():
            if isinstance(ours, RedisError) and is_passing(ours):
                _log.warning("lease_not_renewed", partition=partition)
            elif ours is not True and self._nonces.get(partition) == nonces[partition]:
                lost[partition] = ours if isinstance(ours, RedisError) else None
        return lost

    async def release(self, partition: int) -> bool | None:
        """Release a lease. False if it was no longer ours, None if the release failed, which is logged."""
        nonce = self._nonces.pop(partition)  # first: a lease that is renewed meanwhile would come back
        try:
            return await self._leases.release(partition, nonce)
        except RedisError as error:
            _log.warning("lease_not_released", partition=partition, fault=type(error).__name__)
            return None
