"""How many votes a second one gateway takes over HTTP, and what a vote takes of each process beside a post.

Sixteen connections that stay open, on which a thousand members vote on two thousand comments of twenty threads, drawn
by Zipf's law (`tests.bench.asks.Ballot`): first votes, changes, votes taken back. Each answer has the row with the
vote in it. First one gateway by itself, which is what a core of it can take: beside it, in each round, the bare script
of a vote, from the same client library, by as many at a time. Then with the projector, which shares the other core
with the server and the clients, by turns with posts: the processor time of a vote in each process beside that of a
post. In the end all in one process (`hansard up`), with the server that it starts, on one core.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import anyio
from msgspec.structs import replace

from tests.bench import http
from tests.bench.appending import bare, vote
from tests.bench.asks import Ballot, Post, authorization, token
from tests.bench.driving import Load
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, OK, open_site
from tests.bench.people import MEMBERS, ROOT, SITE
from tests.bench.processes import hansard, server
from tests.bench.stage import Stage
from tests.bench.taken import Sides, Taken

CLIENTS: Final = 16
THREADS: Final = tuple(f"article-{number}" for number in range(20))
VOTES: Final = "votes/s"


class Driven(NamedTuple):
    """What came of some rounds."""

    loads: list[Load]
    taken: list[Taken]
    """Of one request, by round; empty where the system does not tell."""


async def measure(stage: Stage) -> list[Figure]:
    """The rates and the processor time: a gateway by itself, beside a projector, and all in one process on one core."""
    cores, rounds = stage.cores, stage.sizes.rounds
    alone, scripts, votes, posts, within = Driven([], []), [], Driven([], []), Driven([], []), Driven([], [])
    with server(cores.rest) as url, hansard("gateway", url, cores.own) as gateway:
        with hansard("projector", url, cores.rest) as projector:
            comments = await _filled(gateway.url, stage)
            await Sides(url, gateway, projector).level()
        # Until most tokens were verified and most comments folded once: what is measured is a gateway that runs.
        await _driven(stage, gateway.url, _votes("warm", comments), [])
        await _driven(stage, gateway.url, _votes("warmer", comments), [])
        async with bare(cores, CLIENTS, vote()) as script:
            for number in range(rounds):
                scripts.append(await script.rate(stage.sizes.load))
                await _driven(stage, gateway.url, _votes(f"a{number}", comments), alone.loads)
        with hansard("projector", url, cores.rest) as projector:
            sides = Sides(url, gateway, projector)
            for number in range(rounds):
                await _weighed(stage, sides, _votes(f"b{number}", comments), votes)
                await _weighed(stage, sides, Post(series=f"p{number}", threads=THREADS, answers=2), posts)
    with (
        TemporaryDirectory(prefix="hansard-bench-") as home,
        hansard("up", None, cores.own, data=Path(home)) as everything,
    ):
        comments = await _filled(everything.url, stage)
        for number in range(rounds):
            await _driven(stage, everything.url, _votes(f"w{number}", comments), within.loads)
    return _figures(alone, scripts, votes, posts, within)


async def _filled(url: str, stage: Stage) -> dict[str, tuple[str, ...]]:
    """Open site and threads, write their comments; the comments by thread."""
    await open_site(url, THREADS)
    each = max(1, stage.sizes.kept // 100)
    found: dict[str, tuple[str, ...]] = {}

    async def fill(number: int, thread: str) -> None:
        writer = MEMBERS[number]
        bearer = authorization(token({"sub": writer.id, "name": writer.name, "aud": SITE}))
        line = await http.connected(url)
        names = []
        for made in range(each):
            body = json.dumps({"body": f"Comment {made} of {thread}, " + "of about three hundred characters " * 8})
            asked = http.request("POST", f"{ROOT}/threads/{thread}/comments", [bearer], body.encode())
            answer = await line.ask(asked)
            assert answer.status == CREATED, answer
            names.append(json.loads(answer.body)["comment"]["id"])
        line.close()
        found[thread] = tuple(names)

    async with anyio.create_task_group() as tasks:
        for number, thread in enumerate(THREADS):
            tasks.start_soon(fill, number, thread)
    return {thread: found[thread] for thread in THREADS}


async def _driven(stage: Stage, url: str, asks: Ballot | Post, loads: list[Load]) -> Load:
    """One round of requests, added to `loads`."""
    load = await stage.load.turns(url, asks, CLIENTS, stage.sizes.load)
    loads.append(load)
    return load


async def _weighed(stage: Stage, sides: Sides, asks: Ballot | Post, driven: Driven) -> None:
    """One round of requests, and the time that each took until the views had all of them."""
    turn = await sides.turn(stage, asks, CLIENTS, stage.sizes.load)
    driven.loads.append(turn.load)
    if turn.taken is not None:
        driven.taken.append(turn.taken)


def _votes(series: str, comments: dict[str, tuple[str, ...]]) -> Ballot:
    return Ballot(series=series, comments=comments)


def _figures(alone: Driven, scripts: list[float], votes: Driven, posts: Driven, within: Driven) -> list[Figure]:
    rate = _rate(f"vote, {CLIENTS} connections, fsync always, one gateway core", alone)
    loads = [*alone.loads, *votes.loads, *within.loads]
    return [
        replace(rate, target=Target(of="measured", at_least=2500)),
        replace(
            rate,
            name=f"vote, {CLIENTS} connections, against the bare script",
            limit_name=f"append script for a vote, {CLIENTS} at a time",
            limit=tuple(scripts),
        ),
        replace(
            _rate("vote, all on one core (hansard up, with its server)", within),
            target=Target(of="measured", at_least=1500),
        ),
        Figure(
            name=f"errors in {sum(load.answers for load in loads):,} votes",
            unit="",
            measured=(sum(load.others(OK) for load in loads),),
            target=Target(of="measured", at_most=0),
        ),
        _rate("vote, projector on the server's core", votes),
        *_costs(votes.taken, posts.taken),
    ]


def _costs(votes: list[Taken], posts: list[Taken]) -> list[Figure]:
    """The time of a vote in each process, beside that of a post."""
    if not votes:
        return []
    return [
        Figure(
            name=f"CPU time per vote, {part}",
            unit="µs",
            measured=tuple(getattr(taken, part) for taken in votes),
            limit_name="per post",
            limit=tuple(getattr(taken, part) for taken in posts),
            target=Target(of="ratio", at_most=1),
        )
        for part in Taken._fields
    ]


def _rate(name: str, driven: Driven) -> Figure:
    return Figure(name=name, unit=VOTES, measured=tuple(load.rate for load in driven.loads))
