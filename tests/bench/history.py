"""How long a reader waits for what was: a comment's revisions, and the page as it stood at a moment.

Asked for at a rate far below what a gateway can do; each time counts from when the request was due.
"""

import random
from typing import Final

from core.keys import Keys
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import open_deployment
from tests.bench.asks import Get
from tests.bench.copying import PARTITIONS
from tests.bench.driving import Part
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill
from tests.bench.people import ROOT, SITE, body
from tests.bench.processes import hansard, server
from tests.bench.projecting import project
from tests.bench.stage import Stage

THREAD: Final = "long-ago"
EVENTS: Final = 1000
REVISIONS: Final = 20
CHANGED: Final = 5
"""Words that an edit changes."""
COMMENTS: Final = 300
READERS: Final = 4
RATE: Final = 40.0
"""Requests a second."""
OK: Final = 200


async def measure(stage: Stage) -> list[Figure]:
    """The medians."""
    with server(stage.cores.rest) as url:
        edited, moments = await _made(url)
        random.Random(1).shuffle(moments)
        share = len(moments) // stage.sizes.rounds
        revisions = f"{ROOT}/threads/{THREAD}/comments/{edited}/revisions?limit={REVISIONS}"
        diffs = f"{revisions}&diff=words"
        with hansard("gateway", url, stage.cores.own) as gateway:
            looked_up, compared, past = [], [], []
            await _median(stage, gateway.url, [revisions, diffs])
            for number in range(stage.sizes.rounds):
                looked_up.append(await _median(stage, gateway.url, [revisions]))
                compared.append(await _median(stage, gateway.url, [diffs]))
                some = moments[number * share : (number + 1) * share]
                pages = [f"{ROOT}/threads/{THREAD}?at={position}" for position in some]
                past.append(await _median(stage, gateway.url, pages))
    return [
        Figure(
            name=f"edit history of a comment with {REVISIONS} revisions, median",
            unit="ms",
            measured=tuple(looked_up),
            target=Target(of="measured", at_most=3),
        ),
        Figure(
            name="the same with word diffs",
            unit="ms",
            measured=tuple(compared),
            target=Target(of="measured", at_most=3),
        ),
        Figure(
            name=f"page of the past, thread of {EVENTS:,} events, median",
            unit="ms",
            measured=tuple(past),
            target=Target(of="measured", at_most=10),
        ),
    ]


async def _made(url: str) -> tuple[str, list[str]]:
    """A thread of so many events; the comment in it that was edited, and the positions of all."""
    dice = random.Random(1)
    async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
        fill = Fill(deployment)
        await fill.site()
        await fill.open([THREAD])
        names = [await fill.post(THREAD, number) for number in range(COMMENTS)]
        words = body(dice).split(" ")
        for revision in range(1, REVISIONS):
            for _ in range(CHANGED):
                words[dice.randrange(len(words))] = f"other{revision}"
            await fill.edit(THREAD, 0, names[0], revision, " ".join(words))
        for number in range(EVENTS - 1 - COMMENTS - (REVISIONS - 1)):
            # Each a voter of their own, so that every vote is an event.
            await fill.vote(THREAD, COMMENTS + number, dice.choice(names))
        await project(deployment)
        partition = Keys(PARTITIONS).of(SITE, THREAD).number
        entries = await RedisLog(deployment).read(partition, START, limit=2 * EVENTS)
    assert len(entries) >= EVENTS
    return names[0], [str(entry.position) for entry in entries[-EVENTS + 1 :]]


async def _median(stage: Stage, gateway: str, paths: list[str]) -> float:
    asks = Part(asks=Get(paths=tuple(paths)), clients=READERS, rate=RATE)
    (load,) = await stage.load.drive(gateway, asks, seconds=stage.sizes.load)
    assert not load.others(OK), load
    return load.all_times.percentile(0.5) * 1000
