"""How many comments a second one gateway takes over HTTP, each on disk before it is answered.

Sixteen clients over connections that stay open, each a member who writes a comment and then two answers to it, in
four threads. The projector keeps the views up all the while. In the end every comment that was answered with 201
has to be counted by the views.
"""

import json
import random
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import anyio
from joserfc import jwt
from joserfc.jwk import OctKey
from msgspec.structs import replace

from core.ids import comment_id
from tests.bench import http
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure, Target, percentile
from tests.bench.people import MEMBERS, SECRET, SITE, body
from tests.bench.processes import ADMIN_SECRET, constant, hansard, server

CLIENTS: Final = 16
THREADS: Final = ("one", "two", "three", "four")
ANSWERS: Final = 2
"""Posts of a client that answer its last top-level comment."""
SHOWN_WITHIN: Final = 60.0
CREATED: Final = 201
ROOT: Final = f"/v1/sites/{SITE}"


class Driven(NamedTuple):
    """What came of some rounds; in each, the constant answer was driven right before."""

    constants: list[http.Load]
    posts: list[http.Load]
    behind: float
    """Seconds after the last answer until the views counted everything."""

    @property
    def errors(self) -> int:
        """Answers that were not 201."""
        return sum(load.others(CREATED) for load in self.posts)

    @property
    def answers(self) -> int:
        """All answers."""
        return sum(load.answers for load in self.posts)


async def measure(*, rounds: int, seconds: float, cores: Cores) -> list[Figure]:
    """The rates, the latency and the errors: with the projector beside, and with all in one process."""
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
    ):
        beside = await _driven(gateway, rounds, seconds, cores)
    with server(cores.rest) as url, hansard("up", url, cores.own) as everything:
        within = await _driven(everything, rounds, seconds, cores)
    return _figures(beside, within)


async def _driven(url: str, rounds: int, seconds: float, cores: Cores) -> Driven:
    constants, posts = [], []
    with constant(cores.own) as nothing, on(cores.rest):
        await open_site(url, THREADS)
        for number in range(rounds):
            constants.append(await http.drive(nothing, _clients(f"c{number}"), seconds))
            posts.append(await http.drive(url, _clients(f"p{number}"), seconds))
        behind = await _shown(url, sum(load.statuses.get(CREATED, 0) for load in posts))
    return Driven(constants, posts, behind)


async def open_site(url: str, threads: tuple[str, ...]) -> None:
    """Open the site, and these threads in it. Raises AssertionError."""
    line = await http.connected(url)
    operator = token({"sub": "operator", "aud": "hansard", "roles": ["operator"]}, ADMIN_SECRET)
    moderator = token({"sub": "mod", "name": "Mod", "aud": SITE, "roles": ["moderator"]})
    wanted: list[tuple[str, str, Any]] = [(ROOT, operator, {"name": "Bench", "keys": {"hs256": [SECRET]}})]
    for thread in threads:
        about = {"url": f"https://bench.example/{thread}", "title": f"About {thread}"}
        wanted.append((f"{ROOT}/threads/{thread}", moderator, about))
    for path, who, document in wanted:
        answer = await line.ask(http.request("PUT", path, [_by(who)], json.dumps(document).encode()))
        assert answer.status == CREATED, answer.body
    line.close()


def token(claims: dict[str, Any], secret: str = SECRET) -> str:
    """A token that says this and is good for an hour."""
    key = OctKey.import_key(secret.encode())
    return jwt.encode({"alg": "HS256"}, {**claims, "exp": int(time.time()) + 3600}, key)


def _clients(series: str) -> list[Iterator[bytes]]:
    return [_posts(series, number) for number in range(CLIENTS)]


def _posts(series: str, number: int) -> Iterator[bytes]:
    """What one client posts; `series` keeps its keys apart from those of other rounds."""
    member, thread = MEMBERS[number], THREADS[number % len(THREADS)]
    bearer = _by(token({"sub": member.id, "name": member.name, "aud": SITE}))
    words = body(random.Random(number))
    path = f"{ROOT}/threads/{thread}/comments"
    made, parent = 0, ""
    while True:
        key = f"{series}-{made}"
        document: dict[str, str] = {"body": words}
        if made % (1 + ANSWERS) == 0:
            parent = comment_id(SITE, thread, member.id, key)
        else:
            document["parent"] = parent
        yield http.request("POST", path, [bearer, ("Idempotency-Key", key)], json.dumps(document).encode())
        made += 1


def _by(bearer: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {bearer}"


async def _shown(url: str, posted: int) -> float:
    """Seconds until the views count everything that was posted. Raises AssertionError where they never do."""
    line = await http.connected(url)
    asked = http.request("GET", f"{ROOT}/counts?{'&'.join(f'thread={thread}' for thread in THREADS)}")
    begun = time.perf_counter()
    counted = -1
    while counted < posted and time.perf_counter() - begun < SHOWN_WITHIN:
        counted = sum(json.loads((await line.ask(asked)).body)["counts"].values())
        await anyio.sleep(0.01)
    took = time.perf_counter() - begun
    line.close()
    assert counted == posted, f"{posted} comments were acknowledged, the views count {counted}"
    return took


def _figures(beside: Driven, within: Driven) -> list[Figure]:
    return [
        replace(
            _rate(f"POST comment, {CLIENTS} clients, fsync always, projector beside", beside),
            target=Target(of="measured", at_least=1000),
        ),
        Figure(
            name=f"errors in {beside.answers + within.answers:,} posts",
            unit="",
            measured=(beside.errors + within.errors,),
            target=Target(of="measured", at_most=0),
        ),
        _rate("POST comment, all in one process (hansard up)", within),
        _latency("median", 0.5, beside),
        _latency("99th percentile", 0.99, beside),
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


def _latency(name: str, share: float, driven: Driven) -> Figure:
    measured = tuple(percentile(load.latencies, share) * 1000 for load in driven.posts)
    return Figure(name=f"POST comment, {name} of the time to its answer", unit="ms", measured=measured)
