"""The page that everybody reads: how often a second, beside a constant answer of the same size and headers.

And while it changes 20 times a second: how often, and how far an answer is behind what is committed. The commit is
taken for as early as it can have been, and an answer for as late as it came; half-way through, every wake-up that is
under way is lost with its connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import Final

import anyio
from msgspec import Struct, field

from core.position import Position, kept
from core.redis.deployment import Deployment, open_deployment
from projections.views.pointer import FIRST
from tests.bench import http, usage
from tests.bench.asks import Get, Post
from tests.bench.copying import PARTITIONS
from tests.bench.driving import Load, Part
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill
from tests.bench.house import CREATED, open_site, shown
from tests.bench.load import Drive
from tests.bench.people import ROOT, SITE
from tests.bench.processes import Program, constant, hansard, server
from tests.bench.stage import Stage
from tests.support.servers import client

READERS: Final = 16
ROWS: Final = 14
POSTS: Final = 20.0
"""Comments a second in the thread that changes."""
POSTERS: Final = 4
LOOK: Final = 0.001
"""Seconds between two looks at how far the views are."""
OK: Final = 200
NOT_MODIFIED: Final = 304
PAGES: Final = "pages/s"
HOT: Final = "hot"


class Rates(Struct):
    """What came of the rounds, by what was asked; what is beside it was driven right before."""

    measured: dict[str, list[float]] = field(default_factory=dict)
    beside: dict[str, list[float]] = field(default_factory=dict)
    ages: list[float] = field(default_factory=list)
    server_busy: list[float] = field(default_factory=list)
    asking_busy: list[float] = field(default_factory=list)


async def measure(stage: Stage) -> list[Figure]:
    """Rates of the hot page and of answers that say that nothing changed, and ages."""
    cores = stage.cores
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
    ):
        await open_site(gateway.url)
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            names = [HOT, *(f"read-{number}" for number in range(stage.sizes.zipf))]
            busy = [f"busy-{number}" for number in range(stage.sizes.rounds)]
            fill = Fill(deployment)
            await fill.open([*names, *busy])
            await fill.comments(names, ROWS)
            await fill.comments(busy, ROWS, flat=True)
            await shown(gateway.url, [*names, *busy], ROWS * len([*names, *busy]))
            return _figures(await _driven(stage, gateway, deployment, names[1:], busy, url), stage)


async def _driven(
    stage: Stage, gateway: Program, deployment: Deployment, zipf: list[str], busy: list[str], redis: str
) -> Rates:
    hot = _page(HOT)
    first = await http.asked(gateway.url, http.request("GET", hot))
    known = Get(paths=(hot,), headers=(("If-None-Match", first.header("etag")),))
    asks = {
        "page": Get(paths=(hot,)),
        "zipf": Get(paths=tuple(map(_page, zipf)), zipf=True),
        "known": known,
    }
    examples = {f"/{name}": await http.asked(gateway.url, next(ask.of_client(0, 1))) for name, ask in asks.items()}
    examples["/busy"] = await http.asked(gateway.url, http.request("GET", _whole(busy[0])))
    assert [one.status for one in examples.values()] == [OK, OK, NOT_MODIFIED, OK], examples
    rates = Rates()
    with constant(stage.cores.own, examples) as nothing:
        for ask in asks.values():
            await stage.load.turns(gateway.url, ask, READERS, stage.sizes.warm_up)
        for number in range(stage.sizes.rounds):
            for name, ask in asks.items():
                await _beside(stage, nothing, name, rates, ask.headers)
                load = await stage.load.turns(gateway.url, ask, READERS, stage.sizes.load)
                assert not load.others(examples[f"/{name}"].status), load
                rates.measured.setdefault(name, []).append(load.rate)
            await _beside(stage, nothing, "busy", rates)
            thread = busy[number]
            async with _commits(deployment, thread, redis, stage.sizes.load / 2) as commits:
                pages = Part(asks=Get(paths=(_whole(thread),)), clients=READERS, watched=True)
                posts = Part(asks=Post(series=thread, threads=(thread,)), clients=POSTERS, rate=POSTS)
                read, written = await stage.load.drive(gateway.url, pages, posts, seconds=stage.sizes.load)
            assert not read.others(OK), read
            assert not written.others(CREATED), written
            rates.measured.setdefault("busy", []).append(read.rate)
            rates.ages.append(oldest(read, commits) * 1000)
    return rates


async def _beside(
    stage: Stage, nothing: Program, name: str, rates: Rates, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    """Drive the constant with requests of the same size, and see who was busy with it."""
    part = Part(asks=Get(paths=(f"/{name}",), headers=headers), clients=READERS)
    before = usage.busy(nothing.pid)
    done = await stage.load.do(Drive(url=nothing.url, parts=(part,), seconds=stage.sizes.load))
    after = usage.busy(nothing.pid)
    rates.beside.setdefault(name, []).append(done.loads[0].rate)
    if name == "page" and before is not None and after is not None:
        rates.server_busy.append(100 * (after - before) / done.seconds)
        rates.asking_busy.append(100 * done.busy / done.seconds)


Commit = tuple[float, Position]
"""A time when the views were not there yet, and where they were seen next."""


@asynccontextmanager
async def _commits(deployment: Deployment, thread: str, redis: str, lost_after: float) -> AsyncIterator[list[Commit]]:
    """What is committed to the partition of a thread during the block; wake-ups are lost once, after so long."""
    cursor = deployment.keys.of(SITE, thread).cursor(FIRST.generation)
    look = partial(deployment.calls.call, "GET", cursor)
    commits: list[Commit] = []

    async def watch() -> None:
        at, looked = kept(await look()), monotonic()
        while True:
            asked = monotonic()
            now = kept(await look())
            if now != at:
                commits.append((looked, now))
            at, looked = now, asked
            await anyio.sleep(LOOK)

    async def lose() -> None:
        await anyio.sleep(lost_after)
        with client(redis) as connection:
            connection.client_kill_filter(_type="pubsub")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        tasks.start_soon(lose)
        yield commits
        tasks.cancel_scope.cancel()


def oldest(load: Load, commits: list[Commit]) -> float:
    """By how many seconds the answer that was furthest behind what was committed was so."""
    ages = [0.0]
    for position, seen in load.last_seen.items():
        since = next((at for at, committed in commits if committed > Position.parse(position)), None)
        if since is not None:
            ages.append(seen - since)
    return max(ages)


def _page(thread: str) -> str:
    return f"{ROOT}/threads/{thread}"


def _whole(thread: str) -> str:
    """A page that stays of one size while its thread grows."""
    return f"{_page(thread)}?limit={ROWS}"


def _figures(rates: Rates, stage: Stage) -> list[Figure]:
    asking = [
        Figure(
            name="core of the constant response, busy under this load",
            unit="%",
            measured=tuple(rates.server_busy),
            limit_name="core of the clients",
            limit=tuple(rates.asking_busy),
            target=Target(of="measured", at_least=90),
        )
    ]
    return [
        _rate(rates, "page", f"hot page of {ROWS} comments", at_least=0.6),
        _rate(rates, "busy", f"the same while the thread gets {POSTS:.0f} comments/s", at_least=0.45),
        Figure(
            name="the same, most that a response lags behind the commit, wake-ups lost",
            unit="ms",
            measured=(max(rates.ages),),  # never, it was promised
            target=Target(of="measured", at_most=50),
        ),
        _rate(rates, "known", "conditional read (304)", at_least=0.8),
        _rate(rates, "zipf", f"pages of {stage.sizes.zipf} threads of {ROWS} comments by Zipf's law"),
        *(asking if rates.server_busy else []),
    ]


def _rate(rates: Rates, name: str, told: str, at_least: float | None = None) -> Figure:
    return Figure(
        name=f"{told}, {READERS} readers",
        unit=PAGES,
        measured=tuple(rates.measured[name]),
        limit_name="constant response",
        limit=tuple(rates.beside[name]),
        target=None if at_least is None else Target(of="ratio", at_least=at_least),
    )
