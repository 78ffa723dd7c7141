"""How many comments a second one process decides and appends without HTTP, each on disk before it is answered.

And how many times a second it can run the script of the append at all, with arguments that are ready.
"""

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import anyio

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.events.comment_events import CommentPosted
from core.events.envelope import Stamp, encode
from core.events.vote_events import VoteCast
from core.keys import window
from core.log import wire
from core.log.port import Append, NewEvent
from core.log.redis import APPEND, RedisLog
from core.policy import Policy
from core.position import Position
from core.redis.deployment import Deployment, open_deployment
from tests.bench.copying import PARTITIONS
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure, Target
from tests.bench.people import MEMBERS, MODERATOR, OPERATOR, SITE, body
from tests.bench.processes import server
from tests.bench.stage import Stage
from workers.runtime.process import leave_alone

CALLERS: Final = 32
"""With sixteen, the process stood idle for a fifth of the time and waited for the disk, which is not what is asked."""
THREADS: Final = ("one", "two", "three", "four")
POSTS: Final = "posts/s"


async def measure(stage: Stage) -> list[Figure]:
    """The rate of posting by so many at a time, beside the bare script."""
    rates, bares = [], []
    appends = stage.sizes.appends
    async with bare(stage.cores, CALLERS) as script:
        with server(stage.cores.rest) as url, on(stage.cores.own):
            async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
                log, cache = RedisLog(deployment), AggregateCache()
                await _open(log)
                await _posted(log, cache, "warm", appends // 4)
                leave_alone()
                for number in range(stage.sizes.rounds):
                    bares.append(await script.rate(stage.sizes.load / 2))
                    rates.append(await _posted(log, cache, str(number), appends))
    return [
        Figure(
            name=f"posts without HTTP, {CALLERS} at a time, fsync always",
            unit=POSTS,
            measured=tuple(rates),
            limit_name="bare append script",
            limit=tuple(bares),
            target=Target(of="measured", at_least=8000),
        )
    ]


async def _open(log: RedisLog) -> None:
    opening = OpenSite(name="Bench", policy=Policy(), keys_kind="hs256", keys_number=1)
    await transact(log, opening, site=SITE, caller=OPERATOR)
    for thread in THREADS:
        about = OpenThread(url=f"https://bench.example/{thread}", title=f"About {thread}")
        await transact(log, about, site=SITE, thread=thread, caller=MODERATOR)


async def _posted(log: RedisLog, cache: AggregateCache, series: str, appends: int) -> float:
    begun = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for at in range(CALLERS):
            tasks.start_soon(_post, log, cache, MEMBERS[at], f"{series}-{at}", max(1, appends // CALLERS))
    return max(1, appends // CALLERS) * CALLERS / (time.perf_counter() - begun)


async def _post(log: RedisLog, cache: AggregateCache, caller: Caller, series: str, times: int) -> None:
    words = body(random.Random(series))
    for number in range(times):
        key = f"{series}-{number}"
        command = PostComment(comment=key, body=words)
        await transact(
            log, command, site=SITE, thread=THREADS[number % len(THREADS)], caller=caller, key=key, cache=cache
        )


Ready = tuple[NewEvent, dict[str, Position | None]]
"""An event to append, and the heads that it expects."""


class Bare:
    """The script of the append with what decisions have made ready, run by so many at a time and decided by nobody."""

    def __init__(self, deployment: Deployment, callers: int, cores: Cores, ready: Callable[[str, int], Ready]) -> None:
        self._deployment = deployment
        self._callers = callers
        self._cores = cores
        self._ready = ready
        self._numbers = count()

    async def rate(self, seconds: float) -> float:
        """How often a second, measured for so long."""
        self._made = 0
        with on(self._cores.own):
            begun = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for at in range(self._callers):
                    tasks.start_soon(self._run, THREADS[at % len(THREADS)], begun + seconds)
            return self._made / (time.perf_counter() - begun)

    async def _run(self, thread: str, until: float) -> None:
        partition = self._deployment.keys.of(SITE, thread)
        now = int(time.time() * 1000)
        places = [partition.commands(window(now)), partition.commands(window(now) - 1)]
        keys = [partition.log, partition.heads(SITE, thread), partition.deployment, *places]
        while time.perf_counter() < until:
            number = next(self._numbers)
            event, expected = self._ready(thread, number)
            append = Append(site=SITE, thread=thread, expected=expected, events=(event,), now=now, key=f"bare-{number}")
            arguments = wire.append_arguments(append, partition.log_channel, self._deployment.integrity.id)
            await self._deployment.appends.run_proven(APPEND, keys, arguments)
            self._made += 1


def post() -> Callable[[str, int], Ready]:
    """Comments of 300 characters, each a new one."""
    stamp = Stamp(actor=MEMBERS[0].actor, site=SITE, thread=THREADS[0])
    e, c = encode(CommentPosted(comment="bare", revision=1, body=body(random.Random(0)), name=MEMBERS[0].name), stamp)

    def ready(_: str, number: int) -> Ready:
        event = NewEvent(head=heads.comment(f"bare-{number}"), e=e, c=c)
        return event, {event.head: None}

    return ready


def vote() -> Callable[[str, int], Ready]:
    """First votes of one member each."""
    stamp = Stamp(actor=MEMBERS[0].actor, site=SITE, thread=THREADS[0])
    cast = VoteCast(comment="bare", revision=1, value=1)
    (e, c), note = encode(cast, stamp), heads.note(cast)

    def ready(_: str, number: int) -> Ready:
        event = NewEvent(head=heads.vote("bare", str(number)), e=e, c=c, note=note)
        return event, {event.head: None, heads.THREAD: None, heads.comment("bare"): None}

    return ready


@asynccontextmanager
async def bare(cores: Cores, callers: int, ready: Callable[[str, int], Ready] | None = None) -> AsyncIterator[Bare]:
    """The bare script, on a server of its own: of a post, where nothing else is `ready`."""
    with server(cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            yield Bare(deployment, callers, cores, ready or post())
