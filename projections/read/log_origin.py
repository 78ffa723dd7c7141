"""Check that the views were built from the log stored next to them.

In a failover the log, the cursor and the views of a partition go back together. If the cursor names an event that the
log lacks, the log was replaced: by an older backup, or by that of another deployment.
"""

from functools import partial
from typing import NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.log.port import Log
from core.position import START, Position
from projections.read.progress import cursor
from projections.read.served_generation import Served


class OtherLog(NamedTuple):
    """A partition whose log lacks the event at the cursor of its views."""

    partition: int
    cursor: Position
    last: Position
    """The last position of the partition's log."""


async def other_logs(served: Served, log: Log) -> list[OtherLog]:
    """The partitions whose views are of another log, in order. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_other_log, served, log, partition) for partition in served.keys])
    return [one for one in found if one is not None]


async def _other_log(served: Served, log: Log, partition: Partition) -> OtherLog | None:
    at = await cursor(served, partition)
    if at == START or await log.entry(partition.number, at) is not None:
        return None
    # A failover between the two reads would look the same, but it moves the cursor too.
    if await cursor(served, partition) != at:
        return None
    return OtherLog(partition.number, at, await log.last(partition.number))
