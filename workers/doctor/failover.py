"""Checks of `hansard doctor` on what can take over: replicas, sentinels, the other nodes of a cluster."""

from collections.abc import Iterator
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from core.keys import Keys
from core.partitions import SLOTS
from core.redis.client import ask
from core.redis.node import Node
from core.redis.server_facts import Server
from core.redis.slots import slot_of
from core.redis.topology import Topology
from workers.doctor.finding import Finding
from workers.runtime.settings import Settings

CONFIG: Final = ("min-replicas-to-write", "save", "cluster-require-full-coverage", "cluster-node-timeout")
"""Settings of a server that these checks read."""

FEWEST_SENTINELS: Final = 3
"""Fewest sentinels that still have a majority after the loss of one."""


def replicas(server: Server, config: dict[str, str], settings: Settings, *, alone: bool) -> Iterator[Finding]:
    """Compare one server's replicas with the promised durability. `alone` marks a server without failover."""
    linked = f"{server.replicas} linked"
    if settings.durability != "replicated":
        if server.replicas or not alone:
            yield Finding(verdict="good", about="replicas", found=linked)
    elif server.replicas < settings.replicas:
        change = (
            f"Link {settings.replicas} or more: until then every write waits for a second and is answered with 202, "
            "not confirmed"
        )
        yield Finding(verdict="wrong", about="replicas", found=linked, change=change)
    else:
        yield Finding(verdict="good", about="replicas", found=f"{linked}, {settings.replicas} confirm each write")
        if config.get("min-replicas-to-write", "0") == "0":
            change = (
                "Set min-replicas-to-write 1, so that a primary that is cut off from its replicas refuses writes: "
                "now it takes them, answers 202, and loses them in the failover"
            )
            yield Finding(verdict="advice", about="replicas", found="min-replicas-to-write 0", change=change)
    if server.replicas and server.fsync == "off" and not config.get("save", "unknown"):
        change = "Set appendonly yes: a primary that restarts without its data makes its replicas drop theirs"
        yield Finding(verdict="advice", about="replicas", found="the primary keeps nothing on disk", change=change)


async def standby(topology: Topology, settings: Settings) -> list[Finding]:
    """Report the failover in place, and what may be missing after one."""
    match topology.address.kind:
        case "single":
            return []
        case "sentinel":
            findings = await _sentinels(topology)
        case "cluster":
            findings = await _cluster(topology, topology.primaries()[0])
    if settings.durability != "replicated":
        change = "Use --durability replicated, so that no acknowledged write is missing after a failover"
        found = "loses the writes that no replica has yet"
        findings.append(Finding(verdict="advice", about="failover", found=found, change=change))
    return findings


def spread(topology: Topology, partitions: int) -> list[Finding]:
    """Report the distribution of the partitions over the servers."""
    nodes = topology.primaries()
    if len(nodes) == 1:
        return []
    held = dict.fromkeys(nodes, 0)
    for partition in Keys(partitions):
        held[topology.of(slot_of(partition.log))] += 1
    fewest, most = min(held.values()), max(held.values())
    found = f"{partitions} partitions on {len(nodes)} servers, {fewest} to {most} each"
    if most <= 2 * max(1, fewest):
        return [Finding(verdict="good", about="spread", found=found)]
    change = "Give each server an equal and contiguous share of the slots"
    return [Finding(verdict="advice", about="spread", found=found, change=change)]


async def _sentinels(topology: Topology) -> list[Finding]:
    answering, refused = 0, ""
    for _, sentinel in topology.sentinels:
        try:
            await ask(sentinel, "SENTINEL CKQUORUM", topology.address.service)
            answering += 1
        except ResponseError as error:
            refused = str(error)
        except RedisError:
            continue  # does not count as answering
    found = f"{answering} of {len(topology.sentinels)} can agree on a failover"
    if not answering:
        change = (
            f"Start the missing sentinels: without a majority they cannot replace the primary ({refused or 'silent'})"
        )
        return [Finding(verdict="wrong", about="sentinels", found=found, change=change)]
    if answering < len(topology.sentinels) or answering < FEWEST_SENTINELS:
        change = f"Run {FEWEST_SENTINELS} or more sentinels, each on its own machine, and name all of them in the URL"
        return [Finding(verdict="advice", about="sentinels", found=found, change=change)]
    return [Finding(verdict="good", about="sentinels", found=found)]


async def _cluster(topology: Topology, node: Node) -> list[Finding]:
    info: dict[str, Any] = await ask(node.writing, "CLUSTER INFO")
    found = f"{len(topology.primaries())} primaries, {info['cluster_known_nodes']} nodes, {info['cluster_state']}"
    if info["cluster_state"] != "ok" or int(info["cluster_slots_ok"]) < SLOTS:
        change = "See `CLUSTER NODES`: some slots are served by no node, and their partitions take no calls"
        return [Finding(verdict="wrong", about="cluster", found=found, change=change)]
    return [Finding(verdict="good", about="cluster", found=found)]


def coverage(server: Server, config: dict[str, str]) -> Iterator[Finding]:
    """Report a cluster that stops as a whole when a part of it is gone."""
    if server.cluster and config.get("cluster-require-full-coverage") == "yes":
        change = "Set cluster-require-full-coverage no: partitions are independent, and the others can continue"
        found = "stops as a whole if a part is gone"
        yield Finding(verdict="advice", about="cluster", found=found, change=change)
