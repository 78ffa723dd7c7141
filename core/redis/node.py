"""One server of a deployment: its clients, and the pipelines to it."""

from collections.abc import Callable
from typing import Final

import anyio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError  # noqa: A004 - the name redis has

from core.redis.client import REPLY_WITHIN, connect
from core.redis.confirmation import Confirmation
from core.redis.pipeline import Pipeline
from core.redis.server import Server, inspect

LONG_REPLY_WITHIN: Final = 10.0
"""Seconds in which the answers of one pipeline of reads must be here."""

PROVING_CONNECTIONS: Final = 8
"""Connections on which appends wait for replicas or a disk, and nothing else does."""


class Node:
    """A server. Nothing is connected before it is used.

    Short, urgent calls (decisions, commits) share the pipelines of `calls`, long answers those of `reads`, so that
    nobody's append waits behind somebody's page of events; `reading` is for what blocks. Of a node that `leads`,
    every connection is asked first whether it is a primary: behind sentinels, a server that was replaced goes on
    answering those who do not know yet.
    """

    def __init__(
        self,
        name: str,
        url: str,
        promise: Confirmation,
        *,
        leads: bool = False,
        slow: Callable[[], None] = lambda: None,
    ) -> None:
        """`slow` is called while it does not answer."""
        check = _leads if leads else None
        self.name = name
        self.writing = connect(url, writing=True, check=check)
        self.reading = connect(url, writing=False, check=check)
        self._proving = connect(url, writing=True, connections=PROVING_CONNECTIONS, check=check)
        self.calls = Pipeline(self.writing, slow=slow)
        self.reads = Pipeline(self.writing, within=LONG_REPLY_WITHIN, slow=slow)
        self.server: Server | None = None
        """What it says of itself; None before it was asked."""
        self._promise = promise
        # To a server that nobody has looked at yet, the proof that is asked is that of any server.
        self._proven = Pipeline(
            self._proving,
            within=REPLY_WITHIN + promise.within,
            proof=promise.proof(None),
            lines=PROVING_CONNECTIONS,
            slow=slow,
        )
        self._is_proof_needed = promise.proof(None) is not None

    def __repr__(self) -> str:
        """Show the name alone: an address may carry a password."""
        return f"Node({self.name!r})"

    @property
    def appends(self) -> Pipeline:
        """Pipelines behind which the server is asked to prove what the deployment promises."""
        return self._proven if self._is_proof_needed else self.calls

    async def look(self) -> Server:
        """Ask what it is. Raises `core.redis.errors.CannotOpen`."""
        self.server = await inspect(self.writing)
        self._is_proof_needed = self._promise.proof(self.server) is not None
        return self.server

    def give_up(self) -> None:
        """Wait no longer for what is under way to it."""
        for batch in (self.calls, self.reads, self._proven):
            batch.break_off()

    async def retire(self) -> None:
        """Let go of a server that is gone. Connections in use are closed by those who use them, as they are broken off.

        The library cannot stand a connection that is closed under somebody who reads from it.
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
    # INFO rather than ROLE: whoever may use a server at all may ask it that.
    await connection.send_command("INFO", "replication")
    if b"role:master" not in await connection.read_response():
        raise ConnectionError("the server is no primary any more")
