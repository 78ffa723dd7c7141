"""One followed thread: its ring, its clients, and the votes held back until their second has passed."""

from collections.abc import Callable
from functools import partial
from typing import Final, Self

from starlette.types import Message, Send

from core.position import Position
from workers.gateway.feed import frames
from workers.gateway.feed.ring import Frame, Ring
from workers.runtime import metrics

VOTES_EVERY: Final = 1.0
"""Minimum seconds between two `votes.changed` frames of one comment."""


class Channel:
    """State shared by the clients of one thread. Times are seconds of any monotonic clock."""

    def __init__(self, grown: Callable[[Self], object]) -> None:
        """`grown` is called whenever the ring has something to send."""
        self.ring = Ring(partial(grown, self))
        self.clients = 0
        """Number of clients that have joined or are about to join."""
        self.live: dict[FeedClient, None] = {}
        """Clients that are sent new frames, in the order in which they joined."""
        self.sending = False
        """Set while a task sends them new frames."""
        self.newest: Position | None = None
        """Position of the newest frame sent. A votes frame that was held back gets it as id."""
        self._sent: dict[str, float] = {}
        self._held: dict[str, float] = {}

    @property
    def due(self) -> float | None:
        """Time at which the next held votes are due. None if no votes are held."""
        return min(self._held.values(), default=None)

    def may_send(self, comment: str, now: float) -> bool:
        """True if this comment's votes may be sent at once. Otherwise holds them until a second has passed."""
        sent = self._sent.get(comment)
        if comment in self._held:
            return False
        if sent is not None and now - sent < VOTES_EVERY:
            self._held[comment] = sent + VOTES_EVERY
            return False
        self._sent[comment] = now
        return True

    def due_votes(self, now: float) -> list[str]:
        """Return the comments whose held votes are due."""
        return [comment for comment, due in self._held.items() if due <= now]

    def record_sent(self, comments: list[str], now: float) -> None:
        """Record that the held votes of these comments were sent now."""
        for comment in comments:
            del self._held[comment]
        # Votes sent long ago hold nothing back: their entries would only accumulate.
        self._sent = {comment: at for comment, at in self._sent.items() if now - at < VOTES_EVERY}
        self._sent.update(dict.fromkeys(comments, now))


class FeedClient:
    """A client: the frames to send before it is live, and its cursor into the ring.

    There are very many clients: each is small, and no task runs for a client that has been sent everything.
    """

    __slots__ = ("_after", "_backlog", "_cursor", "channel", "late", "over", "send", "sent_at")

    send: Send
    """ASGI `send` of the client's response. Set by `Sender.join`."""
    sent_at: float
    """Time of the last message to the client, in seconds of a monotonic clock."""

    def __init__(self, channel: Channel, cursor: int, after: Position | None, backlog: list[Frame]) -> None:
        self.channel = channel
        self.late = False
        """Set while the client has not taken the last message."""
        self.over = False
        """Set once nothing more is sent to the client: it left, or was sent the end of the stream."""
        self._backlog: list[Frame] | None = backlog or None
        self._cursor = cursor
        self._after = after

    def take(self) -> list[bytes]:
        """Return the frames to send now, if any. A client that fell behind the ring gets a reset."""
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
        """Continue at the end of another channel, after the frames of this channel that were not taken yet."""
        left = self.channel.ring.since(self._cursor)
        self._backlog = [*(self._backlog or []), *([self._behind()] if left is None else left)] or None
        if self.channel.live.pop(self, self) is None:
            channel.live[self] = None
        self.channel.clients -= 1
        channel.clients += 1
        self.channel, self._cursor = channel, channel.ring.end

    def reset(self, position: Position) -> None:
        """Send the client a reset, and continue at the end of the ring.

        `position` is the id of the reset unless the ring has a newer frame.
        """
        if self.channel.ring.end != self._cursor and self.channel.newest is not None:
            position = self.channel.newest
        self._cursor = self.channel.ring.end
        self._backlog = [frames.reset(position)]

    def message(self) -> Message | None:
        """Return the ASGI message to send now, or None. The last message ends the response."""
        if self.over:
            return None
        data = self.take()
        self.over = self.channel.ring.closed
        if not data and not self.over:
            return None
        metrics.FEED_DELIVERIES.inc(len(data))
        return {"type": "http.response.body", "body": b"".join(data), "more_body": not self.over}

    def _behind(self) -> Frame:
        """Return the reset for a client that fell behind the ring."""
        metrics.FEED_RESETS.labels("behind").inc()
        # A frame was dropped, so a frame was sent before.
        assert self.channel.newest is not None
        return frames.reset(self.channel.newest)

    def _seen(self, frame: Frame) -> bool:
        if frame.resets:
            self._after = None
        return self._after is not None and frame.position is not None and frame.position <= self._after
