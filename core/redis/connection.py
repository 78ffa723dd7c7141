"""One connection to a server, on which pipelines follow each other without waiting: replies come in their order.

The library connects, greets and closes (`core.redis.client`); in between, this protocol has the transport, because a
pipeline through the library's streams costs about 100 µs, and through this 20.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import hiredis
import redis.exceptions

from core.redis.client import Lendable

SLOW: Final = 0.5
"""Seconds after which a reply that has not come is a reason to look whether this is still the server to ask."""

_NO_REPLY: Final = object()


class PendingReplies:
    """A pipeline that is under way: so many replies are due, by then; `landed` is called when it has ended.

    It has `fault` where it ended without all of its replies: it may have been carried out, in part or whole.
    """

    __slots__ = ("deadline", "due", "fault", "landed", "replies")

    def __init__(self, due: int, deadline: float, landed: Callable[["PendingReplies"], None]) -> None:
        self.due = due
        self.deadline = deadline
        self.landed = landed
        self.replies: list[Any] = []
        self.fault: redis.exceptions.RedisError | None = None


class Connection(asyncio.Protocol):
    """Sends pipelines and hands out their replies.

    `slow` is called every half second in which the server owes one, `lost` when no more can be sent.
    """

    def __init__(self, connection: Lendable, *, slow: Callable[[], None], lost: Callable[["Connection"], None]) -> None:
        self.connection = connection
        self._slow = slow
        self._lost = lost
        self._owed: PendingReplies | None = None
        """What was the oldest under way when last looked at."""
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=connection.error_of, notEnoughData=_NO_REPLY)
        self._flights: deque[PendingReplies] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._fault: redis.exceptions.RedisError | None = None
        self._transport = connection.transport
        self._former = self._transport.get_protocol()
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(high=0)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way on it."""
        return not self._flights

    def send(self, pipeline: bytes, flight: PendingReplies) -> None:
        """Send it, behind what is under way."""
        self._flights.append(flight)
        # Where it has just been closed, of which we are about to hear, uvloop would raise.
        if not self._transport.is_closing():
            self._transport.write(pipeline)
        if self._watch is None:
            self._watch = self._loop.call_later(min(SLOW, flight.deadline - self._loop.time()), self._check)

    def cut(self, fault: redis.exceptions.RedisError) -> None:
        """Give up what is under way, as having failed with `fault`, and the connection with it."""
        self._fault = self._fault or fault
        self._transport.abort()
        self._end()

    def data_received(self, data: bytes) -> None:
        """Hand out the replies that are complete."""
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _NO_REPLY:
                if not self._flights:
                    self.cut(redis.exceptions.ConnectionError("The server said what nobody asked for"))
                    return
                flight = self._flights[0]
                flight.replies.append(reply)
                if len(flight.replies) == flight.due:
                    self._flights.popleft()
                    flight.landed(flight)
        except hiredis.ProtocolError as error:
            self.cut(redis.exceptions.ConnectionError(f"The server does not speak its protocol: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits, and the library, which waits for this where it closes."""
        self._fault = self._fault or redis.exceptions.ConnectionError(f"The connection was closed: {exc or 'by Redis'}")
        self._end()
        self._former.connection_lost(exc)

    def _check(self) -> None:
        """Say where the oldest reply is late, and cut the connection where it is overdue."""
        self._watch = None
        oldest = self._flights[0] if self._flights else None
        if oldest is not None:
            pause = min(SLOW, oldest.deadline - self._loop.time())
            if pause <= 0:
                self.cut(redis.exceptions.TimeoutError("The server has not answered in time"))
                return
            self._watch = self._loop.call_later(pause, self._check)
            if oldest is self._owed:
                self._slow()
        self._owed = oldest

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self.connection.forget()
        flights, self._flights = self._flights, deque()
        self._lost(self)
        for flight in flights:
            flight.fault = self._fault
            flight.landed(flight)


def pack(commands: Sequence[tuple[bytes | str | int, ...]]) -> bytes:
    """Commands as the protocol has them (RESP: arrays of bulk strings)."""
    # Its types say a tuple of one.
    return b"".join([hiredis.pack_command(command) for command in commands])  # type: ignore[arg-type]
