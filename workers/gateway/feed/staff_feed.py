"""The staff feed: `queue.changed` for the moderators of a site, which names nothing.

It has the beats, the bound and the drain of the hub's other feeds, and one watch per site with listeners.
"""

from collections.abc import Iterable
from typing import Final

import anyio
from starlette.types import Message, Receive, Send

from core.refusals import Unavailable
from projections.read.served_generation import Served
from workers.gateway.feed.channel import Channel, FeedClient
from workers.gateway.feed.endpoint import PATIENCE, left, start_of
from workers.gateway.feed.hub import Hub
from workers.gateway.feed.queue_watch import CHANGED, EVERY, QueueWatch
from workers.gateway.feed.ring import Frame
from workers.gateway.hands import HandStore
from workers.gateway.http.feed_retry import retry
from workers.gateway.http.response import Header

_END: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


class StaffClient(FeedClient):
    """A listener. However many frames it lacks, it gets one."""

    __slots__ = ("site",)

    def __init__(self, site: str, channel: Channel) -> None:
        super().__init__(channel, channel.ring.end, None, [])
        self.site = site

    def take(self) -> list[bytes]:
        """Return the frame to send now, if any."""
        return super().take()[-1:]

    def _behind(self) -> Frame:
        return CHANGED


class StaffFeed:
    """Serves the staff feeds of a process."""

    def __init__(self, hub: Hub, served: Served, hands: HandStore, *, every: float = EVERY) -> None:
        """`every` is the minimum number of seconds between two frames."""
        self.hub = hub
        self.watches: dict[str, QueueWatch] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._served = served
        self._hands = hands
        self._every = every
        hub.carry(lambda: [watch.channel for watch in self.watches.values()])

    async def connect(self, site: str) -> StaffClient:
        """Return a listener, to be passed to `follow` at once. Raises NotServedNow, Unavailable."""
        self.hub.enter()
        watch = self._watch(site)
        watch.channel.clients += 1
        client = StaffClient(site, watch.channel)
        is_ready = False
        try:
            with anyio.move_on_after(PATIENCE):
                await watch.ready.wait()
                is_ready = True
            self.hub.check_going_on()
        except BaseException:
            self._leave(client)
            raise
        if not is_ready:
            self._leave(client)
            raise Unavailable("the queue cannot be read now")
        return client

    async def follow(
        self, client: StaffClient, seconds: float, headers: Iterable[Header], receive: Receive, send: Send
    ) -> None:
        """Respond 200 and stream until the listener leaves, the process stops, or `seconds` are over."""
        try:
            await send(start_of(headers))
            await send({"type": "http.response.body", "body": retry(), "more_body": True})
            await self.hub.join(client, send)
            with anyio.move_on_after(max(seconds, 0.0)) as scope:
                await left(receive)
            if scope.cancelled_caught and not client.over:
                client.over = True
                await send(_END)
        finally:
            self._leave(client)

    def _watch(self, site: str) -> QueueWatch:
        watch = self.watches.get(site)
        if watch is None:
            watch = QueueWatch(site, self._served, self._hands, self.hub.deliver, every=self._every)
            self.watches[site], self._scopes[site] = watch, anyio.CancelScope()
            self.hub.start(_run, watch, self._scopes[site])
        return watch

    def _leave(self, client: StaffClient) -> None:
        client.over = True
        client.channel.live.pop(client, None)
        client.channel.clients -= 1
        self.hub.exit()
        if not client.channel.clients:
            del self.watches[client.site]
            self._scopes.pop(client.site).cancel()


async def _run(watch: QueueWatch, scope: anyio.CancelScope) -> None:
    with scope:
        await watch.run()
