"""How fast `hansard verify` compares all views with the log, beside the bare fold of the same log."""

import time
from collections.abc import Awaitable, Callable

from core.heads import LAST
from core.keys import Keys
from core.log.port import Entry
from core.log.redis import RedisLog
from core.redis.deployment import Deployment, open_deployment
from projections.verify.verifier import verify
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import on
from tests.bench.figures import Figure
from tests.bench.folding import EVENTS, folded
from tests.bench.processes import server
from tests.bench.projecting import project
from tests.bench.stage import Stage
from tests.support.servers import client
from workers.drift.sampling import thread_of
from workers.runtime.process import leave_alone


async def measure(stage: Stage) -> list[Figure]:
    """The rate of verifying a log of the mix and its views."""
    mix = await stage.mix()
    bare, verified = [], []
    with server(stage.cores.rest) as url:
        write(url, mix.entries)
        _write_lasts(url, mix.entries)
        async with open_deployment(url, partitions=PARTITIONS) as deployment:
            await project(deployment)
            log = RedisLog(deployment)
            with on(stage.cores.own):
                for _ in range(stage.sizes.rounds):
                    bare.append(await _rate(mix.events, lambda: folded(log)))
                    verified.append(await _rate(mix.events, lambda: _verify(deployment, log)))
    figure = Figure(
        name="verify, views in Redis",
        unit=EVENTS,
        measured=tuple(verified),
        limit_name="folded alone",
        limit=tuple(bare),
    )
    return [figure]


def _write_lasts(url: str, entries: list[list[Entry]]) -> None:
    """Write the head of each thread's last event."""
    keys = Keys(len(entries))
    with client(url) as connection:
        for partition, some in zip(keys, entries, strict=True):
            lasts = {thread_of(entry): entry.position for entry in some}
            for name, position in lasts.items():
                if name is not None:
                    connection.hset(partition.heads(*name), LAST, f"0 {position}")


async def _rate(events: int, work: Callable[[], Awaitable[object]]) -> float:
    leave_alone()
    begun = time.perf_counter()
    await work()
    return events / (time.perf_counter() - begun)


async def _verify(deployment: Deployment, log: RedisLog) -> None:
    async for difference in verify(log, deployment.reads, deployment.keys):
        raise AssertionError(difference)
