"""One connection that listens on the channels of one server, and is taken up again where it breaks."""

from collections.abc import Callable
from typing import Final

import anyio
import redis.exceptions
import structlog
from anyio import CancelScope, Event
from redis.asyncio.connection import AbstractConnection

from core.redis.faults import delays
from core.redis.metrics import LOSSES
from core.redis.node import Node

_MESSAGE: Final = b"smessage"
_RINGING: Final = frozenset({_MESSAGE, b"ssubscribe"})

_log = structlog.get_logger(__name__)


class Listener:
    """Listens on what is wanted of one node, while `run` runs.

    `ring` is told each channel that may have something, and what the message said of it, if anything.
    """

    def __init__(
        self,
        node: Node,
        *,
        ring: Callable[[bytes, bytes], None],
        moved: Callable[[Node, redis.exceptions.MovedError], object],
        lost: Callable[[], None],
    ) -> None:
        self._node = node
        self._ring = ring
        self._moved = moved
        self._lost = lost
        self._wanted: set[bytes] = set()
        self._asked: set[bytes] = set()
        self._changed = Event()
        self._scope = CancelScope()

    def want(self, names: set[bytes]) -> None:
        """Listen on these channels, and no others."""
        if names != self._wanted:
            self._wanted = names
            self._changed.set()

    def end(self) -> None:
        """Listen no longer."""
        self._scope.cancel()

    async def run(self) -> None:
        """Listen until it is ended. Losses are logged, counted, repaired."""
        with self._scope:
            pauses = delays(longest=2.0)
            while True:
                try:
                    connection = await self._node.reading.connection_pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
                    try:
                        pauses = delays(longest=2.0)
                        self._asked = set()
                        async with anyio.create_task_group() as tasks:
                            tasks.start_soon(self._subscribe, connection)
                            await self._listen(connection)
                    finally:
                        with CancelScope(shield=True):
                            await connection.disconnect(nowait=True)
                            await self._node.reading.connection_pool.release(connection)
                except* redis.exceptions.RedisError as lost:
                    LOSSES.inc()
                    _log.warning(
                        "subscription_lost", node=self._node.name, errors=[str(error) for error in lost.exceptions]
                    )
                    self._lost()
                await anyio.sleep(next(pauses))

    async def _subscribe(self, connection: AbstractConnection) -> None:
        """Keep what the server sends us the same as what is waited for."""
        while True:
            self._changed = Event()
            wanted = set(self._wanted)
            gone, self._asked = self._asked, self._asked | wanted
            # A command for each: in a cluster, the channels of one command lie in one slot.
            for name in wanted - gone:
                await connection.send_command("SSUBSCRIBE", name)
            for name in gone - wanted:
                self._asked.discard(name)
                await connection.send_command("SUNSUBSCRIBE", name)
            await self._changed.wait()

    async def _listen(self, connection: AbstractConnection) -> None:
        while True:
            try:
                kind, name, words = await connection.read_response()
            except redis.exceptions.MovedError as moved:
                self._moved(self._node, moved)
                continue
            # When a subscription begins, or is there again, something may have come before it.
            if kind in _RINGING:
                self._ring(name, words if kind == _MESSAGE else b"")
            elif name in self._wanted:
                # Not by our wish: the slot has moved. Asked again, the server will say where it is.
                self._asked.discard(name)
                self._changed.set()
