"""Writes of workers that lost their partition: tried with every nonce that was once good, while things fail."""

import redis.exceptions

from core.keys import FIRST_GENERATION, Partition
from core.position import Position
from core.redis.deployment import Deployment
from core.redis.errors import is_passing, retry
from projections.views.changes import Change, Commit
from projections.views.store import Fenced, Store
from tests.faults.people import SITE


class Zombies:
    """Remembers the nonces of leases and, once they are others', commits with them what would be seen at once."""

    def __init__(self, deployment: Deployment) -> None:
        self.tried = 0
        self.refused = 0
        self._deployment = deployment
        self._store = Store(deployment.calls, deployment.reads, deployment.keys)
        self._seen: dict[int, set[str]] = {}

    async def look(self) -> None:
        """Take down who owns what now."""
        for keys in self._deployment.keys:
            nonce = await self._nonce(keys)
            if nonce is not None:
                self._seen.setdefault(keys.number, set()).add(nonce)

    async def rise(self) -> None:
        """Let everybody who owned a partition, and does not now, write to it."""
        for keys in self._deployment.keys:
            owner = await self._nonce(keys)
            for nonce in self._seen.get(keys.number, set()) - {owner}:
                try:
                    outcome = await self._store.commit(keys.number, nonce, await self._commit(keys))
                except redis.exceptions.RedisError as error:
                    if not is_passing(error):
                        raise
                    continue  # it cannot be told whether it was refused: it does not count
                self.tried += 1
                self.refused += isinstance(outcome, Fenced)

    async def _commit(self, keys: Partition) -> Commit:
        """A commit that fits in all but the nonce: the next event, and a row that no log explains."""
        at = await self._store.cursor(keys.number)
        views = keys.thread_views(FIRST_GENERATION, SITE, "zombie")
        change = Change(command="HSET", key=views.rows, arguments=["zombie", b"brains"])
        return Commit(expected=at, cursor=Position(at.ms, at.n + 1), changes=[change], feed=[])

    async def _nonce(self, keys: Partition) -> str | None:
        # A server that has just been killed, or has come back, may cost a connection: that says nothing of the lease.
        found = await retry(lambda: self._deployment.reads.call("HGET", keys.lease, "nonce"), "nonce")
        return None if found is None else str(found.decode())
