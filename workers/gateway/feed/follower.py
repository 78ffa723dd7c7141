"""Follows the feed of one partition, for all threads of the partition that have clients here."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final, NamedTuple

import anyio
import structlog

from core.concurrency import gathered
from core.error_summary import fault
from core.log.port import LogDiverged
from core.position import START, Position
from core.redis.pubsub import Subscription
from core.refusals import Unavailable
from projections.read.comments import frame_rows
from projections.read.feed import Exchanged, FeedEntry, FeedLog, FeedMark, Named, named
from projections.read.served_generation import Served
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel
from workers.gateway.feed.frames import Rows
from workers.gateway.feed.unopened import Unopened
from workers.runtime import metrics

BATCH: Final = 500

_log = structlog.get_logger(__name__)


class _RowsAhead(NamedTuple):
    """Rows read before it is known which rows are needed."""

    comments: frozenset[str]
    """The comments that were requested."""
    now: Rows

    def serves(self, comments: list[str], position: Position) -> bool:
        """True if the rows of these comments were read, in the state of this position or newer."""
        return self.comments.issuperset(comments) and self.now.head.position >= position


_Foreseen = dict[tuple[str, str], _RowsAhead]


class Follower:
    """Reads new feed entries, makes frames of them, and appends the frames to the rings of their threads."""

    def __init__(
        self,
        partition: int,
        feed: FeedLog,
        served: Served,
        subscription: AbstractContextManager[Subscription],
        grown: Callable[[Channel], object],
    ) -> None:
        """`grown` is called with a channel whenever the ring of the channel has something to send."""
        self.partition = partition
        self.channels: dict[tuple[str, str], Channel] = {}
        self.unopened = Unopened(Channel(grown))
        """Clients of threads without a channel, because the threads are not opened yet."""
        self.ready = anyio.Event()
        """Set once `at` is known."""
        self.lock = anyio.Lock(fast_acquire=True)
        """Held while entries go into the rings. For the holder of the lock, `at` and the rings agree."""
        self._feed = feed
        self._served = served
        self._subscription = subscription
        self._grown = grown
        self._mark: FeedMark | None = None

    @property
    def at(self) -> Position:
        """Position of the newest feed entry in the rings."""
        return START if self._mark is None else self._mark.position

    @property
    def idle(self) -> bool:
        """True if no client follows a thread of this partition."""
        return not self.channels and not self.unopened

    def channel(self, name: tuple[str, str]) -> Channel:
        """Return the channel of a thread. Creates a missing channel."""
        if name not in self.channels:
            self.channels[name] = Channel(self._grown)
        return self.channels[name]

    def all_channels(self) -> list[Channel]:
        """Return the channel of every thread, and that of the unopened threads."""
        return [*self.channels.values(), self.unopened.channel]

    async def run(self) -> None:
        """Follow until cancelled. An unreachable server is retried for ever; clients wait meanwhile.

        Clients also wait while the feed is unreadable. The feeds of all other partitions go on.
        """
        logged: str | None = None
        with self._subscription as subscription:
            while True:
                try:
                    await self._advance(subscription)
                    logged = None
                except Unavailable:
                    # The retry that gave up counted and logged it. Entries missed now are read next time.
                    _log.warning("feed_not_read", partition=self.partition, position=str(self.at))
                except Exception as error:  # noqa: BLE001 - an unreadable feed must not end the others
                    why = fault(error)
                    where = error if why != logged else None  # once is enough: it recurs every few seconds
                    logged = why
                    _log.error(
                        "feed_refused", partition=self.partition, position=str(self.at), fault=why, exc_info=where
                    )
                await subscription.wait(self._patience(subscription))

    async def _advance(self, subscription: Subscription) -> None:
        async with self.lock:
            await self._catch_up(named(subscription.payloads()))
            await self._send_held()

    async def _catch_up(self, said: Named) -> None:
        mark = self._mark
        if mark is None:
            mark = self._mark = await self._feed.end(self.partition)
            self.ready.set()
        try:
            while True:
                entries, mark, foreseen = await self._read(mark, said)
                await self._publish(entries, foreseen)
                self._mark = mark
                if len(entries) < BATCH:
                    return  # later entries have notified the subscription
                said = {}
        except LogDiverged:
            # Entries that were read are gone, or unread entries were trimmed: no client here can be sure to have
            # seen everything.
            await self._reset("lost")
        except Exchanged:
            # The frames sent were made from views that are no longer served.
            await self._reset("exchanged")

    async def _read(self, mark: FeedMark, said: Named) -> tuple[list[FeedEntry], FeedMark, _Foreseen]:
        """Read the entries beyond a mark, and concurrently the rows named by the notifications.

        A server that is writing to disk replies to no command meanwhile: two concurrent reads take half as long as
        two sequential reads.
        """
        foreseen: _Foreseen = {}

        async def foresee(name: tuple[str, str]) -> None:
            comments = said[name]
            if (now := await self._rows(*name, list(comments))) is not None:
                foreseen[name] = _RowsAhead(frozenset(comments), now)

        asks: list[Callable[[], Awaitable[Any]]] = [partial(self._feed.beyond, self.partition, mark, limit=BATCH)]
        asks += [partial(foresee, name) for name in said if name in self.channels]
        (entries, mark), *_ = await gathered(asks)
        return entries, mark, foreseen

    async def _publish(self, entries: list[FeedEntry], foreseen: _Foreseen) -> None:
        threads: defaultdict[tuple[str, str], list[FeedEntry]] = defaultdict(list)
        for entry in entries:
            name = entry.site, entry.thread
            if name in self.channels or name in self.unopened:
                threads[entry.site, entry.thread].append(entry)
        for (site, thread), of_thread in threads.items():
            comments = frames.comments(of_thread)
            ahead = foreseen.get((site, thread))
            if ahead is not None and ahead.serves(comments, of_thread[-1].position):
                now: Rows | None = ahead.now
            else:
                now = await self._rows(site, thread, comments)
            if now is not None and (channel := self._concerned((site, thread))) is not None:
                _put(channel, of_thread, now)

    def _concerned(self, name: tuple[str, str]) -> Channel | None:
        """Return the channel of a thread with entries, which is thus opened. None if no client follows the thread."""
        if name in self.unopened:
            self.unopened.move(name, self.channel(name))
        return self.channels.get(name)

    async def _send_held(self) -> None:
        for (site, thread), channel in list(self.channels.items()):
            clock = time.monotonic()
            due = channel.due_votes(clock)
            if due and (now := await self._rows(site, thread, due)) is not None:
                position = channel.newest or self.at
                found = (frames.of_votes(comment, position, now, always=True) for comment in due)
                channel.ring.append([frame for frame in found if frame is not None])
            channel.record_sent(due, clock)

    async def _rows(self, site: str, thread: str, comments: list[str]) -> Rows | None:
        head, rows = await frame_rows(self._served, site, thread, comments)
        return None if head is None else Rows(head, rows)

    def _patience(self, subscription: Subscription) -> float:
        dues = [channel.due for channel in self.channels.values() if channel.due is not None]
        return min([subscription.patience, *(max(0.0, due - time.monotonic()) for due in dues)])

    async def _reset(self, cause: str) -> None:
        """Send all clients of this partition a reset, and continue from the end of the feed."""
        mark = await self._feed.end(self.partition)
        last = mark.position
        metrics.FEED_RESETS.labels(cause).inc(sum(channel.clients for channel in self.all_channels()))
        _log.warning("feed_reset", partition=self.partition, position=str(self.at), last=str(last), cause=cause)
        for channel in self.all_channels():
            channel.ring.append([frames.reset(last)])
            channel.newest = last  # it may be before frames already sent; entries after it are new all the same
        self._mark = mark


def _put(channel: Channel, entries: list[FeedEntry], now: Rows) -> None:
    clock = time.monotonic()
    made = []
    for entry in entries:
        if channel.newest is not None and entry.position <= channel.newest:
            continue  # sent before a failure made the follower read its batch again
        made += frames.of_entry(entry, now)
        for kind, comment in entry.kinds:
            if kind == frames.VOTES and comment is not None and channel.may_send(comment, clock):
                frame = frames.of_votes(comment, entry.position, now, always=False)
                made += [] if frame is None else [frame]
    for frame in made:
        channel.newest = frame.position or channel.newest
    channel.ring.append(made)
