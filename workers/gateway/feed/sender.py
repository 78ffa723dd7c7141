"""Sends new frames: one loop for all clients that keep up, one task for each client that does not.

A response with room in its buffer takes a frame at once, so one loop sends to all clients of a thread. A task per
client, woken for each frame, costs several times as much, and memory while it waits. A client whose response has no
room is late: a task finishes its pending message and lasts until the client has caught up. No other client waits for
a late client.
"""

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from types import coroutine
from typing import Any, Final

import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from starlette.types import Message, Send

from workers.gateway.feed.channel import Channel, FeedClient

AT_ONCE: Final = 64
"""Clients that are sent to before other tasks of the process run."""
CHECKS: Final = 4
"""Checks for silent clients per heartbeat interval."""
BEAT: Final[Message] = {"type": "http.response.body", "body": b":\n\n", "more_body": True}

_log = structlog.get_logger(__name__)


class Sender:
    """Sends to the clients of this process, in tasks of the given group."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks

    async def join(self, client: FeedClient, send: Send) -> None:
        """Send a client the frames it needs to be live. From then on it is sent new frames with the others."""
        client.send = send
        await _catch_up(client)
        client.sent_at = time.monotonic()
        client.channel.live[client] = None

    def deliver(self, channel: Channel) -> None:
        """Start sending a thread's new frames to its clients. A task that is already sending includes them."""
        if not channel.sending:
            channel.sending = True
            self._tasks.start_soon(self._deliver, channel)

    async def beat(self, channels: Callable[[], Iterable[Channel]], every: float) -> None:
        """Send an empty comment line to each client before it has received nothing for `every` seconds."""
        while True:
            await anyio.sleep(every / CHECKS)
            oldest = time.monotonic() - every * (CHECKS - 1) / CHECKS
            silent = [client for channel in channels() for client in channel.live if client.sent_at <= oldest]
            await self._each(silent, lambda _: BEAT)

    async def _deliver(self, channel: Channel) -> None:
        ring = channel.ring
        sent: tuple[int, bool] | None = None
        while (now := (ring.end, ring.closed)) != sent:
            sent = now
            await self._each(list(channel.live), FeedClient.message)
        channel.sending = False

    async def _each(self, clients: Sequence[FeedClient], message: Callable[[FeedClient], Message | None]) -> None:
        for start in range(0, len(clients), AT_ONCE):
            now = time.monotonic()
            for client in clients[start : start + AT_ONCE]:
                if client.late or client.over:
                    continue
                found = message(client)
                if found is not None:
                    client.sent_at = now
                    self._send(client, found)
            await checkpoint()

    def _send(self, client: FeedClient, message: Message) -> None:
        sending = client.send(message).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return  # the message was taken
        except Exception as error:  # noqa: BLE001 - the failure of one client must not affect the others
            _broke(client, error)
            return
        client.late = True
        self._tasks.start_soon(self._finish, client, sending, waits_for)

    async def _finish(self, client: FeedClient, sending: Generator[Any, Any, None], waits_for: object) -> None:
        try:
            await _rest(sending, waits_for)
            await _catch_up(client)
        except Exception as error:  # noqa: BLE001 - as above
            _broke(client, error)
        client.late = False


def _broke(client: FeedClient, error: Exception) -> None:
    """Mark a client whose response failed. Most likely it left, which the task of its request notices."""
    client.over = True
    if not isinstance(error, OSError):
        _log.error("feed_not_told", exc_info=error)


async def _catch_up(client: FeedClient) -> None:
    while (message := client.message()) is not None:
        await client.send(message)


@coroutine
def _rest(begun: Generator[Any, Any, None], waits_for: object) -> Generator[Any, Any, None]:
    """Run the rest of an awaitable that was started by hand and now waits for `waits_for`."""
    yield waits_for
    yield from begun
