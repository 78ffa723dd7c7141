"""The views of a log, on a real server, written by the fold and the commit that write them in production."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from core.application.transact import transact
from core.caller import Caller
from core.domain.handler import Command
from core.events.envelope import decode
from core.log.port import Log
from core.position import Position
from core.redis.deployment import Deployment, open_deployment
from projections.read.past_comments import answer_at
from projections.read.queries import PageAnswer, PastQuery
from projections.read.served_generation import Served
from projections.views.projection import Projection
from projections.views.store import Done, Store
from projections.views.stored_thread import load_thread
from projections.views.viewer import Viewer
from tests.support.discussions import SITE, THREADS
from tests.support.servers import client
from workers.coordination.leases import Leases

MANY: Final = 1000
"""Items beyond which a list does not end."""


async def whole(kind: str, ask: Callable[[str | None], Awaitable[PageAnswer]]) -> list[Any]:
    """All items of a list, page by page. `ask` reads the page at a cursor, `kind` is the field with the items."""
    found: list[Any] = []
    cursor = None
    while True:
        part = msgspec.json.decode((await ask(cursor)).body)
        found += part[kind]
        cursor = part["next"]
        if cursor is None:
            return found
        assert len(found) < MANY, "the list does not end"


class Stage:
    """A log and its views, which follow when they are told to."""

    def __init__(self, deployment: Deployment, log: Log) -> None:
        self.deployment = deployment
        self.log = log
        self.served = Served(deployment)
        self.store = Store(deployment.calls, deployment.reads, deployment.keys)
        self._leases = Leases(deployment.calls, deployment.keys, "test")
        self._nonces: dict[int, str] = {}

    async def do(self, caller: Caller, *commands: Command, thread: str = THREADS[0]) -> Position:
        """Carry commands out, let the views see them, and return the position of the last."""
        for command in commands:
            result = await transact(self.log, command, site=SITE, thread=thread, caller=caller)
        await self.catch_up()
        return result.position

    async def catch_up(self) -> None:
        """Take everything that is in the log into the views."""
        for partition in self.deployment.keys:
            await self._catch_up(partition.number)

    async def _catch_up(self, partition: int) -> None:
        keys = self.deployment.keys[partition]
        if partition not in self._nonces:
            nonce = await self._leases.take(partition)
            assert nonce is not None
            self._nonces[partition] = nonce
        cursor = await self.store.cursor(partition)
        projection = Projection(keys, self.store.generation, cursor)
        for entry in await self.log.read(partition, cursor, limit=1_000_000):
            recorded = decode(*entry)
            if projection.misses(recorded):
                site, thread = recorded.envelope.site, recorded.envelope.thread
                state = await load_thread(self.deployment.reads, keys, self.store.generation, site, thread)
                projection.hold(state)
            projection.apply(recorded)
            if projection.full:
                await self._commit(partition, projection)
        await self._commit(partition, projection)

    async def _commit(self, partition: int, projection: Projection) -> None:
        commit = projection.take()
        if commit is not None:
            assert await self.store.commit(partition, self._nonces[partition], commit) == Done()


async def page_at(
    served: Served, log: Log, site: str, thread: str, at: Position | int, query: PastQuery, viewer: Viewer
) -> PageAnswer:
    """What a query about the past of a thread is answered with."""
    return (await answer_at(served, log, site, thread, at, query, viewer)).answer


@asynccontextmanager
async def stage(url: str, log: Log) -> AsyncIterator[Stage]:
    """A stage for this log on a server that is emptied first; its views have taken in what the log has."""
    with client(url) as connection:
        connection.flushall()
    async with open_deployment(url, partitions=log.partitions) as deployment:
        made = Stage(deployment, log)
        await made.catch_up()
        yield made


def ids(rows: list[dict[str, Any]]) -> list[Any]:
    """The ids of rows, each with those of its answers where there are any."""
    return [[row["id"], ids(row["replies"]["comments"])] if row["replies"]["comments"] else row["id"] for row in rows]
