"""Many who follow threads at once, over one connection each: what they are told, and how long after it was said."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

from tests.bench.histogram import Histogram
from tests.bench.http import Answer, request
from tests.bench.people import ROOT

TOLD_WITHIN: Final = 60.0
"""Seconds in which everybody has to be told."""
FRAME_ENDS: Final = b"\n\n"
AT_ONCE: Final = 64
"""Feeds that are opened at the same time."""
_POSTED: Final = re.compile(rb'event: comment\.posted\ndata: \{"comment":"([^"]+)"')
_MADE: Final = re.compile(rb'"comment":\{"id":"([^"]+)","thread":"([^"]+)"')


def feed(thread: str) -> str:
    """Where a thread is followed."""
    return f"{ROOT}/threads/{thread}/feed"


class Crowd:
    """Everybody who follows through this process."""

    def __init__(self) -> None:
        self._readers: list[_Reader] = []
        self._reading: Counter[str] = Counter()
        """How many read, by path."""
        self._said: dict[bytes, float] = {}
        """When each comment was acknowledged."""
        self._times = Histogram()
        self._deliveries = 0
        self._wanted = 0
        self._enough = asyncio.Event()

    @property
    def reading(self) -> int:
        """How many read what they are told."""
        return sum(self._reading.values())

    async def follow(self, url: str, feeds: Mapping[str, int], *, stalled: int = 0) -> None:
        """Open so many feeds at each path; the first `stalled` read nothing once they are open. Raises OSError."""
        slots = asyncio.Semaphore(AT_ONCE)
        paths = [path for path, number in feeds.items() for _ in range(number)]
        readers = [_Reader(self) for _ in paths]

        async def open_one(reader: _Reader, path: str) -> None:
            async with slots:
                await reader.open(url, path)

        async with asyncio.TaskGroup() as tasks:
            for reader, path in zip(readers, paths, strict=True):
                tasks.create_task(open_one(reader, path))
        for reader in readers[:stalled]:
            reader.stall()
        self._readers += readers
        self._reading.update(paths[stalled:])

    def leave(self) -> None:
        """Close every feed."""
        for reader in self._readers:
            reader.close()
        self._readers = []
        self._reading.clear()

    async def told(self, times: int) -> None:
        """Wait until everybody who reads was told of so many comments since `from_here`. Raises TimeoutError."""
        self._wanted = times * self.reading
        await self.all_told()

    async def all_told(self) -> None:
        """Wait until everybody was told of every comment that was acknowledged in a thread of theirs.

        Whoever stopped measuring before would leave out those who wait the longest. Raises TimeoutError.
        """
        if self._deliveries < self._wanted:
            self._enough.clear()
            async with asyncio.timeout(TOLD_WITHIN):
                await self._enough.wait()

    def from_here(self) -> None:
        """Count deliveries and times from now on."""
        self._deliveries = self._wanted = 0
        self._times = Histogram()
        self._said = {}

    def acknowledged(self, answer: Answer) -> None:
        """A comment was acknowledged, by this answer."""
        made = _MADE.search(answer.body)
        if made is not None:
            self._said[made[1]] = time.perf_counter()
            self._wanted += self._reading[feed(made[2].decode())]

    def heard(self, comments: Sequence[bytes]) -> None:
        """Somebody was told of these comments."""
        now = time.perf_counter()
        for comment in comments:
            # Told before the acknowledgement was here, it took no time.
            self._times.add(now - self._said.get(comment, now))
        self._deliveries += len(comments)
        if self._deliveries >= self._wanted:
            self._enough.set()

    @property
    def deliveries(self) -> int:
        """How often somebody was told of a comment."""
        return self._deliveries

    @property
    def times(self) -> Histogram:
        """How long after its acknowledgement each was told of a comment."""
        return self._times


class _Reader(asyncio.Protocol):
    """One feed."""

    def __init__(self, crowd: Crowd) -> None:
        self.stalled = False
        self._crowd = crowd
        self._rest = b""
        self._open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    async def open(self, url: str, path: str) -> None:
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, parts.hostname or "", parts.port or 80)
        assert self._transport is not None
        self._transport.write(request("GET", path))
        await self._open

    def stall(self) -> None:
        assert self._transport is not None
        self.stalled = True
        self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        whole = self._rest + data
        cut = whole.rfind(FRAME_ENDS) + len(FRAME_ENDS)
        if cut < len(FRAME_ENDS):
            self._rest = whole
            return
        self._rest = whole[cut:]
        if not self._open.done():
            self._begin(whole)
        elif found := _POSTED.findall(whole, 0, cut):
            self._crowd.heard(found)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._open.done():
            self._open.set_exception(error or ConnectionError("the server closed the connection"))

    def _begin(self, answer: bytes) -> None:
        if not answer.startswith(b"HTTP/1.1 200"):
            self._open.set_exception(ConnectionError(answer.decode(errors="replace")))
        elif b"retry: " in answer:
            self._open.set_result(None)
        else:
            self._rest = answer  # the headers alone: the first words of the stream are under way
