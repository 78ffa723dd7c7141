"""Access check at startup: the server account may run every command that Hansard needs.

A command that is denied only when first needed would fail in the middle of a user's work. So one script asks the server
about all commands, with a key of each kind and the channels, and executes none of them.
"""

from typing import Final

import redis.exceptions
from redis.asyncio import Redis

from core.keys import DEPLOYMENT, PROCESSES, REBUILD, WORKERS, Partition
from core.redis.client import ask
from core.redis.command import Argument
from core.redis.errors import Denied, Unreachable, is_denied, is_passing
from core.redis.pipeline import Pipeline
from core.redis.script import Script

ACCESS: Final = Script("core.redis", "check_access")

RULE: Final = "~hansard:* ~{hansard:deployment}:* &hansard:* +@all -@admin -@dangerous +info +config|get"
"""ACL rules that an account needs, for ACL SETUSER. Without `config|get`, some advice of the doctor is missing."""

SHOWN: Final = 6
"""Maximum number of commands named in an error message."""

_PARTITION: Final = Partition(0, 64)
_LOG, _HASH, _SET = _PARTITION.log, _PARTITION.heads("site", "thread"), _PARTITION.versions(1)
_SORTED, _TEXT = _PARTITION.listing(1, "site", "threads"), _PARTITION.deployment

COMMANDS: Final[tuple[tuple[str, ...], ...]] = (
    ("DEL", _TEXT),
    ("EVAL", "return 1", "1", _LOG),
    ("EVALSHA", ACCESS.sha, "1", _LOG),
    ("EXISTS", _LOG),
    ("EXPIRE", _HASH, "1"),
    ("GET", _TEXT),
    ("GET", REBUILD),
    ("HDEL", _HASH, "field"),
    ("HEXISTS", _HASH, "field"),
    ("HGET", _HASH, "field"),
    ("HGETALL", _HASH),
    ("HINCRBY", _HASH, "field", "1"),
    ("HKEYS", _HASH),
    ("HLEN", _HASH),
    ("HMGET", DEPLOYMENT, "id"),
    ("HSCAN", _HASH, "0"),
    ("HSET", _HASH, "field", "value"),
    ("HSET", DEPLOYMENT, "field", "value"),
    ("HSETNX", DEPLOYMENT, "field", "value"),
    ("HVALS", _HASH),
    ("INFO",),
    ("MGET", _TEXT),
    ("PERSIST", _HASH),
    ("PEXPIRE", _HASH, "1"),
    ("PEXPIREAT", _HASH, "1"),
    ("PING",),
    ("RENAME", _HASH, _PARTITION.heads("site", "")),
    ("SADD", _SET, "member"),
    ("SCAN", "0"),
    ("SCARD", _SET),
    ("SET", _TEXT, "value"),
    ("SET", REBUILD, "value"),
    ("SISMEMBER", _SET, "member"),
    ("SMEMBERS", _SET),
    ("SPUBLISH", _PARTITION.log_channel, ""),
    ("SPUBLISH", _PARTITION.view_channel, ""),
    ("SSUBSCRIBE", _PARTITION.log_channel),
    ("SSUBSCRIBE", _PARTITION.view_channel),
    ("SUNSUBSCRIBE", _PARTITION.log_channel),
    ("TIME",),
    ("TYPE", _LOG),
    ("UNLINK", _HASH),
    ("WAIT", "1", "1"),
    ("WAITAOF", "1", "0", "1"),
    ("XADD", _LOG, "1-1", "e", ""),
    ("XDEL", _LOG, "1-1"),
    ("XINFO", "STREAM", _LOG),
    ("XLEN", _LOG),
    ("XRANGE", _LOG, "-", "+"),
    ("XREVRANGE", _LOG, "+", "-"),
    ("XTRIM", _PARTITION.feed, "MAXLEN", "1"),
    ("ZADD", _SORTED, "1", "member"),
    ("ZADD", WORKERS, "1", "member"),
    ("ZADD", PROCESSES, "1", "member"),
    ("ZCARD", _SORTED),
    ("ZCOUNT", _SORTED, "0", "1"),
    ("ZLEXCOUNT", _SORTED, "-", "+"),
    ("ZMSCORE", _SORTED, "member"),
    ("ZRANGE", _SORTED, "0", "1"),
    ("ZRANGEBYLEX", _SORTED, "-", "+"),
    ("ZRANGEBYSCORE", _SORTED, "0", "1"),
    ("ZREM", _SORTED, "member"),
    ("ZREMRANGEBYSCORE", _SORTED, "0", "1"),
    ("ZREVRANGEBYLEX", _SORTED, "+", "-"),
    ("ZREVRANGEBYSCORE", _SORTED, "1", "0"),
    ("ZSCAN", _SORTED, "0"),
    ("ZSCORE", _SORTED, "member"),
)
"""All commands that Hansard or its scripts run, on keys of each kind. A test checks that none is missing."""

IN_CLUSTER: Final[tuple[tuple[str, ...], ...]] = (("ASKING",), ("CLUSTER", "INFO"), ("CLUSTER", "NODES"))


async def require_access(client: Redis, pipeline: Pipeline, *, cluster: bool = False) -> None:
    """Raise `Denied`, with the ACL rules needed, if the account may not run a required command.

    Raises `Unreachable` if the server does not answer.
    """
    commands = COMMANDS + IN_CLUSTER if cluster else COMMANDS
    arguments: list[Argument] = []
    for command in commands:
        arguments += (len(command), *command)
    try:
        denied = [commands[number - 1] for number in await pipeline.run(ACCESS, [], arguments)]
    except redis.exceptions.RedisError as error:
        if not is_denied(error):
            if is_passing(error):
                raise Unreachable(f"Redis does not answer: {error}") from error
            raise
        denied = [("EVAL",), ("EVALSHA",)]
    if denied:
        raise await refusal(client, *denied)


async def refusal(client: Redis, *denied: tuple[str, ...]) -> Denied:
    """Build the one-line `Denied` error for commands that the account may not run."""
    names = list(dict.fromkeys(_name(command) for command in denied))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    account = await _account(client)
    return Denied(
        f"The Redis user {account} may not run {', '.join(names[:SHOWN])}{more}: ACL SETUSER {account} {RULE}"
    )


def _name(command: tuple[str, ...]) -> str:
    """Name of a command for the message, with its key or channel if the denial may depend on that."""
    name, *rest = command
    if name in {"CLUSTER", "XINFO"}:
        return f"{name} {rest[0]}"
    return f"{name} on {rest[0]}" if name in _BY_PLACE and rest else name


_BY_PLACE: Final = frozenset(
    {"GET", "HMGET", "HSET", "HSETNX", "SET", "SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE", "ZADD"}
)


async def _account(client: Redis) -> str:
    try:
        name: bytes | str = await ask(client, "ACL WHOAMI")
    except redis.exceptions.ResponseError:
        given: str | None = client.connection_pool.connection_kwargs.get("username")
        return given or "default"
    return name.decode() if isinstance(name, bytes) else name
