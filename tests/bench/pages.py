"""The pages that people see: in the gateway beside the JSON page, and in a browser beside the same article without any.

The gateway writes a section of 50 rows, and gives one that is ready as often as it can. In a real Chromium, on a desk
and on a phone, the figures have the load of the bare article beside them: what else the machine does hits both. Where
there is no Chromium, only the gateway is measured.
"""

import random
import time
from contextlib import AsyncExitStack
from itertools import count
from typing import Final

import anyio
from msgspec import Struct, field

from core.policy import Policy
from core.redis.deployment import open_deployment
from tests.bench import http
from tests.bench.asks import Get
from tests.bench.browsing import SCREENS, WITHIN, Articles, Browsing, Pages, Screen, Seen
from tests.bench.copying import PARTITIONS
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill
from tests.bench.house import OK, open_site, shown
from tests.bench.people import ROOT, SITE, body
from tests.bench.processes import hansard, server
from tests.bench.saying import note
from tests.bench.stage import Stage
from tests.web import chromium
from tests.web.visiting import publishing
from workers.gateway.html.fragment import write_section
from workers.gateway.html.page import decode
from workers.gateway.html.site_context import site_context

READERS: Final = 16
ROWS: Final = 50
"""Rows of the section that the gateway writes."""
SHAPE: Final = (1, 3, 2)
"""Of a branch: comments of each level below one of the level above. A branch has ten rows."""
BRANCH: Final = 10
THREAD: Final = "long-read"
SHORT: Final = "short-read"
LIVE: Final = "live-read"
FEW: Final = "sort=top&limit=20&replies=3&depth=4"
"""What a section asks for."""
PARAGRAPHS: Final = 3
"""Of the article: the section below begins in sight, or nearly so."""
GZIP: Final = (("Accept-Encoding", "gzip"),)
FRAGMENT: Final = 0.5
"""Milliseconds in which a section of `ROWS` rows is to be written."""


async def measure(stage: Stage) -> list[Figure]:
    """The gateway's part, and what a browser makes of it."""
    cores, sizes = stage.cores, stage.sizes
    with server(cores.rest) as url, hansard("projector", url, cores.rest):
        with hansard("gateway", url, cores.own) as gateway:
            await open_site(gateway.url, history="public")
            async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
                fill = Fill(deployment)
                await fill.open([THREAD, SHORT, LIVE])
                branches = max(sizes.branches, ROWS // BRANCH)
                for number in range(branches):
                    await _branch(fill, THREAD, number)
                    await _branch(fill, LIVE, number)
                await fill.post(SHORT, 0)
            await shown(gateway.url, [THREAD, SHORT, LIVE], 2 * branches * BRANCH + 1)
            figures = [await _written(stage, gateway.url), await _ready(stage, gateway.url)]
        if (lacking := chromium.missing()) is not None:
            note(f"pages: not measured in a browser ({lacking})")
            return figures
        with hansard("gateway", url, cores.rest) as gateway:
            return figures + await _browsed(stage, gateway.url)


async def _branch(fill: Fill, thread: str, number: int) -> None:
    """One top-level comment with three replies, each of which has two."""
    numbers = count(number * BRANCH)
    above: list[str | None] = [None]
    for each in SHAPE:
        above = [await fill.post(thread, next(numbers), parent) for parent in above for _ in range(each)]


async def _written(stage: Stage, gateway: str) -> Figure:
    """Processor time of a section from the bytes of its page, in this process; the JSON page is held against it."""
    answer = await http.asked(gateway, http.request("GET", f"{ROOT}/threads/{THREAD}?limit={ROWS // BRANCH}"))
    context = site_context(Policy(), time.time(), read="/read/a/b", audit="/audit/a/b", styles=("/a.css", "/b.css"))
    took, decoded = [], []
    with on(stage.cores.own):
        for _ in range(stage.sizes.rounds):
            begun = time.thread_time()
            for _ in range(stage.sizes.pages):
                decode(answer.body)
            between = time.thread_time()
            for _ in range(stage.sizes.pages):
                html = write_section(decode(answer.body), context).encode()
            took.append((time.thread_time() - between) / stage.sizes.pages * 1000)
            decoded.append((between - begun) / stage.sizes.pages * 1000)
    assert html.count(b"<article") == ROWS
    return Figure(
        name=f"section of {ROWS} rows, written from the JSON page",
        unit="ms",
        measured=tuple(took),
        limit_name="JSON page decoded only",
        limit=tuple(decoded),
        target=Target(of="measured", at_most=FRAGMENT),
    )


async def _ready(stage: Stage, gateway: str) -> Figure:
    """How many ready sections a gateway gives a second, beside ready JSON pages of the same rows."""
    query = f"limit={ROWS // BRANCH}"
    page = Get(paths=(f"{ROOT}/threads/{THREAD}?{query}",), headers=GZIP)
    section = Get(paths=(f"{ROOT}/threads/{THREAD}/section?{query}",), headers=GZIP)
    rates: dict[str, list[float]] = {"page": [], "section": []}
    for asks in (page, section):
        await stage.load.turns(gateway, asks, READERS, stage.sizes.warm_up)
    for _ in range(stage.sizes.rounds):
        for name, asks in (("page", page), ("section", section)):
            load = await stage.load.turns(gateway, asks, READERS, stage.sizes.load)
            assert not load.others(OK), load
            rates[name].append(load.rate)
    return Figure(
        name=f"section of {ROWS} rows when ready, {READERS} readers",
        unit="/s",
        measured=tuple(rates["section"]),
        limit_name="JSON page when ready",
        limit=tuple(rates["page"]),
        target=Target(of="ratio", at_least=0.5),
    )


class _Rounds(Struct):
    """What was seen on a screen, by round."""

    seen: list[Seen] = field(default_factory=list)

    def of(self, name: str) -> tuple[float, ...]:
        return tuple(getattr(one, name) for one in self.seen)


async def _browsed(stage: Stage, gateway: str) -> list[Figure]:
    found: dict[str, _Rounds] = {screen.name: _Rounds() for screen in SCREENS}
    rows = stage.sizes.branches * BRANCH
    asking = http.request("GET", f"{ROOT}/threads/{THREAD}/section?{FEW}")
    with anyio.fail_after(WITHIN):
        fragment = (await http.asked(gateway, asking)).body.decode()
    async with AsyncExitStack() as ended:
        # Not one core alone: there a browser does on the main thread what it otherwise does beside it.
        with on(stage.cores.own | stage.cores.rest), anyio.fail_after(WITHIN):
            browser = await ended.enter_async_context(chromium.launched())
        async with publishing(gateway) as publisher:
            dice = random.Random(1)
            articles = Articles(publisher, [body(dice, 600) for _ in range(PARAGRAPHS)])
            pages = Pages(
                bare=articles.put("/bare"),
                fragment=articles.put("/fragment", articles.section(THREAD, fragment)),
                json=articles.put("/json", articles.section(THREAD)),
                modules=articles.put("/modules", articles.section(SHORT), trusted=False),
                room=f"{gateway}/audit/{SITE}/{THREAD}",
            )
            for number in range(stage.sizes.rounds):
                for screen in SCREENS:
                    browsing = Browsing(
                        browser=browser,
                        screen=screen,
                        gateway=gateway,
                        pages=pages,
                        rows=rows,
                        fragment=fragment,
                        thread=THREAD,
                        live=LIVE,
                        articles=articles,
                        posts=stage.sizes.posts,
                    )
                    found[screen.name].seen.append(await browsing.round(f"{screen.name}{number}"))
    return [figure for screen in SCREENS for figure in _figures(screen, found[screen.name], rows)]


def _figures(screen: Screen, rounds: _Rounds, rows: int) -> list[Figure]:
    """The figures of a screen. The budgets are those of a phone."""

    def load(name: str, told: str) -> Figure:
        return Figure(
            name=f"{screen.name}: {told}",
            unit="ms",
            measured=rounds.of(name),
            limit_name="bare article",
            limit=rounds.of("bare"),
        )

    def processor(name: str, told: str, at_most: float) -> Figure:
        return Figure(
            name=f"{screen.name}: {told}",
            unit="ms",
            measured=rounds.of(name),
            target=None if screen.slower == 1 else Target(of="measured", at_most=at_most),
        )

    return [
        load("fragment", f"article with the section of {rows} rows included, until it is there"),
        load("json", "article whose section is made from JSON, until it is there"),
        processor("longest", "the same, longest task", 50),
        processor("adopt", f"script that takes {rows} rows over", 20),
        processor("render", f"script that makes {rows} rows from JSON", 150),
        processor("frame", "script of a frame of the feed", 4),
        load("post", "comment posted until its notice is there"),
        load("room", "audit room, until its first picture is there"),
    ]
