"""Everybody who follows a thread through this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Final, Protocol, Self

import anyio
from anyio.abc import TaskGroup

from core.log.port import Entry
from core.partitions import partition_of
from core.position import Position
from core.redis.wakes import Wake
from projections.feedlog import FeedLog
from projections.queries import ThreadHead
from workers import metrics
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel
from workers.gateway.feed.follower import Follower, FrameRows
from workers.gateway.feed.frames import Rows
from workers.gateway.feed.ring import Frame

VOTES_BEFORE_MS: Final = 2000
"""A resume repeats the votes that changed so long before its position: they may have been held back then."""
_ROWS: Final = 200


class HubViews(FrameRows, Protocol):
    """What the hub reads of the views."""

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The thread as a whole."""


class HubLog(Protocol):
    """What the hub reads of the log."""

    @property
    def partitions(self) -> int:
        """How many partitions there are."""

    async def entry(self, partition: int, position: Position) -> Entry | None:
        """The entry at exactly this position."""


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
        return self._after is not None and frame.position is not None and frame.position <= self._after


class Hub:
    """Runs a follower for every partition that has a reader, and seats clients."""

    def __init__(
        self, *, log: HubLog, views: HubViews, feed: FeedLog, bell: Callable[[int], AbstractContextManager[Wake]]
    ) -> None:
        self._log = log
        self._views = views
        self._feed = feed
        self._bell = bell
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
            backlog = await self._backlog(follower.partition, site, thread, after, upto, doubtful=doubtful)
            yield Seat(channel, cursor, after, backlog)
        finally:
            metrics.FEED_CLIENTS.dec()
            channel.clients -= 1
            self._leave(follower, (site, thread), channel)

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

    async def _backlog(
        self,
        partition: int,
        site: str,
        thread: str,
        after: Position | None,
        upto: Position,
        *,
        doubtful: bool,
    ) -> list[Frame]:
        head = await self._views.head(site, thread)
        if head is None or (after is None and not doubtful):
            return []
        told = None
        if after is not None and (after == head.position or await self._log.entry(partition, after) is not None):
            if after >= head.position:
                return await self._votes_before(partition, site, thread, after)
            if not await self._too_old(partition, after):
                told = await self._replay(partition, site, thread, after, upto)
        # Looked at again, so that what was trimmed while it was read counts.
        if after is None or told is None or await self._too_old(partition, after):
            metrics.FEED_RESETS.labels("position").inc()
            return [frames.reset(max(head.position, upto))]
        return told

    async def _too_old(self, partition: int, after: Position) -> bool:
        return (await self._feed.ends(partition)).trimmed > after

    async def _replay(self, partition: int, site: str, thread: str, after: Position, upto: Position) -> list[Frame]:
        told: list[Frame] = []
        votes = await self._voted_before(partition, site, thread, after)
        at = after
        while at < upto and (read := await self._feed.after(partition, at, upto=upto)):
            at = read[-1].position
            entries = [entry for entry in read if (entry.site, entry.thread) == (site, thread)]
            votes |= frames.voted(entries)
            now = await self._rows(site, thread, frames.comments(entries))
            if now is not None:
                told += [frame for entry in entries for frame in frames.of_entry(entry, now)]
        last = max([after, *votes.values(), *(frame.position for frame in told if frame.position is not None)])
        return told + await self._votes(site, thread, list(votes), last)

    async def _votes_before(self, partition: int, site: str, thread: str, after: Position) -> list[Frame]:
        votes = await self._voted_before(partition, site, thread, after)
        return await self._votes(site, thread, list(votes), after)

    async def _voted_before(self, partition: int, site: str, thread: str, after: Position) -> dict[str, Position]:
        start = Position(max(0, after.ms - VOTES_BEFORE_MS), 0)
        votes: dict[str, Position] = {}
        while read := await self._feed.after(partition, start, upto=after):
            start = read[-1].position
            votes |= frames.voted([entry for entry in read if (entry.site, entry.thread) == (site, thread)])
        return votes

    async def _votes(self, site: str, thread: str, comments: list[str], position: Position) -> list[Frame]:
        if not comments:
            return []
        now = await self._rows(site, thread, comments)
        if now is None:
            return []
        told = (frames.of_votes(comment, position, now, always=True) for comment in comments)
        return [frame for frame in told if frame is not None]

    async def _rows(self, site: str, thread: str, comments: list[str]) -> Rows | None:
        head: ThreadHead | None = None
        rows: dict[str, bytes] = {}
        for start in range(0, max(1, len(comments)), _ROWS):
            head, some = await self._views.frame_rows(site, thread, comments[start : start + _ROWS])
            rows |= some
        return None if head is None else Rows(head, rows)


async def _run(follower: Follower, scope: anyio.CancelScope) -> None:
    with scope:
        await follower.run()
