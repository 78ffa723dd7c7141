"""Inspection of a server, and the check that it can keep what a deployment promises."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import redis.exceptions
from redis.asyncio import Redis

from core.redis.access import refusal
from core.redis.errors import UnfitServer, Unreachable

OLDEST: Final = {"Redis": (7, 0), "Valkey": (8, 0)}
"""Oldest supported versions: they have sharded pub/sub and scripts with flags."""

TELLS_OF_DISK: Final = {"Redis": (7, 2), "Valkey": (8, 0)}
"""Oldest versions with WAITAOF."""


class Server(NamedTuple):
    """Properties of a server, as it reports them."""

    name: Literal["Redis", "Valkey"]
    version: str
    is_replica: bool
    eviction: str
    """`maxmemory-policy`."""
    fsync: str | None
    """Policy of its append-only file: `always`, `everysec`, `no`; `off` without a file, None if not disclosed."""
    replicas: int = 0
    """Number of connected replicas."""
    cluster: bool = False
    """Set if the server is a node of a cluster."""
    loading: str | None = None
    """Progress of loading its data; None if the server is not loading."""

    @property
    def tells_of_disk(self) -> bool:
        """True if the server can confirm that a write is on its disk."""
        return self.fsync != "off" and _numbers(self.version) >= TELLS_OF_DISK[self.name]


class Memory(NamedTuple):
    """Memory of a server, in bytes."""

    used: int
    allowed: int
    """`maxmemory`, else the memory of the machine; 0 if not disclosed."""
    is_limited: bool
    """Set if `maxmemory` is set."""


def memory_of(info: Mapping[str, Any]) -> Memory:
    """Return the memory of a server from its INFO."""
    limit = int(info.get("maxmemory", 0))
    return Memory(int(info["used_memory"]), limit or int(info.get("total_system_memory", 0)), limit > 0)


async def inspect(client: Redis) -> Server:
    """Inspect a server. Raises `Unreachable`, or `UnfitServer` if the server refuses INFO."""
    try:
        info = await client.info()
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
        raise Unreachable(f"Redis does not answer: {error}") from error
    except redis.exceptions.NoPermissionError as error:
        raise await refusal(client, ("INFO",)) from error
    except redis.exceptions.ResponseError as error:
        raise UnfitServer(f"The Redis server refuses INFO: {error}") from error
    # Valkey also reports redis_version: the Redis version that it is compatible with.
    valkey = info.get("valkey_version")
    return Server(
        name="Valkey" if valkey else "Redis",
        version=str(valkey or info["redis_version"]),
        is_replica=info.get("role") == "slave",
        eviction=str(info.get("maxmemory_policy")),
        fsync=await _fsync(client) if info.get("aof_enabled") else "off",
        replicas=int(info.get("connected_slaves", 0)),
        cluster=bool(info.get("cluster_enabled")),
        loading=_loading(info) if info.get("loading") else None,
    )


def require(server: Server, level: str) -> None:
    """Raise `UnfitServer`, with a line on what to change, unless the server can keep this durability.

    Missing replicas raise no error: replicas may come and go.
    """
    oldest = OLDEST[server.name]
    if _numbers(server.version) < oldest:
        wanted = ".".join(map(str, oldest))
        raise UnfitServer(f"{server.name} {server.version} is too old: Hansard needs {wanted} or newer")
    if server.is_replica:
        raise UnfitServer("The server is a replica and takes no writes: give the address of its primary")
    if server.eviction != "noeviction":
        raise UnfitServer(
            f"The server may evict recorded events: set maxmemory-policy to noeviction, not {server.eviction}"
        )
    if level == "fsynced" and server.fsync != "always" and not server.tells_of_disk:
        raise UnfitServer(
            "Durability fsynced needs appendonly yes, and before Redis 7.2 also appendfsync always and "
            "no-appendfsync-on-rewrite no; "
            + ("the server does not report its settings" if server.fsync is None else f"the server has {server.fsync}")
        )


def _loading(info: Mapping[str, Any]) -> str:
    return f"{info.get('loading_loaded_perc', '?')} %, about {info.get('loading_eta_seconds', '?')} s left"


async def _fsync(client: Redis) -> str | None:
    try:
        reply: dict[Any, Any] = await client.config_get("appendfsync", "no-appendfsync-on-rewrite")
    except redis.exceptions.ResponseError:
        return None  # a hosted server may hide its configuration; `require` reports that if it matters
    config = {_text(name): _text(value) for name, value in reply.items()}
    if config.get("no-appendfsync-on-rewrite") == "yes" and config.get("appendfsync") == "always":
        return "always, but not during a rewrite of the file"
    return config.get("appendfsync")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
