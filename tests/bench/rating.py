"""What counting the rates takes of a POST: processor time, and comments a second, with rates and without.

Sixteen clients over connections that stay open, each a member, on one gateway by itself; by turns with rates that none
of them meets, and with rates turned off, so that what else the machine does hits both alike. The processor time of the
gateway is judged, because a gateway takes as many posts as its core can.
"""

import json
from statistics import mean
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

from tests.bench import http, usage
from tests.bench.asks import Post, authorization, token
from tests.bench.driving import Load
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, OK, open_site
from tests.bench.people import ROOT, SITE
from tests.bench.processes import Program, hansard, server
from tests.bench.stage import Stage
from tests.support.servers import client

CLIENTS: Final = 16
THREADS: Final = tuple(f"article-{number}" for number in range(100))
COUNTED: Final = {"posts": {"every": 0.001, "burst": 10}}
"""Rates that are counted as all are, and refuse nobody here."""
_MICRO: Final = 1e6

Rates = Literal["counted", "off"]

TURNS: Final[tuple[Rates, ...]] = ("off", "counted", "counted", "off")
"""Turns of a round: what grows while it runs adds to both alike."""


class Taken(NamedTuple):
    """Microseconds of processor time."""

    gateway: float
    server: float


class Turn(Struct, frozen=True):
    """What came of one turn."""

    load: Load
    taken: Taken | None
    """Per post; None where the system does not tell."""


async def measure(stage: Stage) -> list[Figure]:
    """Time and rate of posts with rates, beside those without."""
    cores = stage.cores
    rounds: list[dict[Rates, list[Turn]]] = []
    with server(cores.rest) as url, hansard("gateway", url, cores.own) as gateway:
        with hansard("projector", url, cores.rest):
            await open_site(gateway.url, THREADS)
        for number in range(1 + stage.sizes.rounds):
            turns: dict[Rates, list[Turn]] = {"counted": [], "off": []}
            for turn, rates in enumerate(TURNS):
                await _change(gateway.url, rates=COUNTED if rates == "counted" else "off")
                asks = Post(series=f"r{number}-{turn}", threads=THREADS, answers=2)
                turns[rates].append(await _turn(stage, url, gateway, asks))
            rounds.append(turns)
    return _figures(rounds[1:])  # the first round warms up


async def _turn(stage: Stage, url: str, gateway: Program, asks: Post) -> Turn:
    before = _busy(url, gateway)
    load = await stage.load.turns(gateway.url, asks, CLIENTS, stage.sizes.load / 2)
    after = _busy(url, gateway)
    if before is None or after is None:
        return Turn(load, None)
    return Turn(load, Taken(*((new - old) / load.answers for old, new in zip(before, after, strict=True))))


def _busy(url: str, gateway: Program) -> Taken | None:
    """The time that gateway and server have needed so far."""
    busy = usage.busy(gateway.pid)
    if busy is None:
        return None
    with client(url) as connection:
        told = connection.info("cpu")
    return Taken(busy * _MICRO, (told["used_cpu_user"] + told["used_cpu_sys"]) * _MICRO)


def _figures(rounds: list[dict[Rates, list[Turn]]]) -> list[Figure]:
    loads = [turn.load for turns in rounds for some in turns.values() for turn in some]
    name = f"POST comment, {CLIENTS} clients, rates counted"
    figures = [
        Figure(
            name=name,
            unit="posts/s",
            measured=tuple(mean(turn.load.rate for turn in turns["counted"]) for turns in rounds),
            limit_name="rates off",
            limit=tuple(mean(turn.load.rate for turn in turns["off"]) for turns in rounds),
        ),
        Figure(
            name=f"errors in {sum(load.answers for load in loads):,} posts with rates and without",
            unit="",
            measured=(sum(load.others(CREATED) for load in loads),),
            target=Target(of="measured", at_most=0),
        ),
    ]
    taken = [{rates: [turn.taken for turn in some if turn.taken] for rates, some in turns.items()} for turns in rounds]
    if all(all(some.values()) for some in taken):
        figures += [
            Figure(
                name=f"{name}: CPU time of the {part}",
                unit="µs",
                measured=tuple(mean(getattr(one, part) for one in some["counted"]) for some in taken),
                limit_name="rates off",
                limit=tuple(mean(getattr(one, part) for one in some["off"]) for some in taken),
                target=Target(of="ratio", at_most=1.05) if part == "gateway" else None,
            )
            for part in Taken._fields
        ]
    return figures


async def _change(url: str, **policy: Any) -> None:
    """Change the policy of the site. Raises AssertionError."""
    admin = token({"sub": "admin", "name": "Admin", "aud": SITE, "roles": ["admin"]})
    line = await http.connected(url)
    bearer = authorization(admin)
    answer = await line.ask(http.request("PATCH", f"{ROOT}/policy", [bearer], json.dumps(policy).encode()))
    line.close()
    assert answer.status == OK, answer.body
