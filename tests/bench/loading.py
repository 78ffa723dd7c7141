"""The process that asks, from outside."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import anyio
import msgspec
from anyio.abc import ByteSendStream
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.bench import usage
from tests.bench.asks import Asks, Get
from tests.bench.cores import on
from tests.bench.driving import Load, Part
from tests.bench.load import Done, Drive, Follow, Leave, Task, Tell

LONGEST: Final = 64 * 1024 * 1024
"""Bytes that an answer may have."""
_DONE: Final = msgspec.json.Decoder(Done)


class Loader:
    """Has another process ask. One task at a time."""

    def __init__(self, told: ByteSendStream, said: BufferedByteReceiveStream) -> None:
        self._told = told
        self._said = said

    async def do(self, task: Task) -> Done:
        """What came of a task."""
        await self._told.send(msgspec.json.encode(task) + b"\n")
        return _DONE.decode(await self._said.receive_until(b"\n", LONGEST))

    async def drive(self, url: str, *parts: Part, seconds: float) -> list[Load]:
        """What came of driving a server with all these parts at once."""
        return (await self.do(Drive(url=url, parts=parts, seconds=seconds))).loads

    async def turns(self, url: str, asks: Asks, clients: int, seconds: float) -> Load:
        """What came of so many clients that each ask one thing after the other."""
        (load,) = await self.drive(url, Part(asks=asks, clients=clients), seconds=seconds)
        return load

    async def constant(self, url: str, clients: int, seconds: float, path: str = "/") -> Load:
        """The same of a server that does nothing."""
        return await self.turns(url, Get(paths=(path,)), clients, seconds)

    async def follow(self, url: str, feeds: Mapping[str, int], *, stalled: int = 0) -> Done:
        """Open feeds."""
        return await self.do(Follow(url=url, feeds=dict(feeds), stalled=stalled))

    async def tell(self, url: str, asks: Asks, times: int) -> Done:
        """Post comments, each when everybody was told of the one before."""
        return await self.do(Tell(url=url, asks=asks, times=times))

    async def leave(self) -> None:
        """Close every feed."""
        await self.do(Leave())


@asynccontextmanager
async def loading(cores: frozenset[int]) -> AsyncIterator[Loader]:
    """A process that asks, for the block."""
    usage.room()  # each feed that it opens is a file
    with on(cores):
        process = await anyio.open_process([sys.executable, "-m", "tests.bench.load"], stderr=None)
    async with process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Loader(process.stdin, BufferedByteReceiveStream(process.stdout))
        await process.stdin.aclose()  # that is its end
