"""What the parts of a process that talk to Redis have in common: clients, pipelines, key names and wakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import redis.exceptions
from redis.asyncio import Redis

from core.keys import DEPLOYMENT, Keys
from core.redis.batch import Batch
from core.redis.client import connect
from core.redis.faults import HalfRestored, OtherDeployment, Unreachable, is_passing
from core.redis.script import Script
from core.redis.server import Durability, Server, inspect, require
from core.redis.wakes import Wakes

FORMAT: Final = 1
"""How keys and values are laid out. Another number is another layout."""

PARTITIONS: Final = 64
"""How many partitions a deployment gets where nobody says."""

LONG_REPLY_WITHIN: Final = 10.0
"""Seconds in which the answers of one pipeline of reads must be here."""

_RECORD: Final = Script("core.redis", "deployment")


class Deployment:
    """An open deployment. `open_deployment` makes one; nothing of it outlives that block.

    Short, urgent calls (decisions, commits) share the pipelines of `calls`, long answers those of `reads`, so that
    nobody's append waits behind somebody's page of events. `reading` is for whoever must block.
    """

    def __init__(self, writing: Redis, reading: Redis, *, keys: Keys, server: Server, durability: Durability) -> None:
        self.writing = writing
        self.reading = reading
        self.keys = keys
        self.server = server
        self.durability: Durability = durability
        self.calls = Batch(writing)
        self.reads = Batch(writing, within=LONG_REPLY_WITHIN)
        self.wakes = Wakes(reading)


@asynccontextmanager
async def open_deployment(
    url: str, *, partitions: int = PARTITIONS, durability: Durability = "memory", restoring: bytes | None = None
) -> AsyncIterator[Deployment]:
    """The deployment on the server at `url`; whoever opens it first fixes its number of partitions.

    Run `deployment.wakes.run` in a task group to be woken. Where a backup is being restored, only who is `restoring`
    that one opens it. Raises `core.redis.faults.CannotOpen`.
    """
    writing, reading = connect(url, writing=True), connect(url, writing=False)
    try:
        server = await inspect(writing)
        require(server, durability)
        await _agree(Batch(writing), partitions, restoring)
        yield Deployment(writing, reading, keys=Keys(partitions), server=server, durability=durability)
    finally:
        with anyio.CancelScope(shield=True):
            await writing.aclose()
            await reading.aclose()


async def _agree(calls: Batch, partitions: int, restoring: bytes | None) -> None:
    """Record what this deployment is, or compare it with what was recorded."""
    try:
        # Asked first, because a server that takes no writes now refuses a script that might write.
        *recorded, backup = await calls.call("HMGET", DEPLOYMENT, "partitions", "format", "restoring")
        if None in recorded:
            recorded = await calls.run(_RECORD, [DEPLOYMENT], [partitions, FORMAT])
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
