"""How far the views are behind the log, by partition."""

from functools import partial
from typing import NamedTuple

from core.gathering import gathered
from core.keys import Partition
from core.log.port import Log
from projections.progress import cursor
from projections.served import Served


class Lag(NamedTuple):
    """A partition whose views have yet to take in events."""

    partition: int
    events: int
    """How many; below 0 where the log ends before the views do, and so is not theirs (see `projections.origin`)."""
    since: int
    """When the oldest of them was recorded, in milliseconds since 1970."""


async def lags(served: Served, log: Log) -> list[Lag]:
    """The partitions that are not level, in order. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_lag, served, log, partition) for partition in served.keys])
    return [lag for lag in found if lag is not None]


async def _lag(served: Served, log: Log, partition: Partition) -> Lag | None:
    # The cursor first: what is appended in between can make the views look late, never level when they are not.
    at = await cursor(served, partition)
    last = await log.last(partition.number)
    if last.n == at.n:
        return None
    waiting = await log.read(partition.number, at, limit=1) if last.n > at.n else []
    return Lag(partition.number, last.n - at.n, (waiting[0].position if waiting else last).ms)
