"""The answer that does not end: `text/event-stream` (WHATWG HTML, section 9.2), straight on ASGI."""

import random
from collections.abc import Iterable
from typing import Final

import anyio
from starlette.types import Receive, Send

from core.position import Position
from core.refusals import NotFound, Unavailable
from workers.gateway.feed.channel import Seat
from workers.gateway.feed.hub import Hub
from workers.gateway.refusals import BadRequest
from workers.gateway.reply import Header

PATIENCE: Final = 2.0
"""Seconds within which a client is seated, or told to come again."""
RETRY_MS: Final = (2000, 6000)
"""Where a client's wait before it reconnects is drawn from, so that not all come back at once."""

STREAM_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Start:
    """From where a client wants to follow: `after` is None for "from now"; `doubtful` asks for a reset."""

    __slots__ = ("after", "doubtful")

    def __init__(self, last_event_id: str | None, after: str | None) -> None:
        """`Last-Event-ID` wins over `?after=`, because EventSource repeats its old address.

        Raises BadRequest for an `after` that is no position. A bad `Last-Event-ID` is answered by a reset instead: a
        browser would take any problem for the end.
        """
        self.after: Position | None = None
        self.doubtful = False
        if last_event_id:
            try:
                self.after = Position.parse(last_event_id)
            except ValueError:
                self.doubtful = True
        elif after is not None:
            try:
                self.after = Position.parse(after)
            except ValueError:
                raise BadRequest.at("/after", "a position is <ms>-<n>") from None


class Feed:
    """Follows threads for clients."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def ended(self, site: str, thread: str) -> bool:
        """Whether the thread is archived, so that there is nothing to follow. Raises NotFound, Unavailable."""
        if self._hub.draining:
            raise Unavailable("this process is stopping")
        head = await self._hub.head(site, thread)
        if head is None:
            raise NotFound("there is no such thread")
        return head.status == "archived"

    async def seat(self, site: str, thread: str, start: Start) -> Seat:
        """A place for a client, to be followed from at once. Raises Unavailable."""
        with anyio.move_on_after(PATIENCE):
            return await self._hub.seat(site, thread, start.after, doubtful=start.doubtful)
        raise Unavailable("the feed cannot be read now")

    async def follow(
        self, site: str, thread: str, seat: Seat, headers: Iterable[Header], receive: Receive, send: Send
    ) -> None:
        """Answer 200 and follow until the client leaves or the process stops."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_HEADERS, *headers]})
            retry = b"retry: %d\n\n" % random.randint(*RETRY_MS)  # noqa: S311 - jitter, no secret
            await send({"type": "http.response.body", "body": retry, "more_body": True})
            await self._hub.attend(seat, send)
            # Others send from here on. A client that left is told of here, and so is the end of the answer.
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._hub.leave(site, thread, seat)
