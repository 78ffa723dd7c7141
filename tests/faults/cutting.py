"""A server whose file of writes ends too early: what was acknowledged is gone by design, and what is left is whole.

One discussion is written into a server that keeps every write, with a projector that follows. Then, for each place to
cut at, a server is started on a copy of its files that ends there. Of each partition a prefix of whole appends must
be left, with heads, keys, cursor and views that agree with it; and what was cut off can be done again, once.
"""

import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import anyio
from anyio.to_thread import run_sync

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import EditComment, PostComment
from core.domain.handler import Command
from core.domain.site import OpenSite
from core.domain.vote import CastVote
from core.keys import WORKERS
from core.log.redis import RedisLog
from core.policy import Policy
from core.redis.deployment import Deployment, open_deployment
from core.refusals import Refusal
from tests.faults import book as books
from tests.faults.book import Book
from tests.faults.findings import Finding
from tests.faults.oracle import cursor_of, of_views
from tests.faults.people import SITE
from tests.faults.stage import alone
from workers.projector.projector import Projector

PARTITIONS: Final = 2
THREADS: Final = 5
DEEDS: Final = 150
AGAIN: Final = 5
"""So many deeds that are still there are asked for again, before those that are not."""
ORIGIN: Final = "https://kew.example"
NAME: Final = "aof cut"

_OPERATOR: Final = Caller(id="op", name="Op", roles=frozenset({"operator"}))
_PEOPLE: Final = tuple(Caller(id=f"u-{number}", name=f"U {number}") for number in range(5))

Done = tuple[str, str, Command, Caller]
"""Key, thread, command, and whose."""


class Original:
    """What was written before anything was cut: files, log, and everything that was done."""

    def __init__(self, home: Path, book: Book, done: Sequence[Done]) -> None:
        self.home = home
        self.book = book
        self.done = done

    @property
    def tail(self) -> Path:
        """The file that grows."""
        (path,) = self.home.glob("appendonlydir/*.incr.aof")
        return path

    def cuts(self, last: int, at_most: int, dice: random.Random) -> list[int]:
        """Bytes to cut off: each of the last so many, or a sample of them."""
        all_of_them = range(1, min(last, self.tail.stat().st_size) + 1)
        return sorted(dice.sample(all_of_them, min(at_most, len(all_of_them))))


@asynccontextmanager
async def original(program: Path, seed: str) -> AsyncIterator[Original]:
    """Write a discussion, and leave its files for the block."""
    with tempfile.TemporaryDirectory(prefix="hansard-faults-") as name:
        home = Path(name)
        async with _opened(home, program) as deployment:
            log = RedisLog(deployment)
            async with _projecting(deployment):
                done = await _discuss(log, random.Random(seed))
            whole = await books.read(log)
        yield Original(home, whole, done)


async def cut(there: Original, missing: int, program: Path) -> list[Finding]:
    """Cut so many bytes off, start a server on what is left, and look."""
    with _copied(there, missing) as home:
        async with _opened(home, program) as deployment:
            log = RedisLog(deployment)
            book = await books.read(log)
            found = [*books.faults_of_order(book), *await books.faults_of_heads(book, deployment)]
            found += _prefix(there.book, book)
            for partition, events in enumerate(book.partitions):
                cursor = await cursor_of(deployment, partition)
                if cursor.n and (not events or cursor > events[-1].position):
                    found.append(Finding(what="cursor", detail=f"the views of {partition} are ahead of its log"))
            # The lease of a projector that is no more may be back: it would run out in ten seconds.
            await deployment.calls.call("DEL", *(keys.lease for keys in deployment.keys), WORKERS)
            async with _projecting(deployment):
                found += await _again(there, log, book)
                found += [one async for one in of_views(deployment, log)]
    return found


def _prefix(whole: Book, left: Book) -> Iterator[Finding]:
    for partition, (before, after) in enumerate(zip(whole.partitions, left.partitions, strict=True)):
        if after != before[: len(after)]:
            yield Finding(what="log", detail=f"what is left of partition {partition} is not a prefix of it")
    for key, events in left.by_key.items():
        if len(events) != len(whole.by_key[key]):
            yield Finding(what="log", detail=f"only {len(events)} of the events that {key} appended are left")


async def _again(there: Original, log: RedisLog, book: Book) -> list[Finding]:
    """What was done last, in order, under its keys: what is there is answered, what is not is done once."""
    gone = [
        number for number, (key, *_) in enumerate(there.done) if len(book.by_key[key]) < len(there.book.by_key[key])
    ]
    last = there.done[min(gone, default=len(there.done)) - AGAIN :]
    for key, thread, command, caller in last:
        try:
            await transact(log, command, site=SITE, thread=thread, caller=caller, key=key)
        except Refusal as refusal:
            return [Finding(what="answer", detail=f"{key} was refused when it was repeated: {refusal!r}")]
    after = await books.read(log)
    found = []
    for key, *_ in last:
        if len(after.by_key[key]) != len(there.book.by_key[key]):
            found.append(Finding(what="duplicated", detail=f"{key} has {len(after.by_key[key])} events"))
        elif book.by_key[key] and after.by_key[key] != book.by_key[key]:
            found.append(Finding(what="duplicated", detail=f"{key} was in the log, and was executed again"))
    return found


async def _discuss(log: RedisLog, dice: random.Random) -> list[Done]:
    """Posts that open threads, answers, edits and votes: appends of one event and of two."""
    opening = OpenSite(name="Kew", policy=Policy(origins=(ORIGIN,)), keys_kind="hs256", keys_number=1)
    await transact(log, opening, site=SITE, caller=_OPERATOR, key="open")
    done: list[Done] = [("open", "", opening, _OPERATOR)]
    comments: dict[str, list[tuple[str, Caller, int]]] = {f"t{number}": [] for number in range(THREADS)}
    for number in range(DEEDS):
        thread, caller, key = dice.choice(list(comments)), dice.choice(_PEOPLE), f"k{number}"
        there = comments[thread]
        command: Command
        if not there or dice.random() < 0.4:
            command = PostComment(comment=f"c{number}", body="words", url=f"{ORIGIN}/{thread}", title=thread)
            there.append((f"c{number}", caller, 1))
        else:
            at = dice.randrange(len(there))
            comment, author, revision = there[at]
            if dice.random() < 0.3:
                command, caller = EditComment(comment=comment, revision=revision, body=f"words {number}"), author
                there[at] = comment, author, revision + 1
            else:
                caller = dice.choice([one for one in _PEOPLE if one is not author])
                command = CastVote(comment=comment, value=dice.choice((1, -1)))
        await transact(log, command, site=SITE, thread=thread, caller=caller, key=key)
        done.append((key, thread, command, caller))
    return done


@asynccontextmanager
async def _opened(home: Path, program: Path) -> AsyncIterator[Deployment]:
    node = alone(home, program)
    node.start()
    try:
        await run_sync(node.ready)
        async with (
            open_deployment(node.url, partitions=PARTITIONS, durability="fsynced") as deployment,
            anyio.create_task_group() as tasks,
        ):
            await tasks.start(deployment.pubsub.run)
            yield deployment
            tasks.cancel_scope.cancel()
    finally:
        node.kill()


@asynccontextmanager
async def _projecting(deployment: Deployment) -> AsyncIterator[None]:
    projector = Projector(deployment, RedisLog(deployment), worker="one")
    async with anyio.create_task_group() as tasks:
        await tasks.start(projector.run)
        yield
        await projector.drain()


@contextmanager
def _copied(there: Original, missing: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hansard-faults-") as name:
        home = Path(name)
        shutil.copytree(there.home / "appendonlydir", home / "appendonlydir")
        with (home / "appendonlydir" / there.tail.name).open("r+b") as tail:
            tail.truncate(there.tail.stat().st_size - missing)
        yield home
