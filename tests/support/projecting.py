"""A log on a real server, projectors for it, and what the views should then hold."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio

from core.events.envelope import decode, envelope_of
from core.heads import LAST
from core.log.port import Entry
from core.log.redis import RedisLog
from core.position import Position
from core.redis.command import Argument
from core.redis.deployment import Deployment, open_deployment
from core.redis.errors import retry
from core.text.render import rendered
from projections.thread.fold import fold
from projections.thread.state import ThreadState
from projections.views.store import Store
from projections.views.stored_thread import together
from tests.support.bounds import BOUND
from tests.support.discussions import SITE, THREADS, Move, entries, played
from tests.support.folded import expected
from workers.projector.projector import Projector


class Bench:
    """One deployment with a log that is filled with what was played elsewhere."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.log = RedisLog(deployment)
        self.store = Store(deployment.calls, deployment.reads, deployment.keys)
        self.entries: dict[int, list[Entry]] = {}
        """What the log has, by partition."""

    async def pour(self, some: Iterable[Entry], partition: int = 0) -> None:
        """Put entries into the log as an append would, heads aside but for the last event of each thread."""
        keys = self.deployment.keys[partition]
        commands: list[tuple[Any, ...]] = []
        for position, e, c in some:
            thread = envelope_of(position, e).thread
            commands.append(("XADD", keys.log, str(position), "e", e, "c", c))
            commands.append(("HSET", keys.heads(SITE, thread), LAST, f"0 {position}"))
            self.entries.setdefault(partition, []).append(Entry(position, e, c))
        await together(self.deployment.calls, commands)
        await self.call("SPUBLISH", keys.log_channel, "")

    async def lose(self, count: int, partition: int = 0) -> None:
        """Take the newest entries out of the log, as if nobody had ever written them."""
        del self.entries[partition][-count:]
        some, self.entries[partition] = self.entries[partition], []
        await self.call("DEL", self.deployment.keys[partition].log)
        await self.pour(some, partition)

    async def rewrite(self, change: Callable[[Entry], bytes], partition: int = 0) -> None:
        """Give the entries of a log other content, behind everybody's back."""
        some, self.entries[partition] = self.entries[partition], []
        await self.call("DEL", self.deployment.keys[partition].log)
        await self.pour([entry._replace(c=change(entry)) for entry in some], partition)

    async def play(self, moves: Iterable[Move], *, threads: int = 1) -> None:
        """Fill every partition with what comes of these moves."""
        partitions = self.log.partitions
        log = await played(moves, threads=threads, partitions=partitions)
        for partition in range(partitions):
            await self.pour(await entries(log, partition), partition)

    async def call(self, *command: Argument) -> Any:
        """The reply of a plain command, asked for again where a test has cut the connection that carries it."""
        return await retry(lambda: self.deployment.calls.call(*command), str(command[0]))

    def projector(self, worker: str = "one", **more: Any) -> Projector:
        """A projector of every partition."""
        return Projector(self.deployment, self.log, worker=worker, **more)

    async def level(self, partition: int = 0) -> None:
        """Wait until the views have taken in the log, by what is stored."""
        last = await self.log.last(partition)
        keys = self.deployment.keys[partition]
        with anyio.fail_after(BOUND), self.deployment.pubsub.on(keys.view_channel) as subscription:
            while await self.store.cursor(partition) != last:
                await subscription.wait(0.2)

    async def all_level(self) -> None:
        """Wait until all views have taken in the log."""
        for partition in range(self.log.partitions):
            await self.level(partition)

    def folded(self, thread: str, upto: Position | None = None) -> ThreadState:
        """The thread as its events say."""
        there = self.entries[self.deployment.keys.of(SITE, thread).number]
        events = [decode(*entry) for entry in there if upto is None or entry.position <= upto]
        return fold(ThreadState(site=SITE, id=thread), [one for one in events if one.envelope.thread == thread])

    def wanted(self, *threads: str) -> dict[str, dict[str, object]]:
        """What the views of these threads should hold."""
        found: dict[str, dict[str, object]] = {}
        for thread in threads:
            for key, there in expected(self.deployment.keys.of(SITE, thread), self.folded(thread), rendered).items():
                found.setdefault(key, {}).update(there)
        return found

    async def views(self, partition: int = 0) -> dict[str, dict[str, Any]]:
        """What the server holds in views of one partition, cursor and snapshots aside."""
        keys = self.deployment.keys[partition]
        found: dict[str, dict[str, Any]] = {}
        prefix = keys.cursor(1).removesuffix("cursor")
        for name in await self.call("KEYS", prefix.replace("{", "\\{") + "*"):
            key = name.decode()
            if await self.call("TYPE", key) == b"hash":
                flat = await self.call("HGETALL", key)
                found[key] = {flat[at].decode(): flat[at + 1] for at in range(0, len(flat), 2)}
            elif await self.call("TYPE", key) == b"zset":
                flat = await self.call("ZRANGE", key, 0, -1, "WITHSCORES")
                found[key] = {flat[at].decode(): int(flat[at + 1]) for at in range(0, len(flat), 2)}
        return found

    async def feed(self, partition: int = 0) -> list[Position]:
        """The positions in the feed."""
        found = await self.call("XRANGE", self.deployment.keys[partition].feed, "-", "+")
        return [Position.decode(position) for position, _ in found]


@asynccontextmanager
async def bench(url: str, *, partitions: int = 1) -> AsyncIterator[Bench]:
    """A deployment on this server, with its wakes running."""
    async with open_deployment(url, partitions=partitions) as deployment, anyio.create_task_group() as tasks:
        await tasks.start(deployment.pubsub.run)
        yield Bench(deployment)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def projecting(*projectors: Projector) -> AsyncIterator[None]:
    """These projectors run during the block and give their leases back after it."""
    async with anyio.create_task_group() as tasks:
        for projector in projectors:
            await tasks.start(projector.run)
        yield
        for projector in projectors:
            await projector.drain()


__all__ = ["SITE", "THREADS", "Bench", "bench", "projecting"]
