"""Checks of `hansard doctor`: fitness of the servers for Hansard, and health of the deployment on them."""

from collections.abc import Iterator
from typing import Any, Final

import redis.exceptions

from core.keys import DEPLOYMENT
from core.redis.access import require_access
from core.redis.deployment import open_deployment, require_none
from core.redis.errors import CannotOpen, Denied, OtherDeployment, UnfitServer
from core.redis.node import Node
from core.redis.router import Router
from core.redis.server_facts import OLDEST, Server, memory_of
from core.redis.topology import Topology, find_servers
from workers.doctor import deployment, failover
from workers.doctor.finding import Finding, joined
from workers.runtime.amounts import size
from workers.runtime.settings import Settings

TIGHT: Final = 0.9
"""Share of the allowed memory that counts as too much: a full server refuses every write."""
ROOMY: Final = 0.75
"""Share of the allowed memory from which more memory is advised."""
FRAGMENTED: Final = 1.5
"""Ratio of memory taken from the system to memory used, from which fragmentation is reported."""
SMALL: Final = 256 * 1024 * 1024
"""Bytes of used memory below which fragmentation is not reported."""


async def examine(url: str, settings: Settings) -> list[Finding]:
    """Examine the servers at `url` and the deployment on them. Raises `core.redis.errors.CannotOpen`."""
    async with find_servers(url) as topology:
        alone = topology.address.kind == "single"
        by_server: dict[str, list[Finding]] = {}
        times: list[int] = []
        for node in topology.primaries():
            server = await node.inspect()
            if server.loading is not None:
                by_server[node.name] = [_loading(server)]
                continue
            info: dict[str, Any] = await node.writing.info()
            config = await _config(node.writing)
            times.append(_time(info))
            findings = [_version(server), _role(server), _eviction(server), *_persistence(server, info, settings)]
            findings += [*_memory(info), *_streams(config), await _account(node, server)]
            findings += [*failover.replicas(server, config, settings, alone=alone), *failover.coverage(server, config)]
            by_server[node.name] = findings
        found = joined(by_server)
        if any(finding.about in _NO_FURTHER for finding in found if finding.verdict == "wrong"):
            return found
        found += await failover.standby(topology, settings)
        recorded = await Router(topology, lambda node: node.calls).call("HGET", DEPLOYMENT, "partitions")
        if recorded is None:
            return [*found, await _none(topology, settings)]
        found += failover.spread(topology, int(recorded))
    try:
        async with open_deployment(url, partitions=int(recorded)) as opened:
            return [*found, *await deployment.findings(opened, max(times), settings)]
    except UnfitServer:
        return found  # the findings above name the cause
    except CannotOpen as error:
        return [*found, Finding(verdict="wrong", about="deployment", found=str(error))]


async def _none(topology: Topology, settings: Settings) -> Finding:
    """Report that no deployment is recorded, or that there are traces of one."""
    try:
        await require_none(Router(topology, lambda node: node.calls), settings.partitions)
    except OtherDeployment as error:
        return Finding(verdict="wrong", about="deployment", found=str(error))
    return Finding(verdict="advice", about="deployment", found="none yet", change=_NONE_YET)


_NONE_YET: Final = "Start `hansard up`, or `hansard gateway` and `hansard projector`"


def _time(info: dict[str, Any]) -> int:
    """The server's time, in milliseconds since 1970."""
    return int(info["server_time_usec"]) // 1000


def _version(server: Server) -> Finding:
    oldest = ".".join(map(str, OLDEST[server.name]))
    numbers = tuple(int(part) for part in server.version.split(".")[:2])
    found = f"{server.name} {server.version}"
    if numbers < OLDEST[server.name]:
        return Finding(verdict="wrong", about="version", found=found, change=f"Install {server.name} {oldest} or newer")
    return Finding(verdict="good", about="version", found=found)


def _loading(server: Server) -> Finding:
    change = "Wait until it has loaded its data: every process then continues by itself"
    return Finding(verdict="wrong", about=_NO_FURTHER[0], found=f"its data, {server.loading}", change=change)


async def _account(node: Node, server: Server) -> Finding:
    """Report an account that may not run every command Hansard needs."""
    try:
        await require_access(node.writing, node.calls, cluster=server.cluster)
    except Denied as error:
        found, _, change = str(error).partition(": ")
        return Finding(verdict="wrong", about=_NO_FURTHER[1], found=found, change=change)
    return Finding(verdict="good", about=_NO_FURTHER[1], found="has every permission needed")


_NO_FURTHER: Final = ("loading", "account")
"""Checks that end the examination if they fail: nothing further can be asked."""


def _role(server: Server) -> Finding:
    if server.is_replica:
        change = "Give the address of its primary: a replica takes no writes"
        return Finding(verdict="wrong", about="role", found="replica", change=change)
    return Finding(verdict="good", about="role", found="primary")


def _eviction(server: Server) -> Finding:
    if server.eviction == "noeviction":
        return Finding(verdict="good", about="eviction", found="noeviction")
    change = "Set maxmemory-policy noeviction: any other policy evicts the record when memory is short"
    return Finding(verdict="wrong", about="eviction", found=server.eviction, change=change)


def _persistence(server: Server, info: dict[str, Any], settings: Settings) -> Iterator[Finding]:
    found = "no append-only file" if server.fsync == "off" else f"appendfsync {server.fsync or 'not reported'}"
    if server.fsync == "always":
        yield Finding(verdict="good", about="persistence", found=found)
    elif settings.durability == "fsynced" and server.tells_of_disk:
        change = "Set appendfsync always to answer writes sooner: now each waits for the disk, for up to a second"
        yield Finding(verdict="advice", about="persistence", found=found, change=change)
    elif settings.durability == "fsynced":
        change = (
            "Set appendonly yes, appendfsync always and no-appendfsync-on-rewrite no; or run Hansard with "
            "--durability memory, which may lose acknowledged writes"
        )
        yield Finding(verdict="wrong", about="persistence", found=found, change=change)
    else:
        change = "Set appendonly yes and appendfsync always, so that no acknowledged write is lost when the server ends"
        yield Finding(verdict="advice", about="persistence", found=found, change=change)
    for field, what in (("aof_last_write_status", "last write"), ("aof_last_bgrewrite_status", "last rewrite")):
        if server.fsync != "off" and info.get(field, "ok") != "ok":
            change = "Check the server's log, and the space on its disk"
            yield Finding(verdict="wrong", about="persistence", found=f"the {what} of the file failed", change=change)


def _memory(info: dict[str, Any]) -> Iterator[Finding]:
    used, allowed, is_limited = memory_of(info)
    whose = "maxmemory" if is_limited else "the machine"
    found = f"{size(used)} of {size(allowed)} ({whose})" if allowed else f"{size(used)} used"
    share = used / allowed if allowed else 0.0
    if share >= TIGHT:
        change = "Give the server more memory now: a full server refuses every write"
        yield Finding(verdict="wrong", about="memory", found=found, change=change)
    elif share >= ROOMY:
        yield Finding(verdict="advice", about="memory", found=found, change="Give the server more memory soon")
    else:
        yield Finding(verdict="good", about="memory", found=found)
    taken = int(info.get("used_memory_rss", 0))
    if used > SMALL and taken > used * FRAGMENTED:
        change = "Set activedefrag yes if the server supports it, or restart the server in a quiet hour"
        found = f"{size(taken)} taken from the system for {size(used)} used"
        yield Finding(verdict="advice", about="memory", found=found, change=change)


def _streams(config: dict[str, str]) -> Iterator[Finding]:
    if not config:
        return
    large, many = config.get("stream-node-max-bytes"), config.get("stream-node-max-entries")
    found = f"nodes of {large} bytes, {many} entries"
    if (large, many) == ("16384", "0"):
        yield Finding(verdict="good", about="streams", found=found)
    else:
        change = "Set stream-node-max-bytes 16384 and stream-node-max-entries 0 to keep the log smaller"
        yield Finding(verdict="advice", about="streams", found=found, change=change)


async def _config(client: Any) -> dict[str, str]:
    try:
        reply = await client.config_get("stream-node-max-bytes", "stream-node-max-entries", *failover.CONFIG)
    except redis.exceptions.ResponseError:
        return {}  # a hosted server may refuse CONFIG GET
    return {_text(name): _text(value) for name, value in reply.items()}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
