"""Honest clients beside an attack: readers, writers and followers, and what became of their requests."""

import itertools
import json
import secrets
import time
from typing import Final

import anyio
from msgspec import Struct, field

from tests.abuse.attack import GONE
from tests.bench import http
from tests.bench.asks import authorization
from tests.bench.histogram import Histogram
from tests.bench.http import Line, request
from tests.bench.people import ROOT

PAUSE: Final = 0.05
"""Seconds between two requests of one honest client."""
ANSWERED_WITHIN: Final = 30.0
"""Seconds after which an honest client takes its request for failed."""
REFUSALS: Final = (408, 429, 431, 503)
OK: Final = (200, 201, 202, 304)


class Served(Struct, kw_only=True):
    """What honest clients got."""

    requests: int = 0
    refused: int = 0
    """Requests answered with 408, 429, 431 or 503."""
    failed: int = 0
    """Requests answered with another error, or not at all."""
    times: Histogram = field(default_factory=Histogram)
    """Seconds until the answer."""
    frames: int = 0
    """Frames of comments that the followers got."""
    ended: int = 0
    """Feeds that the gateway ended."""


class Honest:
    """Some readers and writers, and one follower, each with a connection of its own."""

    def __init__(self, url: str, thread: str, writers: tuple[tuple[str, ...], ...], readers: int) -> None:
        """Each writer has the tokens of some members, and writes for them by turns."""
        self.served = Served()
        self._url = url
        self._thread = f"{ROOT}/threads/{thread}"
        self._writers = writers
        self._readers = readers

    async def go_on(self, until: anyio.Event) -> None:
        """Ask until the event is set. Returns when each request under way was answered."""
        async with anyio.create_task_group() as tasks:
            following = await tasks.start(self._follow)
            async with anyio.create_task_group() as asking:
                for number in range(self._readers):
                    asking.start_soon(self._ask, number, (), until)
                for number, tokens in enumerate(self._writers):
                    asking.start_soon(self._ask, number, tokens, until)
            following.cancel()

    async def _ask(self, number: int, tokens: tuple[str, ...], until: anyio.Event) -> None:
        line: Line | None = None
        # Each attack begins with another member: the same ones again and again would meet their rates.
        for turn in itertools.count(secrets.randbelow(max(1, len(tokens)))):
            if until.is_set():
                break
            asked = self._write(number, turn, tokens[turn % len(tokens)]) if tokens else self._read(turn)
            line = await self._one(line, asked)
            with anyio.move_on_after(PAUSE):
                await until.wait()
        if line is not None:
            line.close()

    async def _one(self, line: Line | None, asked: bytes) -> Line | None:
        begun = time.perf_counter()
        self.served.requests += 1
        try:
            with anyio.fail_after(ANSWERED_WITHIN):
                line, answer = await self._answer(line, asked)
        except (*GONE, TimeoutError):
            self.served.failed += 1
            return None
        self.served.times.add(time.perf_counter() - begun)
        if answer.status in REFUSALS:
            self.served.refused += 1
        elif answer.status not in OK:
            self.served.failed += 1
        return line

    async def _answer(self, line: Line | None, asked: bytes) -> tuple[Line, http.Answer]:
        # A kept connection may be closed at any time between two requests: then a client opens another.
        if line is not None:
            try:
                return line, await line.ask(asked)
            except ConnectionError:
                pass
        line = await http.connected(self._url)
        return line, await line.ask(asked)

    async def _follow(self, *, task_status: anyio.abc.TaskStatus[anyio.CancelScope]) -> None:
        host, port = self._url.removeprefix("http://").split(":")
        with anyio.CancelScope() as scope:
            async with await anyio.connect_tcp(host, int(port)) as stream:
                await stream.send(request("GET", f"{self._thread}/feed"))
                told = await stream.receive()
                task_status.started(scope)
                try:
                    while True:
                        self.served.frames += told.count(b"event: comment.posted")
                        told = await stream.receive()
                except GONE:
                    self.served.ended += 1

    def _read(self, turn: int) -> bytes:
        return request("GET", f"{self._thread}?limit={20 + turn % 2}")

    def _write(self, number: int, turn: int, token: str) -> bytes:
        body = json.dumps({"body": f"An honest comment, number {turn} of writer {number}."}).encode()
        return request("POST", f"{self._thread}/comments", [authorization(token)], body)
