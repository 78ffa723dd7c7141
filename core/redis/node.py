"""One server of a deployment: its clients and pipelines."""

from collections.abc import Callable
from typing import Final

import anyio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError  # noqa: A004 - redis-py's name

from core.redis.client import REPLY_WITHIN, connect
from core.redis.confirmation import Confirmation
from core.redis.pipeline import Pipeline
from core.redis.server_facts import Server, inspect

LONG_REPLY_WITHIN: Final = 10.0
"""Seconds in which all replies to one pipeline of reads must arrive."""

PROVING_CONNECTIONS: Final = 8
"""Connections reserved for appends that wait for replicas or a disk."""


class Node:
    """A server. Connects on first use.

    Short, urgent commands (decisions, commits) share the pipelines of `calls`; long replies use those of `reads`. So an
    append never waits behind a page of events. `reading` is for blocking commands. With `leads`, every new connection
    first checks that the server is a primary: behind sentinels, a replaced server still answers clients that have not
    noticed.
    """

    def __init__(
        self,
        name: str,
        url: str,
        confirmation: Confirmation,
        *,
        leads: bool = False,
        slow: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the clients and pipelines. `slow` is called while the server does not answer."""
        check = _leads if leads else None
        self.name = name
        self.writing = connect(url, writing=True, check=check)
        self.reading = connect(url, writing=False, check=check)
        self._proving = connect(url, writing=True, connections=PROVING_CONNECTIONS, check=check)
        self.calls = Pipeline(self.writing, slow=slow)
        self.reads = Pipeline(self.writing, within=LONG_REPLY_WITHIN, slow=slow)
        self.server: Server | None = None
        """Properties of the server; None before the first inspection."""
        self._confirmation = confirmation
        # For a server that was not inspected yet, the confirmation is the one that works on any server.
        self._proven = Pipeline(
            self._proving,
            within=REPLY_WITHIN + confirmation.within,
            proof=confirmation.proof(None),
            connections=PROVING_CONNECTIONS,
            slow=slow,
        )
        self._is_proof_needed = confirmation.proof(None) is not None

    def __repr__(self) -> str:
        """Show the name only: an address may carry a password."""
        return f"Node({self.name!r})"

    @property
    def appends(self) -> Pipeline:
        """Pipelines whose writes are confirmed as the deployment promises."""
        return self._proven if self._is_proof_needed else self.calls

    async def inspect(self) -> Server:
        """Inspect the server. Raises `core.redis.errors.CannotOpen`."""
        self.server = await inspect(self.writing)
        self._is_proof_needed = self._confirmation.proof(self.server) is not None
        return self.server

    def give_up(self) -> None:
        """Fail all commands that are pending at this server."""
        for pipeline in (self.calls, self.reads, self._proven):
            pipeline.break_off()

    async def retire(self) -> None:
        """Disconnect from a server that is gone. Connections in use fail, and are closed by their users.

        redis-py does not tolerate that a connection is closed while another task reads from it.
        """
        self.give_up()
        for client in (self.writing, self.reading, self._proving):
            await client.connection_pool.disconnect(inuse_connections=False)

    async def aclose(self) -> None:
        """Close all connections."""
        with anyio.CancelScope(shield=True):
            for client in (self.writing, self.reading, self._proving):
                await client.aclose()


async def _leads(connection: AbstractConnection) -> None:
    # INFO rather than ROLE: an account that may use a server at all may run INFO.
    await connection.send_command("INFO", "replication")
    if b"role:master" not in await connection.read_response():
        raise ConnectionError("the server is no longer a primary")
