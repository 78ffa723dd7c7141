"""The views against the log, by partition: their lag, and the check that they are of this log.

In a failover the log, the cursor and the views of a partition go back together. If the cursor names an event that the
log lacks, the log was replaced: by an older backup, or by that of another deployment.
"""

from functools import partial
from typing import NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.log.port import Log
from core.position import START, Position
from core.refusals import UnreadablePartition
from projections.read import progress
from projections.read.served_generation import Served


class Lag(NamedTuple):
    """Lag of the views of a partition."""

    partition: int
    events: int
    """Number of unprocessed events; below 0 if the log ends before the views: another log (`other_logs`)."""
    since: int
    """Recording time of the oldest unprocessed event, in milliseconds since 1970."""

    def seconds(self, now: float) -> float:
        """Age of the oldest unprocessed event at `now`, in seconds since 1970; 0 if there is none."""
        return max(0.0, now - self.since / 1000) if self.events > 0 else 0.0


class OtherLog(NamedTuple):
    """A partition whose log lacks the event at the cursor of its views."""

    partition: int
    cursor: Position
    last: Position
    """The last position of the partition's log."""


def distance(at: Position, last: Position) -> int:
    """Number of events from one position to a later one; below 0 if `last` is before `at`.

    An entry written by another program may have any number, so a later position counts as at least 1.
    """
    if last > at:
        return max(1, last.n - at.n)
    return 0 if last == at else min(-1, last.n - at.n)


async def lags_of_readable(served: Served, log: Log) -> list[Lag]:
    """The partitions with lag, without those that are unreadable. Raises `core.refusals.Unavailable`."""
    try:
        return await lags(served, log)
    except UnreadablePartition:
        found = await gathered([partial(_readable, served, log, partition) for partition in served.keys])
        return [lag for part in found for lag in part]


async def _readable(served: Served, log: Log, partition: Partition) -> list[Lag]:
    try:
        return await _lags(served, log, [partition])
    except UnreadablePartition:
        return []


async def lags(served: Served, log: Log) -> list[Lag]:
    """The partitions with lag, in order. Raises `core.refusals.Unavailable`."""
    return await _lags(served, log, list(served.keys))


async def _lags(served: Served, log: Log, partitions: list[Partition]) -> list[Lag]:
    # Read the cursors first: an append in between can make the views look late, never falsely up to date.
    cursors = await progress.cursors(served, partitions)
    lasts = await log.lasts([partition.number for partition in partitions])
    behind = [
        partial(lag_of, log, partition.number, at, last)
        for partition, at, last in zip(partitions, cursors, lasts, strict=True)
        if last != at
    ]
    return await gathered(behind)


async def lag_of(log: Log, partition: int, at: Position, last: Position) -> Lag:
    """The lag of views at position `at` of a log that ends at `last`. Raises `core.refusals.Unavailable`."""
    waiting = await log.read(partition, at, limit=1) if last > at else []
    return Lag(partition, distance(at, last), (waiting[0].position if waiting else last).ms)


async def other_logs(served: Served, log: Log) -> list[OtherLog]:
    """The partitions whose views are of another log, in order. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_other_log, served, log, partition) for partition in served.keys])
    return [one for one in found if one is not None]


async def _other_log(served: Served, log: Log, partition: Partition) -> OtherLog | None:
    at = await progress.cursor(served, partition)
    if at == START or await log.entry(partition.number, at) is not None:
        return None
    # A failover between the two reads would look the same, but it moves the cursor too.
    if await progress.cursor(served, partition) != at:
        return None
    return OtherLog(partition.number, at, await log.last(partition.number))
