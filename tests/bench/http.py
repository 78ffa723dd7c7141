"""A small HTTP client for driving a server: requests as ready bytes over connections that stay open.

It knows of HTTP/1.1 what the gateway's answers need: a status line, headers, and a body as long as Content-Length
says. It is shown to be no bottleneck by also driving a constant answer.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

from msgspec import Struct

HEAD_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Answer(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    head: bytes
    """Status line and headers, as they came."""

    def header(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        for line in self.head.split(b"\r\n")[1:]:
            said, _, value = line.partition(b":")
            if said.decode().lower() == name.lower():
                return value.decode().strip()
        return ""


class Load(Struct, frozen=True, kw_only=True):
    """What came of driving a server for a while."""

    seconds: float
    statuses: dict[int, int]
    latencies: list[float]
    """Seconds from the first byte out to the last byte in, of every answer."""

    @property
    def answers(self) -> int:
        """How many answers there were."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def others(self, status: int) -> int:
        """Answers with another status."""
        return self.answers - self.statuses.get(status, 0)


class Flood(Struct, frozen=True, kw_only=True):
    """What came of asking a server at a rate of one's own."""

    seconds: float
    """From the first request to the last answer."""
    waited: dict[int, list[float]]
    """By status, the seconds from when each request was due to the last byte of its answer."""

    @property
    def answers(self) -> int:
        """How many answers there were."""
        return sum(len(waited) for waited in self.waited.values())

    def latencies(self, status: int) -> list[float]:
        """The seconds that each answer with this status took."""
        return self.waited.get(status, [])

    def others(self, *statuses: int) -> int:
        """Answers with another status."""
        return sum(len(waited) for status, waited in self.waited.items() if status not in statuses)


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
        length = _length(head)
        if len(body) < length or self._answer is None or self._answer.done():
            return  # the rest is under way, or whoever asked has given up
        answer, self._answer, self._received = self._answer, None, b""
        answer.set_result(Answer(int(head[9:12]), body, head))

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


async def drive(url: str, clients: Sequence[Iterator[bytes]], seconds: float) -> Load:
    """Let every client ask one thing after the other for so long. Raises ConnectionError."""
    lines = [await connected(url) for _ in clients]
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    begun = time.perf_counter()

    async def speak(line: Line, requests: Iterator[bytes]) -> None:
        before = time.perf_counter()
        while before - begun < seconds:
            answer = await line.ask(next(requests))
            after = time.perf_counter()
            statuses[answer.status] += 1
            latencies.append(after - before)
            before = after

    async with asyncio.TaskGroup() as tasks:
        for line, requests in zip(lines, clients, strict=True):
            tasks.create_task(speak(line, requests))
    took = time.perf_counter() - begun
    for line in lines:
        line.close()
    return Load(seconds=took, statuses=dict(statuses), latencies=latencies)


async def flood(url: str, clients: Sequence[Iterator[bytes]], *, rate: float, seconds: float) -> Flood:
    """Let the clients by turns send `rate` requests a second for so long, whatever is answered. Raises ConnectionError.

    Each goes out over a connection on which nothing is under way.
    """
    idle: list[Line] = []
    waited: dict[int, list[float]] = {}
    begun = time.perf_counter()

    async def ask(asked: bytes, due: float) -> None:
        line = idle.pop() if idle else await connected(url)
        answer = await line.ask(asked)
        waited.setdefault(answer.status, []).append(time.perf_counter() - due)
        idle.append(line)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(due - time.perf_counter())
            tasks.create_task(ask(next(clients[number % len(clients)]), due))
    took = time.perf_counter() - begun
    for line in idle:
        line.close()
    return Flood(seconds=took, waited=waited)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    if at < 0:
        raise ConnectionError("an answer without Content-Length")
    return int(lowered[at + len(_LENGTH) :].partition(b"\r\n")[0])
