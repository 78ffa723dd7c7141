"""Projectors as processes of their own, killed, asked to end, or frozen: whose partitions are whose, and who writes."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import anyio
import httpx2
import pytest

from core.keys import WORKERS
from projections.verify.verifier import verify
from tests.support.bounds import BOUND
from tests.support.discussions import SITE, THREADS, entries, played, stream
from tests.support.program import TOP, environment
from tests.support.projecting import Bench, bench
from workers.coordination.membership import owner

PARTITIONS = 16

PROJECTOR = """
import os, signal, sys
from projections.views.store import Store
from workers.coordination import leases, membership
from workers.projector import projector
from workers.roles import roles
from workers.runtime import logs, process, settings

# As in production, only sooner.
leases.LASTS_MS = membership.LASTS_MS = 2000
projector.RENEWED_S = 0.2

asked = []
signal.signal(signal.SIGUSR1, lambda *_: asked.append(True))
commit = Store.commit

async def freezing(self, *arguments, **more):
    if asked:
        asked.clear()
        os.kill(os.getpid(), signal.SIGSTOP)
    return await commit(self, *arguments, **more)

Store.commit = freezing

async def work(own):
    await roles.run_projector(own, settings.read(), lambda url: print(url, flush=True))

logs.configure("json", "warning")
sys.exit(process.run(work, drain=10))
"""
"""A projector that freezes when it is about to commit, if it was sent SIGUSR1: between folding and writing."""


class Worker:
    """One of the processes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()

    async def metric(self, name: str) -> float:
        """What it says of itself."""
        async with httpx2.AsyncClient(base_url=self.url, timeout=BOUND) as client:
            text = (await client.get("/metrics")).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} "))

    def is_named(self, worker: str) -> bool:
        """Whether this is the name of its leases."""
        return worker.split("-")[-2] == str(self.process.pid)


@contextmanager
def working(url: str) -> Iterator[Worker]:
    settings: dict[str, Any] = {"REDIS_URL": url, "PARTITIONS": PARTITIONS, "DURABILITY": "memory", "PORT": 0}
    settings["ADMIN_SECRET"] = "o" * 32
    process = subprocess.Popen(
        [sys.executable, "-c", PROJECTOR],
        stdout=subprocess.PIPE,
        text=True,
        cwd=TOP,
        env=environment(**{f"HANSARD_{name}": str(value) for name, value in settings.items()}),
    )
    try:
        yield Worker(process)
    finally:
        process.kill()
        process.communicate(timeout=BOUND)


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh, partitions=PARTITIONS) as here:
        yield here


async def holders(here: Bench) -> list[str | None]:
    """Whose lease each partition is."""
    found = [await here.call("HGET", keys.lease, "worker") for keys in here.deployment.keys]
    return [None if worker is None else worker.decode() for worker in found]


async def shared(here: Bench, *workers: Worker) -> list[str | None]:
    """Wait until these are alive, nobody else is, and every partition has the owner that it belongs to."""
    while True:
        alive = [worker.decode() for worker in await here.call("ZRANGE", WORKERS, 0, -1)]
        ours = [name for name in alive if any(one.is_named(name) for one in workers)]
        held = await holders(here)
        if len(ours) == len(alive) == len(workers) and held == [owner(p, alive) for p in range(PARTITIONS)]:
            return held
        await anyio.lowlevel.checkpoint()


async def settled(here: Bench) -> None:
    await here.all_level()
    assert [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)] == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_what_a_worker_had_is_taken_by_the_others_and_again_by_one_that_comes(
    fresh: str, here: Bench, number: signal.Signals
) -> None:
    log = await played(stream(41, 200, threads=3), threads=3, partitions=PARTITIONS)
    with ExitStack() as stack:
        one, two, three = (stack.enter_context(working(fresh)) for _ in range(3))
        await shared(here, one, two, three)
        for partition in range(PARTITIONS):
            await here.pour((await entries(log, partition))[:20], partition)
        one.process.send_signal(number)
        status = one.process.wait(BOUND)
        for partition in range(PARTITIONS):
            await here.pour((await entries(log, partition))[20:], partition)
        if number == signal.SIGTERM:
            assert status == 0
            # Nothing has to run out: it has left, and given everything back.
            assert not any(one.is_named(worker) for worker in await holders(here) if worker is not None)
            assert not any(one.is_named(worker.decode()) for worker in await here.call("ZRANGE", WORKERS, 0, -1))
        await shared(here, two, three)
        await settled(here)
        four = stack.enter_context(working(fresh))
        await shared(here, two, three, four)
        for worker in (two, three, four):
            mine = sum(worker.is_named(held or "") for held in await holders(here))
            assert await worker.metric("hansard_owned_partitions") == mine


async def test_a_frozen_owner_writes_nothing_when_it_wakes(fresh: str, here: Bench) -> None:
    log = await played(stream(42, 200, threads=3), threads=3, partitions=PARTITIONS)
    partition = here.deployment.keys.of(SITE, THREADS[0]).number
    some = await entries(log, partition)
    with ExitStack() as stack:
        workers = [stack.enter_context(working(fresh)) for _ in range(3)]
        held = await shared(here, *workers)
        frozen = next(one for one in workers if one.is_named(held[partition] or ""))
        others = [one for one in workers if one is not frozen]
        frozen.process.send_signal(signal.SIGUSR1)
        await here.pour(some[:-5], partition)
        _, status = await anyio.to_thread.run_sync(os.waitpid, frozen.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it has folded events, and was about to write"
        await shared(here, *others)
        await here.pour(some[-5:], partition)
        await settled(here)
        before, feed = await here.views(partition), await here.feed(partition)
        frozen.process.send_signal(signal.SIGCONT)
        while await frozen.metric('hansard_projection_commits_total{outcome="fenced"}') == 0:
            pass
        assert await frozen.metric("hansard_projected_events_total") == 0
        assert await here.views(partition) == before
        assert await here.feed(partition) == feed
        # It is one of them again, and does as it should.
        await shared(here, *workers)
        for other in range(PARTITIONS):
            if other != partition:
                await here.pour(await entries(log, other), other)
        await settled(here)
        frozen.process.terminate()
        assert frozen.process.wait(BOUND) == 0
