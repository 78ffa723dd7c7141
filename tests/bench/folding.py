"""How fast a log is folded in memory, as `hansard verify` does, beside reading and decoding it for nothing."""

import time
from typing import Final

from core.events.envelope import decode
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import open_deployment
from projections.thread.fold import apply
from projections.thread.state import ThreadState
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.processes import server
from tests.bench.stage import Stage
from workers.runtime.process import leave_alone

LIMIT: Final = 1000
"""Entries that are read at once."""
EVENTS: Final = "events/s"


async def measure(stage: Stage) -> list[Figure]:
    """The rate of folding a log of the mix."""
    read, folded = [], []
    with server(stage.cores.rest) as url:
        write(url, (await stage.mix()).entries)
        async with open_deployment(url, partitions=PARTITIONS) as deployment:
            log = RedisLog(deployment)
            with on(stage.cores.own):
                await decoded(log)
                for _ in range(stage.sizes.rounds):
                    read.append(await _rate(log, fold=False))
                    folded.append(await _rate(log, fold=True))
    figure = Figure(
        name="fold in memory from Redis",
        unit=EVENTS,
        measured=tuple(folded),
        limit_name="read and decoded only",
        limit=tuple(read),
        target=Target(of="ratio", at_least=0.4),
    )
    return [figure]


async def _rate(log: RedisLog, *, fold: bool) -> float:
    leave_alone()
    begun = time.perf_counter()
    events = await (folded(log) if fold else decoded(log))
    return events / (time.perf_counter() - begun)


async def decoded(log: RedisLog) -> int:
    """Read and decode the whole log for nothing; how many events it has."""
    events = 0
    for partition in range(log.partitions):
        at = START
        while entries := await log.read(partition, at, limit=LIMIT):
            for entry in entries:
                decode(*entry)
            events += len(entries)
            at = entries[-1].position
    return events


async def folded(log: RedisLog) -> int:
    """Read the whole log and fold every thread; how many events it has."""
    events = 0
    threads: dict[tuple[str, str], ThreadState] = {}
    for partition in range(log.partitions):
        at = START
        while entries := await log.read(partition, at, limit=LIMIT):
            for entry in entries:
                recorded = decode(*entry)
                envelope = recorded.envelope
                if not envelope.thread:
                    continue
                name = (envelope.site, envelope.thread)
                thread = threads.get(name)
                if thread is None:
                    thread = threads[name] = ThreadState(site=envelope.site, id=envelope.thread)
                apply(thread, recorded)
            events += len(entries)
            at = entries[-1].position
    return events
