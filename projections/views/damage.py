"""Damage in the log of a partition that stops all views: its position and cause."""

from typing import Final

from msgspec import Struct
from redis.exceptions import RedisError

from core.events.envelope import UnreadableEntry, read
from core.events.skip_events import UnreadableEvent
from core.log.port import BrokenChain, Log
from core.position import Position
from core.redis.errors import is_wrong_type
from core.refusals import UnreadablePartition
from projections.thread.fold import CannotApply, Hole

READ: Final = 500
"""Entries per read."""


class Damage(Struct, frozen=True, kw_only=True):
    """Damage of one partition."""

    partition: int
    position: Position | None = None
    """The first entry that is unreadable or not contiguous; None if the damage is not about one entry."""
    why: str

    def __str__(self) -> str:
        where = "" if self.position is None else f" at {self.position}"
        return f"partition {self.partition}{where}: {self.why}"


def of(error: Exception, partition: int) -> Damage | None:
    """The damage that an error reports; None for an unrelated error."""
    match error:
        case UnreadableEntry() | Hole():
            return Damage(partition=partition, position=error.position, why=error.why)
        case CannotApply() if not error.recorded.envelope.thread:
            return Damage(partition=partition, position=error.position, why=_of_site(error.type, error.why))
        case UnreadablePartition():
            return Damage(partition=partition, why=error.why)
        case BrokenChain():
            return Damage(partition=partition, why=str(error))
        case RedisError() if is_wrong_type(error):
            return Damage(partition=partition, why="one of its keys has the wrong type")
        case _:
            return None


async def beyond(log: Log, partition: int, after: Position) -> Damage | None:
    """The first damage in the log after a position, None without damage. Raises `core.refusals.Unavailable`."""
    at = after
    try:
        while entries := await log.read(partition, at, limit=READ):
            for entry in entries:
                recorded = read(*entry)
                if entry.position.n != at.n + 1:
                    why = f"the event after {at} is missing"
                    return Damage(partition=partition, position=entry.position, why=why)
                if isinstance(recorded.event, UnreadableEvent) and not recorded.envelope.thread:
                    why = _of_site(recorded.envelope.type, recorded.event.fault)
                    return Damage(partition=partition, position=entry.position, why=why)
                at = entry.position
    except (UnreadableEntry, UnreadablePartition) as error:
        return of(error, partition)
    return None


def _of_site(type_: str, why: str) -> str:
    """Describe a failed event of a site, for which no thread can be parked."""
    return f"{type_} cannot be applied: {why}"
