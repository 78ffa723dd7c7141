"""Checks of `hansard doctor`: fitness of the servers for Hansard, and health of the deployment on them."""

import resource
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import redis.exceptions

from core.formats import Formats
from core.keys import DEPLOYMENT
from core.log.redis import RedisLog
from core.position import START
from core.redis.access import require_access
from core.redis.deployment import Deployment, open_deployment, require_none
from core.redis.errors import CannotOpen, Denied, Lack, OtherDeployment, UnfitServer, lack, lack_text
from core.redis.live_processes import LiveProcess, live_processes
from core.redis.node import Node
from core.redis.router import Router
from core.redis.server_facts import OLDEST, Server
from core.redis.topology import Topology, find_servers
from projections.read.lag import lags, other_logs
from projections.read.parked import all_parked
from projections.read.served_generation import Served
from projections.views.versions import OWN
from workers.doctor import damage, failover, losses
from workers.doctor.finding import Finding, joined
from workers.embedded import home
from workers.rebuild.status import is_mixed, standings
from workers.runtime.open_files import WANTED
from workers.runtime.settings import Settings

TIGHT: Final = 0.9
"""Share of the allowed memory that counts as too much: a full server refuses every write."""
ROOMY: Final = 0.75
"""Share of the allowed memory from which more memory is advised."""
FRAGMENTED: Final = 1.5
"""Ratio of memory taken from the system to memory used, from which fragmentation is reported."""
SMALL: Final = 256 * 1024 * 1024
"""Bytes of used memory below which fragmentation is not reported."""


FEW_CONNECTIONS: Final = 1000
"""Number of connections below which a gateway has room for too few clients that follow a thread."""


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
            return [*found, *await _deployment(opened, max(times), settings)]
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
    used, limit = int(info["used_memory"]), int(info.get("maxmemory", 0))
    allowed = limit or int(info.get("total_system_memory", 0))
    whose = "maxmemory" if limit else "the machine"
    found = f"{_size(used)} of {_size(allowed)} ({whose})" if allowed else f"{_size(used)} used"
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
        found = f"{_size(taken)} taken from the system for {_size(used)} used"
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


async def _deployment(opened: Deployment, now: int, settings: Settings) -> list[Finding]:
    log = RedisLog(opened)
    live = await live_processes(opened.calls)
    findings = [Finding(verdict="good", about="deployment", found=opened.record.id or "without an id yet")]
    findings += [_format(log.format, opened.record.formats, live), *_processes(log.format, live)]
    events = latest = 0
    served = Served(opened)
    damages = await damage.damages(served, log)
    unreadable = {one.partition for one in damages if one.position is None}
    for partition in set(range(log.partitions)) - unreadable:
        last = await log.last(partition)
        if last != START:
            events, latest = events + last.n, max(latest, last.ms)
    findings.append(Finding(verdict="good", about="log", found=f"{events} events in {log.partitions} partitions"))
    findings += damage.findings(damages, opened.keys)
    findings.append(_writes(await log.refusal()))
    findings += losses.findings(await losses.inspect_logs(opened), opened.record.id or "", opened.keys)
    if latest > now:
        found = f"the log is {(latest - now) / 1000:.1f} s ahead of the server's clock"
        change = "Set the server's clock: until it has caught up, the recorded times of events are too late"
        findings.append(Finding(verdict="advice", about="clock", found=found, change=change))
    if unreadable:
        return findings  # the views as a whole cannot be judged
    if parked := await all_parked(served):
        number = f"{len(parked)} thread{'' if len(parked) == 1 else 's'}"
        found = f"{number} shown as before an event that cannot be applied"
        change = (
            "List them with `hansard parked`, and see the event with `hansard parked show`. Requeue them once the "
            "program is fixed, or skip the event with a reason that is recorded"
        )
        findings.append(Finding(verdict="wrong", about="parked", found=found, change=change))
    if others := await other_logs(served, log):
        first, found = others[0], f"in {len(others)} of {log.partitions} partitions not made from the log beside them"
        change = (
            f"In partition {first.partition} the views have event {first.cursor}; the log lacks it, and ends at "
            f"{first.last}. An older log was put there, or another one. Restore the backup that both log and views "
            "come from; or, if this log is the right one, run `hansard rebuild`. Then start the projectors again"
        )
        return [*findings, Finding(verdict="wrong", about="views", found=found, change=change)]
    if mixed := [one.served for one in await standings(opened) if is_mixed(one.served)]:
        versions = sorted({version for views in mixed for version in views.versions})
        found = f"in {len(mixed)} of {log.partitions} partitions written by versions {' and '.join(versions)}"
        change = (
            f"This is version {OWN}. Everything is served as it is. `hansard verify` and the drift checks leave out "
            "what those versions write differently, until `hansard rebuild` rewrites the views with one version"
        )
        findings.append(Finding(verdict="advice", about="versions", found=found, change=change))
    behind = await lags(served, log)
    if not behind:
        return [*findings, Finding(verdict="good", about="views", found="up to date with the log")]
    seconds = max(0, now - min(lag.since for lag in behind)) / 1000
    found = f"{sum(lag.events for lag in behind)} events behind in {len(behind)} partitions, the oldest {seconds:.1f} s"
    if seconds <= settings.lag_bound:
        return [*findings, Finding(verdict="good", about="views", found=found)]
    change = "Start a projector (`hansard up` includes one); if one is running, its log says what stopped it"
    return [*findings, Finding(verdict="wrong", about="views", found=found, change=change)]


def _format(recorded: int, formats: Formats, live: list[LiveProcess]) -> Finding:
    """Report the format of the deployment, and what keeps it from the newest one."""
    if recorded >= formats.writes:
        return Finding(verdict="good", about="format", found=f"{recorded}, the newest")
    found = f"{recorded}; this version of Hansard writes {formats.writes}"
    behind = [one for one in live if formats.writes not in one.reads]
    change = (
        f"Update or stop {', '.join(map(str, behind))}; then run `hansard upgrade`"
        if behind
        else "Run `hansard upgrade` once every process is updated: until then the processes write the old format"
    )
    return Finding(verdict="advice", about="format", found=found, change=change)


def _processes(recorded: int, live: list[LiveProcess]) -> Iterator[Finding]:
    """Report the live processes. One that does not read the format of the deployment is wrong."""
    if not live:
        yield Finding(verdict="good", about="processes", found="none alive")
    for one in live:
        if recorded in one.reads:
            yield Finding(verdict="good", about="processes", found=str(one))
        else:
            change = f"Update or stop it: it does not read format {recorded}, takes no writes and commits nothing"
            yield Finding(verdict="wrong", about="processes", found=str(one), change=change)


def _writes(refusal: str | None) -> Finding:
    if refusal is None:
        return Finding(verdict="good", about="writes", found="taken")
    found = f"refused by the server: {lack_text(refusal)}"
    return Finding(verdict="wrong", about="writes", found=found, change=_FULL[lack(refusal)])


_FULL: Final[dict[Lack, str]] = {
    "memory": "Give the server more memory: it then takes writes again by itself",
    "disk": "Make room on the disk of its append-only file: it then takes writes again by itself",
    "replicas": "Bring its replicas back, or lower min-replicas-to-write",
}


def clients(settings: Settings) -> list[Finding]:
    """Report on client addresses, and on the connections that the limit of open files allows a process here."""
    return [_addresses(settings), _files(settings)]


def _addresses(settings: Settings) -> Finding:
    about = "addresses"
    if settings.trusted_proxies:
        found = f"identified by X-Forwarded-For, {settings.trusted_proxies} from the right"
        return Finding(verdict="good", about=about, found=found)
    if not _is_loopback(settings.host):
        found = "identified by connection; those of private networks have no share of their own"
        return Finding(verdict="good", about=about, found=found)
    found = "clients connect from this machine, and share the limits of one client"
    change = (
        "Behind a proxy that writes X-Forwarded-For, set HANSARD_TRUSTED_PROXIES to the number of proxies: until "
        "then one client can use up what is meant for all"
    )
    return Finding(verdict="advice", about=about, found=found, change=change)


def _files(settings: Settings) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = settings.connections(WANTED if hard == resource.RLIM_INFINITY else hard)
    found = f"room for {most} client connections, if processes here start with this limit"
    if most >= FEW_CONNECTIONS:
        return Finding(verdict="good", about="files", found=found)
    change = "Raise the hard limit of open files (LimitNOFILE of systemd, ulimits of compose): each reader needs one"
    return Finding(verdict="advice", about="files", found=found, change=change)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def disk(data: Path) -> Finding:
    """Report the room on the disk below the server of `hansard up`."""
    server_data = data / "server"
    left, record = home.free(server_data), home.taken(server_data)
    found = f"{_size(left)} free, the record takes {_size(record)}"
    if not await home.has_room(server_data):
        change = "Make room on it now: nothing is written until there is room; writes then resume by themselves"
        return Finding(verdict="wrong", about="disk", found=f"full: {found}", change=change)
    if left < record:
        change = "Make room on it soon: from time to time the whole record is rewritten beside the old one"
        return Finding(verdict="advice", about="disk", found=found, change=change)
    return Finding(verdict="good", about="disk", found=found)


async def _config(client: Any) -> dict[str, str]:
    try:
        reply = await client.config_get("stream-node-max-bytes", "stream-node-max-entries", *failover.CONFIG)
    except redis.exceptions.ResponseError:
        return {}  # a hosted server may refuse CONFIG GET
    return {_text(name): _text(value) for name, value in reply.items()}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _size(number: int) -> str:
    mega = number / 1024 / 1024
    return f"{mega:.1f} MiB" if mega < 1024 else f"{mega / 1024:.1f} GiB"  # noqa: PLR2004 - a gibibyte
