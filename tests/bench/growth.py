"""`make bench-plots`: how cost grows with what there is, measured and drawn into docs/growth.

Each point is the best of some tries: what is asked is how cost grows, and a machine that has other things to do can
only make it look worse.
"""

import argparse
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

import anyio
from msgspec.structs import replace

from core.log.port import Entry
from core.redis.deployment import Deployment, open_deployment
from projections.read.pages import page
from projections.read.queries import PageQuery, Sort
from projections.read.served_generation import Served
from tests.bench import feeds, memory, projecting, usage
from tests.bench.asks import Get, Post
from tests.bench.constant import FEED, TOLD
from tests.bench.conversations import LIMIT, ROWS, SORTS, conversations
from tests.bench.copying import PARTITIONS, entries_of, write
from tests.bench.cores import on, split
from tests.bench.crowd import feed
from tests.bench.extent import NARROW, WIDE, Extent
from tests.bench.filling import Fill
from tests.bench.house import open_site
from tests.bench.loading import Loader, loading
from tests.bench.people import SITE
from tests.bench.processes import Program, constant, hansard, server
from tests.bench.saying import note, quietly
from tests.bench.sizes import FULL
from tests.bench.stage import Stage
from tests.bench.svg import Line, Plot, drawn
from tests.bench.table import number
from tests.support.clusters import cluster
from workers.embedded import server as embedded

PLOTS: Final = Path("docs/growth")
WITHIN: Final = 900.0
"""Seconds in which the largest thread has to have its views."""
PAGES: Final = 50
"""Pages of a thread that are read in a try."""
TELLINGS: Final = 10
Points = list[tuple[float, float]]
_Name = TypeVar("_Name", bound=str)


async def pages(stage: Stage, extent: Extent) -> Plot:
    """The time of a first page over the comments of its thread."""
    lines: dict[Sort, Points] = {sort: [] for sort in SORTS}
    for size in _sizes(10, extent.largest):
        with server(stage.cores.rest) as url:
            discussion = await conversations((size,), partitions=PARTITIONS)
            write(url, await entries_of(discussion.log))
            async with open_deployment(url, partitions=PARTITIONS) as deployment:
                await projecting.project(deployment, within=WITHIN)
                served = Served(deployment)
                with on(stage.cores.own):
                    for sort, points in lines.items():
                        query = PageQuery(sort=sort, limit=LIMIT)
                        points.append((size, await _page(served, discussion.threads[0], query, extent.tries)))
    return Plot(
        title=f"First page of {LIMIT * ROWS} comments, from the views",
        across="comments in the thread",
        up="ms",
        lines=_lines(lines),
    )


async def _page(served: Served, thread: str, query: PageQuery, tries: int) -> float:
    async def read() -> float:
        begun = time.perf_counter()
        for _ in range(PAGES):
            await page(served, SITE, thread, query)
        return (time.perf_counter() - begun) / PAGES * 1000

    return min([await read() for _ in range(tries)])


async def projection_by_size(stage: Stage, extent: Extent) -> Plot:
    """The rate of projecting the same number of posts over the size of their threads."""
    points: Points = []
    with server(stage.cores.rest) as url:
        for size in _sizes(10, extent.backlog):
            discussion = await conversations((size,) * (extent.backlog // size), partitions=PARTITIONS)
            points.append((size, await _projected(stage, url, await entries_of(discussion.log), extent.tries)))
    return Plot(
        title=f"Projection of a backlog of {extent.backlog:,} comments",
        across="comments per thread",
        up="events/s",
        lines=_lines({"one projector": points}),
    )


async def projection_by_partitions(stage: Stage, extent: Extent) -> Plot:
    """The rate of projecting the same backlog over the partitions that it is spread over."""
    points: Points = []
    for partitions in extent.owned:
        with server(stage.cores.rest) as url:
            discussion = await conversations((ROWS * 10,) * (extent.backlog // ROWS // 10), partitions=partitions)
            points.append((partitions, await _projected(stage, url, await entries_of(discussion.log), extent.tries)))
    return Plot(
        title=f"Projection of a backlog of {extent.backlog:,} comments",
        across="partitions owned by one projector",
        up="events/s",
        lines=_lines({"one projector": points}),
    )


async def _projected(stage: Stage, url: str, entries: list[list[Entry]], tries: int) -> float:
    events, best = sum(map(len, entries)), 0.0
    for _ in range(tries):
        write(url, entries)
        with on(stage.cores.own):
            async with open_deployment(url, partitions=len(entries), durability="fsynced") as deployment:
                begun = time.perf_counter()
                await projecting.project(deployment)
                best = max(best, events / (time.perf_counter() - begun))
    return best


async def feed_cost(stage: Stage, extent: Extent) -> Plot:
    """Processor time of the gateway for one comment, over how many follow its thread; beside the bare ring."""
    cores = stage.cores
    lines: dict[str, Points] = {"gateway": [], "bare ring with a constant frame": []}
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
    ):
        await open_site(gateway.url, [feeds.CROWDED])
        frame, example = await feeds.first_frame(gateway.url, feeds.CROWDED)
        with constant(cores.own, {TOLD: example}, frame=frame) as nothing:
            for clients in _sizes(10, min(extent.clients, usage.room() - feeds.SPARE)):
                posts = Post(series=str(clients), threads=(feeds.CROWDED,))
                path = feed(feeds.CROWDED)
                gateway_cost = await _told(stage.load, gateway, path, clients, posts)
                ring_cost = await _told(stage.load, nothing, FEED, clients, Get(paths=(TOLD,)))
                for points, cost in zip(lines.values(), (gateway_cost, ring_cost), strict=True):
                    points.append((clients, cost))
    return Plot(
        title="CPU time per comment delivered to all open feeds",
        across="open feeds",
        up="ms",
        lines=_lines(lines),
    )


async def _told(load: Loader, program: Program, path: str, clients: int, asks: Get | Post) -> float:
    await load.follow(program.url, {path: clients})
    before = usage.busy(program.pid) or 0.0
    await load.tell(program.url, asks, TELLINGS)
    spent = (usage.busy(program.pid) or 0.0) - before
    await load.leave()
    return spent / TELLINGS * 1000


async def memory_kept(stage: Stage, extent: Extent) -> Plot:
    """Bytes of the record and its views for each comment, over how many there are."""
    points: Points = []
    with server(stage.cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS) as deployment:
            fill = Fill(deployment)
            await fill.site()
            before = (await memory.taken(deployment, url)).total()
            written = 0
            for size in _sizes(memory.EACH, extent.kept):
                threads = [f"article-{number}" for number in range(written, size // memory.EACH)]
                await fill.open(threads)
                await fill.comments(threads, memory.EACH)
                written = size // memory.EACH
                points.append((size, ((await memory.taken(deployment, url)).total() - before) / size))
    return Plot(
        title=f"Memory of Redis per comment, in threads of {memory.EACH}",
        across="comments",
        up="bytes",
        lines=_lines({"log, heads, command keys and views": points}),
    )


async def appends_by_shards(stage: Stage, extent: Extent) -> Plot:
    """The rate of appending from one process over the primaries of a cluster."""
    points: Points = []
    threads = [f"article-{number}" for number in range(64)]
    for shards in extent.shards:
        with (
            on(stage.cores.rest),
            cluster(primaries=shards, replicas=0, appendonly=True, program=embedded.binary()) as there,
        ):
            async with open_deployment(there.url, partitions=PARTITIONS) as deployment:
                with on(stage.cores.own):
                    points.append((shards, await _appended(deployment, threads, extent)))
    return Plot(
        title="Comments decided and appended by one process",
        across="primaries of a cluster on this machine",
        up="comments/s",
        lines=_lines({f"{len(threads)} threads": points}),
    )


async def _appended(deployment: Deployment, threads: Sequence[str], extent: Extent) -> float:
    fill = Fill(deployment)
    await fill.site()
    best = 0.0
    for attempt in range(extent.tries):
        names = [f"{thread}-{attempt}" for thread in threads]
        await fill.open(names)
        each = max(1, extent.appends // len(names))
        begun = time.perf_counter()
        await fill.comments(names, each)
        best = max(best, each * len(names) / (time.perf_counter() - begun))
    return best


def _sizes(low: int, high: int) -> list[int]:
    """From low to high, ten times as many each, and the highest."""
    sizes = [low]
    while sizes[-1] * 10 <= high:
        sizes.append(sizes[-1] * 10)
    return sizes if sizes[-1] == high or high < low else [*sizes, high]


def _lines(lines: Mapping[_Name, Points]) -> tuple[Line, ...]:
    return tuple(Line(name=name, points=tuple(points)) for name, points in lines.items())


FEED_COST: Final = "feed-by-clients"
DRAWN: Final[dict[str, Callable[[Stage, Extent], Awaitable[Plot]]]] = {
    "page-by-thread": pages,
    "projection-by-thread": projection_by_size,
    "projection-by-partitions": projection_by_partitions,
    FEED_COST: feed_cost,
    "memory-by-comments": memory_kept,
    "appends-by-shards": appends_by_shards,
}


async def draw(names: Sequence[str], extent: Extent, into: Path) -> None:
    """Measure and draw these, one file each."""
    into.mkdir(parents=True, exist_ok=True)
    cores = split()
    with on(cores.rest):
        async with loading(cores.rest) as load:
            stage = Stage(sizes=FULL, cores=cores, load=load)
            for name in names:
                if name == FEED_COST and usage.busy(os.getpid()) is None:
                    note(f"{name}: this system does not report the CPU time of a process")
                    continue
                begun = time.perf_counter()
                plot = await DRAWN[name](stage, extent)
                await anyio.Path(into, f"{name}.svg").write_text(drawn(plot))
                note(f"{name}: {time.perf_counter() - begun:.1f} s")
                for line in plot.lines:
                    told = ", ".join(f"{number(y)} at {number(x)}" for x, y in line.points)
                    print(f"{plot.title}, {line.name}, {plot.up}: {told}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and draw; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description="Draw how cost grows.")
    parser.add_argument("--only", choices=DRAWN, action="append", help="one of the plots; can be repeated")
    parser.add_argument("--into", type=Path, default=PLOTS, help=f"a directory (default: {PLOTS})")
    parser.add_argument("--largest", type=int, help=f"comments of the largest thread (default: {WIDE.largest:,})")
    parser.add_argument("--quick", action="store_true", help="a minimal run, which shows only that it works")
    given = parser.parse_args(arguments)
    extent = NARROW if given.quick else WIDE
    if given.largest:
        extent = replace(extent, largest=given.largest)
    quietly()
    fast = {"use_uvloop": find_spec("uvloop") is not None}
    anyio.run(draw, given.only or list(DRAWN), extent, given.into, backend_options=fast)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
