"""How many comments a second one gateway takes over HTTP, each on disk before it is answered; and who waits how long.

Sixteen clients over connections that stay open, each a member who writes a comment and then two answers to it, in
threads drawn by Zipf's law. First one gateway by itself, which is what a core of it can take: beside it, in each round,
a constant answer from the same HTTP server, and the bare script of the append, from the same client library, by as many
at a time. Then with the projector, which shares the other core with the server and the clients, and keeps the views up
all the while. In the end every comment that was answered with 201 has to be counted by the views.
"""

from typing import Final, NamedTuple

from msgspec.structs import replace

from tests.bench import http
from tests.bench.appending import Bare, bare
from tests.bench.asks import Post
from tests.bench.driving import Load, Part
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, open_site, shown
from tests.bench.processes import constant, hansard, server
from tests.bench.stage import Stage

CLIENTS: Final = 16
THREADS: Final = tuple(f"article-{number}" for number in range(100))
ANSWERS: Final = 2
"""Posts of a client that answer its last top-level comment."""


class Driven(NamedTuple):
    """What came of some rounds; in each, what is beside it was driven right before or after."""

    constants: list[Load]
    bares: list[float]
    posts: list[Load]
    steady: list[Load]
    """At half the rate of the same round, whatever is answered."""
    warm: list[Load]
    """Before anything was measured."""

    @property
    def loads(self) -> list[Load]:
        """All that posted."""
        return [*self.posts, *self.steady]


async def measure(stage: Stage) -> list[Figure]:
    """The rates, the waiting and the errors: a gateway by itself, with the projector, and with all in one process."""
    cores = stage.cores
    with server(cores.rest) as url, hansard("gateway", url, cores.own) as gateway:
        with hansard("projector", url, cores.rest):
            await open_site(gateway.url, THREADS)
        async with bare(cores, CLIENTS) as script:
            alone = await _driven("a", gateway.url, stage, script=script)
        with hansard("projector", url, cores.rest):
            await shown(gateway.url, THREADS, _made(alone))
            beside = await _driven("b", gateway.url, stage)
            behind = await shown(gateway.url, THREADS, _made(alone, beside))
    with server(cores.rest) as url, hansard("up", url, cores.own) as everything:
        await open_site(everything.url, THREADS)
        within = await _driven("w", everything.url, stage)
        await shown(everything.url, THREADS, _made(within))
    return _figures(alone, beside, within, behind)


async def _driven(series: str, url: str, stage: Stage, *, script: Bare | None = None) -> Driven:
    """Rounds of posts, and of as many at half the rate; beside the script, where it is given."""
    driven = Driven([], [], [], [], [])
    load, seconds = stage.load, stage.sizes.load
    example = await http.asked(url, next(_posts(f"{series}-example").of_client(0, 1)))
    driven.warm.append(await load.turns(url, _posts(f"{series}-warm"), CLIENTS, stage.sizes.warm_up))
    with constant(stage.cores.own, {"/": example}) as nothing:
        for number in range(stage.sizes.rounds):
            driven.constants.append(await load.constant(nothing.url, CLIENTS, seconds))
            posts = await load.turns(url, _posts(f"{series}{number}"), CLIENTS, seconds)
            driven.posts.append(posts)
            if script is not None:
                driven.bares.append(await script.rate(seconds))
            half = Part(asks=_posts(f"{series}-half{number}"), clients=CLIENTS, rate=posts.rate / 2)
            driven.steady.extend(await load.drive(url, half, seconds=seconds))
    return driven


def _made(*some: Driven) -> int:
    """How many comments there are after these: those of the loads, and one example each."""
    return sum(1 + sum(load.count(CREATED) for load in [*one.warm, *one.loads]) for one in some)


def _posts(series: str) -> Post:
    return Post(series=series, threads=THREADS, answers=ANSWERS)


def _figures(alone: Driven, beside: Driven, within: Driven, behind: float) -> list[Figure]:
    posts = _rate(f"POST comment, {CLIENTS} clients, fsync always, one gateway core", alone)
    loads = [load for driven in (alone, beside, within) for load in driven.loads]
    return [
        replace(posts, target=Target(of="measured", at_least=2500)),
        replace(
            posts,
            name=f"POST comment, {CLIENTS} clients, against the bare script",
            limit_name=f"append script, {CLIENTS} at a time",
            limit=tuple(alone.bares),
            target=Target(of="ratio", at_least=0.2),
        ),
        replace(_waited("99th percentile", 0.99, alone), target=Target(of="measured", at_most=25)),
        replace(_waited("99th percentile, projector running", 0.99, beside), target=Target(of="measured", at_most=25)),
        _waited("median", 0.5, alone),
        Figure(
            name=f"errors in {sum(load.answers for load in loads):,} posts",
            unit="",
            measured=(sum(load.others(CREATED) for load in loads),),
            target=Target(of="measured", at_most=0),
        ),
        _rate(f"POST comment, {CLIENTS} clients, projector on the server's core", beside),
        _rate("POST comment, all in one process (hansard up)", within),
        Figure(name="lag of the views after the last POST", unit="s", measured=(behind,)),
    ]


def _rate(name: str, driven: Driven) -> Figure:
    return Figure(
        name=name,
        unit="posts/s",
        measured=tuple(load.rate for load in driven.posts),
        limit_name="constant response",
        limit=tuple(load.rate for load in driven.constants),
    )


def _waited(name: str, share: float, driven: Driven) -> Figure:
    measured = tuple(load.all_times.percentile(share) * 1000 for load in driven.steady)
    return Figure(
        name=f"POST comment at half that rate, {name} from when it was due",
        unit="ms",
        measured=measured,
    )
