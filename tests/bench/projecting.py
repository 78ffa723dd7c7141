"""How fast a projector works off a log that has no views yet, committing as it does in production."""

import time

import anyio

from core.log.port import Entry, Log
from core.log.redis import RedisLog
from core.redis.deployment import Deployment, open_deployment
from projections.store import Store
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure
from workers.projector import Projector

BOUND = 120.0
"""Seconds in which a backlog has to be worked off."""


async def measure(url: str, entries: list[list[Entry]], *, rounds: int, cores: Cores) -> Figure:
    """The rate of projecting these entries, on a server that is emptied before each round."""
    rates = []
    for _ in range(rounds):
        write(url, entries)
        with on(cores.own):
            async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
                begun = time.perf_counter()
                await project(deployment)
                rates.append(sum(map(len, entries)) / (time.perf_counter() - begun))
    return Figure(name="projection of a backlog, fsync always", unit="events/s", measured=tuple(rates))


async def project(deployment: Deployment, *, within: float = BOUND) -> None:
    """Take everything that is in the log into the views, in so many seconds. Raises TimeoutError."""
    log = RedisLog(deployment)
    projector = Projector(deployment, log, worker="bench")
    store = Store(deployment.calls, deployment.reads, deployment.keys)
    with anyio.fail_after(within):
        async with anyio.create_task_group() as tasks:
            await tasks.start(deployment.wakes.run)
            await tasks.start(projector.run)
            async with anyio.create_task_group() as levels:
                for partition in range(log.partitions):
                    levels.start_soon(_level, deployment, log, store, partition)
            await projector.drain()
            tasks.cancel_scope.cancel()


async def _level(deployment: Deployment, log: Log, store: Store, partition: int) -> None:
    """Wait until the views of a partition have its last event."""
    last = await log.last(partition)
    with deployment.wakes.on(deployment.keys[partition].view_channel) as bell:
        while await store.cursor(partition) < last:
            await bell.wait()
