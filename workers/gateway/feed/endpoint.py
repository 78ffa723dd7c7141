"""The answer that does not end: `text/event-stream` (WHATWG HTML, section 9.2), straight on ASGI."""

import random
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Final

import anyio
from starlette.types import Message, Receive, Send

from core.position import Position
from core.refusals import NotFound, Unavailable
from workers import metrics
from workers.gateway.feed.hub import Hub, Seat
from workers.gateway.refusals import BadRequest
from workers.gateway.reply import Header

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment line keeps proxies awake."""
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

    def __init__(self, hub: Hub, *, heartbeat: float = HEARTBEAT) -> None:
        self._hub = hub
        self._heartbeat = heartbeat

    async def ended(self, site: str, thread: str) -> bool:
        """Whether the thread is archived, so that there is nothing to follow. Raises NotFound, Unavailable."""
        if self._hub.draining:
            raise Unavailable("this process is stopping")
        head = await self._hub.head(site, thread)
        if head is None:
            raise NotFound("there is no such thread")
        return head.status == "archived"

    async def stream(
        self, site: str, thread: str, start: Start, headers: Iterable[Header], receive: Receive, send: Send
    ) -> None:
        """Answer 200 and follow until the client leaves or the process stops. Raises Unavailable before it began."""
        async with AsyncExitStack() as stack:
            with anyio.move_on_after(PATIENCE) as seating:
                seat = await stack.enter_async_context(
                    self._hub.seat(site, thread, start.after, doubtful=start.doubtful)
                )
            if seating.cancelled_caught:
                raise Unavailable("the feed cannot be read now")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
                await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_HEADERS, *headers]})
                retry = b"retry: %d\n\n" % random.randint(*RETRY_MS)  # noqa: S311 - jitter, no secret
                await send(_body(retry))
                await self._tell(seat, send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                tasks.cancel_scope.cancel()

    async def _tell(self, seat: Seat, send: Send) -> None:
        while True:
            # Taken before looking: what comes in between sets it.
            grown = seat.ring.grown
            if told := seat.take():
                await send(_body(b"".join(told)))
                metrics.FEED_DELIVERIES.inc(len(told))
            elif seat.ring.closed:
                return
            else:
                with anyio.move_on_after(self._heartbeat) as silence:
                    await grown.wait()
                if silence.cancelled_caught:
                    await send(_body(b":\n\n"))


def _body(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    """Cancel the scope when the client leaves: `send` does not tell."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
