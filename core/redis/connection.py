"""One connection to a server. Pipelines follow each other without waiting; replies arrive in their order.

redis-py connects, performs the handshake and closes (`core.redis.client`). In between, this protocol owns the
transport, because a pipeline costs about 100 µs through redis-py's streams, and 20 µs here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import hiredis
import redis.exceptions

from core.redis.client import Lendable

SLOW: Final = 0.5
"""Seconds without a reply after which the caller should check that this is still the right server."""

_NO_REPLY: Final = object()


class PendingReplies:
    """A sent pipeline that still expects `due` replies, until `deadline`. `on_end` is called at its end or failure.

    `fault` is the error if the pipeline ended without all of its replies. The server may nevertheless have executed
    the pipeline, in part or whole.
    """

    __slots__ = ("deadline", "due", "fault", "on_end", "replies")

    def __init__(self, due: int, deadline: float, on_end: Callable[["PendingReplies"], None]) -> None:
        self.due = due
        self.deadline = deadline
        self.on_end = on_end
        self.replies: list[Any] = []
        self.fault: redis.exceptions.RedisError | None = None


class Connection(asyncio.Protocol):
    """Sends pipelines and assigns their replies.

    `slow` is called every half second while the server owes a reply, `lost` when the connection can send no more.
    """

    def __init__(self, connection: Lendable, *, slow: Callable[[], None], lost: Callable[["Connection"], None]) -> None:
        self.connection = connection
        self._slow = slow
        self._lost = lost
        self._owed: PendingReplies | None = None
        """The oldest pending pipeline at the last check."""
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=connection.error_of, notEnoughData=_NO_REPLY)
        self._pending: deque[PendingReplies] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._fault: redis.exceptions.RedisError | None = None
        self._transport = connection.transport
        self._former = self._transport.get_protocol()
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(high=0)

    @property
    def is_idle(self) -> bool:
        """True if no pipeline is pending."""
        return not self._pending

    def send(self, pipeline: bytes, pending: PendingReplies) -> None:
        """Send a pipeline behind the pending ones."""
        self._pending.append(pending)
        # On a transport that was just closed (connection_lost follows), uvloop would raise.
        if not self._transport.is_closing():
            self._transport.write(pipeline)
        if self._watch is None:
            self._watch = self._loop.call_later(min(SLOW, pending.deadline - self._loop.time()), self._check)

    def cut(self, fault: redis.exceptions.RedisError) -> None:
        """Abort the connection. All pending pipelines fail with `fault`."""
        self._fault = self._fault or fault
        self._transport.abort()
        self._end()

    def data_received(self, data: bytes) -> None:
        """Assign the complete replies."""
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _NO_REPLY:
                if not self._pending:
                    self.cut(redis.exceptions.ConnectionError("The server sent an unexpected reply"))
                    return
                pending = self._pending[0]
                pending.replies.append(reply)
                if len(pending.replies) == pending.due:
                    self._pending.popleft()
                    pending.on_end(pending)
        except hiredis.ProtocolError as error:
            self.cut(redis.exceptions.ConnectionError(f"The server violated the protocol: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail all pending pipelines, and notify redis-py, which waits for this call when it closes."""
        self._fault = self._fault or redis.exceptions.ConnectionError(f"The connection was closed: {exc or 'by Redis'}")
        self._end()
        self._former.connection_lost(exc)

    def _check(self) -> None:
        """Report a late reply, and abort the connection if the reply is overdue."""
        self._watch = None
        oldest = self._pending[0] if self._pending else None
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
        ended, self._pending = self._pending, deque()
        self._lost(self)
        for pending in ended:
            pending.fault = self._fault
            pending.on_end(pending)


def pack(commands: Sequence[tuple[bytes | str | int, ...]]) -> bytes:
    """Encode commands in RESP (arrays of bulk strings)."""
    # hiredis annotates the command as a tuple of one item.
    return b"".join([hiredis.pack_command(command) for command in commands])  # type: ignore[arg-type]
