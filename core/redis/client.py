"""Factory of the two kinds of Redis clients, writing and reading. All clients are made here.

redis-py's defaults do not fit. They retry a failed command ten times, so that an append would take effect twice. They
abort a blocking read after five seconds, and raise at once when the pool is exhausted. Here, the writing client never
retries and times out after a few seconds. The reading client waits without a limit. Both wait for a free connection.
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
from redis.driver_info import DriverInfo

from core.redis.errors import BadAddress

REPLY_WITHIN: Final = 3.0
"""Seconds in which the server must reply to a writing client, or accept a connection."""

WRITING_CONNECTIONS: Final = 16
READING_CONNECTIONS: Final = 256
_DRIVER: Final = DriverInfo()
"""The name and version by which redis-py introduces itself; else each connection reads them from installed files."""

Check = Callable[[AbstractConnection], Awaitable[None]]
"""Check of a new connection. Raises `redis.exceptions.ConnectionError` if the connection must not be used."""


def connect(url: str, *, writing: bool, connections: int | None = None, check: Check | None = None) -> Redis:
    """Make a client of the server at `url` (`redis://`, `rediss://`, `unix://`). Speaks bytes; connects on first use.

    A writing client executes a command at most once and raises `redis.exceptions.TimeoutError` after `REPLY_WITHIN`
    seconds. A reading client has no such timeout: use it for blocking commands, and cancel them. Raises `BadAddress`
    for a URL that cannot be used.
    """
    settings: dict[str, Any] = {
        "decode_responses": False,
        "driver_info": _DRIVER,
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
        # A subscription may be silent for hours: only keepalive probes show that its server is gone.
        settings["socket_keepalive"] = True
    try:
        pool = BlockingConnectionPool(**_lendable({**parse_url(url), **settings}))
        # Opens no connection, but checks that the parameters in the URL exist.
        pool.make_connection()  # type: ignore[no-untyped-call] # redis-py's
    except (TypeError, ValueError) as error:
        raise BadAddress(f"The Redis URL cannot be used: {error}") from error
    return Redis.from_pool(pool)


async def ask(client: Redis, *command: str) -> Any:
    """Send one command through a plain client and return the parsed reply. For rare inspection of a server."""
    return await client.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py's


class Lendable(AbstractConnection):
    """A connection that can lend its transport to our own protocol, and that reports its loss as a ConnectionError."""

    # The signature is redis-py's.
    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send a command. Raises `redis.exceptions.ConnectionError` if the connection was closed."""
        # For a write to a transport that it has closed, uvloop raises a RuntimeError, which redis-py does not catch.
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            raise redis.exceptions.ConnectionError(f"The connection was closed: {error}") from error

    @property
    def transport(self) -> asyncio.WriteTransport:
        """Transport of an open connection that has no pending reply."""
        assert self._writer is not None
        return self._writer.transport

    def error_of(self, said: str) -> Exception:
        """Exception for the text of a server error."""
        error: Exception = self._parser.parse_error(said)  # type: ignore[no-untyped-call] # redis-py's
        return error

    def forget(self) -> None:
        """Drop a closed transport. The next use reconnects."""
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
