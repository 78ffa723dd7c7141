"""Where a log can live, made the same for the tests: in memory, on every engine, on a cluster, behind sentinels."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

import anyio

from core.formats import FORMATS
from core.keys import DEPLOYMENT, Keys
from core.log.memory import MemoryLog, _Partition
from core.log.port import FOREIGN, Append, Appended, Entry, Head, HeadWanted, Load, LoadResult, Log, NewEvent, Outcome
from core.log.redis import RedisLog
from core.partitions import partition_of
from core.position import START, Position
from core.redis import log_integrity
from core.redis.deployment import Deployment, open_deployment
from core.redis.topology import find_servers
from tests.support.clusters import cluster, sentinels
from tests.support.servers import client, engines, free_port, started

PARTITIONS = 2
SITE, THREAD = "kew", "power-broker"
MEMORY, CLUSTER_OF_ONE, CLUSTER, SENTINEL = "memory", "cluster of one", "cluster", "sentinel"
KINDS = (MEMORY, *engines(), CLUSTER_OF_ONE, CLUSTER, SENTINEL)

HERE = partition_of(SITE, THREAD, PARTITIONS)
"""The partition that the tests' thread lives in."""
STRAY = b'{"v":1,"type":"stray","tp":"","ap":""}'
"""An entry of nobody's thread."""


class Place(Protocol):
    """A log, a way to put an entry into it at any time, as if the clock had said so then, and one to lose some.

    `lose` takes the end of a log, `drop` one entry, and `accept` says that a person has looked at what is lost.
    `intrude` puts an entry of any fields there, as somebody else's program might. `upgrade` gives the deployment
    another format, and has the log notice.
    """

    log: Log

    async def put(self, partition: int, ms: int, *, e: bytes = STRAY) -> Position: ...

    async def intrude(self, partition: int, *fields: bytes) -> Position: ...

    async def lose(self, partition: int, count: int) -> None: ...

    async def drop(self, partition: int, position: Position) -> None: ...

    async def accept(self, partition: int) -> None: ...

    async def upgrade(self, format_: int) -> None: ...


class MemoryPlace:
    def __init__(self) -> None:
        self.log: Log = MemoryLog(PARTITIONS)

    async def put(self, partition: int, ms: int, *, e: bytes = STRAY) -> Position:
        position = Position(ms, self._there(partition).last.n + 1)
        self._put(partition, Entry(position, e, b""))
        return position

    async def intrude(self, partition: int, *fields: bytes) -> Position:
        last = self._there(partition).last
        position = Position(last.ms, last.n + 1)
        ours = fields[0::2] == (b"e", b"c")
        self._put(partition, Entry(position, fields[1] if ours else FOREIGN, fields[3] if ours else b"".join(fields)))
        return position

    def _put(self, partition: int, entry: Entry) -> None:
        there = self._there(partition)
        there.entries.append(entry)
        there.back.append((None, None))
        there.grown.set()
        there.grown = anyio.Event()

    async def lose(self, partition: int, count: int) -> None:
        there = self._there(partition)
        del there.entries[-count:], there.back[-count:]

    async def drop(self, partition: int, position: Position) -> None:
        there = self._there(partition)
        index = there.place(position)
        assert index is not None
        del there.entries[index], there.back[index]

    async def accept(self, partition: int) -> None:
        there = self._there(partition)
        there.accepted = there.last.n - len(there.entries)

    async def upgrade(self, format_: int) -> None:
        assert isinstance(self.log, MemoryLog)
        self.log.format = format_

    def _there(self, partition: int) -> _Partition:
        assert isinstance(self.log, MemoryLog)
        return self.log._partitions[partition]


class RedisPlace:
    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.log: Log = RedisLog(deployment)

    async def put(self, partition: int, ms: int, *, e: bytes = STRAY) -> Position:
        position = Position(ms, (await self.log.last(partition)).n + 1)
        await self._put(partition, Entry(position, e, b""))
        return position

    async def intrude(self, partition: int, *fields: bytes) -> Position:
        last = await self.log.last(partition)
        position = Position(last.ms or 1, last.n + 1)
        keys = self.deployment.keys[partition]
        await self.deployment.calls.call("XADD", keys.log, str(position), *fields)
        await self.deployment.calls.call("SPUBLISH", keys.log_channel, "")
        return position

    async def lose(self, partition: int, count: int) -> None:
        # Written anew: a stream whose newest entries were deleted would still know how far it had been.
        kept = (await self.log.read(partition, START, limit=1_000_000))[:-count]
        await self.deployment.calls.call("DEL", self.deployment.keys[partition].log)
        for entry in kept:
            await self._put(partition, entry)

    async def drop(self, partition: int, position: Position) -> None:
        await self.deployment.calls.call("XDEL", self.deployment.keys[partition].log, str(position))

    async def accept(self, partition: int) -> None:
        calls, keys, id_ = self.deployment.calls, self.deployment.keys, self.deployment.integrity.id
        (seen,) = await log_integrity.inspect(calls, keys, id_, [partition])
        assert await log_integrity.accept(calls, keys, id_, seen)

    async def upgrade(self, format_: int) -> None:
        await self.deployment.calls.call("HSET", DEPLOYMENT, "format", format_)
        await self.deployment.record.read()

    async def _put(self, partition: int, entry: Entry) -> None:
        keys = self.deployment.keys[partition]
        await self.deployment.calls.call("XADD", keys.log, str(entry.position), "e", entry.e, "c", entry.c)
        await self.deployment.calls.call("SPUBLISH", keys.log_channel, "")


@contextmanager
def serving(kind: str) -> Iterator[str | None]:
    """URL of a server of this kind; None where none is needed."""
    if kind == MEMORY:
        yield None
    elif kind == CLUSTER:
        with cluster() as there:
            yield there.url
    elif kind == SENTINEL:
        with sentinels() as there:
            yield there.url
    elif kind == CLUSTER_OF_ONE:
        # In a cluster, a script that touches a key it did not declare, or keys of two slots, is refused.
        # Its bus listens on TCP whatever the socket; the port that it would take by itself is the same for all.
        bus = ("--cluster-port", str(free_port()), "--bind", "127.0.0.1")
        with started(engines()["embedded"], "--cluster-enabled", "yes", *bus) as url:
            _take_all_slots(url)
            yield url
    else:
        with started(engines()[kind]) as url:
            yield url


def _take_all_slots(url: str) -> None:
    with client(url) as node:
        node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        # It does not tell when it has taken them over; it takes about two seconds.
        while node.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
            time.sleep(0.01)


async def emptied(deployment: Deployment) -> None:
    """Empty the server under an open deployment, and have it look as it did when it was opened."""
    await deployment.writing.flushall()
    for keys in deployment.keys:
        await deployment.calls.call("SET", keys.deployment, deployment.integrity.id)


async def empty(url: str) -> str:
    """The URL, with nothing left on any of the servers there."""
    async with find_servers(url) as topology:
        for server in topology.primaries():
            await server.writing.flushall()
    return url


@asynccontextmanager
async def opened(url: str | None) -> AsyncIterator[Place]:
    """An empty log there, with its wakes running."""
    if url is None:
        yield MemoryPlace()
        return
    await empty(url)
    opening = open_deployment(url, partitions=PARTITIONS, formats=FORMATS, new_format=1)
    async with opening as deployment, anyio.create_task_group() as tasks:
        await tasks.start(deployment.pubsub.run)
        yield RedisPlace(deployment)
        tasks.cancel_scope.cancel()


def event(head: str = "c:1", *, c: bytes = b"", note: str = "", mark: str | None = None) -> NewEvent:
    """An event that advances this head."""
    return NewEvent(head=head, e=b'{"v":1,"type":"said","head":"%s"' % head.encode(), c=c, note=note, mark=mark)


async def append(log: Log, *events: NewEvent, thread: str = THREAD, **rest: Any) -> Outcome:
    """Append as a caller does who has just loaded, expecting nothing unless told to."""
    if "now" not in rest:
        rest["now"] = (await look(log, thread=thread)).now
    rest.setdefault("expected", {})
    return await log.append(Append(site=SITE, thread=thread, events=events, **rest))


async def write(log: Log, *events: NewEvent, thread: str = THREAD, **rest: Any) -> tuple[Position, ...]:
    """Append what nothing speaks against: the positions."""
    outcome = await append(log, *events, thread=thread, **rest)
    assert isinstance(outcome, Appended), outcome
    return outcome.positions


async def look(log: Log, *wanted: HeadWanted, thread: str = THREAD, key: str | None = None) -> LoadResult:
    """Load what is wanted of a thread."""
    return await log.load(Load(site=SITE, thread=thread, heads=wanted, key=key))


async def head(log: Log, field: str, thread: str = THREAD) -> Head:
    """One head of a thread."""
    return (await look(log, HeadWanted(field, events=False), thread=thread)).heads[field]


def thread_in(partition: int, *, skip: int = 0) -> str:
    """A thread that lives in this partition."""
    names = (f"t{number}" for number in range(1000))
    there = [name for name in names if partition_of(SITE, name, PARTITIONS) == partition]
    return there[skip]


def facts(entry: Entry) -> dict[str, Any]:
    """The JSON object of an entry."""
    found: dict[str, Any] = json.loads(entry.e)
    return found


def positions(entries: list[Entry]) -> list[Position]:
    return [entry.position for entry in entries]


def keys() -> Keys:
    return Keys(PARTITIONS)
