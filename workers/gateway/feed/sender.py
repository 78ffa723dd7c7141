"""Tells clients what is new: all who keep up in one go, and each who does not by himself.

An answer that has room takes a frame at once, so one loop sends to everybody who follows a thread; a task of each
client's own, woken for each frame, costs several times as much, and memory while it waits. Where an answer has no room
its client is late: what is under way to it is finished by a task that lasts until it has caught up, and nobody waits
for it.
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
"""Clients that are told before anything else of the process has a turn."""
LOOKS: Final = 4
"""How often, in the time between two beats, it is looked who has to have one."""
BEAT: Final[Message] = {"type": "http.response.body", "body": b":\n\n", "more_body": True}

_log = structlog.get_logger(__name__)


class Sender:
    """Tells the clients of this process, by tasks of the group that it is given."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks

    async def attend(self, seat: FeedClient, send: Send) -> None:
        """Send a client what it has to know to be live; from then on it is told with the others."""
        seat.send = send
        await _catch_up(seat)
        seat.told_at = time.monotonic()
        seat.channel.seats[seat] = None

    def tell(self, channel: Channel) -> None:
        """Have everybody told what is new in a thread. Who is told already is told that, too."""
        if not channel.telling:
            channel.telling = True
            self._tasks.start_soon(self._tell, channel)

    async def beat(self, channels: Callable[[], Iterable[Channel]], every: float) -> None:
        """Send a line that says nothing to each of these clients, before it has heard nothing for so many seconds."""
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
            return  # it is taken
        except Exception as error:  # noqa: BLE001 - it is this client's, and no matter to the others
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
    """An answer takes no more: most likely the client left, of which the task of its request hears."""
    seat.over = True
    if not isinstance(error, OSError):
        _log.error("feed_not_told", exc_info=error)


async def _catch_up(seat: FeedClient) -> None:
    while (message := seat.message()) is not None:
        await seat.send(message)


@coroutine
def _rest(begun: Generator[Any, Any, None], waits_for: object) -> Generator[Any, Any, None]:
    """What is left of an awaitable that was begun by hand, and waits for this."""
    yield waits_for
    yield from begun
