"""What a server is, and whether it can keep what a deployment promises."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import redis.exceptions
from redis.asyncio import Redis

from core.redis.access import refusal
from core.redis.errors import UnfitServer, Unreachable

OLDEST: Final = {"Redis": (7, 0), "Valkey": (8, 0)}
"""The oldest versions that are supported: they know sharded pub/sub and scripts with flags."""

TELLS_OF_DISK: Final = {"Redis": (7, 2), "Valkey": (8, 0)}
"""The oldest versions that know WAITAOF."""


class Server(NamedTuple):
    """What a server says of itself."""

    name: Literal["Redis", "Valkey"]
    version: str
    is_replica: bool
    eviction: str
    """`maxmemory-policy`."""
    fsync: str | None
    """What its append-only file does: `always`, `everysec`, `no`; `off` without one, None where it does not tell."""
    replicas: int = 0
    """How many replicas are linked to it."""
    cluster: bool = False
    """Whether it is a node of a cluster."""
    loading: str | None = None
    """How far it has come with reading its file; None where it is not reading one."""

    @property
    def tells_of_disk(self) -> bool:
        """Whether it can be asked if what it wrote is on its disk."""
        return self.fsync != "off" and _numbers(self.version) >= TELLS_OF_DISK[self.name]


async def inspect(client: Redis) -> Server:
    """Ask a server what it is. Raises `Unreachable`, or `UnfitServer` where it refuses to tell."""
    try:
        info = await client.info()
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
        raise Unreachable(f"No Redis answers: {error}") from error
    except redis.exceptions.NoPermissionError as error:
        raise await refusal(client, ("INFO",)) from error
    except redis.exceptions.ResponseError as error:
        raise UnfitServer(f"The Redis server refuses INFO: {error}") from error
    # Valkey also says redis_version, that of the Redis it is compatible with.
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
    """Raise `UnfitServer`, in one line that says what to change, unless the server can keep this durability.

    Replicas may come and go: that some are missing is no reason not to start.
    """
    oldest = OLDEST[server.name]
    if _numbers(server.version) < oldest:
        wanted = ".".join(map(str, oldest))
        raise UnfitServer(f"{server.name} {server.version} is too old: Hansard needs {wanted} or newer")
    if server.is_replica:
        raise UnfitServer("The server is a replica and takes no writes: give the address of its primary")
    if server.eviction != "noeviction":
        raise UnfitServer(
            f"The server may evict what was recorded: set maxmemory-policy to noeviction, not {server.eviction}"
        )
    if level == "fsynced" and server.fsync != "always" and not server.tells_of_disk:
        raise UnfitServer(
            "Durability fsynced needs appendonly yes, and before Redis 7.2 also appendfsync always and "
            "no-appendfsync-on-rewrite no; "
            + ("the server does not tell what it has" if server.fsync is None else f"the server has {server.fsync}")
        )


def _loading(info: Mapping[str, Any]) -> str:
    return f"{info.get('loading_loaded_perc', '?')} %, about {info.get('loading_eta_seconds', '?')} s left"


async def _fsync(client: Redis) -> str | None:
    try:
        reply: dict[Any, Any] = await client.config_get("appendfsync", "no-appendfsync-on-rewrite")
    except redis.exceptions.ResponseError:
        return None  # a hosted server may keep its configuration to itself; `require` says so where it matters
    config = {_text(name): _text(value) for name, value in reply.items()}
    if config.get("no-appendfsync-on-rewrite") == "yes" and config.get("appendfsync") == "always":
        return "always, but not while it rewrites the file"
    return config.get("appendfsync")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
