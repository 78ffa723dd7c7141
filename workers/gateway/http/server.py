"""An ASGI application on a socket, as one part of a process: uvicorn, without its signals and without its exits."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import uvicorn
from anyio.abc import TaskGroup, TaskStatus
from starlette.types import ASGIApp

from workers.gateway.http.acceptor import Acceptor
from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.connections import Connections
from workers.gateway.http.protocol import BoundedHttpProtocol
from workers.runtime.limits import Limits
from workers.runtime.open_files import open_file_limit

DEFAULT: Final = Limits()

Application = ASGIApp
"""What is served: for those who pass it on and do not speak HTTP themselves."""

BACKLOG: Final = 2048
"""Connections that may wait to be taken."""


class CannotListen(Exception):
    """The address is taken, or is none of this machine; the message is one line for whoever started the program."""


class _Server(uvicorn.Server):
    """uvicorn's server that leaves signals and accepting to the process, and says when it listens."""

    def __init__(self, config: uvicorn.Config, connections: Connections, tasks: TaskGroup) -> None:
        super().__init__(config)
        self.listening = anyio.Event()
        self._connections = connections
        self._tasks = tasks
        self._acceptor: Acceptor | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections from the one socket given."""
        assert sockets is not None
        (listening,) = sockets
        await self.lifespan.startup()
        self.servers = []
        self._acceptor = Acceptor(listening, self._connections, self._protocol, self._tasks)
        self._acceptor.start()
        self.started = True
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and end the connections as they finish."""
        assert self._acceptor is not None
        self._acceptor.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    def _protocol(self) -> BoundedHttpProtocol:
        return BoundedHttpProtocol(self.config, self.server_state, self.lifespan.state, self._connections)


class HttpServer:
    """Serves `app` at an address that it holds from the moment it is made. `url` is where."""

    def __init__(
        self,
        app: Application,
        host: str,
        port: int,
        *,
        drain: float,
        limits: Limits = DEFAULT,
        addresses: ClientAddress | None = None,
    ) -> None:
        """`drain` bounds the time for answers that are under way when it is to end, in seconds.

        `limits` bound what clients take. `addresses` tells clients apart, by default as `limits.trusted_proxies` says.

        Raises:
            CannotListen: the address cannot be had.
        """
        self._socket = _listening(host, port)
        number = self._socket.getsockname()[1]
        named = f"[{host}]" if ":" in host else host
        self.url = f"http://{named}:{number}"
        self._ended = anyio.Event()
        self._stop = anyio.Event()
        self._server: _Server | None = None
        self.connections = Connections(limits, files=open_file_limit(), addresses=addresses)
        self._config = uvicorn.Config(
            app,
            http=BoundedHttpProtocol,
            interface="asgi3",  # an application need not be a coroutine function: what stands before one is none
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            # Less than the whole, so that what has to be cut is cut here and not with the process.
            timeout_graceful_shutdown=max(1, int(drain * 0.8)),
        )

    async def run(self, *, task_status: TaskStatus[str]) -> None:
        """Serve until `drain` was called and all is answered; starts with the URL."""
        try:
            async with anyio.create_task_group() as tasks:
                self._server = server = _Server(self._config, self.connections, tasks)
                tasks.start_soon(server.serve, [self._socket])
                await server.listening.wait()
                task_status.started(self.url)
                await self._stop.wait()
                server.should_exit = True
        finally:
            self._socket.close()
            self._ended.set()

    async def drain(self) -> None:
        """Take no new connection, finish what is under way, and return when that is done."""
        self._stop.set()
        await self._ended.wait()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Errors of the resolver have numbers of their own and say what they mean; others are said in many ways.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise CannotListen(f"Cannot listen on {host}, port {port}: {why}") from error
