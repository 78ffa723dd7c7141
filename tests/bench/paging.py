"""What a page of 50 comments costs in a long thread, beside the same page of a short one."""

import time
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from core.redis.deployment import open_deployment
from projections.read import pages
from projections.read.queries import PageQuery
from projections.read.served_generation import Served
from tests.bench import http
from tests.bench.asks import Get
from tests.bench.conversations import LIMIT, PAGE, SORTS, conversations
from tests.bench.copying import PARTITIONS, entries_of, write
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.people import ROOT, SITE
from tests.bench.processes import constant, hansard, server
from tests.bench.projecting import project
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

READERS: Final = 16
COST: Final = "µs per page"
FIRST: Final = Target(of="ratio", at_most=1.2)
SECOND: Final = Target(of="ratio", at_most=1.5)
OK: Final = 200


async def measure(stage: Stage) -> list[Figure]:
    """The cost of a page from the views and over HTTP, by order; and how many pages a gateway gives a second."""
    with server(stage.cores.rest) as url:
        threads = await _made(url, stage.sizes)
        with on(stage.cores.own):
            figures = await _from_views(url, threads, stage.sizes)
        with hansard("gateway", url, stage.cores.own) as gateway:
            return figures + await _over_http(gateway.url, threads, stage)


async def _made(url: str, sizes: Sizes) -> tuple[str, str]:
    discussion = await conversations((sizes.short, sizes.long), partitions=PARTITIONS)
    write(url, await entries_of(discussion.log))
    short, long = discussion.threads
    return short, long


async def _from_views(url: str, threads: tuple[str, str], sizes: Sizes) -> list[Figure]:
    async with open_deployment(url, partitions=PARTITIONS) as deployment:
        await project(deployment)
        served = Served(deployment)
        firsts = [PageQuery(sort=sort, limit=LIMIT) for sort in SORTS]
        figures = [
            replace(await _compared(served, query.sort, threads, [query] * 2, sizes), target=FIRST) for query in firsts
        ]
        seconds = [replace(firsts[-1], cursor=await _next(served, thread, firsts[-1])) for thread in threads]
        figures.append(await _compared(served, "second page of top", threads, seconds, sizes))
    return figures


async def _compared(
    served: Served, name: str, threads: tuple[str, str], queries: list[PageQuery], sizes: Sizes
) -> Figure:
    """The cost of a page of the long thread, beside that of the short one, read by turns."""
    costs: tuple[list[float], list[float]] = ([], [])
    for thread, query in zip(threads, queries, strict=True):
        page = await _page(served, thread, query)
        assert _count(page["comments"]) == PAGE, "both pages have the same number of comments"
    for _ in range(sizes.rounds):
        for thread, query, cost in zip(threads, queries, costs, strict=True):
            begun = time.perf_counter()
            for _ in range(sizes.pages):
                await pages.page(served, SITE, thread, query)
            cost.append((time.perf_counter() - begun) / sizes.pages * 1e6)
    return _figure(f"{name}, from the views", costs, sizes)


async def _next(served: Served, thread: str, query: PageQuery) -> str:
    following = (await _page(served, thread, query))["next"]
    assert isinstance(following, str), "there is a second page"
    return following


async def _page(served: Served, thread: str, query: PageQuery) -> dict[str, Any]:
    answer = await pages.page(served, SITE, thread, query)
    assert answer is not None
    page: dict[str, Any] = msgspec.json.decode(answer.body)
    return page


def _count(rows: list[dict[str, Any]]) -> int:
    return sum(1 + _count(row["replies"]["comments"]) for row in rows)


async def _over_http(gateway: str, threads: tuple[str, str], stage: Stage) -> list[Figure]:
    sizes = stage.sizes
    by_sort: dict[str, tuple[list[float], list[float]]] = {sort: ([], []) for sort in SORTS}
    constants = []
    example = await http.asked(gateway, http.request("GET", _path(threads[1], SORTS[0])))
    with constant(stage.cores.own, {"/": example}) as nothing:
        for _ in range(sizes.rounds):
            constants.append((await stage.load.constant(nothing.url, READERS, sizes.load / 3)).rate)
            for sort, rates in by_sort.items():
                for thread, rate in zip(threads, rates, strict=True):
                    pages = Get(paths=(_path(thread, sort),))
                    load = await stage.load.turns(gateway, pages, READERS, sizes.load / 3)
                    assert not load.others(OK), load
                    rate.append(load.rate)
    figures = [
        _figure(f"{sort}, over HTTP", ([1e6 / rate for rate in short], [1e6 / rate for rate in long]), sizes)
        for sort, (short, long) in by_sort.items()
    ]
    served = Figure(
        name=f"pages of {PAGE} of {sizes.long:,} comments, newest, {READERS} readers",
        unit="pages/s",
        measured=tuple(by_sort["newest"][1]),
        limit_name="constant response",
        limit=tuple(constants),
    )
    return [*figures, served]


def _path(thread: str, sort: str) -> str:
    return f"{ROOT}/threads/{thread}?sort={sort}&limit={LIMIT}"


def _figure(name: str, costs: tuple[list[float], list[float]], sizes: Sizes) -> Figure:
    short, long = costs
    return Figure(
        name=f"page of {PAGE} of {sizes.long:,} comments, {name}",
        unit=COST,
        measured=tuple(long),
        limit_name=f"of {sizes.short:,}",
        limit=tuple(short),
        target=SECOND,
    )
