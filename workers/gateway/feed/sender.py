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
LOOKS: Final = 4
"""Checks for silent clients per heartbeat interval."""
BEAT: Final[Message] = {"type": "http.response.body", "body": b":\n\n", "more_body": True}

_log = structlog.get_logger(__name__)


class Sender:
    """Sends to the clients of this process, in tasks of the given group."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks

    async def attend(self, seat: FeedClient, send: Send) -> None:
        """Send a client the frames it needs to be live. From then on it is sent new frames with the others."""
        seat.send = send
        await _catch_up(seat)
        seat.told_at = time.monotonic()
        seat.channel.seats[seat] = None

    def tell(self, channel: Channel) -> None:
        """Start sending a thread's new frames to its clients. A task that is already sending includes them."""
        if not channel.telling:
            channel.telling = True
            self._tasks.start_soon(self._tell, channel)

    async def beat(self, channels: Callable[[], Iterable[Channel]], every: float) -> None:
        """Send an empty comment line to each client before it has received nothing for `every` seconds."""
        while True:
            await anyio.sleep(every / LOOKS)
            oldest = time.monotonic() - every * (LOOKS - 1) / LOOKS
            silent = [seat for channel in channels() for seat in channel.seats if seat.told_at <= oldest]
            await self._each(silent, lambda _: BEAT)

    async def _tell(self, channel: Channel) -> None:
        ring = channel.ring
        told: tuple[int, bool] | None = None
        while (now := (ring.end, ring.closed)) != told:
            told = now
            await self._each(list(channel.seats), FeedClient.message)
        channel.telling = False

    async def _each(self, seats: Sequence[FeedClient], message: Callable[[FeedClient], Message | None]) -> None:
        for start in range(0, len(seats), AT_ONCE):
            now = time.monotonic()
            for seat in seats[start : start + AT_ONCE]:
                if seat.late or seat.over:
                    continue
                told = message(seat)
                if told is not None:
                    seat.told_at = now
                    self._send(seat, told)
            await checkpoint()

    def _send(self, seat: FeedClient, message: Message) -> None:
        sending = seat.send(message).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return  # the message was taken
        except Exception as error:  # noqa: BLE001 - the failure of one client must not affect the others
            _broke(seat, error)
            return
        seat.late = True
        self._tasks.start_soon(self._finish, seat, sending, waits_for)

    async def _finish(self, seat: FeedClient, sending: Generator[Any, Any, None], waits_for: object) -> None:
        try:
            await _rest(sending, waits_for)
            await _catch_up(seat)
        except Exception as error:  # noqa: BLE001 - as above
            _broke(seat, error)
        seat.late = False


def _broke(seat: FeedClient, error: Exception) -> None:
    """Mark a client whose response failed. Most likely it left, which the task of its request notices."""
    seat.over = True
    if not isinstance(error, OSError):
        _log.error("feed_not_told", exc_info=error)


async def _catch_up(seat: FeedClient) -> None:
    while (message := seat.message()) is not None:
        await seat.send(message)


@coroutine
def _rest(begun: Generator[Any, Any, None], waits_for: object) -> Generator[Any, Any, None]:
    """Run the rest of an awaitable that was started by hand and now waits for `waits_for`."""
    yield waits_for
    yield from begun
