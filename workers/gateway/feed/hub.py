"""Everybody who follows a thread through this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Protocol, Self

import anyio
from anyio.abc import TaskGroup

from core.log.port import Log
from core.partitions import partition_of
from core.position import Position
from core.redis.wakes import Wake
from projections.feedlog import FeedLog
from projections.queries import ThreadHead
from workers import metrics
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel
from workers.gateway.feed.follower import Follower, FrameRows
from workers.gateway.feed.resuming import Resuming
from workers.gateway.feed.ring import Frame


class HubViews(FrameRows, Protocol):
    """What the hub reads of the views."""

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The thread as a whole."""


class Seat:
    """One client: the frames it has still to be sent before it is live, and its cursor into the ring."""

    def __init__(self, channel: Channel, cursor: int, after: Position | None, backlog: list[Frame]) -> None:
        self.ring = channel.ring
        self._backlog = backlog
        self._cursor = cursor
        self._after = after
        self._channel = channel

    def take(self) -> list[bytes]:
        """What is to be sent now, if anything. A client that fell behind the ring is told to read the page again."""
        found = self.ring.since(self._cursor)
        self._cursor = self.ring.end
        if found is None:
            metrics.FEED_RESETS.labels("behind").inc()
            # Something was dropped, so something was told.
            assert self._channel.newest is not None
            return [frames.reset(self._channel.newest).data]
        ready, self._backlog = [*self._backlog, *found], []
        return [frame.data for frame in ready if not self._seen(frame)]

    def _seen(self, frame: Frame) -> bool:
        if frame.resets:
            self._after = None
        return self._after is not None and frame.position is not None and frame.position <= self._after


class Hub:
    """Runs a follower for every partition that has a reader, and seats clients."""

    def __init__(
        self, *, log: Log, views: HubViews, feed: FeedLog, bell: Callable[[int], AbstractContextManager[Wake]]
    ) -> None:
        self._log = log
        self._views = views
        self._feed = feed
        self._bell = bell
        self._resuming = Resuming(log, views, feed)
        self._followers: dict[int, tuple[Follower, anyio.CancelScope]] = {}
        self._tasks: TaskGroup | None = None
        self.draining = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Keep the followers for as long as the context lasts; leaving it ends every stream."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield self
            finally:
                self.drain()
                tasks.cancel_scope.cancel()

    def drain(self) -> None:
        """End every stream politely: each client gets what is ready, then the end of its answer."""
        self.draining = True
        for follower, _ in self._followers.values():
            for channel in follower.channels.values():
                channel.ring.close()

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The thread as a whole, None where there is none."""
        return await self._views.head(site, thread)

    @asynccontextmanager
    async def seat(
        self, site: str, thread: str, after: Position | None, *, doubtful: bool = False
    ) -> AsyncIterator[Seat]:
        """A client's place from `after` on (None: from now). `doubtful` says that its position cannot be trusted."""
        follower = self._follower(partition_of(site, thread, self._log.partitions))
        channel = follower.channels.setdefault((site, thread), Channel())
        channel.clients += 1
        metrics.FEED_CLIENTS.inc()
        try:
            await follower.ready.wait()
            async with follower.lock:
                cursor, upto = channel.ring.end, follower.at
            yield await self._seated(channel, cursor, upto, (site, thread), after, doubtful=doubtful)
        finally:
            metrics.FEED_CLIENTS.dec()
            channel.clients -= 1
            self._leave(follower, (site, thread), channel)

    async def _seated(
        self,
        channel: Channel,
        cursor: int,
        upto: Position,
        place: tuple[str, str],
        after: Position | None,
        *,
        doubtful: bool,
    ) -> Seat:
        head = await self._views.head(*place)
        if head is None or (after is None and not doubtful):
            return Seat(channel, cursor, None, [])
        missed = None if after is None else await self._resuming.missed(*place, head, after, upto)
        if missed is None:
            metrics.FEED_RESETS.labels("position").inc()
            # What the client believed to have seen says nothing about what comes.
            return Seat(channel, cursor, None, [frames.reset(max(head.position, upto))])
        return Seat(channel, cursor, after, missed)

    def _follower(self, partition: int) -> Follower:
        found = self._followers.get(partition)
        if found is not None:
            return found[0]
        if self._tasks is None:
            raise RuntimeError("the hub is not running")
        follower = Follower(partition, self._feed, self._views, self._bell(partition))
        scope = anyio.CancelScope()
        self._followers[partition] = follower, scope
        self._tasks.start_soon(_run, follower, scope)
        return follower

    def _leave(self, follower: Follower, name: tuple[str, str], channel: Channel) -> None:
        if channel.clients:
            return
        del follower.channels[name]
        if not follower.channels:
            _, scope = self._followers.pop(follower.partition)
            scope.cancel()


async def _run(follower: Follower, scope: anyio.CancelScope) -> None:
    with scope:
        await follower.run()
