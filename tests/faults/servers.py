"""Faults of the servers, and of the way to them."""

import resource
from contextlib import suppress
from typing import Final

import redis.exceptions

from tests.faults import engines
from tests.faults.trouble import Trouble, blocking
from tests.support.clusters import Node

HOUR: Final = 3600
FLUSHES: Final = 10
KILLS: Final = 40
_FOR_EVER: Final = resource.RLIM_INFINITY


async def kill_primary(trouble: Trouble) -> None:
    """A server dies; it is started again once a replica has taken over, or at once where there is none."""
    node, threads = await blocking(trouble.a_primary)
    await blocking(node.kill)
    await _taken_over(trouble, node, threads)
    await blocking(node.restart)


async def freeze_primary(trouble: Trouble) -> None:
    """A server keeps its connections and answers nothing, until a replica has taken over; then it wakes."""
    node, threads = await blocking(trouble.a_primary)
    await blocking(node.freeze)
    await _taken_over(trouble, node, threads)
    await blocking(node.thaw)


async def freeze_replica(trouble: Trouble) -> None:
    """The replica of a server stands still: nothing that needs it is confirmed meanwhile."""
    node, threads = await blocking(trouble.a_primary)
    replica = trouble.dice.choice(await blocking(trouble.stage.replicas_of, node))
    await blocking(replica.freeze)
    await trouble.lasting(0.5, 4)
    trouble.strike(threads)
    await blocking(replica.thaw)


async def cut_replication(trouble: Trouble) -> None:
    """A server does not let its replica in for a while, and breaks off what there is, again and again."""
    node, threads = await blocking(trouble.a_primary)
    for _ in range(trouble.dice.randint(5, 15)):
        await blocking(shut_out, node)
        await trouble.lasting(0.1, 0.3)
    trouble.strike(threads)
    await blocking(node.ask, "ACL", "SETUSER", "default", "+psync", "+sync")


async def lagging_failover(trouble: Trouble) -> None:
    """A server dies whose replica has not got its last writes: those were confirmed to nobody."""
    node, threads = await blocking(trouble.a_primary)
    await blocking(shut_out, node)
    await trouble.lasting(0.5, 1.5)
    await blocking(node.kill)
    await _taken_over(trouble, node, threads)
    await blocking(node.restart)


async def migrate_slot(trouble: Trouble) -> None:
    """The slot of a partition moves to another server while it is written to."""
    cluster = trouble.stage.cluster
    assert cluster is not None
    node, threads = await blocking(trouble.a_primary)
    others = [other for other in await blocking(cluster.primaries) if other is not node]
    slot = trouble.stage.slot_of(trouble.dice.choice(sorted(threads)))
    trouble.strike(threads)
    await blocking(cluster.move_slot, slot, trouble.dice.choice(others))


async def flush_scripts(trouble: Trouble) -> None:
    """Servers forget the scripts, again and again."""
    trouble.strike()
    for _ in range(FLUSHES):
        await _everywhere(trouble, "SCRIPT", "FLUSH")
        await trouble.some_acknowledged(1, 6)


async def kill_connections(trouble: Trouble) -> None:
    """Servers close every connection that they have, again and again."""
    trouble.strike()
    for _ in range(KILLS):
        await _everywhere(trouble, "CLIENT", "KILL", "TYPE", trouble.dice.choice(("normal", "normal", "pubsub")))
        await trouble.lasting(0, 0.1)


async def cut_way(trouble: Trouble) -> None:
    """Nothing comes through between the processes and their server; then it does again, or all connections are lost."""
    proxy = trouble.stage.proxy
    assert proxy is not None
    proxy.cut()
    await trouble.lasting(0.2, 5)
    trouble.strike()
    if trouble.dice.random() < 0.5:
        proxy.drop()
    proxy.heal()


async def jump_clock(trouble: Trouble) -> None:
    """The clock of a server jumps an hour ahead or back, stays there, and comes back."""
    node, threads = await blocking(trouble.a_primary)
    engines.set_clock(trouble.stage.home, node.port, trouble.dice.choice((-HOUR, HOUR)))
    trouble.strike(threads)
    await trouble.some_acknowledged()
    engines.set_clock(trouble.stage.home, node.port, 0)


async def jump_clock_at_promotion(trouble: Trouble) -> None:
    """The replica that takes over has a clock an hour ahead of, or behind, the server that died."""
    node, threads = await blocking(trouble.a_primary)
    for replica in await blocking(trouble.stage.replicas_of, node):
        engines.set_clock(trouble.stage.home, replica.port, trouble.dice.choice((-HOUR, HOUR)))
    await trouble.some_acknowledged()
    await blocking(node.kill)
    await _taken_over(trouble, node, threads)
    await blocking(node.restart)
    for other in trouble.stage.nodes:
        engines.set_clock(trouble.stage.home, other.port, 0)


async def fill_disk(trouble: Trouble) -> None:
    """No file of a server may grow any more. One that writes to disk before it answers ends; others refuse writes."""
    node, threads = await blocking(trouble.a_primary)
    largest = max(path.stat().st_size for path in node._home.rglob("*") if path.is_file())
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (largest + 1000, _FOR_EVER))
    await trouble.lasting(1, 3)
    trouble.strike(threads)
    if node.running:
        with suppress(ProcessLookupError):
            resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (_FOR_EVER, _FOR_EVER))
    if not node.running:
        await blocking(node.restart)


def shut_out(node: Node) -> None:
    """Break off the replication of a server and let no replica in, until it is told otherwise or started again.

    Freezing a replica would not do: what its socket had taken in by then, it would still read when it wakes.
    """
    node.ask("ACL", "SETUSER", "default", "-psync", "-sync")
    node.ask("CLIENT", "KILL", "TYPE", "replica")


async def _taken_over(trouble: Trouble, node: Node, threads: frozenset[str]) -> None:
    """Wait until another node serves these threads; where there is none, let it last a while."""
    if trouble.stage.kind == "single":
        await trouble.lasting(0, 4)
        trouble.strike(threads)
        return
    trouble.strike(threads)
    some = min(threads)
    await trouble.until(lambda: _other(trouble, some) not in (None, node))
    # Where it had one replica, nothing is confirmed until it is back itself.
    await trouble.some_taken()


def _other(trouble: Trouble, thread: str) -> Node | None:
    try:
        return trouble.stage.primary_of(thread)
    except (redis.exceptions.RedisError, ValueError):
        return None  # nobody answers just now, or nobody serves it


async def _everywhere(trouble: Trouble, *command: str) -> None:
    for node in trouble.stage.nodes:
        with suppress(redis.exceptions.RedisError):
            await blocking(node.ask, *command)
