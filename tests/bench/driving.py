"""Driving a server: by clients that ask one thing after the other, and at a rate of one's own.

Who asks one thing after the other tells how much a server can do, and nothing about how long anybody waits: while an
answer is late, nobody asks. So times are taken at a set rate, whatever is answered, and each counts from the moment
when its request was due.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

from msgspec import Struct, field

from tests.bench.asks import Asks
from tests.bench.histogram import Histogram, joined
from tests.bench.http import Answer, Line, connected

Answered = Callable[[Answer], object]
_POSITION = b'"position":"'


class Part(Struct, frozen=True, kw_only=True):
    """So many clients: each asking one thing after the other, or with a `rate` so many a second of all together."""

    asks: Asks
    clients: int
    rate: float | None = None
    watched: bool = False
    """Whether to note when answers with which position came."""


class Load(Struct, kw_only=True):
    """What came of driving a server for a while."""

    seconds: float = 0.0
    """From the first request to the last answer."""
    times: dict[int, Histogram] = field(default_factory=dict)
    """By status, how long each answer took, from when its request was due (or sent, where none is ever due)."""
    last_seen: dict[str, float] = field(default_factory=dict)
    """When the last answer with a position came, by the clock that all processes of a machine share."""

    @property
    def answers(self) -> int:
        """How many answers there were."""
        return sum(times.total for times in self.times.values())

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def all_times(self) -> Histogram:
        """How long all took."""
        return joined(self.times.values())

    def count(self, status: int) -> int:
        """Answers with this status."""
        return self.times[status].total if status in self.times else 0

    def others(self, *statuses: int) -> int:
        """Answers with another status."""
        return self.answers - sum(map(self.count, statuses))

    def note(self, answer: Answer, took: float) -> None:
        """Count one answer."""
        times = self.times.get(answer.status)
        if times is None:
            times = self.times[answer.status] = Histogram()
        times.add(took)

    def watch(self, answer: Answer, now: float) -> None:
        """Remember when the position in an answer was seen."""
        at = answer.body.find(_POSITION) + len(_POSITION)
        self.last_seen[answer.body[at : answer.body.index(b'"', at)].decode()] = now


async def drive(url: str, part: Part, seconds: float, answered: Answered | None = None) -> Load:
    """Let clients ask for so long; at a rate, `answered` gets to know each answer. Raises ConnectionError."""
    clients = [part.asks.of_client(number, part.clients) for number in range(part.clients)]
    lines = [await connected(url) for _ in clients]
    try:
        if part.rate is None:
            return await _by_turns(lines, clients, seconds, watched=part.watched)
        return await _at_a_rate(_Pool(url, lines), clients, part.rate, seconds, answered)
    finally:
        for line in lines:
            line.close()


async def _by_turns(lines: list[Line], clients: list[Iterator[bytes]], seconds: float, *, watched: bool) -> Load:
    load = Load()
    begun = time.perf_counter()

    async def speak(line: Line, requests: Iterator[bytes]) -> None:
        before = time.perf_counter()
        while before - begun < seconds:
            answer = await line.ask(next(requests))
            after = time.perf_counter()
            load.note(answer, after - before)
            if watched:
                load.watch(answer, time.monotonic())
            before = after

    async with asyncio.TaskGroup() as tasks:
        for line, requests in zip(lines, clients, strict=True):
            tasks.create_task(speak(line, requests))
    load.seconds = time.perf_counter() - begun
    return load


class _Pool:
    """Connections on which nothing is under way, as many as it takes."""

    def __init__(self, url: str, lines: list[Line]) -> None:
        self._url = url
        self._lines = lines
        self._idle = [*lines]

    async def ask(self, asked: bytes) -> Answer:
        if self._idle:
            line = self._idle.pop()
        else:
            line = await connected(self._url)
            self._lines.append(line)
        answer = await line.ask(asked)
        self._idle.append(line)
        return answer


async def _at_a_rate(
    pool: _Pool, clients: list[Iterator[bytes]], rate: float, seconds: float, answered: Answered | None
) -> Load:
    load = Load()
    begun = time.perf_counter()

    async def ask(asked: bytes, due: float) -> None:
        answer = await pool.ask(asked)
        load.note(answer, time.perf_counter() - due)
        if answered is not None:
            answered(answer)

    async with asyncio.TaskGroup() as tasks:
        for number in range(max(1, int(rate * seconds))):
            due = begun + number / rate
            await asyncio.sleep(due - time.perf_counter())
            tasks.create_task(ask(next(clients[number % len(clients)]), due))
    load.seconds = time.perf_counter() - begun
    return load
