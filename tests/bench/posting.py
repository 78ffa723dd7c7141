"""How many comments a second one gateway takes over HTTP, each on disk before it is answered; and who waits how long.

Sixteen clients over connections that stay open, each a member who writes a comment and then two answers to it, in
threads drawn by Zipf's law. The projector keeps the views up all the while. In the end every comment that was answered
with 201 has to be counted by the views. Beside it, in each round: a constant answer from the same HTTP server, and the
bare script of the append, from the same client library, by as many at a time.
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
    behind: float
    """Seconds after the last answer until the views counted everything."""

    @property
    def errors(self) -> int:
        """Answers that were not 201."""
        return sum(load.others(CREATED) for load in [*self.posts, *self.steady])

    @property
    def answers(self) -> int:
        """All answers."""
        return sum(load.answers for load in [*self.posts, *self.steady])


async def measure(stage: Stage) -> list[Figure]:
    """The rates, the waiting and the errors: with the projector beside, and with all in one process."""
    cores = stage.cores
    async with bare(cores, CLIENTS) as script:
        with (
            server(cores.rest) as url,
            hansard("gateway", url, cores.own) as gateway,
            hansard("projector", url, cores.rest),
        ):
            beside = await _driven(gateway.url, stage, script)
    with server(cores.rest) as url, hansard("up", url, cores.own) as everything:
        within = await _driven(everything.url, stage, None)
    return _figures(beside, within)


async def _driven(url: str, stage: Stage, script: Bare | None) -> Driven:
    """Rounds of posts; beside the script, where it is given, and then at half their rate as well."""
    driven = Driven([], [], [], [], 0.0)
    load, seconds = stage.load, stage.sizes.load
    await open_site(url, THREADS)
    example = await http.asked(url, next(_posts("example").of_client(0, 1)))
    warm = await load.turns(url, _posts("warm"), CLIENTS, stage.sizes.warm_up)
    with constant(stage.cores.own, {"/": example}) as nothing:
        for number in range(stage.sizes.rounds):
            driven.constants.append(await load.constant(nothing.url, CLIENTS, seconds))
            posts = await load.turns(url, _posts(f"p{number}"), CLIENTS, seconds)
            driven.posts.append(posts)
            if script is not None:
                driven.bares.append(await script.rate(seconds))
                half = Part(asks=_posts(f"s{number}"), clients=CLIENTS, rate=posts.rate / 2)
                driven.steady.extend(await load.drive(url, half, seconds=seconds))
    made = 1 + sum(one.count(CREATED) for one in [warm, *driven.posts, *driven.steady])
    return driven._replace(behind=await shown(url, THREADS, made))


def _posts(series: str) -> Post:
    return Post(series=series, threads=THREADS, answers=ANSWERS)


def _figures(beside: Driven, within: Driven) -> list[Figure]:
    posts = _rate(f"POST comment, {CLIENTS} clients, fsync always, projector beside", beside)
    return [
        replace(posts, target=Target(of="measured", at_least=2500)),
        replace(
            posts,
            name=f"POST comment, {CLIENTS} clients, beside the script alone",
            limit_name=f"append script, {CLIENTS} at a time",
            limit=tuple(beside.bares),
            target=Target(of="ratio", at_least=0.2),
        ),
        replace(_waited("99th percentile", 0.99, beside), target=Target(of="measured", at_most=25)),
        _waited("median", 0.5, beside),
        Figure(
            name=f"errors in {beside.answers + within.answers:,} posts",
            unit="",
            measured=(beside.errors + within.errors,),
            target=Target(of="measured", at_most=0),
        ),
        _rate("POST comment, all in one process (hansard up)", within),
        Figure(name="views behind the last POST", unit="s", measured=(beside.behind,)),
    ]


def _rate(name: str, driven: Driven) -> Figure:
    return Figure(
        name=name,
        unit="posts/s",
        measured=tuple(load.rate for load in driven.posts),
        limit_name="constant answer",
        limit=tuple(load.rate for load in driven.constants),
    )


def _waited(name: str, share: float, driven: Driven) -> Figure:
    measured = tuple(load.all_times.percentile(share) * 1000 for load in driven.steady)
    return Figure(name=f"POST comment at half that rate, {name} from when it was due", unit="ms", measured=measured)
