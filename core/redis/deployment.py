"""What the parts of a process that talk to Redis have in common: clients, pipelines, key names and wakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import redis.exceptions
from redis.asyncio import Redis

from core.keys import DEPLOYMENT, Keys
from core.log.port import Durability
from core.redis.calls import Calls
from core.redis.faults import HalfRestored, OtherDeployment, Unreachable, is_passing
from core.redis.promise import Promise
from core.redis.script import Script
from core.redis.topology import Topology, find_servers, require_fit
from core.redis.wakes import Wakes

FORMAT: Final = 1
"""How keys and values are laid out. Another number is another layout."""

PARTITIONS: Final = 64
"""How many partitions a deployment gets where nobody says."""

RECORD: Final = Script("core.redis", "deployment")


class Deployment:
    """An open deployment. `open_deployment` makes one; nothing of it outlives that block.

    Short, urgent calls (decisions, commits) share the pipelines of `calls`, long answers those of `reads`, so that
    nobody's append waits behind somebody's page of events. `appends` are calls whose effect is proven to be as safe
    as the deployment promises. Each call goes to the server that has its key.
    """

    def __init__(self, topology: Topology, *, keys: Keys, promise: Promise) -> None:
        self.topology = topology
        self.keys = keys
        self.durability: Durability = promise.level
        self.calls = Calls(topology, lambda node: node.calls)
        self.reads = Calls(topology, lambda node: node.reads)
        self.appends = Calls(topology, lambda node: node.appends)
        self.wakes = Wakes(topology)

    @property
    def writing(self) -> Redis:
        """A plain client of the only server, or of the first primary of a cluster, for looking at it as it is."""
        return self.topology.primaries()[0].writing


@asynccontextmanager
async def open_deployment(
    url: str,
    *,
    partitions: int = PARTITIONS,
    durability: Durability = "memory",
    replicas: int = 1,
    restoring: bytes | None = None,
) -> AsyncIterator[Deployment]:
    """The deployment on the servers at `url`; whoever opens it first fixes its number of partitions.

    Run `deployment.wakes.run` in a task group to be woken. Where a backup is being restored, only who is `restoring`
    that one opens it. Raises `core.redis.faults.CannotOpen`.
    """
    promise = Promise(durability, replicas)
    async with find_servers(url, promise) as topology:
        await require_fit(topology, promise)
        deployment = Deployment(topology, keys=Keys(partitions), promise=promise)
        await _agree(deployment.calls, partitions, restoring)
        yield deployment


async def recorded_partitions(url: str) -> int | None:
    """How many partitions the deployment at `url` has; None where there is none. Creates nothing.

    Raises `core.redis.faults.CannotOpen`, `redis.exceptions.RedisError`.
    """
    async with find_servers(url) as topology:
        recorded = await Calls(topology, lambda node: node.calls).call("HGET", DEPLOYMENT, "partitions")
        return None if recorded is None else int(recorded)


async def _agree(calls: Calls, partitions: int, restoring: bytes | None) -> None:
    """Record what this deployment is, or compare it with what was recorded."""
    try:
        # Asked first, because a server that takes no writes now refuses a script that might write.
        *recorded, backup = await calls.call("HMGET", DEPLOYMENT, "partitions", "format", "restoring")
        if None in recorded:
            recorded = await calls.run(RECORD, [DEPLOYMENT], [partitions, FORMAT])
    except redis.exceptions.RedisError as error:
        if not is_passing(error):
            raise
        raise Unreachable(f"The Redis server takes no writes now: {error}") from error
    there, layout = (int(number) for number in recorded)
    if layout != FORMAT:
        raise OtherDeployment(f"The data there has format {layout}; this version of Hansard knows format {FORMAT}")
    if there != partitions:
        raise OtherDeployment(f"The deployment there has {there} partitions, not {partitions}; their number is fixed")
    if backup not in (None, restoring):
        raise HalfRestored(
            "A backup is being restored there, or was cut short: run `hansard restore` on the same file to its end, or "
            "empty the server"
        )
