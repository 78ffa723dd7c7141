"""Lag of the views behind the log, by partition."""

from functools import partial
from typing import NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.log.port import Log
from core.position import Position
from core.refusals import UnreadablePartition
from projections.read import progress
from projections.read.served_generation import Served


class Lag(NamedTuple):
    """A partition whose views have unprocessed events."""

    partition: int
    events: int
    """Number of events; below 0 if the log ends before the views: another log (`projections.read.log_origin`)."""
    since: int
    """Recording time of the oldest unprocessed event, in milliseconds since 1970."""


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
        return [lag for some in found for lag in some]


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
    apart = [
        partial(_lag, log, partition.number, at, last)
        for partition, at, last in zip(partitions, cursors, lasts, strict=True)
        if last != at
    ]
    return await gathered(apart)


async def _lag(log: Log, partition: int, at: Position, last: Position) -> Lag:
    waiting = await log.read(partition, at, limit=1) if last > at else []
    return Lag(partition, distance(at, last), (waiting[0].position if waiting else last).ms)
