"""One round: threads of its own, a load that goes on, a fault in the middle of it, and the oracle at the end."""

import random
from collections.abc import Collection
from contextlib import suppress
from typing import Final

import anyio
import redis.exceptions
from msgspec import Struct
from msgspec.structs import replace

from core.position import Position
from core.redis.errors import is_passing
from core.refusals import Unavailable
from tests.faults import book as books
from tests.faults.catalogue import Fault
from tests.faults.clients import Client
from tests.faults.findings import Finding
from tests.faults.judged import Judged, faults_of_screening, figures, until_judged
from tests.faults.load import Load
from tests.faults.oracle import cursor_of, judge
from tests.faults.readers import FeedClient, Reader, fresh_page
from tests.faults.record import Record, now
from tests.faults.scene import Scene
from tests.faults.stage import Stage, patiently
from tests.faults.trouble import Trouble
from tests.faults.zombies import Zombies
from tests.support.screener_host import ScreenerHost

BACK_WITHIN: Final = 90.0
"""Seconds after which writes that are not back are a finding."""
FEEDS_WITHIN: Final = 40.0
"""Seconds in which a client of the feed has to know what is on the page; a dead stream is noticed after 20."""
AGAIN: Final = 0.2
"""So many of the acknowledged deeds are asked for once more when all is over."""


class Sizes(Struct, frozen=True, kw_only=True):
    """How much goes on in a round."""

    threads: int = 6
    clients: int = 12
    rate: float = 120.0
    feeds: int = 4
    readers: int = 2
    before: int = 60
    """So many writes are acknowledged before the fault."""
    after: int = 60
    """And so many after it."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a round."""

    fault: str
    round: int
    acknowledged: int
    events: int
    findings: list[Finding]
    back: float | None
    """Seconds from the fault until writes were back; None where it did not strike writes, or they never were."""
    level: float | None
    """Seconds from then until the views had taken in what was in the log at that moment."""
    resets: int
    zombies: int
    rate: float | None = None
    """Writes a second that were acknowledged before the fault."""
    judged: Judged | None = None
    """What the screener did, where texts wait for one."""


async def play(stage: Stage, fault: Fault, number: int, seed: str, sizes: Sizes) -> Outcome:
    """Play one round."""
    series = f"{seed}-{fault.slug}-{number}"
    dice = random.Random(series)
    threads = tuple(f"{fault.slug}-{seed}-{number}-{one}" for one in range(sizes.threads))
    await stage.open_threads(threads)
    record = Record(stage.level)
    load = Load(Scene(threads, series), record, stage.addresses, clients=sizes.clients, rate=sizes.rate, seed=series)
    zombies = Zombies(stage.deployment)
    feeds = [FeedClient(threads[one % len(threads)], stage.addresses, one) for one in range(sizes.feeds)]
    readers = [Reader(threads[one % len(threads)], stage.addresses, stage.tokens, one) for one in range(sizes.readers)]
    trouble = Trouble(stage, load, threads, dice)
    findings: list[Finding] = []
    recovery = _Recovery()
    async with anyio.create_task_group() as tasks:
        for feed in feeds:
            tasks.start_soon(feed.run)
        for reader in readers:
            tasks.start_soon(reader.run, 0.1)
        tasks.start_soon(_haunt, zombies)
        async with anyio.create_task_group() as writing:
            writing.start_soon(load.run)
            started = now()
            await load.acknowledged(sizes.before)
            rate = sizes.before / (now() - started)
            async with anyio.create_task_group() as watching:
                watching.start_soon(recovery.watch, stage, trouble)
                await fault.do(trouble)
            if recovery.back is None:
                findings.append(
                    Finding(what="silence", detail=f"writes were not accepted again within {BACK_WITHIN} s")
                )
            with anyio.move_on_after(BACK_WITHIN):
                await load.acknowledged(sizes.after)
            load.end()
        findings += [Finding(what="defect", detail=f"{one} exited by itself") for one in await stage.well()]
        await load.settle()
        await load.again(AGAIN, dice)
        judged = None
        if stage.host is not None:
            judged = await _screened(stage, stage.host, threads, findings)
        await patiently(zombies.rise)
        verdict = await patiently(lambda: judge(stage.deployment, record, zombies))
        findings += verdict.findings
        for feed in feeds:
            findings += await of_feed(stage, feed)
        tasks.cancel_scope.cancel()
    findings += [Finding(what="defect", detail=one) for reader in readers for one in reader.complaints]
    marked = [replace(one, fault=fault.name, seed=seed, round=number) for one in findings]
    return Outcome(
        fault=fault.name,
        round=number,
        acknowledged=verdict.acknowledged,
        events=verdict.events,
        findings=marked,
        back=recovery.back,
        level=recovery.level,
        resets=sum(feed.resets for feed in feeds),
        zombies=zombies.tried,
        rate=rate,
        judged=judged,
    )


async def _screened(stage: Stage, host: ScreenerHost, threads: Collection[str], findings: list[Finding]) -> Judged:
    """Hold the log to what the screener was asked and said, once nothing is due there."""
    if not await patiently(lambda: until_judged(stage.deployment, stage.log)):
        findings.append(Finding(what="screening", detail="texts still wait for the screener"))
    book = await patiently(lambda: books.read(stage.log))
    findings += faults_of_screening(book, host.requests)
    return figures(book, host.requests, threads)


class _Recovery:
    """How long it took until writes were back, and then until the views had what was in the log by then."""

    def __init__(self) -> None:
        self.back: float | None = None
        self.level: float | None = None

    async def watch(self, stage: Stage, trouble: Trouble) -> None:
        """Find out, from the moment that the fault strikes."""
        await trouble.is_on.wait()
        with anyio.move_on_after(BACK_WITHIN):
            async with anyio.create_task_group() as tasks:
                for thread in sorted(trouble.struck):
                    tasks.start_soon(trouble.load.knock, thread, trouble.dice)
            self.back = back = trouble.load.record.back_after(trouble.begun, trouble.struck)
            assert back is not None, "all writes were accepted"
            behind = dict(enumerate(await patiently(lambda: _lasts(stage))))
            while behind:
                for partition, last in list(behind.items()):
                    with suppress(redis.exceptions.RedisError):
                        if await cursor_of(stage.deployment, partition) >= last:
                            del behind[partition]
                await anyio.sleep(0.01)
            self.level = now() - trouble.begun - back


async def _lasts(stage: Stage) -> list[Position]:
    return [await stage.log.last(partition) for partition in range(stage.log.partitions)]


async def _haunt(zombies: Zombies) -> None:
    """Note who owns what, and let the dead try, as long as the round lasts."""
    while True:
        try:
            await zombies.look()
            await zombies.rise()
        except redis.exceptions.RedisError as error:
            if not is_passing(error):
                raise
        except Unavailable:
            pass  # the servers are away: the dead wait, too
        await anyio.sleep(0.3)


async def of_feed(stage: Stage, feed: FeedClient) -> list[Finding]:
    """A client's record held to the page as it is read now."""
    found = [Finding(what="feed", detail=f"{feed.thread}: {one}") for one in feed.complaints]
    client = Client(stage.addresses, stage.tokens)
    page = None
    with anyio.move_on_after(FEEDS_WITHIN):
        while True:
            page = await fresh_page(client, feed.thread)
            if page is not None and feed.page == page:
                client.close()
                return found
            await anyio.sleep(0.05)
    client.close()
    differs = "its page is unknown" if page is None or feed.page is None else _difference(feed, page.rows)
    return [*found, Finding(what="feed", detail=f"{feed.thread}: a client has a different page, {differs}")]


def _difference(feed: FeedClient, rows: dict[str, dict[str, object]]) -> str:
    assert feed.page is not None
    for comment in sorted(rows.keys() | feed.page.rows.keys()):
        if rows.get(comment) != feed.page.rows.get(comment):
            return f"comment {comment}: {feed.page.rows.get(comment)} instead of {rows.get(comment)}"
    return f"thread {feed.page.thread}"
