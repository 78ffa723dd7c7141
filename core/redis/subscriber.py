"""One connection that listens on the channels of one server, and is opened again after a loss.

A silent connection is probed, because a connection that was lost without notice (a router that dropped it, a machine
that is gone) is silent as well.
"""

from collections.abc import Callable
from typing import Final

import anyio
import redis.exceptions
import structlog
from anyio import CancelScope, Event
from redis.asyncio.connection import AbstractConnection

from core.redis.errors import delays, said
from core.redis.metrics import LOSSES
from core.redis.node import Node

PROBE_EVERY: Final = 1.0
"""Seconds of silence after which the server is probed."""
LOST_AFTER: Final = 3.0
"""Seconds in which the server must then send something, or the connection is lost."""

_MESSAGE: Final = b"smessage"
_UNSUBSCRIBED: Final = b"sunsubscribe"
_SUBSCRIBED: Final = b"ssubscribe"
_NOTIFYING: Final = frozenset({_MESSAGE, _SUBSCRIBED})

_log = structlog.get_logger(__name__)


class Listener:
    """Listens on the wanted channels of one node while `run` runs.

    `notify` is called with each channel that may have something new, and the payload of the message, if any.
    """

    def __init__(
        self,
        node: Node,
        *,
        notify: Callable[[bytes, bytes], None],
        moved: Callable[[Node, redis.exceptions.MovedError], object],
        lost: Callable[[], None],
    ) -> None:
        self._node = node
        self._notify = notify
        self._moved = moved
        self._lost = lost
        self._wanted: set[bytes] = set()
        self._asked: set[bytes] = set()
        self._changed = Event()
        self._answered = Event()
        """Set by every message of the server; replaced by each probe."""
        self._scope = CancelScope()
        self.confirmed: set[bytes] = set()
        """Channels on which no message can be missed now."""

    def want(self, names: set[bytes]) -> None:
        """Listen on these channels only."""
        if names != self._wanted:
            self._wanted = names
            self._changed.set()

    def end(self) -> None:
        """Stop listening."""
        self._scope.cancel()

    async def run(self) -> None:
        """Listen until `end` is called. A lost connection is logged, counted and opened again."""
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
                            tasks.start_soon(self._probe, connection)
                            await self._listen(connection)
                    finally:
                        self._unconfirm()
                        with CancelScope(shield=True):
                            await connection.disconnect(nowait=True)
                            await self._node.reading.connection_pool.release(connection)
                except* redis.exceptions.RedisError as lost:
                    LOSSES.inc()
                    _log.warning(
                        "subscription_lost", node=self._node.name, errors=[said(error) for error in lost.exceptions]
                    )
                    self._lost()
                await anyio.sleep(next(pauses))

    async def _subscribe(self, connection: AbstractConnection) -> None:
        """Keep the subscriptions at the server equal to the wanted channels."""
        while True:
            self._changed = Event()
            wanted = set(self._wanted)
            gone, self._asked = self._asked, self._asked | wanted
            # One command per channel: in a cluster, the channels of one command must be in one slot.
            for name in wanted - gone:
                await connection.send_command("SSUBSCRIBE", name)
            for name in gone - wanted:
                self._asked.discard(name)
                await connection.send_command("SUNSUBSCRIBE", name)
            await self._changed.wait()

    async def _probe(self, connection: AbstractConnection) -> None:
        """Raise `redis.exceptions.ConnectionError` if the server does not answer a probe."""
        while True:
            answered = self._answered = Event()
            await anyio.sleep(PROBE_EVERY)
            if answered.is_set():
                continue
            await connection.send_command("PING")
            with anyio.move_on_after(LOST_AFTER):
                await answered.wait()
            if not answered.is_set():
                raise redis.exceptions.ConnectionError(f"the server sent nothing for {LOST_AFTER} s")

    def _unconfirm(self) -> None:
        """Wake all waiters that relied on a confirmed channel."""
        names, self.confirmed = self.confirmed, set()
        for name in names:
            self._notify(name, b"")

    async def _listen(self, connection: AbstractConnection) -> None:
        while True:
            try:
                message = await connection.read_response()
            except redis.exceptions.MovedError as moved:
                self._moved(self._node, moved)
                continue
            except redis.exceptions.ResponseError as error:
                if not str(error).startswith("MISCONF"):
                    raise
                continue  # a server whose disk is full refuses the probe, but is alive
            finally:
                self._answered.set()
            if not isinstance(message, list) or len(message) != 3:  # noqa: PLR2004 - the reply to a probe
                continue
            kind, name, payload = message
            if kind == _SUBSCRIBED:
                self.confirmed.add(name)
            elif kind == _UNSUBSCRIBED:
                self.confirmed.discard(name)
                self._notify(name, b"")
            # Before a subscription begins or resumes, a message may have been missed.
            if kind in _NOTIFYING:
                self._notify(name, payload if kind == _MESSAGE else b"")
            elif name in self._wanted:
                # Not our request: the slot has moved. Subscribing again makes the server name the new node.
                self._asked.discard(name)
                self._changed.set()
