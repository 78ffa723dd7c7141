"""Supervisor of the embedded server: restarts it when it ends, and keeps it read-only while its disk is full.

A server that writes to disk before it answers must end when the disk is full. Restarted with the same settings, it
would end at the next write, and no reader would be served. So it restarts without writes, which are refused at once,
and takes them again when there is room.
"""

from collections import deque
from typing import Final, NoReturn

import anyio
import structlog
from redis.exceptions import RedisError

from core.redis.errors import said
from workers.embedded.home import has_room
from workers.embedded.server import EmbeddedError, EmbeddedServer

MOST: Final = 3
"""Most ends within `WITHIN` seconds with room on the disk. After one more, an operator must look."""
WITHIN: Final = 60.0
POLL_EVERY: Final = 2.0
"""Seconds between two checks of a full disk."""

_log = structlog.get_logger(__name__)


async def keep(server: EmbeddedServer) -> NoReturn:
    """Restart the server whenever it ends by itself, until cancelled.

    Raises:
        EmbeddedError: it ended, or failed to come up, too often.
    """
    ends: deque[float] = deque(maxlen=MOST)
    ended = await _ended(server)
    while True:
        room = await has_room(server.home)
        _log.error("embedded_server_ended", error=str(ended), room=room)
        now = anyio.current_time()
        if room:
            if len(ends) == MOST and now - ends[0] < WITHIN:
                raise ended
            ends.append(now)
        try:
            await server.start(writes=room)
        except EmbeddedError as error:
            ended = error
            await anyio.sleep(POLL_EVERY)
        else:
            _log.warning("embedded_server_restarted", pid=server.pid, writes=room)
            ended = await _ended(server)


async def _ended(server: EmbeddedServer) -> EmbeddedError:
    """Wait for the end of the server and return the error. Until then, open it for writes once there is room."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_let_write, server)
        ended = await server.ended()
        tasks.cancel_scope.cancel()
    return ended


async def _let_write(server: EmbeddedServer) -> None:
    """Let a closed server write once there is room."""
    while not server.writes:
        await anyio.sleep(POLL_EVERY)
        if await has_room(server.home):
            try:
                await server.let_write()
            except RedisError as error:
                _log.warning("embedded_server_not_opened", error=said(error))
            else:
                _log.warning("embedded_server_opened", pid=server.pid)
