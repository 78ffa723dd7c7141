"""An ASGI application on a socket, as one part of a process: uvicorn, without its signals and without its exits."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from workers.gateway import http10

Application = ASGIApp
"""What is served: for those who pass it on and do not speak HTTP themselves."""

BACKLOG: Final = 2048
"""Connections that may wait to be taken."""

TAKERS: Final = 16
"""Times that the loop listens at the address. It takes one connection from each in one round; where it is busy, a round
takes tens of milliseconds, and clients would wait for seconds before anybody knew of them."""


class CannotListen(Exception):
    """The address is taken, or is none of this machine; the message is one line for whoever started the program."""


class _Connection(HttpToolsProtocol):
    """One connection of a client."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if cycle.scope["http_version"] == http10.VERSION:
            app = http10.without_chunks(cycle, app)
        super()._start_asgi_task(cycle, app)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the process, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = anyio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves `app` at an address that it holds from the moment it is made. `url` is where."""

    def __init__(self, app: Application, host: str, port: int, *, drain: float) -> None:
        """`drain` bounds the time for answers that are under way when it is to end, in seconds.

        Raises:
            CannotListen: the address cannot be had.
        """
        self._socket = _listening(host, port)
        number = self._socket.getsockname()[1]
        named = f"[{host}]" if ":" in host else host
        self.url = f"http://{named}:{number}"
        self._ended = anyio.Event()
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Connection,
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
        )

    async def run(self, *, task_status: TaskStatus[str]) -> None:
        """Serve until `drain` was called and all is answered; starts with the URL."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._server.serve, [self._socket, *(self._socket.dup() for _ in range(TAKERS - 1))])
                await self._server.listening.wait()
                task_status.started(self.url)
        finally:
            self._socket.close()
            self._ended.set()

    async def drain(self) -> None:
        """Take no new connection, finish what is under way, and return when that is done."""
        self._server.should_exit = True
        await self._ended.wait()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Errors of the resolver have numbers of their own and say what they mean; others are said in many ways.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise CannotListen(f"Cannot listen on {host}, port {port}: {why}") from error
