"""An attack, and the hostile client that carries it out: connections, requests and what became of them."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketStream
from msgspec import Struct, field

from tests.bench import http
from tests.bench.asks import authorization
from tests.bench.people import ROOT

CHUNK: Final = 65_536
TRICKLE: Final = 0.05
"""Seconds between two bytes of a client that sends them one by one."""
HEAD_ENDS: Final = b"\r\n\r\n"
GONE: Final = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)
"""Errors by which a client learns that the server closed the connection."""


class Scale(Struct, frozen=True, kw_only=True):
    """Size of an attack."""

    connections: int
    """Connections that an attack opens, where it does not say otherwise."""
    seconds: float
    """Seconds that the attack lasts at most."""


class Target(Struct, frozen=True, kw_only=True):
    """What an attack is given to know of the gateway."""

    url: str
    thread: str
    """A thread that is written to."""
    long_thread: str
    """A thread with many comments, which nobody writes to."""
    elsewhere: str
    """A site whose key set never comes."""
    positions: tuple[str, ...]
    """Positions of the long thread, oldest first."""
    feed_start: str
    """A position that replays of the long thread's feed can begin at."""
    tokens: tuple[str, ...]
    """Tokens of members; empty for an attack without a token."""
    scale: Scale


class Outcome(Struct, kw_only=True):
    """Counts of one attack, as its client saw them."""

    opened: int = 0
    """Connections opened."""
    refused: int = 0
    """Connections that could not be opened."""
    sent: int = 0
    """Bytes sent."""
    answers: Counter[int] = field(default_factory=Counter)
    """Answers by status."""
    closed: int = 0
    """Connections that the gateway closed."""


class Connection:
    """One connection of a hostile client. Everything sent and answered on it is counted."""

    def __init__(self, stream: SocketStream, outcome: Outcome) -> None:
        self._stream = stream
        self._outcome = outcome
        self._received = b""

    async def send(self, data: bytes) -> bool:
        """Send bytes. False where the gateway has closed the connection."""
        try:
            await self._stream.send(data)
        except GONE:
            return False
        self._outcome.sent += len(data)
        return True

    async def answer(self) -> int | None:
        """Read one answer and return its status; None where the gateway closed the connection first."""
        while HEAD_ENDS not in self._received:
            if not await self._more():
                return None
        head, _, self._received = self._received.partition(HEAD_ENDS)
        status = int(head[9:12])
        if status >= 200:  # an interim answer is none
            self._outcome.answers[status] += 1
        length = _length(head)
        while len(self._received) < length:
            if not await self._more():
                return status
        self._received = self._received[length:]
        return status

    async def ask(self, request: bytes) -> int | None:
        """Send a request and read its answer."""
        await self.send(request)  # a gateway that refuses early may have answered and closed already
        return await self.answer()

    async def until_closed(self) -> None:
        """Read and drop everything until the gateway closes the connection."""
        while await self._more():
            if self._received.startswith(b"HTTP/1.1 ") and HEAD_ENDS in self._received:
                self._outcome.answers[int(self._received[9:12])] += 1
            self._received = b""
        self._outcome.closed += 1

    async def trickle(self, begin: bytes) -> None:
        """Send this and then a byte at a time, until the gateway closes the connection."""
        await self.send(begin)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._trickle)
            await self.until_closed()
            tasks.cancel_scope.cancel()

    async def until_refused(self, data: bytes) -> None:
        """Send this again and again, slowly, and read nothing, until the gateway closes the connection."""
        while await self.send(data):  # noqa: ASYNC110 - the pace is the attack
            await anyio.sleep(TRICKLE)
        self._outcome.closed += 1

    async def _trickle(self) -> None:
        while await self.send(b"a"):  # noqa: ASYNC110 - the pace is the attack
            await anyio.sleep(TRICKLE)

    async def _more(self) -> bool:
        try:
            self._received += await self._stream.receive(CHUNK)
        except GONE:
            return False
        return True


class Hostile:
    """The client of one attack."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.scale = target.scale
        self.outcome = Outcome()
        parts = urlsplit(target.url)
        self._host, self._port = parts.hostname or "", parts.port or 80

    async def connect(self, use: Callable[[Connection], Awaitable[object]]) -> None:
        """Open a connection, use it, and close it. A connection that is refused is counted."""
        try:
            stream = await anyio.connect_tcp(self._host, self._port)
        except OSError:
            self.outcome.refused += 1
            return
        self.outcome.opened += 1
        async with stream:
            await use(Connection(stream, self.outcome))

    async def each(self, use: Callable[[Connection, int], Awaitable[object]], connections: int | None = None) -> None:
        """Use so many connections at once, each with its number."""
        async with anyio.create_task_group() as tasks:
            for number in range(connections or self.scale.connections):
                tasks.start_soon(self._one, use, number)

    async def again_and_again(self, request: Callable[[int, int], bytes], connections: int | None = None) -> None:
        """Ask on so many connections at once, one request after the other. `request` gets connection and turn."""

        async def use(connection: Connection, number: int) -> None:
            turn = 0
            while await connection.ask(request(number, turn)) is not None:
                turn += 1

        async def keep_on(number: int) -> None:
            while True:
                await self._one(use, number)
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as tasks:
            for number in range(connections or self.scale.connections):
                tasks.start_soon(keep_on, number)

    async def post(self, token: str) -> str:
        """Post a comment as this member, or as another where an earlier attack has used up the rate; its id."""
        body = json.dumps({"body": "To be voted on."}).encode()
        for one in (token, *self.target.tokens):
            line = await http.connected(self.target.url)
            answer = await line.ask(http.request("POST", self.path("/comments"), [authorization(one)], body))
            line.close()
            if answer.status < 300:
                break
        return str(json.loads(answer.body)["comment"]["id"])

    def path(self, suffix: str = "", *, thread: str | None = None) -> str:
        """The path of a thread, or of something below it."""
        return f"{ROOT}/threads/{thread or self.target.thread}{suffix}"

    def token(self, number: int) -> str:
        """The token of one of the members whom the client may act as."""
        return self.target.tokens[number % len(self.target.tokens)]

    async def _one(self, use: Callable[[Connection, int], Awaitable[object]], number: int) -> None:
        await self.connect(lambda connection: use(connection, number))


class Allowed(Struct, frozen=True, kw_only=True):
    """The writes of an attack that may be taken."""

    at_once: int
    every: float
    """Seconds after which one more may be."""
    counted: tuple[int, ...] = (200, 201)
    """Statuses of a write that was taken."""

    def most(self, seconds: float) -> int:
        """The most of an attack that lasted so long."""
        return self.at_once + int(seconds / self.every) + 1


class Attack(Struct, frozen=True, kw_only=True):
    """One kind of hostile behaviour."""

    name: str
    does: str
    """What the client does, for the table."""
    token: bool = False
    """Whether the client holds the token of a member."""
    run: Callable[[Hostile], Awaitable[None]]
    """Goes on until it is cancelled, or ends when there is nothing left to do."""
    closes: bool = False
    """Whether the gateway has to close every connection of the attack while it lasts."""
    allowed: Allowed | None = None
    """The most writes that the gateway may take of it; None if that is not what the attack is about."""
    lasts: float = 10.0
    """Seconds that it lasts against a gateway with the bounds as shipped: more than any bound that it runs into."""


def request(
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    announced: int | None = None,
) -> bytes:
    """A request as bytes. `announced` is a Content-Length other than that of the body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: abuse.example"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None or announced is not None:
        lines += [
            "Content-Type: application/json",
            f"Content-Length: {len(content) if announced is None else announced}",
        ]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def outcome_of(document: bytes) -> Outcome:
    """The counts that a hostile process printed."""
    told: dict[str, Any] = json.loads(document)
    answers = Counter({int(status): count for status, count in told.pop("answers").items()})
    return Outcome(**told, answers=answers)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0
