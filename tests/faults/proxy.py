"""A way to a server that can be cut: connections stay open and nothing comes through, as when a cable is pulled.

It can also lose a single reply. Loopback alone.
"""

from contextlib import suppress
from typing import Final

import anyio
from anyio import TASK_STATUS_IGNORED
from anyio.abc import SocketAttribute, SocketStream, TaskStatus

_OF_A_REPLICA: Final = (b"REPLCONF", b"PSYNC")


class Proxy:
    """Passes bytes on between who connects to `port` and the server at `to`."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self.replicas = 0
        """How many connections were those of a replica."""
        self._to = to
        self._open = anyio.Event()
        self._open.set()
        self._only_replicas = False
        self._marker: bytes | None = None
        self._links: set[anyio.CancelScope] = set()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; started once `port` is known."""
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            self.port = int(listener.extra(SocketAttribute.local_port))  # noqa: S610 - anyio's, not Django's
            task_status.started()
            await listener.serve(self._handle)

    def cut(self, *, only_replicas: bool = False) -> None:
        """Let nothing through any more, in either direction, be it of replicas alone."""
        self._only_replicas = only_replicas
        if self._open.is_set():
            self._open = anyio.Event()

    def heal(self) -> None:
        """Let everything through again, what waited first."""
        self._open.set()

    def lose_the_reply_to(self, marker: bytes) -> None:
        """Let the next command with these bytes through, and close the connection when its reply comes."""
        self._marker = marker

    def drop(self) -> None:
        """Close every connection that is open now."""
        for link in self._links:
            link.cancel()

    async def _handle(self, client: SocketStream) -> None:
        with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError), anyio.CancelScope() as link:
            self._links.add(link)
            try:
                async with client, await anyio.connect_tcp("127.0.0.1", self._to) as server:
                    await self._join(client, server)
            finally:
                self._links.discard(link)

    async def _join(self, client: SocketStream, server: SocketStream) -> None:
        replica = lost = False

        async def passed() -> None:
            while not self._open.is_set() and (replica or not self._only_replicas):
                await self._open.wait()

        async def there() -> None:
            nonlocal replica, lost
            async for sent in client:
                if not replica and any(word in sent for word in _OF_A_REPLICA):
                    replica = True
                    self.replicas += 1
                if self._marker is not None and self._marker in sent:
                    self._marker, lost = None, True
                await passed()
                await server.send(sent)
            tasks.cancel_scope.cancel()

        async def back() -> None:
            async for reply in server:
                await passed()
                if lost:
                    break
                await client.send(reply)
            tasks.cancel_scope.cancel()

        with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            # One side gone is both gone; the group would wrap what a broken end raises.
            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(there)
                    tasks.start_soon(back)
            except* (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                pass
