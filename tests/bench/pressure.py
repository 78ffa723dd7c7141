"""What a gateway does with twice as many posts as it can take: how long those wait that it accepts, and how it refuses.

Its capacity is measured first, by clients that ask one thing after the other. Then posts come at twice that rate,
whether or not those before were answered. A post counts as waiting from the moment when it was due. Whatever is
neither accepted nor refused with 503 is an error.
"""

from typing import Final, NamedTuple

from tests.bench.asks import Post
from tests.bench.driving import Load, Part
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, open_site
from tests.bench.processes import hansard, server
from tests.bench.stage import Stage

CLIENTS: Final = 64
THREADS: Final = tuple(f"hot-{number}" for number in range(8))
TIMES: Final = 2
UNAVAILABLE: Final = 503


class Pressed(NamedTuple):
    """One round: what clients got who waited for each other, and what came of the flood."""

    capacity: Load
    flood: Load


async def measure(stage: Stage) -> list[Figure]:
    """Latency of what is accepted at twice the capacity, how much that is, and what else was answered."""
    pressed = []
    cores, seconds = stage.cores, stage.sizes.load
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
    ):
        await open_site(gateway.url, THREADS)
        for number in range(stage.sizes.rounds):
            # Top-level comments: a parent may be what was refused.
            posts = Post(series=f"c{number}", threads=THREADS)
            capacity = await stage.load.turns(gateway.url, posts, CLIENTS, seconds)
            rate = TIMES * capacity.count(CREATED) / capacity.seconds
            flood = Part(asks=Post(series=f"f{number}", threads=THREADS), clients=CLIENTS, rate=rate)
            pressed.append(Pressed(capacity, *await stage.load.drive(gateway.url, flood, seconds=seconds)))
    return _figures(pressed)


def _figures(pressed: list[Pressed]) -> list[Figure]:
    floods = [one.flood for one in pressed]
    answers = sum(flood.answers for flood in floods)
    errors = sum(flood.others(CREATED, UNAVAILABLE) for flood in floods)
    refused = tuple(100 * flood.count(UNAVAILABLE) / flood.answers for flood in floods)
    return [
        Figure(
            name=f"POST comment at {TIMES} times the capacity, 99th percentile of accepted posts",
            unit="ms",
            measured=tuple(flood.times[CREATED].percentile(0.99) * 1000 for flood in floods),
            target=Target(of="measured", at_most=1000),
        ),
        Figure(
            name=f"errors in {answers:,} posts at {TIMES} times the capacity, other than 503",
            unit="",
            measured=(errors,),
            target=Target(of="measured", at_most=0),
        ),
        Figure(
            name=f"POST comment at {TIMES} times the capacity, accepted",
            unit="posts/s",
            measured=tuple(flood.count(CREATED) / flood.seconds for flood in floods),
            limit_name="capacity",
            limit=tuple(one.capacity.rate for one in pressed),
        ),
        Figure(name=f"POST comment at {TIMES} times the capacity, refused", unit="%", measured=refused),
    ]
