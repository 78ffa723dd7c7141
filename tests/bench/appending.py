"""How many comments a second one process decides and appends without HTTP, each on disk before it is answered."""

import random
import time

import anyio

from core.caller import Caller
from core.commands import OpenSite, OpenThread, PostComment
from core.log.redis import RedisLog
from core.policy import Policy
from core.redis.deployment import open_deployment
from core.sight import Folds
from core.transact import transact
from tests.bench.copying import PARTITIONS
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure
from tests.bench.people import MEMBERS, MODERATOR, OPERATOR, SITE, body
from tests.bench.processes import server

CALLERS = 16
THREADS = ("one", "two", "three", "four")


async def measure(*, rounds: int, appends: int, cores: Cores) -> Figure:
    """The rate of posting by so many at a time."""
    rates = []
    with server(cores.rest) as url, on(cores.own):
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            log, folds = RedisLog(deployment), Folds()
            opening = OpenSite(name="Bench", policy=Policy(), keys_kind="hs256", keys_number=1)
            await transact(log, opening, site=SITE, caller=OPERATOR)
            for thread in THREADS:
                about = OpenThread(url=f"https://bench.example/{thread}", title=f"About {thread}")
                await transact(log, about, site=SITE, thread=thread, caller=MODERATOR)
            for number in range(rounds):
                begun = time.perf_counter()
                async with anyio.create_task_group() as tasks:
                    for at in range(CALLERS):
                        tasks.start_soon(_post, log, folds, MEMBERS[at], f"{number}-{at}", appends // CALLERS)
                rates.append(appends // CALLERS * CALLERS / (time.perf_counter() - begun))
    return Figure(
        name=f"posts of {CALLERS} at a time without HTTP, fsync always", unit="posts/s", measured=tuple(rates)
    )


async def _post(log: RedisLog, folds: Folds, caller: Caller, series: str, times: int) -> None:
    words = body(random.Random(series))
    for number in range(times):
        key = f"{series}-{number}"
        command = PostComment(comment=key, body=words)
        await transact(
            log, command, site=SITE, thread=THREADS[number % len(THREADS)], caller=caller, key=key, folds=folds
        )
