"""The open feeds of this process: their clients, and one follower per partition that has clients."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Final, NamedTuple, Self

import anyio
from anyio.abc import TaskGroup
from starlette.types import Send

from core.log.port import Log
from core.partitions import partition_of
from core.position import Position
from core.redis.pubsub import Subscription
from core.refusals import NotFound
from projections.read import comments
from projections.read.feed import FeedLog
from projections.read.queries import ThreadSummary
from projections.read.served_generation import Served
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel, FeedClient
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.follower import Follower
from workers.gateway.feed.replays import Replays
from workers.gateway.feed.resume import Missed, Resume, Start
from workers.gateway.feed.ring import Frame
from workers.gateway.feed.sender import Sender
from workers.gateway.feed.unopened import Name
from workers.gateway.http.feed_retry import NotServedNow
from workers.runtime import metrics

HEARTBEAT: Final = 15.0
"""Longest silence in seconds. An earlier comment line keeps proxies from closing the connection."""


class ClientPlace(NamedTuple):
    """A client, and the replay that is sent before its live frames."""

    name: Name
    client: FeedClient
    missed: Missed | None = None


class Hub:
    """Runs a follower for every partition that has clients, and lets clients join."""

    def __init__(
        self,
        *,
        log: Log,
        served: Served,
        feed: FeedLog,
        subscription: Callable[[int], AbstractContextManager[Subscription]],
        heartbeat: float = HEARTBEAT,
        limits: FeedLimits | None = None,
    ) -> None:
        self.limits = limits or FeedLimits()
        self._log = log
        self._served = served
        self._feed = feed
        self._subscription = subscription
        self._resuming = Resume(log, served, feed, self.limits)
        self._replays = Replays(self._resuming, self.limits)
        self._followers: dict[int, tuple[Follower, anyio.CancelScope]] = {}
        self._heartbeat = heartbeat
        self._tasks: TaskGroup | None = None
        self._sender: Sender | None = None
        self._feeds = 0
        self._carried: list[Callable[[], Iterable[Channel]]] = []
        self.draining = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run the followers for as long as the context lasts. Leaving the context ends every stream."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            self._sender = Sender(tasks)
            tasks.start_soon(self._sender.beat, self._channels, self._heartbeat)
            try:
                yield self
            finally:
                self.drain()
                tasks.cancel_scope.cancel()

    def drain(self) -> None:
        """End every stream gracefully: each client gets the frames that are ready, then the end of its response."""
        self.draining = True
        for channel in self._channels():
            channel.ring.close()

    def carry(self, channels: Callable[[], Iterable[Channel]]) -> None:
        """Let channels of other feeds beat, and end when this process stops."""
        self._carried.append(channels)

    def start(self, task: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        """Start a task of other feeds, which lasts no longer than this hub runs."""
        if self._tasks is None:
            raise RuntimeError("the hub is not running")
        self._tasks.start_soon(task, *arguments)

    def deliver(self, channel: Channel) -> None:
        """Start sending the new frames of a channel to its clients."""
        self._running().deliver(channel)

    def enter(self) -> None:
        """Count a feed that is about to open. Raises NotServedNow if no further feed may be opened."""
        self.check_room()
        self._feeds += 1
        metrics.FEED_CLIENTS.inc()

    def exit(self) -> None:
        """Count a feed that was entered as closed."""
        metrics.FEED_CLIENTS.dec()
        self._feeds -= 1

    def check_room(self) -> None:
        """Raise NotServedNow if no further feed may be opened."""
        self.check_going_on()
        if self._feeds >= self.limits.feeds:
            raise NotServedNow("full")

    async def head(self, site: str, thread: str) -> ThreadSummary | None:
        """Return the head of a thread. None if it is not opened yet. Raises NotFound for a site that does not exist."""
        head = await comments.head(self._served, site, thread)
        if head is None and await self._log.thread_last(site, "") is None:
            raise NotFound("there is no such site")
        return head

    async def connect(self, site: str, thread: str, start: Start) -> ClientPlace:
        """Find a client's place in a thread, held until the client leaves. Raises NotServedNow, Unavailable."""
        self.enter()
        name = site, thread
        follower = self._follower(partition_of(site, thread, self._log.partitions))
        channel = follower.channel(name)
        channel.clients += 1
        try:
            await follower.ready.wait()
            async with follower.lock:
                cursor, upto = channel.ring.end, follower.at
            # Read after the cursor was taken: every entry that the head does not include comes through the ring.
            head = await comments.head(self._served, site, thread)
            missed, reset = await self._missed(name, head, start, upto)
            self.check_going_on()
            after = None if reset else start.after
            backlog = [reset] if reset else []
            if head is None and channel.ring.end == cursor:
                return self._unopened(follower, channel, name, after, backlog)
            return ClientPlace(name, FeedClient(channel, cursor, after, backlog), missed)
        except BaseException:
            self._left(follower, name, channel)
            raise

    async def replay(self, place: ClientPlace, send: Send) -> None:
        """Send a client the frames it missed before it joined, or schedule a reset for the client.

        Raises Unavailable.
        """
        missed = place.missed
        if missed is None or not missed:
            return
        cause = await self._replays.send(missed, send)
        if cause is not None:
            metrics.FEED_RESETS.labels(cause).inc()
            place.client.reset(max(missed.after, missed.upto))

    async def join(self, client: FeedClient, send: Send) -> None:
        """Send a client the frames it lacks. From then on it is sent all new frames, until it leaves."""
        await self._running().join(client, send)

    def leave(self, place: ClientPlace) -> None:
        """Release the place of a client that left."""
        name, client, _ = place
        client.over = True
        client.channel.live.pop(client, None)
        follower, _ = self._followers[partition_of(*name, self._log.partitions)]
        if client.channel is follower.unopened.channel:
            follower.unopened.remove(name, client)
        self._left(follower, name, client.channel)

    def check_going_on(self) -> None:
        """Raise NotServedNow if this process stops."""
        if self.draining:
            raise NotServedNow("draining")

    async def _missed(
        self, name: Name, head: ThreadSummary | None, start: Start, upto: Position
    ) -> tuple[Missed | None, Frame | None]:
        """Find the range that the client lacks, or the reset that it gets instead."""
        if start.after is None and not start.doubtful:
            return None, None
        missed = None
        if start.after is not None:
            if head is not None:
                missed = await self._resuming.missed(*name, head, start.after, upto, is_frame=start.is_frame)
            elif await self._resuming.is_recorded(*name, start.after):
                return None, None  # the thread is opened in the log, and soon in the views
        if missed is None:
            metrics.FEED_RESETS.labels("position").inc()
            # The client's own position says nothing about the frames to come.
            return None, frames.reset(upto if head is None else max(head.position, upto))
        return missed, None

    def _unopened(
        self, follower: Follower, channel: Channel, name: Name, after: Position | None, backlog: list[Frame]
    ) -> ClientPlace:
        """The place of a client on a thread that is not open yet. Raises NotServedNow for one thread too many."""
        unopened = follower.unopened
        if name not in unopened and sum(len(one.unopened) for one, _ in self._followers.values()) >= (
            self.limits.unopened
        ):
            raise NotServedNow("unopened")
        client = FeedClient(unopened.channel, unopened.channel.ring.end, after, backlog)
        unopened.add(name, client)
        unopened.channel.clients += 1
        channel.clients -= 1
        self._clear(follower, name)
        return ClientPlace(name, client)

    def _follower(self, partition: int) -> Follower:
        found = self._followers.get(partition)
        if found is not None:
            return found[0]
        if self._tasks is None:
            raise RuntimeError("the hub is not running")
        follower = Follower(partition, self._feed, self._served, self._subscription(partition), self._running().deliver)
        scope = anyio.CancelScope()
        self._followers[partition] = follower, scope
        self._tasks.start_soon(_run, follower, scope)
        return follower

    def _left(self, follower: Follower, name: Name, channel: Channel) -> None:
        self.exit()
        channel.clients -= 1
        self._clear(follower, name)

    def _clear(self, follower: Follower, name: Name) -> None:
        """Remove the channel of a thread, and the follower, if no client needs them."""
        if (channel := follower.channels.get(name)) is not None and not channel.clients:
            del follower.channels[name]
        if follower.idle:
            _, scope = self._followers.pop(follower.partition)
            scope.cancel()

    def _channels(self) -> list[Channel]:
        own = [channel for follower, _ in self._followers.values() for channel in follower.all_channels()]
        return [*own, *(channel for channels in self._carried for channel in channels())]

    def _running(self) -> Sender:
        if self._sender is None:
            raise RuntimeError("the hub is not running")
        return self._sender


async def _run(follower: Follower, scope: anyio.CancelScope) -> None:
    with scope:
        await follower.run()
