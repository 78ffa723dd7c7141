"""A way to a server that loses replies when told to."""

from pathlib import Path

import anyio
from anyio import TASK_STATUS_IGNORED
from anyio.abc import SocketStream, TaskStatus


class Proxy:
    """Passes bytes on between clients and the server at `unix://…`. `url` is where it listens."""

    def __init__(self, server: str, home: Path) -> None:
        self._server = server.removeprefix("unix://")
        self._socket = home / "proxy"
        self._marker: bytes | None = None
        self._always = False
        self.url = f"unix://{self._socket}"
        self.silent = False
        """Whether nothing that the server says reaches a client, as on a connection that a router forgot."""
        self.lost = 0
        self.pipelines: list[int] = []
        """Of each packet from a client, how many commands it held."""

    def lose_the_reply_to(self, marker: bytes, *, always: bool = False) -> None:
        """Let the next command with these bytes reach the server, and cut the connection when the reply comes.

        With `always`, all of them until `lose_nothing`.
        """
        self._marker, self._always = marker, always

    def lose_nothing(self) -> None:
        """Be a good way to the server again."""
        self._marker = None

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        async with await anyio.create_unix_listener(self._socket) as listener:
            task_status.started()
            await listener.serve(self._handle)

    async def _handle(self, client: SocketStream) -> None:
        async with client, await anyio.connect_unix(self._server) as server, anyio.create_task_group() as tasks:
            cut = anyio.Event()

            async def there() -> None:
                async for sent in client:
                    self.pipelines.append(sent.count(b"EVALSHA") + sent.count(b"XRANGE"))
                    if self._marker is not None and self._marker in sent:
                        if not self._always:
                            self._marker = None
                        cut.set()
                    await server.send(sent)
                tasks.cancel_scope.cancel()

            async def back() -> None:
                async for reply in server:
                    if cut.is_set():
                        self.lost += 1
                        break
                    if not self.silent:
                        await client.send(reply)
                tasks.cancel_scope.cancel()

            tasks.start_soon(there)
            tasks.start_soon(back)
