"""An application on a socket by the gateway's own server, and clients that send it exact bytes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import anyio
from anyio import BrokenResourceError, ClosedResourceError, EndOfStream
from anyio.abc import SocketStream
from starlette.types import ASGIApp

from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.http_server import HttpServer
from workers.gateway.http.protocol import BoundedHttpProtocol
from workers.runtime.limits import Limits

BOUND: Final = 30
"""Seconds after which an answer or a close that has not come is missing."""


class Answer(NamedTuple):
    """One answer, parsed. Headers by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self, slug: str) -> dict[str, Any]:
        """The problem that it is, checked, with the headers that every answer has."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.headers["access-control-allow-origin"] == "*"
        assert self.headers["x-content-type-options"] == "nosniff"
        told: dict[str, Any] = json.loads(self.body)
        assert told["type"] == f"/problems/{slug}", told
        assert told["status"] == self.status
        assert told["title"]
        assert told["detail"]
        return told


class Wire:
    """One connection."""

    def __init__(self, stream: SocketStream) -> None:
        self.stream = stream
        self._held = b""

    async def send(self, data: bytes) -> None:
        """Send exact bytes."""
        await self.stream.send(data)

    async def answer(self, *, bare: bool = False) -> Answer:
        """The next answer, with a body of its content-length; `bare` is that to a HEAD."""
        with anyio.fail_after(BOUND):
            while b"\r\n\r\n" not in self._held:
                self._held += await self.stream.receive()
            head, _, rest = self._held.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = 0 if bare else int(headers.get("content-length", 0))
            while len(rest) < length:
                rest += await self.stream.receive()
        self._held = rest[length:]
        return Answer(int(first.split()[1]), headers, rest[:length])

    async def end(self) -> bytes:
        """What is left until the other side has closed."""
        with anyio.fail_after(BOUND):
            while True:
                try:
                    self._held += await self.stream.receive()
                except (EndOfStream, BrokenResourceError, ClosedResourceError):
                    return self._held


class Served:
    """A server on a port of the loopback interface."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.url = server.url

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """A connection to it."""
        place = urlsplit(self.url)
        async with await anyio.connect_tcp(place.hostname or "", place.port or 0) as stream:
            yield Wire(stream)

    def protocols(self) -> list[BoundedHttpProtocol]:
        """What serves the connections that are open."""
        assert self.server._server is not None
        return [one for one in self.server._server.server_state.connections if isinstance(one, BoundedHttpProtocol)]

    async def left(self, connections: int) -> None:
        """Wait until so many connections are open."""
        with anyio.fail_after(BOUND):
            while self.server.connections.open != connections:
                await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def served(
    app: ASGIApp, limits: Limits | None = None, *, addresses: ClientAddress | None = None
) -> AsyncIterator[Served]:
    """The application on a socket for the block."""
    server = HttpServer(app, "127.0.0.1", 0, drain=1, limits=limits or Limits(), addresses=addresses)
    async with anyio.create_task_group() as tasks:
        await tasks.start(server.run)
        try:
            yield Served(server)
        finally:
            with anyio.CancelScope(shield=True):
                await server.drain()


def request(
    method: str = "GET", path: str = "/", *lines: str, body: bytes = b"", version: str = "1.1", host: str | None = "h"
) -> bytes:
    """One request; `lines` are further header lines."""
    named = [] if host is None else [f"Host: {host}"]
    head = "\r\n".join((f"{method} {path} HTTP/{version}", *named, *lines))
    return head.encode("latin-1") + b"\r\n\r\n" + body
