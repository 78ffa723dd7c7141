"""The feed's streaming response: `text/event-stream` (WHATWG HTML, section 9.2), directly on ASGI."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import anyio
from starlette.types import Receive, Send

from core.refusals import Unavailable
from workers.gateway.feed.hub import ClientPlace, Hub
from workers.gateway.feed.resume import Start
from workers.gateway.http import caching
from workers.gateway.http.feed_retry import LATER, MEDIA, UNBUFFERED, retry
from workers.gateway.http.response import Header
from workers.runtime import metrics

PATIENCE: Final = 2.0
"""Seconds within which a client joins the feed or is told to reconnect later."""


class Feed:
    """Serves feeds of threads to clients."""

    def __init__(self, hub: Hub, *, unfit: Callable[[], str | None] = lambda: None) -> None:
        """`unfit` returns why this process may not continue with its deployment now, or None if it may."""
        self._hub = hub
        self._unfit = unfit

    async def ended(self, site: str, thread: str) -> bool:
        """True if the thread is archived, so that there is nothing to follow.

        Raises NotFound for a site that does not exist, NotServedNow, Unavailable.
        """
        self._hub.check_room()
        if (unfit := self._unfit()) is not None:
            raise Unavailable(unfit)
        with anyio.move_on_after(PATIENCE):
            head = await self._hub.head(site, thread)
            return head is not None and head.status == "archived"
        raise Unavailable("the feed cannot be read now")

    async def connect(self, site: str, thread: str, start: Start) -> ClientPlace:
        """Return a place for a client, to be passed to `follow` at once. Raises NotServedNow, Unavailable."""
        with anyio.move_on_after(PATIENCE):
            return await self._hub.connect(site, thread, start)
        raise Unavailable("the feed cannot be read now")

    async def follow(self, place: ClientPlace, headers: Iterable[Header], receive: Receive, send: Send) -> None:
        """Respond 200 and stream until the client leaves or the process stops."""
        try:
            await send(start_of(headers))
            await send({"type": "http.response.body", "body": retry(), "more_body": True})
            if place.missed and not await self._replayed(place, receive, send):
                return
            await self._hub.join(place.client, send)
            # The sender takes over from here on. This task notices that the client left or that the response ended.
            await left(receive)
        finally:
            self._hub.leave(place)

    async def _replayed(self, place: ClientPlace, receive: Receive, send: Send) -> bool:
        """Send the client the frames it missed. True if it is still there. Ends a stream that cannot continue."""
        try:
            return await _while_there(receive, lambda: self._hub.replay(place, send))
        except Unavailable:
            metrics.FEED_TURNED_AWAY.labels("unavailable").inc()
            await send({"type": "http.response.body", "body": retry(LATER), "more_body": False})
            return False


def start_of(headers: Iterable[Header]) -> dict[str, object]:
    """Return the message that begins a stream."""
    return {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", MEDIA), (b"cache-control", caching.NO_STORE), UNBUFFERED, *headers],
    }


async def left(receive: Receive) -> None:
    """Wait until the client leaves or the response ends."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _while_there(receive: Receive, work: Callable[[], Awaitable[None]]) -> bool:
    """Run `work` unless the client leaves before its end. True if `work` is done."""
    done = False
    failed: Unavailable | None = None

    async def watch() -> None:
        await left(receive)
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        try:
            await work()
            done = True
        except Unavailable as error:
            failed = error
        tasks.cancel_scope.cancel()
    if failed is not None:
        raise failed
    return done
