"""What counting the rates takes of a POST: processor time, and comments a second, with rates and without.

Sixteen clients over connections that stay open, each a member, on one gateway by itself; by turns with rates that none
of them meets, and with rates turned off, so that what else the machine does hits both alike. The processor time of the
gateway is judged, because a gateway takes as many posts as its core can.
"""

import json
from statistics import mean
from typing import Any, Final, Literal

from tests.bench import http
from tests.bench.asks import Post, authorization, token
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, OK, open_site
from tests.bench.people import ROOT, SITE
from tests.bench.processes import hansard, server
from tests.bench.stage import Stage
from tests.bench.taken import Sides, Turn, costs

CLIENTS: Final = 16
THREADS: Final = tuple(f"article-{number}" for number in range(100))
COUNTED: Final = {"posts": {"every": 0.001, "burst": 10}}
"""Rates that are counted as all are, and refuse nobody here."""

Rates = Literal["counted", "off"]

TURNS: Final[tuple[Rates, ...]] = ("off", "counted", "counted", "off")
"""Turns of a round: what grows while it runs adds to both alike."""


async def measure(stage: Stage) -> list[Figure]:
    """Time and rate of posts with rates, beside those without."""
    cores = stage.cores
    rounds: list[dict[Rates, list[Turn]]] = []
    with server(cores.rest) as url, hansard("gateway", url, cores.own) as gateway:
        with hansard("projector", url, cores.rest):
            await open_site(gateway.url, THREADS)
        sides = Sides(url, gateway)
        for number in range(1 + stage.sizes.rounds):
            turns: dict[Rates, list[Turn]] = {"counted": [], "off": []}
            for turn, rates in enumerate(TURNS):
                await _change(gateway.url, rates=COUNTED if rates == "counted" else "off")
                asks = Post(series=f"r{number}-{turn}", threads=THREADS, answers=2)
                turns[rates].append(await sides.turn(stage, asks, CLIENTS, stage.sizes.load / 2))
            rounds.append(turns)
    return _figures(rounds[1:])  # the first round warms up


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
    counted, off = ([turns[rates] for turns in rounds] for rates in ("counted", "off"))
    return [*figures, *costs(name, counted, off, "rates off", Target(of="ratio", at_most=1.05))]


async def _change(url: str, **policy: Any) -> None:
    """Change the policy of the site. Raises AssertionError."""
    admin = token({"sub": "admin", "name": "Admin", "aud": SITE, "roles": ["admin"]})
    line = await http.connected(url)
    bearer = authorization(admin)
    answer = await line.ask(http.request("PATCH", f"{ROOT}/policy", [bearer], json.dumps(policy).encode()))
    line.close()
    assert answer.status == OK, answer.body
