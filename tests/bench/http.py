"""A small HTTP client for driving a server: requests as ready bytes over connections that stay open.

It knows of HTTP/1.1 what the gateway's answers need: a status line, headers, and a body as long as Content-Length
says.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

HEAD_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_NO_BODY: Final = (204, 304)


class Answer(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    head: bytes
    """Status line and headers, as they came."""

    def header(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        return dict(self.headers()).get(name.lower(), "")

    def headers(self) -> list[tuple[str, str]]:
        """Names, in small letters, and values."""
        parts = (line.decode("latin-1").partition(":") for line in self.head.split(b"\r\n")[1:])
        return [(name.lower(), value.strip()) for name, _, value in parts]


def request(method: str, path: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> bytes:
    """A request as it goes out."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench.example", *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Line(asyncio.Protocol):
    """One connection, asking one thing after the other."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, body = self._received.partition(HEAD_ENDS)
        if not ended:
            return
        status = int(head[9:12])
        if len(body) < (0 if status in _NO_BODY else _length(head)) or self._answer is None or self._answer.done():
            return  # the rest is under way, or whoever asked has given up
        answer, self._answer, self._received = self._answer, None, b""
        answer.set_result(Answer(status, body, head))

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))

    async def ask(self, asked: bytes) -> Answer:
        """Send a request and wait for its answer. Raises ConnectionError."""
        assert self._transport is not None
        if self._lost:
            raise ConnectionError("the server closed the connection before")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(asked)
        return await self._answer

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


async def connected(url: str) -> Line:
    """A connection to the server at `url`. Raises OSError."""
    parts = urlsplit(url)
    _, line = await asyncio.get_running_loop().create_connection(Line, parts.hostname or "", parts.port or 80)
    return line


async def asked(url: str, what: bytes) -> Answer:
    """The answer to one request, over a connection of its own. Raises OSError."""
    line = await connected(url)
    try:
        return await line.ask(what)
    finally:
        line.close()


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    if at < 0:
        raise ConnectionError("a response without Content-Length")
    return int(lowered[at + len(_LENGTH) :].partition(b"\r\n")[0])
