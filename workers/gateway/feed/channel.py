"""One thread that somebody follows: its ring, its clients, and the votes that wait for their second to pass."""

from collections.abc import Callable
from functools import partial
from typing import Final, Self

from starlette.types import Message, Send

from core.position import Position
from workers.gateway.feed import frames
from workers.gateway.feed.ring import Frame, Ring
from workers.runtime import metrics

VOTES_EVERY: Final = 1.0
"""Seconds between two `votes.changed` of one comment."""


class Channel:
    """What the clients of one thread share. Times are seconds of any steady clock."""

    def __init__(self, grown: Callable[[Self], object]) -> None:
        """`grown` is called whenever there is something to tell."""
        self.ring = Ring(partial(grown, self))
        self.clients = 0
        """Those who are seated, or are about to be."""
        self.seats: dict[FeedClient, None] = {}
        """Those who are told what comes, in the order in which they came."""
        self.telling = False
        """Whether they are being told."""
        self.newest: Position | None = None
        """Position of the newest frame sent: the id of a votes frame that was held back."""
        self._told: dict[str, float] = {}
        self._held: dict[str, float] = {}

    @property
    def due(self) -> float | None:
        """When the next held votes are to be told."""
        return min(self._held.values(), default=None)

    def may_tell(self, comment: str, now: float) -> bool:
        """Whether this comment's votes may be told at once; if not they are held until a second has passed."""
        told = self._told.get(comment)
        if comment in self._held:
            return False
        if told is not None and now - told < VOTES_EVERY:
            self._held[comment] = told + VOTES_EVERY
            return False
        self._told[comment] = now
        return True

    def ripe(self, now: float) -> list[str]:
        """The comments whose held votes are due."""
        return [comment for comment, due in self._held.items() if due <= now]

    def told(self, comments: list[str], now: float) -> None:
        """These were told now."""
        for comment in comments:
            del self._held[comment]
        # A comment told long ago may be told at once: remembering it would only grow.
        self._told = {comment: at for comment, at in self._told.items() if now - at < VOTES_EVERY}
        self._told.update(dict.fromkeys(comments, now))


class FeedClient:
    """The frames that a client has to be sent before it is live, and its cursor into the ring.

    There are very many: each is small, and nothing runs for it while it has been told everything.
    """

    __slots__ = ("_after", "_backlog", "_cursor", "channel", "late", "over", "send", "told_at")

    send: Send
    """Where it is told, once it is attended to."""
    told_at: float
    """When it was last told anything, in seconds of a steady clock."""

    def __init__(self, channel: Channel, cursor: int, after: Position | None, backlog: list[Frame]) -> None:
        self.channel = channel
        self.late = False
        """Whether it has yet to take what it was told last."""
        self.over = False
        """Whether there is nothing more to tell it: it left, or was told the end."""
        self._backlog: list[Frame] | None = backlog or None
        self._cursor = cursor
        self._after = after

    def take(self) -> list[bytes]:
        """What is to be sent now, if anything. A client that fell behind the ring is told to read the page again."""
        ring = self.channel.ring
        found = ring.since(self._cursor)
        self._cursor = ring.end
        if found is None:
            found = [self._behind()]
        if self._backlog is not None:
            found, self._backlog = [*self._backlog, *found], None
        if self._after is None:
            return [frame.data for frame in found]
        return [frame.data for frame in found if not self._seen(frame)]

    def move(self, channel: Channel) -> None:
        """Go on at the end of another channel, after the frames of this one that were not taken yet."""
        left = self.channel.ring.since(self._cursor)
        self._backlog = [*(self._backlog or []), *([self._behind()] if left is None else left)] or None
        if self.channel.seats.pop(self, self) is None:
            channel.seats[self] = None
        self.channel.clients -= 1
        channel.clients += 1
        self.channel, self._cursor = channel, channel.ring.end

    def reset(self, position: Position) -> None:
        """Let the client read the page again, and go on at the end of the ring.

        `position` is the id of the reset unless the ring has something newer.
        """
        if self.channel.ring.end != self._cursor and self.channel.newest is not None:
            position = self.channel.newest
        self._cursor = self.channel.ring.end
        self._backlog = [frames.reset(position)]

    def message(self) -> Message | None:
        """What is to be sent now, as ASGI says it; None where that is nothing. At the end the last one says so."""
        if self.over:
            return None
        told = self.take()
        self.over = self.channel.ring.closed
        if not told and not self.over:
            return None
        metrics.FEED_DELIVERIES.inc(len(told))
        return {"type": "http.response.body", "body": b"".join(told), "more_body": not self.over}

    def _behind(self) -> Frame:
        """The reset for a client that fell behind the ring."""
        metrics.FEED_RESETS.labels("behind").inc()
        # Something was dropped, so something was told.
        assert self.channel.newest is not None
        return frames.reset(self.channel.newest)

    def _seen(self, frame: Frame) -> bool:
        if frame.resets:
            self._after = None
        return self._after is not None and frame.position is not None and frame.position <= self._after
