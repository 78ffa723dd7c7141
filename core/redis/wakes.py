"""Being told that there may be something new, instead of asking all the time.

Every append and every commit publishes on a channel of its partition. A message says nothing but "look": whoever
waits looks by itself, from the position where it stands, and looks once in a while also when nobody called, because a
message can get lost. One connection a process listens for everybody in it; where it was lost, having it back wakes
everybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import redis.exceptions
import structlog
from anyio import TASK_STATUS_IGNORED, CancelScope, Event
from anyio.abc import TaskStatus
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from core.redis.faults import delays
from core.redis.metrics import LOSSES

LOOK_EVERY: Final = 1.0
"""Seconds after which whoever waits looks without being woken."""

_RINGING: Final = frozenset({b"smessage", b"ssubscribe"})

_log = structlog.get_logger(__name__)


class Wake:
    """One waiter's bell. What happens between two waits lets the second return at once: look, then wait, then look."""

    def __init__(self) -> None:
        self._event = Event()

    def ring(self) -> None:
        """Let the waiter look."""
        self._event.set()

    async def wait(self, at_most: float = LOOK_EVERY) -> bool:
        """Wait until it rings, `at_most` so many seconds. Returns whether it rang."""
        with anyio.move_on_after(at_most):
            await self._event.wait()
        rang = self._event.is_set()
        self._event = Event()
        return rang


class Wakes:
    """The bells of a process, by channel. They ring while `run` runs; without it, waiting is looking once a second."""

    def __init__(self, reading: Redis) -> None:
        self._pool = reading.connection_pool
        self._bells: dict[bytes, set[Wake]] = {}
        self._changed = Event()

    @contextmanager
    def on(self, *channels: str) -> Iterator[Wake]:
        """A bell that rings for these channels, until the block ends."""
        bell = Wake()
        names = {channel.encode() for channel in channels}
        for name in names:
            self._bells.setdefault(name, set()).add(bell)
        self._changed.set()
        try:
            yield bell
        finally:
            for name in names:
                self._bells[name].discard(bell)
                if not self._bells[name]:
                    del self._bells[name]
            self._changed.set()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Listen for everybody, for ever; started once a server was reached. Losses are logged, counted, repaired."""
        pauses = delays(longest=2.0)
        started = False
        while True:
            try:
                connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
                try:
                    pauses = delays(longest=2.0)
                    if not started:
                        task_status.started()
                        started = True
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(self._subscribe, connection)
                        await self._listen(connection)
                finally:
                    with CancelScope(shield=True):
                        await connection.disconnect(nowait=True)
                        await self._pool.release(connection)
            except* redis.exceptions.RedisError as lost:
                LOSSES.inc()
                _log.warning("subscription_lost", errors=[str(error) for error in lost.exceptions])
            await anyio.sleep(next(pauses))

    async def _subscribe(self, connection: AbstractConnection) -> None:
        """Keep what the server sends us the same as what is waited for."""
        asked: set[bytes] = set()
        while True:
            self._changed = Event()
            wanted = set(self._bells)
            # A command for each: in a cluster, the channels of one command lie in one slot.
            for name in wanted - asked:
                await connection.send_command("SSUBSCRIBE", name)
            for name in asked - wanted:
                await connection.send_command("SUNSUBSCRIBE", name)
            asked = wanted
            await self._changed.wait()

    async def _listen(self, connection: AbstractConnection) -> None:
        while True:
            kind, name, _ = await connection.read_response()
            # When a subscription begins, or is there again, something may have come before it.
            if kind in _RINGING:
                self._ring(name)

    def _ring(self, name: bytes) -> None:
        for bell in self._bells.get(name, ()):
            bell.ring()
