"""Redis resources that the parts of a process share: clients, pipelines, key names and subscriptions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Final

import redis.exceptions
import structlog
from redis.asyncio import Redis

from core.durability import Durability
from core.formats import FORMATS, Formats, reads
from core.keys import DEPLOYMENT, Keys
from core.redis.confirmation import Confirmation
from core.redis.deployment_record import INTERVAL, Record, RecordWatch, read_record, recorded
from core.redis.errors import HalfRestored, OtherDeployment, Unreachable, is_loading, is_passing, retry, said
from core.redis.log_integrity import LogIntegrity, owners
from core.redis.pubsub import PubSub
from core.redis.router import Router
from core.redis.topology import Topology, find_servers, require_access_to, require_fit, until_loaded
from core.refusals import Unavailable

PARTITIONS: Final = 64
"""Default number of partitions of a new deployment."""

_log = structlog.get_logger(__name__)


class Deployment:
    """An open deployment. `open_deployment` makes it, and closes it at the end of that block.

    Short, urgent commands (decisions, commits) share the pipelines of `calls`; long replies use those of `reads`. So an
    append never waits behind a page of events. `appends` are commands whose effect is confirmed to be as safe as the
    deployment promises. Each command goes to the server that has its key.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        keys: Keys,
        confirmation: Confirmation,
        calls: Router,
        record: RecordWatch,
        integrity: LogIntegrity,
    ) -> None:
        self.topology = topology
        self.keys = keys
        self.durability: Durability = confirmation.level
        self.calls = calls
        self.record = record
        """The record as last read. Writers check it first. A long-running process runs its `run` in a task group."""
        self.integrity = integrity
        """Integrity checks, and the logs that are not whole."""
        self.reads = Router(topology, lambda node: node.reads)
        self.appends = Router(topology, lambda node: node.appends)
        self.pubsub = PubSub(topology)

    @property
    def writing(self) -> Redis:
        """Plain client of the only server, or of the first primary of a cluster, for inspection."""
        return self.topology.primaries()[0].writing


@asynccontextmanager
async def open_deployment(
    url: str,
    *,
    partitions: int = PARTITIONS,
    durability: Durability = "memory",
    replicas: int = 1,
    restoring: bytes | None = None,
    formats: Formats = FORMATS,
    new_format: int | None = None,
    record_interval: float = INTERVAL,
) -> AsyncIterator[Deployment]:
    """Open the deployment on the servers at `url`. The first process to open it fixes the number of partitions.

    Run `deployment.pubsub.run` in a task group to receive notifications, and `deployment.record.run` to notice within
    `record_interval` seconds that the deployment is another. While a backup is being restored, only a process that is
    `restoring` that backup can open it. A new deployment starts at `new_format`, or the newest of `formats`. Raises
    `core.redis.errors.CannotOpen`.
    """
    confirmation = Confirmation(durability, replicas)
    async with find_servers(url, confirmation) as topology:
        keys, calls = Keys(partitions), Router(topology, lambda node: node.calls)
        new = Record(partitions=partitions, format=new_format or formats.writes, id=token_hex(16))
        integrity = LogIntegrity(calls, Router(topology, lambda node: node.appends), keys)
        found = None
        while found is None:
            await require_fit(topology, confirmation)
            found = await _agree(calls, new, formats, restoring)
        if restoring is None:
            await _check(integrity, found)
        record = RecordWatch(calls, found, formats, integrity, interval=record_interval)
        yield Deployment(
            topology, keys=keys, confirmation=confirmation, calls=calls, record=record, integrity=integrity
        )


async def recorded_partitions(url: str) -> int | None:
    """Number of partitions of the deployment at `url`; None if there is none. Creates nothing.

    Raises `core.redis.errors.CannotOpen`, `redis.exceptions.RedisError`.
    """
    async with find_servers(url) as topology:
        await until_loaded(topology)
        await require_access_to(topology)
        found = await Router(topology, lambda node: node.calls).call("HGET", DEPLOYMENT, "partitions")
        return None if found is None else int(found)


async def _agree(calls: Router, new: Record, formats: Formats, restoring: bytes | None) -> Record | None:
    """Create the record of the deployment, or compare it with the settings of this process.

    None if the server has restarted since its inspection and is loading its data.
    """
    try:
        # After loading their data, the nodes of a cluster need a moment to find each other.
        found = await retry(lambda: _found(calls, new), "open")
    except Unavailable as error:
        if error.__cause__ is not None and is_loading(error.__cause__):
            return None
        raise Unreachable(f"The Redis server takes no writes now: {said(error.__cause__ or error)}") from error
    if found is None:
        raise OtherDeployment("The deployment's record in Redis lacks the number of partitions or the format")
    if found.format not in formats.reads:
        raise OtherDeployment(
            f"The deployment in Redis has format {found.format}; this version of Hansard reads {reads(formats)}: "
            "update Hansard"
        )
    if found.partitions != new.partitions:
        raise OtherDeployment(
            f"The deployment in Redis has {found.partitions} partitions, not {new.partitions}; their number is fixed"
        )
    if found.restoring not in (None, restoring):
        raise HalfRestored(
            "A restore is running there, or was interrupted: run `hansard restore` on the same file to its end, or "
            "empty the server"
        )
    return found


async def require_none(calls: Router, partitions: int) -> None:
    """Raise OtherDeployment if partitions belong to a deployment although there is no record.

    Raises `redis.exceptions.RedisError`.
    """
    others = await owners(calls, Keys(partitions))
    # Another process may have created the record, and then these copies, since this one found no record.
    if others and await read_record(calls) is None:
        number, owner = next(iter(others.items()))
        raise OtherDeployment(
            f"The deployment's record is gone, and partition {number} belongs to deployment {owner}: bring back the "
            f"server that had the record, or write the record again: HSET {DEPLOYMENT} partitions {partitions} "
            f"format {FORMATS.writes} id {owner} copied 1"
        )


async def _found(calls: Router, new: Record) -> Record | None:
    """Read the record. Creates it if there is none and no partition belongs to another deployment."""
    if await read_record(calls) is None:
        await require_none(calls, new.partitions)
    return await recorded(calls, new, create=True)


async def _check(integrity: LogIntegrity, found: Record) -> None:
    """Check the integrity of all logs. If a server is away, the check is made later."""
    try:
        await integrity.check(found.id, found.copied)
    except redis.exceptions.RedisError as error:
        if not is_passing(error):
            raise
        _log.warning("logs_not_checked", error=str(error))
