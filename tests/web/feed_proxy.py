"""A TCP proxy in front of a gateway whose feeds can be cut: silently, properly, by a reset, after so many bytes.

Only connections that carry a feed are cut, apart from `refuse`, which is of all. Loopback alone.
"""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio

_CHUNK: Final = 65_536
_FEED: Final = re.compile(rb"GET (\S+/feed\?\S*) HTTP/1\.1\r\n")
_LAST_CHUNK: Final = b"0\r\n\r\n"
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""Value of SO_LINGER: closing sends a reset."""


class _Link:
    """One connection of a client. `feed` is true while it carries a feed."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.scope = anyio.CancelScope()
        self.feed = False


class FeedProxy:
    """Passes bytes on between browsers and the gateway at port `to`. `url` is where it listens."""

    def __init__(self, to: int) -> None:
        self.url = ""
        self.asked: list[str] = []
        """Targets of the requests for feeds, in order."""
        self.most = 0
        """Feeds that were open at the same time, at most."""
        self.beats = 0
        """Heartbeats passed."""
        self._to = to
        self._port = 0
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._left: int | None = None
        self._inserted = b""

    @property
    def open(self) -> int:
        """Feeds that are open now."""
        return sum(link.feed for link in self._links)

    async def accept(self) -> None:
        """Listen, at the same port as before."""
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def refuse(self) -> None:
        """Close every connection, and refuse new ones until `accept`."""
        if self._server is not None:
            self._server.close()
        self._server = None
        for link in self._links:
            link.scope.cancel()

    def to(self, port: int) -> None:
        """Lead new connections to another gateway, and close those that are open."""
        self._to = port
        for link in self._links:
            link.scope.cancel()

    def silence(self) -> None:
        """Keep feeds open and forward nothing of them until `speak`: neither frames nor heads of responses."""
        self._speaks.clear()

    def speak(self) -> None:
        """Forward feeds again, what waited first."""
        self._speaks.set()

    def cut(self, *, reset: bool = False) -> None:
        """Close the connections of all feeds now; with `reset` by a TCP reset."""
        for link in self._links:
            if link.feed:
                if reset:
                    raw: socket.socket = link.writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                link.scope.cancel()

    def cut_after(self, count: int) -> None:
        """Let so many bytes of feeds through from now on, and cut the one that has the next."""
        self._left = count

    def insert(self, event: bytes) -> None:
        """Put an event, as a newer gateway may send it, before the next one of a feed. It is a chunk of its own."""
        self._inserted += b"%x\r\n%b\r\n" % (len(event), event)

    async def mend(self) -> None:
        """Accept connections and let everything through again."""
        if self._server is None:
            await self.accept()
        self._left = None
        self.speak()

    async def end(self) -> None:
        """Close everything."""
        self.refuse()
        while self._links:
            await anyio.lowlevel.checkpoint()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        self._links.add(link)
        try:
            with suppress(OSError), link.scope:
                there, onward = await asyncio.open_connection("127.0.0.1", self._to)
                try:
                    await self._join(link, reader, there, onward)
                finally:
                    onward.transport.abort()
        finally:
            self._links.discard(link)
            writer.transport.abort()

    async def _join(
        self,
        link: _Link,
        reader: asyncio.StreamReader,
        there: asyncio.StreamReader,
        onward: asyncio.StreamWriter,
    ) -> None:
        async def asks() -> None:
            with suppress(OSError):
                while sent := await reader.read(_CHUNK):
                    asked = _FEED.match(sent)
                    link.feed = asked is not None
                    if asked is not None:
                        self.asked.append(asked[1].decode())
                        self.most = max(self.most, self.open)
                    onward.write(sent)
                    await onward.drain()
            link.feed = False
            link.scope.cancel()

        async def answers() -> None:
            with suppress(OSError):
                while reply := await there.read(_CHUNK):
                    passed = await self._passed(reply) if link.feed else reply
                    if link.feed and b"event: " in passed:
                        link.writer.write(self._inserted)
                        self._inserted = b""
                    link.writer.write(passed)
                    await link.writer.drain()
                    if len(passed) < len(reply):
                        break
                    if reply.endswith(_LAST_CHUNK):
                        link.feed = False
            link.scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asks)
            tasks.start_soon(answers)

    async def _passed(self, reply: bytes) -> bytes:
        """Return what of these bytes of a feed goes through."""
        await self._speaks.wait()
        if self._left is not None:
            if self._left < len(reply):
                passed, self._left = reply[: self._left], None
                return passed
            self._left -= len(reply)
        self.beats += reply.count(b"\r\n:\n\n")
        return reply


@asynccontextmanager
async def proxying(gateway: str) -> AsyncIterator[FeedProxy]:
    """A proxy to the gateway at this address."""
    proxy = FeedProxy(int(gateway.rpartition(":")[2]))
    await proxy.accept()
    try:
        yield proxy
    finally:
        await proxy.end()
