"""How fast a projector works off a log that has no views yet, committing as it does in production.

Beside it, in each round: the same commits, made before; what is left is reading, decoding and writing.
"""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

import anyio

from core.concurrency import gathered
from core.events.envelope import read
from core.keys import Keys
from core.log.port import Entry, Log
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import Deployment, open_deployment
from projections.thread.state import ThreadState
from projections.views.changes import Commit
from projections.views.pointer import FIRST
from projections.views.projection import Projection
from projections.views.store import Done, Store
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure, Target
from workers.coordination.leases import Leases
from workers.projector.partition_projector import BATCH
from workers.projector.projector import AT_ONCE, Projector
from workers.runtime.process import leave_alone


class Made(NamedTuple):
    """A commit, and the event that it ends with."""

    commit: Commit
    last: Entry


BOUND = 120.0
"""Seconds in which a backlog has to be worked off."""


async def measure(url: str, entries: list[list[Entry]], *, rounds: int, cores: Cores) -> Figure:
    """The rate of projecting these entries, on a server that is emptied before each round."""
    made = _made(Keys(PARTITIONS), entries)
    written, rates = [], []
    for _ in range(rounds):
        written.append(await _rate(url, entries, cores, partial(_commit_made, made)))
        rates.append(await _rate(url, entries, cores, project))
    return Figure(
        name="projection of a backlog, fsync always",
        unit="events/s",
        measured=tuple(rates),
        limit_name="the same commits, prepared in advance",
        limit=tuple(written),
        target=Target(of="ratio", at_least=0.3),
    )


async def _rate(
    url: str, entries: list[list[Entry]], cores: Cores, work: Callable[[Deployment], Awaitable[object]]
) -> float:
    write(url, entries)
    with on(cores.own):
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            leave_alone()
            begun = time.perf_counter()
            await work(deployment)
            return sum(map(len, entries)) / (time.perf_counter() - begun)


def _made(keys: Keys, entries: list[list[Entry]]) -> list[list[Made]]:
    """The commits of a projector that reads these entries, by partition."""
    made: list[list[Made]] = []
    for own, all_of_it in zip(keys, entries, strict=True):
        projection = Projection(own, FIRST.generation, START)
        commits: list[Made] = []
        for number, entry in enumerate(all_of_it, 1):
            recorded = read(*entry)
            if projection.misses(recorded):
                projection.hold(ThreadState(site=recorded.envelope.site, id=recorded.envelope.thread))
            projection.apply(recorded)
            if projection.full or number % BATCH == 0 or number == len(all_of_it):
                commits.append(Made(projection.taken(), entry))
        made.append(commits)
    return made


async def _commit_made(made: list[list[Made]], deployment: Deployment) -> None:
    """Read and decode the whole log, and write these commits."""
    log = RedisLog(deployment)
    store = Store(deployment.calls, deployment.reads, deployment.keys)
    leases = Leases(deployment.calls, deployment.keys, "bench")
    partitions = iter(range(log.partitions))

    async def take_turns() -> None:
        for partition in partitions:
            nonce = await leases.take(partition)
            assert nonce is not None
            for commit, last in made[partition]:
                for entry in await log.read(partition, commit.expected, limit=BATCH, upto=commit.cursor):
                    read(*entry)
                assert await store.commit(partition, nonce, commit, last=last) == Done()

    await gathered([take_turns] * AT_ONCE)


async def project(deployment: Deployment, *, within: float = BOUND) -> None:
    """Take everything that is in the log into the views, in so many seconds. Raises TimeoutError."""
    log = RedisLog(deployment)
    projector = Projector(deployment, log, worker="bench")
    store = Store(deployment.calls, deployment.reads, deployment.keys)
    with anyio.fail_after(within):
        async with anyio.create_task_group() as tasks:
            await tasks.start(deployment.pubsub.run)
            await tasks.start(projector.run)
            async with anyio.create_task_group() as levels:
                for partition in range(log.partitions):
                    levels.start_soon(_level, deployment, log, store, partition)
            await projector.drain()
            tasks.cancel_scope.cancel()


async def _level(deployment: Deployment, log: Log, store: Store, partition: int) -> None:
    """Wait until the views of a partition have its last event."""
    last = await log.last(partition)
    with deployment.pubsub.on(deployment.keys[partition].view_channel) as bell:
        while await store.cursor(partition) < last:
            await bell.wait()
