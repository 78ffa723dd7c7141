"""How fast all views are built anew, beside reading the log for nothing; and what readers notice of it.

Readers ask for pages at a steady rate that leaves the gateway half idle, by turns alone and beside a `hansard rebuild`
at its usual pace, which goes on in each round where the one before broke it off.
"""

import gc
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio

from core.log.port import Entry
from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from tests.bench import http
from tests.bench.copying import PARTITIONS, write
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure, Target, percentile
from tests.bench.folding import decoded
from tests.bench.people import SITE
from tests.bench.processes import environment, hansard
from tests.bench.projecting import project
from tests.bench.sizes import Sizes
from workers.rebuild import Rebuilder

READERS: Final = 8
EVERY: Final = 0.02
"""Seconds after which a reader asks again."""
OK: Final = 200


async def measure(url: str, entries: list[list[Entry]], threads: list[str], sizes: Sizes, cores: Cores) -> list[Figure]:
    """The rate of a rebuild at full speed, and the time of the slowest pages beside one that spares readers."""
    write(url, entries)
    events = sum(map(len, entries))
    async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
        await project(deployment)
        log = RedisLog(deployment)
        rebuilt, read = [], []
        with on(cores.own):
            for _ in range(sizes.rounds):
                gc.collect()
                begun = time.perf_counter()
                await decoded(log)
                read.append(events / (time.perf_counter() - begun))
                begun = time.perf_counter()
                await Rebuilder(deployment, log, worker="bench").rebuild()
                rebuilt.append(events / (time.perf_counter() - begun))
    speed = Figure(
        name="rebuild at full speed, fsync always",
        unit="events/s",
        measured=tuple(rebuilt),
        limit_name="read and decoded alone",
        limit=tuple(read),
    )
    return [speed, await _noticed(url, threads, sizes, cores)]


async def _noticed(url: str, threads: list[str], sizes: Sizes, cores: Cores) -> Figure:
    alone, beside = [], []
    with hansard("gateway", url, cores.own) as gateway, on(cores.rest):
        await _slowest(gateway, threads, sizes)
        for _ in range(sizes.rounds):
            alone.append(await _slowest(gateway, threads, sizes))
            with _rebuild(url):
                beside.append(await _slowest(gateway, threads, sizes))
    return Figure(
        name=f"99th percentile of a page beside a rebuild, {READERS / EVERY:.0f} pages/s",
        unit="ms",
        measured=tuple(beside),
        limit_name="alone",
        limit=tuple(alone),
        target=Target(of="ratio", at_most=1.2),
    )


@contextmanager
def _rebuild(url: str) -> Iterator[None]:
    """A rebuild at its usual pace, begun before the block and broken off after it."""
    command = [sys.executable, "-m", "workers", "rebuild", "--json", "--redis-url", url]
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


async def _slowest(gateway: str, threads: list[str], sizes: Sizes) -> float:
    """The time within which 99 of 100 pages are there, in milliseconds."""
    asked = [http.request("GET", f"/v1/sites/{SITE}/threads/{thread}") for thread in threads]
    took: list[float] = []
    ends = time.perf_counter() + sizes.load

    async def read(number: int) -> None:
        line = await http.connected(gateway)
        due = time.perf_counter() + EVERY * number / READERS
        while due < ends:
            await anyio.sleep(max(0.0, due - time.perf_counter()))
            begun = time.perf_counter()
            answer = await line.ask(asked[int(due / EVERY) % len(asked)])
            assert answer.status == OK, answer
            took.append(time.perf_counter() - begun)
            due = max(due + EVERY, time.perf_counter())
        line.close()

    async with anyio.create_task_group() as tasks:
        for number in range(READERS):
            tasks.start_soon(read, number)
    return percentile(took, 0.99) * 1000
