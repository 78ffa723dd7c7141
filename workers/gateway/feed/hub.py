"""Everybody who follows a thread through this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Final, Protocol, Self

import anyio
from anyio.abc import TaskGroup
from starlette.types import Send

from core.log.port import Log
from core.partitions import partition_of
from core.position import Position
from core.redis.wakes import Wake
from projections.feedlog import FeedLog
from projections.queries import ThreadHead
from workers import metrics
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel, Seat
from workers.gateway.feed.follower import Follower, FrameRows
from workers.gateway.feed.resuming import Resuming
from workers.gateway.feed.teller import Teller

HEARTBEAT: Final = 15.0
"""Seconds of silence before which a comment line keeps proxies awake."""


class HubViews(FrameRows, Protocol):
    """What the hub reads of the views."""

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The thread as a whole."""


class Hub:
    """Runs a follower for every partition that has a reader, and seats clients."""

    def __init__(
        self,
        *,
        log: Log,
        views: HubViews,
        feed: FeedLog,
        bell: Callable[[int], AbstractContextManager[Wake]],
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._log = log
        self._views = views
        self._feed = feed
        self._bell = bell
        self._resuming = Resuming(log, views, feed)
        self._followers: dict[int, tuple[Follower, anyio.CancelScope]] = {}
        self._heartbeat = heartbeat
        self._tasks: TaskGroup | None = None
        self._teller: Teller | None = None
        self.draining = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Keep the followers for as long as the context lasts; leaving it ends every stream."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            self._teller = Teller(tasks)
            tasks.start_soon(self._teller.beat, self._channels, self._heartbeat)
            try:
                yield self
            finally:
                self.drain()
                tasks.cancel_scope.cancel()

    def drain(self) -> None:
        """End every stream politely: each client gets what is ready, then the end of its answer."""
        self.draining = True
        for channel in self._channels():
            channel.ring.close()

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The thread as a whole, None where there is none."""
        return await self._views.head(site, thread)

    async def seat(self, site: str, thread: str, after: Position | None, *, doubtful: bool = False) -> Seat:
        """A client's place from `after` on (None: from now), until it leaves.

        `doubtful` says that its position cannot be trusted.
        """
        follower = self._follower(partition_of(site, thread, self._log.partitions))
        channel = follower.channels.get((site, thread))
        if channel is None:
            channel = follower.channels[site, thread] = Channel(self._running().tell)
        channel.clients += 1
        metrics.FEED_CLIENTS.inc()
        try:
            await follower.ready.wait()
            async with follower.lock:
                cursor, upto = channel.ring.end, follower.at
            return await self._seated(channel, cursor, upto, (site, thread), after, doubtful=doubtful)
        except BaseException:
            self._left(site, thread, channel)
            raise

    async def attend(self, seat: Seat, send: Send) -> None:
        """Send a client what it lacks; from then on it is told whatever comes, until it leaves."""
        await self._running().attend(seat, send)

    def leave(self, site: str, thread: str, seat: Seat) -> None:
        """A client has gone from its place in this thread."""
        seat.over = True
        seat.channel.seats.pop(seat, None)
        self._left(site, thread, seat.channel)

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

    def _left(self, site: str, thread: str, channel: Channel) -> None:
        metrics.FEED_CLIENTS.dec()
        channel.clients -= 1
        if channel.clients:
            return
        partition = partition_of(site, thread, self._log.partitions)
        follower, scope = self._followers[partition]
        del follower.channels[site, thread]
        if not follower.channels:
            del self._followers[partition]
            scope.cancel()

    def _channels(self) -> list[Channel]:
        return [channel for follower, _ in self._followers.values() for channel in follower.channels.values()]

    def _running(self) -> Teller:
        if self._teller is None:
            raise RuntimeError("the hub is not running")
        return self._teller


async def _run(follower: Follower, scope: anyio.CancelScope) -> None:
    with scope:
        await follower.run()
