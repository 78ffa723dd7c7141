"""What a gateway does with twice as many posts as it can take: how long those wait that it accepts, and how it refuses.

Its capacity is measured first, by clients that ask one thing after the other. Then posts come at twice that rate,
whether or not those before were answered. A post counts as waiting from the moment when it was due. Whatever is
neither accepted nor refused with 503 is an error.
"""

import json
import random
from collections.abc import Iterator
from itertools import count
from typing import Final, NamedTuple

from tests.bench import http
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure, Target, percentile
from tests.bench.people import MEMBERS, SITE, body
from tests.bench.posting import CREATED, ROOT, open_site, token
from tests.bench.processes import hansard, server

CLIENTS: Final = 64
THREADS: Final = tuple(f"hot-{number}" for number in range(8))
TIMES: Final = 2
UNAVAILABLE: Final = 503


class Pressed(NamedTuple):
    """One round: what clients got who waited for each other, and what came of the flood."""

    capacity: http.Load
    flood: http.Flood


async def measure(*, rounds: int, seconds: float, cores: Cores) -> list[Figure]:
    """Latency of what is accepted at twice the capacity, how much that is, and what else was answered."""
    pressed = []
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
        on(cores.rest),
    ):
        await open_site(gateway, THREADS)
        for number in range(rounds):
            clients = [_posts(f"c{number}", client) for client in range(CLIENTS)]
            capacity = await http.drive(gateway, clients, seconds)
            posts = [_posts(f"f{number}", client) for client in range(CLIENTS)]
            rate = TIMES * capacity.statuses.get(CREATED, 0) / capacity.seconds
            pressed.append(Pressed(capacity, await http.flood(gateway, posts, rate=rate, seconds=seconds)))
    return _figures(pressed)


def _posts(series: str, number: int) -> Iterator[bytes]:
    """What one member posts: top-level comments, because a parent may be what was refused."""
    member, thread = MEMBERS[number], THREADS[number % len(THREADS)]
    bearer = f"Bearer {token({'sub': member.id, 'name': member.name, 'aud': SITE})}"
    document = json.dumps({"body": body(random.Random(number))}).encode()
    path = f"{ROOT}/threads/{thread}/comments"
    for made in count():
        headers = [("Authorization", bearer), ("Idempotency-Key", f"{series}-{made}")]
        yield http.request("POST", path, headers, document)


def _figures(pressed: list[Pressed]) -> list[Figure]:
    floods = [one.flood for one in pressed]
    accepted = [flood.latencies(CREATED) for flood in floods]
    answers = sum(flood.answers for flood in floods)
    errors = sum(flood.others(CREATED, UNAVAILABLE) for flood in floods)
    refused = tuple(100 * len(flood.latencies(UNAVAILABLE)) / flood.answers for flood in floods)
    return [
        Figure(
            name=f"POST comment at {TIMES} times the capacity, 99th percentile of what is accepted",
            unit="ms",
            measured=tuple(percentile(times, 0.99) * 1000 for times in accepted),
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
            measured=tuple(len(times) / flood.seconds for times, flood in zip(accepted, floods, strict=True)),
            limit_name="capacity",
            limit=tuple(one.capacity.rate for one in pressed),
        ),
        Figure(name=f"POST comment at {TIMES} times the capacity, refused", unit="%", measured=refused),
    ]
