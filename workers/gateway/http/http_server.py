"""Serves an ASGI application on a socket inside a process: uvicorn without its signal handling and exits."""

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
"""Type of a served application, for modules that pass it on and do not handle HTTP themselves."""

BACKLOG: Final = 2048
"""Connections that may wait to be accepted."""


class CannotListen(Exception):
    """The address is in use, or not of this machine. The message is one line for the operator."""


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals and accepting to the process, and sets `listening` once it listens."""

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
        """Stop accepting, and close the connections as they finish."""
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
    """Serves `app` at an address that is bound on construction. `url` is that address."""

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
        """`drain` bounds the time in seconds for responses that are under way at the end.

        `limits` bound the clients. `addresses` identifies clients, by default according to `limits.trusted_proxies`.

        Raises:
            CannotListen: the address cannot be bound.
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
            interface="asgi3",  # an application need not be a coroutine function: its wrappers are none
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            # Less than the whole, so that slow responses are cut off here and not with the process.
            timeout_graceful_shutdown=max(1, int(drain * 0.8)),
        )

    async def run(self, *, task_status: TaskStatus[str]) -> None:
        """Serve until `drain` was called and all responses are complete. Reports the URL as started."""
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
        """Stop accepting, finish the requests under way, and return when they are done."""
        self._stop.set()
        await self._ended.wait()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Resolver errors have numbers of their own and clear texts; the texts of other errors vary.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise CannotListen(f"Cannot listen on {host}, port {port}: {why}") from error
