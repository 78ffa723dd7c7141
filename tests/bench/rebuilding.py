"""How fast all views are built anew, beside reading the log for nothing; and what readers notice of it.

Readers ask for pages at a steady rate that leaves the gateway half idle, by turns alone and beside a `hansard rebuild`
at its usual pace, which goes on in each round where the one before broke it off.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from tests.bench.asks import Get
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import on
from tests.bench.driving import Part
from tests.bench.figures import Figure, Target
from tests.bench.folding import decoded
from tests.bench.people import ROOT
from tests.bench.processes import environment, hansard, server
from tests.bench.projecting import project
from tests.bench.stage import Stage
from workers.rebuild.rebuilder import Rebuilder
from workers.runtime.process import leave_alone

READERS: Final = 8
RATE: Final = 400.0
"""Pages a second of all readers together."""
WINDOW: Final = 2.5
"""So many times as long as elsewhere is measured: of a percentile as high as this, few pages tell."""
OK: Final = 200


async def measure(stage: Stage) -> list[Figure]:
    """The rate of a rebuild at full speed, and the time of the slowest pages beside one that spares readers."""
    mix = await stage.mix()
    with server(stage.cores.rest) as url:
        write(url, mix.entries)
        speed = await _speed(url, mix.events, stage)
        return [speed, await _noticed(url, mix.threads, stage)]


async def _speed(url: str, events: int, stage: Stage) -> Figure:
    async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
        await project(deployment)
        log = RedisLog(deployment)
        rebuilt, read = [], []
        with on(stage.cores.own):
            for _ in range(stage.sizes.rounds):
                leave_alone()
                begun = time.perf_counter()
                await decoded(log)
                read.append(events / (time.perf_counter() - begun))
                begun = time.perf_counter()
                await Rebuilder(deployment, log, worker="bench").rebuild()
                rebuilt.append(events / (time.perf_counter() - begun))
    return Figure(
        name="rebuild at full speed, fsync always",
        unit="events/s",
        measured=tuple(rebuilt),
        limit_name="read and decoded only",
        limit=tuple(read),
    )


async def _noticed(url: str, threads: list[str], stage: Stage) -> Figure:
    alone, beside = [], []
    with hansard("gateway", url, stage.cores.own) as gateway:
        await _slowest(gateway.url, threads, stage)
        for _ in range(stage.sizes.rounds):
            alone.append(await _slowest(gateway.url, threads, stage))
            with on(stage.cores.rest), _rebuild(url, stage.sizes.pace):
                beside.append(await _slowest(gateway.url, threads, stage))
    return Figure(
        name=f"99th percentile of a page during a rebuild, {RATE:.0f} pages/s",
        unit="ms",
        measured=tuple(beside),
        limit_name="without a rebuild",
        limit=tuple(alone),
        target=Target(of="ratio", at_most=1.2),
    )


@contextmanager
def _rebuild(url: str, pace: float) -> Iterator[None]:
    """A rebuild at this pace, begun before the block and broken off after it."""
    command = [sys.executable, "-m", "workers", "rebuild", "--json", "--pace", str(pace), "--redis-url", url]
    process = subprocess.Popen(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "a partition is done, so it is in the middle of it"
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


async def _slowest(gateway: str, threads: list[str], stage: Stage) -> float:
    """The time within which 99 of 100 pages are there, in milliseconds."""
    pages = Get(paths=tuple(f"{ROOT}/threads/{thread}" for thread in threads))
    part = Part(asks=pages, clients=READERS, rate=RATE)
    (load,) = await stage.load.drive(gateway, part, seconds=WINDOW * stage.sizes.load)
    assert not load.others(OK), load
    return load.all_times.percentile(0.99) * 1000
