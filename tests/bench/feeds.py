"""Very many open feeds in one process: what each costs in memory, and how many are told a second.

Beside them the gateway's own ring writes frames of the same size that are always the same, to as many, by a task for
each, as one keeps a stream without further thought. And a thread some of whose readers stopped reading, beside the same
without them, after more was told than anybody keeps for them.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from tests.bench import http, usage
from tests.bench.asks import Get, Post
from tests.bench.constant import FEED, TOLD
from tests.bench.crowd import feed
from tests.bench.figures import Figure, Target
from tests.bench.house import open_site
from tests.bench.loading import Loader, loading
from tests.bench.processes import Program, constant, hansard, server
from tests.bench.stage import Stage

CROWDED, SHY, STALLED = THREADS = ("crowded", "all-reading", "some-stalled")
SPARE: Final = 500
"""Open files that a process needs besides."""
READING: Final = 180
STOPPED: Final = 20
LONG: Final = 4900
"""Characters of the comments that fill what is kept for those who stopped."""
DELIVERIES: Final = "deliveries/s"
_FRAME: Final = re.compile(rb"id: .*?\n\n", re.DOTALL)


async def measure(stage: Stage) -> list[Figure]:
    """Memory, deliveries beside the bare ring, and beside readers that stopped."""
    cores = stage.cores
    number = min(stage.sizes.feeds, usage.room() - SPARE)
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
    ):
        await open_site(gateway.url, THREADS)
        frame, example = await first_frame(gateway.url, CROWDED)
        with constant(cores.own, {TOLD: example}, frame=frame) as nothing:
            async with loading(cores.rest) as second:
                figures = await _crowded(stage, gateway, nothing, second, number)
        return [*figures, await _stalled(stage, gateway.url)]


async def _crowded(stage: Stage, gateway: Program, nothing: Program, second: Loader, number: int) -> list[Figure]:
    before = usage.resident(gateway.pid)
    await stage.load.follow(gateway.url, {feed(CROWDED): number})
    after = usage.resident(gateway.pid)
    await second.follow(nothing.url, {FEED: number})
    rates, bare = [], []
    for at in range(-1, stage.sizes.rounds):
        ring = await second.tell(nothing.url, Get(paths=(TOLD,)), stage.sizes.tellings)
        done = await stage.load.tell(gateway.url, Post(series=f"f{at}", threads=(CROWDED,)), stage.sizes.tellings)
        if at >= 0:  # the first is to warm up
            bare.append(ring.deliveries / ring.seconds)
            rates.append(done.deliveries / done.seconds)
    await stage.load.leave()
    await second.leave()
    told = Figure(
        name=f"deliveries to {number:,} open feeds in one process",
        unit=DELIVERIES,
        measured=tuple(rates),
        limit_name="bare ring with a constant frame",
        limit=tuple(bare),
        target=Target(of="ratio", at_least=0.7),
    )
    if before is None or after is None:
        return [told]
    memory = Figure(
        name=f"{number:,} open feeds in one process, memory per feed",
        unit="KB",
        measured=((after - before) / number / usage.KB,),
        target=Target(of="measured", at_most=16),
    )
    return [memory, told]


async def _stalled(stage: Stage, gateway: str) -> Figure:
    """How fast those are told who read, beside some who do not."""
    load, sizes = stage.load, stage.sizes
    async with loading(stage.cores.rest) as second:
        await load.follow(gateway, {feed(STALLED): READING + STOPPED}, stalled=STOPPED)
        await second.follow(gateway, {feed(SHY): READING})
        await load.tell(gateway, Post(series="long", threads=(STALLED,), characters=LONG), sizes.filling)
        beside: list[float] = []
        without: list[float] = []
        for at in range(sizes.rounds):
            for who, thread, rates in ((second, SHY, without), (load, STALLED, beside)):
                posts = Post(series=f"s{at}", threads=(thread,))
                done = await who.tell(gateway, posts, sizes.tellings * 10)
                rates.append(done.deliveries / done.seconds)
        await load.leave()
        await second.leave()
    return Figure(
        name=f"deliveries to {READING} clients that read, beside {STOPPED} that stopped",
        unit=DELIVERIES,
        measured=tuple(beside),
        limit_name="without the stopped clients",
        limit=tuple(without),
        target=Target(of="ratio", at_least=0.9),
    )


async def first_frame(gateway: str, thread: str) -> tuple[bytes, http.Answer]:
    """A frame as it is sent, and the answer to the post that it tells of."""
    parts = urlsplit(gateway)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(http.request("GET", feed(thread)))
    await _until(reader, lambda told: b"retry: " in told)
    answer = await http.asked(gateway, next(Post(series="first", threads=(thread,)).of_client(0, 1)))
    told = await _until(reader, lambda told: _FRAME.search(told) is not None)
    writer.close()
    found = _FRAME.search(told)
    assert found is not None
    return found[0], answer


async def _until(reader: asyncio.StreamReader, enough: Callable[[bytes], bool]) -> bytes:
    told = b""
    while not enough(told):
        told += await reader.readuntil(b"\n")
    return told
