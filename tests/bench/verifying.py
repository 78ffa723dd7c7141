"""How fast `hansard verify` goes through all views, and a check of one thread after the other, beside the bare fold."""

import time
from collections.abc import Awaitable, Callable

from core.heads import LAST
from core.keys import Keys
from core.log.port import Entry
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import Deployment, open_deployment
from core.text.render import rendered
from core.throttle import Pace
from projections.verify.single_thread import MemberCounts, SingleThreadCheck
from projections.verify.verifier import verify
from projections.views.store import Store
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import on
from tests.bench.figures import Figure
from tests.bench.folding import EVENTS, LIMIT, folded
from tests.bench.processes import server
from tests.bench.projecting import project
from tests.bench.stage import Stage
from tests.support.servers import client
from workers.drift import sampling
from workers.runtime.process import leave_alone


async def measure(stage: Stage) -> list[Figure]:
    """The rate of verifying a log of the mix and its views."""
    mix = await stage.mix()
    bare, whole, walked = [], [], []
    with server(stage.cores.rest) as url:
        write(url, mix.entries)
        _write_lasts(url, mix.entries)
        async with open_deployment(url, partitions=PARTITIONS) as deployment:
            await project(deployment)
            log = RedisLog(deployment)
            with on(stage.cores.own):
                for _ in range(stage.sizes.rounds):
                    bare.append(await _rate(mix.events, lambda: folded(log)))
                    whole.append(await _rate(mix.events, lambda: _verify(deployment, log)))
                    walked.append(await _rate(mix.events, lambda: _walk(deployment, log)))
    return [
        Figure(
            name=name,
            unit=EVENTS,
            measured=tuple(rates),
            limit_name="folded alone",
            limit=tuple(bare),
        )
        for name, rates in (("verify", whole), ("the same, a check of one thread after the other", walked))
    ]


def _write_lasts(url: str, entries: list[list[Entry]]) -> None:
    """Write the head of each thread's last event, from which its chain is walked."""
    keys = Keys(len(entries))
    with client(url) as connection:
        for partition, some in zip(keys, entries, strict=True):
            for entry in some:
                name = sampling.thread_of(entry)
                if name is not None:
                    connection.hset(partition.heads(*name), LAST, f"0 {entry.position}")


async def _rate(events: int, work: Callable[[], Awaitable[object]]) -> float:
    leave_alone()
    begun = time.perf_counter()
    await work()
    return events / (time.perf_counter() - begun)


async def _verify(deployment: Deployment, log: RedisLog) -> None:
    async for difference in verify(log, deployment.reads, deployment.keys):
        raise AssertionError(difference)


async def _walk(deployment: Deployment, log: RedisLog) -> None:
    store = Store(deployment.calls, deployment.reads, deployment.keys)
    for number in range(log.partitions):
        served = await store.served(number)
        scope = await served.scope(number)
        keys, counts = deployment.keys[number], MemberCounts()
        check = SingleThreadCheck(log, deployment.reads, keys, served.pointer, rendered, scope=scope, pace=Pace())
        at = START
        while entries := await log.read(number, at, limit=LIMIT):
            for name in sampling.begun(entries):
                async for difference in check.differences(name, counts):
                    raise AssertionError(difference)
            at = entries[-1].position
