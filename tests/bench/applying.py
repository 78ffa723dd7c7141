"""What applying a plan costs: bringing its facts, each on disk before the next, again, and taking them back.

Beside it, in each round and on the same server: as many comments in threads of the same shape, each posted by a
command of its own, 32 at a time. A larger plan is applied once, for the memory that it takes with its views.
"""

import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from core.domain.import_comment_facts import PostedFact
from core.domain.import_fact import Fact, ImportedPerson
from core.domain.import_facts import ImportHeader
from core.domain.import_thread_facts import OpenedFact
from core.log.redis import RedisLog
from core.redis.deployment import Deployment, open_deployment
from core.times import rfc3339
from tests.bench.conversations import ABOVE, ROWS
from tests.bench.copying import PARTITIONS
from tests.bench.cores import Cores, on
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill
from tests.bench.memory import taken
from tests.bench.people import MEMBERS, SITE, body
from tests.bench.processes import server
from tests.bench.stage import Stage
from workers.importers import fact_file
from workers.importers.applying import Applied, Applier
from workers.importers.undoing import Undone, found, undo
from workers.runtime.process import leave_alone

EACH: Final = 50
"""Comments of a thread."""
BEGAN: Final = 1_400_000_000_000
"""Time of the first fact, in milliseconds since 1970."""
APART: Final = 60_000
COMMENTS: Final = "comments/s"


async def measure(stage: Stage) -> list[Figure]:
    """Comments per second that are brought, known and taken back; and the memory of the server for each."""
    with tempfile.TemporaryDirectory() as folder:
        return [*await _rates(stage, Path(folder)), *await _large(stage, Path(folder))]


async def _rates(stage: Stage, folder: Path) -> list[Figure]:
    number = max(EACH, stage.sizes.appends) // EACH * EACH
    posted, brought, again, undone = [], [], [], []
    with server(stage.cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            await Fill(deployment).site()
            await _apply(deployment, write(folder / "warm.jsonl", "warm", number // 4), stage.cores)
            leave_alone()
            for each in range(stage.sizes.rounds):
                posted.append(await _post(deployment, f"posted-{each}", number, stage.cores))
                facts = write(folder / f"{each}.jsonl", f"r{each}", number)
                brought.append(await _apply(deployment, facts, stage.cores, brought=number))
                again.append(await _apply(deployment, facts, stage.cores, brought=0))
                undone.append(await _undo(deployment, f"r{each}", stage.cores, rejected=number))
    rate = Figure(
        name="applying a plan, fsync always",
        unit=COMMENTS,
        measured=tuple(brought),
        limit_name="the same comments posted one by one, 32 at a time",
        limit=tuple(posted),
        target=Target(of="ratio", at_least=1.5),
    )
    return [
        rate,
        Figure(
            name="comments that applying a plan brings, fsync always",
            unit=COMMENTS,
            measured=rate.measured,
            target=Target(of="measured", at_least=5_000),
        ),
        Figure(name="applying the same plan again", unit=COMMENTS, measured=tuple(again)),
        Figure(name="undoing an import", unit=COMMENTS, measured=tuple(undone)),
    ]


async def _post(deployment: Deployment, series: str, number: int, cores: Cores) -> float:
    """Post so many comments; comments per second."""
    fill = Fill(deployment)  # a new one each time: what it remembers would hold up what is measured later
    threads = [f"{series}-{thread}" for thread in range(number // EACH)]
    await fill.open(threads)
    with on(cores.own):
        return await _rate(number, partial(fill.comments, threads, EACH))


async def _large(stage: Stage, folder: Path) -> list[Figure]:
    """One plan on an empty server, and what it takes there once the views have it."""
    number = max(EACH, stage.sizes.present) // EACH * EACH
    facts = write(folder / "large.jsonl", "large", number)
    with server(stage.cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            await Fill(deployment).site()
            before = await taken(deployment, url)
            rate = await _apply(deployment, facts, stage.cores, brought=number)
            after = await taken(deployment, url)
    return [
        Figure(name=f"applying a plan of {number:,} comments, seconds", unit="s", measured=(number / rate,)),
        Figure(
            name="Redis memory per imported comment of 300 bytes",
            unit="B",
            measured=((after.total() - before.total()) / number,),
            target=Target(of="measured", at_most=2_750),
        ),
    ]


async def _apply(deployment: Deployment, facts: Path, cores: Cores, *, brought: int | None = None) -> float:
    """Apply a plan; comments per second. Checks that so many were brought."""
    applied: list[Applied] = []

    async def run() -> None:
        applied.append(await Applier(RedisLog(deployment), facts).run())

    number = fact_file.header(facts).counts["comments"]
    with on(cores.own):
        rate = await _rate(number, run)
    facts_of_it = number + number // EACH  # each discussion is opened
    assert brought is None or applied[0].brought == (facts_of_it if brought else 0), applied
    assert not applied[0].left_out, applied
    return rate


async def _undo(deployment: Deployment, imported: str, cores: Cores, *, rejected: int) -> float:
    undone: list[Undone] = []

    async def run() -> None:
        log = RedisLog(deployment)
        undone.append(await undo(log, await found(log, imported), with_answers=False))

    with on(cores.own):
        rate = await _rate(rejected, run)
    assert undone[0].rejected == rejected
    return rate


async def _rate(number: int, work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return number / (time.perf_counter() - begun)


def write(path: Path, imported: str, comments: int) -> Path:
    """Write the facts of so many comments, in threads of EACH: conversations of five."""
    dice, threads = random.Random(imported), comments // EACH
    with path.open("wb") as file:

        def line(one: Fact | ImportHeader) -> None:
            file.write(msgspec.json.encode(one) + b"\n")

        counts = {"facts": threads * (EACH + 1), "comments": threads * EACH}
        made = rfc3339(BEGAN)
        line(
            ImportHeader(
                hansard="facts/1", id=imported, site=SITE, system="bench", source="bench", made=made, counts=counts
            )
        )
        for number in range(threads):
            thread = f"{imported}-{number}"
            line(OpenedFact(thread=thread, at=made, url=f"https://bench.example/{thread}", title=f"About {thread}"))
            for at in range(EACH):
                member, above = MEMBERS[(number + at) % len(MEMBERS)], ABOVE[at % ROWS]
                line(
                    PostedFact(
                        thread=thread,
                        at=rfc3339(BEGAN + at * APART),
                        by=ImportedPerson(id=member.id, name=member.name),
                        comment=f"{imported}-{number}-{at}",
                        origin=f"{number}-{at}",
                        parent=None if above is None else f"{imported}-{number}-{at // ROWS * ROWS + above}",
                        body=body(dice),
                    )
                )
    return path
