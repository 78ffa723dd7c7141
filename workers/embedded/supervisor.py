"""The server of our own, kept going: started again when it ends, and kept from writing while its disk is full.

A server that has every write on disk before it answers has no choice when the disk is full: it ends. Started again as
it was, it would end at the next write, and nobody could read. So it comes back without writes, which are refused at
once then, and takes them again when there is room.
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
"""Times that it may end in `WITHIN` seconds with room on its disk; once more is for a person to look at."""
WITHIN: Final = 60.0
LOOK_EVERY: Final = 2.0
"""Seconds between two looks at a full disk."""

_log = structlog.get_logger(__name__)


async def keep(server: EmbeddedServer) -> NoReturn:
    """Start the server again whenever it ends by itself, until cancelled.

    Raises:
        EmbeddedError: it ended too often, or did not even come up.
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
            await anyio.sleep(LOOK_EVERY)
        else:
            _log.warning("embedded_server_restarted", pid=server.pid, writes=room)
            ended = await _ended(server)


async def _ended(server: EmbeddedServer) -> EmbeddedError:
    """How the server ended; until then it is let write as soon as it may be."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_let_write, server)
        ended = await server.ended()
        tasks.cancel_scope.cancel()
    return ended


async def _let_write(server: EmbeddedServer) -> None:
    """Let the server write again, where it may not, once there is room."""
    while not server.writes:
        await anyio.sleep(LOOK_EVERY)
        if await has_room(server.home):
            try:
                await server.let_write()
            except RedisError as error:
                _log.warning("embedded_server_not_opened", error=said(error))
            else:
                _log.warning("embedded_server_opened", pid=server.pid)
