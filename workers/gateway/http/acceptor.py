"""Accepts connections up to the limit, and survives periods in which the system has no file descriptors.

An event loop that accepts by itself closes its listening socket, or retries without a pause, when no file can be
opened. It also takes one connection per round, and rounds take tens of milliseconds under load.
"""

import asyncio
import errno
import math
import socket
from collections.abc import Callable
from typing import Final

import structlog
from anyio.abc import TaskGroup

from workers.gateway.http.connections import Connections
from workers.runtime import metrics

PER_ROUND: Final = 64
"""Maximum connections accepted in one round of the loop."""
EPISODE: Final = 10.0
"""Seconds without a failure after which the next one is logged again."""
RETRY_AFTER: Final = 0.5
"""Seconds until the next try after the system failed to accept, unless one of our connections closes before."""

_log = structlog.get_logger(__name__)


class Acceptor:
    """Accepts connections from one listening socket."""

    def __init__(
        self,
        listening: socket.socket,
        connections: Connections,
        protocol: Callable[[], asyncio.Protocol],
        tasks: TaskGroup,
    ) -> None:
        """`tasks` runs the setup of each new connection."""
        self._listening = listening
        self._connections = connections
        self._protocol = protocol
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._reading = False
        self._stopped = False
        self._failed_at = -math.inf
        listening.setblocking(False)  # noqa: FBT003 - the name of the method says which

    def start(self) -> None:
        """Start or resume accepting."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if not self._reading and not self._stopped:
            self._reading = True
            self._loop.add_reader(self._listening, self._accept)

    def stop(self) -> None:
        """Stop accepting for good."""
        self._stopped = self._connections.draining = True
        self._pause()
        if self._retry is not None:
            self._retry.cancel()

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._listening)

    def _accept(self) -> None:
        for taken in range(PER_ROUND):
            if self._connections.is_full():
                if taken:
                    return  # the next round shows whether a client still waits for room
                if not self._connections.close_longest_idle():
                    self._wait()
                    return
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if not taken:  # the system reports this also where no connection waits to be accepted
                    self._failed(error)
                return
            self._connections.accepted()
            self._tasks.start_soon(self._set_up, accepted)

    async def _set_up(self, accepted: socket.socket) -> None:
        try:
            accepted.setblocking(False)  # noqa: FBT003 - as above
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._protocol, accepted)
        except OSError:  # the client has left already
            accepted.close()
            self._connections.lost_early()

    def _wait(self) -> None:
        """Leave new connections in the backlog until an open one closes or becomes idle."""
        self._pause()
        self._connections.on_room = self.start

    def _failed(self, error: OSError) -> None:
        """Resume when a file may be free again: at once if an idle connection could be closed for it."""
        metrics.ACCEPT_FAILURES.inc()
        begins, self._failed_at = self._loop.time() > self._failed_at + EPISODE, self._loop.time()
        if begins:
            cause = errno.errorcode.get(error.errno or 0, "unknown")
            _log.error("accept_failed", cause=cause, open=self._connections.open)
        self._wait()
        self._retry = self._loop.call_later(RETRY_AFTER, self.start)
        self._connections.close_longest_idle()
