"""The two kinds of clients. Nothing else makes one.

redis-py's defaults repeat every command that fails, ten times, and so would append twice; break a read that blocks
longer than five seconds; and raise at once when the pool is exhausted. Here, the writing client never repeats and
gives up after a few seconds, the reading client waits for ever, and either waits for a free connection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import redis.exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.redis.errors import BadAddress

REPLY_WITHIN: Final = 3.0
"""Seconds in which a writing client's server must answer, or take a connection."""

WRITING_CONNECTIONS: Final = 16
READING_CONNECTIONS: Final = 256


Check = Callable[[AbstractConnection], Awaitable[None]]
"""Whether a connection that was just made is to be used; it raises `redis.exceptions.ConnectionError` where not."""


def connect(url: str, *, writing: bool, connections: int | None = None, check: Check | None = None) -> Redis:
    """A client of the server at `url` (`redis://`, `rediss://`, `unix://`) that speaks bytes. Connects when used.

    A writing client carries out a command at most once and raises `redis.exceptions.TimeoutError` after
    `REPLY_WITHIN` seconds. A reading client has no such bound: use it for what blocks, and cancel it.
    Raises `BadAddress` for a URL that cannot be used.
    """
    settings: dict[str, Any] = {
        "decode_responses": False,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
        "retry_on_timeout": False,
        "socket_timeout": REPLY_WITHIN if writing else None,
        "socket_connect_timeout": REPLY_WITHIN,
        "timeout": REPLY_WITHIN,
        "max_connections": connections or (WRITING_CONNECTIONS if writing else READING_CONNECTIONS),
    }
    if check is not None:
        settings["redis_connect_func"] = _greeting(check)
    if _scheme(url) != "unix":
        # A subscription may be silent for hours: only probes tell that its server is gone.
        settings["socket_keepalive"] = True
    try:
        pool = BlockingConnectionPool(**_lendable({**parse_url(url), **settings}))
        # Opens nothing: it tells whether the parameters in the URL exist.
        pool.make_connection()  # type: ignore[no-untyped-call] # redis-py's
    except (TypeError, ValueError) as error:
        raise BadAddress(f"The Redis URL cannot be used: {error}") from error
    return Redis.from_pool(pool)


async def ask(client: Redis, *command: str) -> Any:
    """What a plain client makes of the reply to one command: for looking at a server, seldom."""
    return await client.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py's


class Lendable(AbstractConnection):
    """A connection whose transport can be lent to a protocol of ours, and which says honestly that it was lost."""

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's
        """Send it. Raises `redis.exceptions.ConnectionError` where the connection was closed."""
        # uvloop raises a RuntimeError for a write to a transport that it has closed, and redis-py lets that through.
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            raise redis.exceptions.ConnectionError(f"The connection was closed: {error}") from error

    @property
    def transport(self) -> asyncio.WriteTransport:
        """What carries the bytes, of a connection that is open and has no reply under way."""
        assert self._writer is not None
        return self._writer.transport

    def error_of(self, said: str) -> Exception:
        """The exception for an error of the server."""
        error: Exception = self._parser.parse_error(said)  # type: ignore[no-untyped-call] # redis-py's
        return error

    def forget(self) -> None:
        """Let go of a transport that is closed: the next use connects again."""
        self._parser.on_disconnect()  # type: ignore[no-untyped-call] # redis-py's
        self._reader = self._writer = None


def _lendable(settings: dict[str, Any]) -> dict[str, Any]:
    kind: type[AbstractConnection] = settings.get("connection_class", Connection)
    return {**settings, "connection_class": type(kind.__name__, (Lendable, kind), {})}


def _greeting(check: Check) -> Check:
    async def greet(connection: AbstractConnection) -> None:
        await connection.on_connect()
        await check(connection)

    return greet


def _scheme(url: str) -> str:
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise BadAddress(f"The Redis URL cannot be used: {error}") from error
    if scheme not in {"redis", "rediss", "unix"}:
        raise BadAddress("The Redis URL of one server starts with redis://, rediss:// or unix://")
    return scheme
