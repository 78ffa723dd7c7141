"""Whether views are of the log that lies beside them.

In a failover log, cursor and views of a partition go back together. Where the cursor names an event that the log has
not, somebody put another log there: an older backup, or that of another deployment.
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
    """A partition whose log has not the event up to which its views are."""

    partition: int
    cursor: Position
    last: Position
    """Where its log ends."""


async def other_logs(served: Served, log: Log) -> list[OtherLog]:
    """The partitions whose views are of another log, in order. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_other_log, served, log, partition) for partition in served.keys])
    return [one for one in found if one is not None]


async def _other_log(served: Served, log: Log, partition: Partition) -> OtherLog | None:
    at = await cursor(served, partition)
    if at == START or await log.entry(partition.number, at) is not None:
        return None
    # A failover between the two questions would look the same. It takes the cursor along.
    if await cursor(served, partition) != at:
        return None
    return OtherLog(partition.number, at, await log.last(partition.number))
