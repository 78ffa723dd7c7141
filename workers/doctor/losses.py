"""Incomplete logs: the findings of `hansard doctor`, the events that are gone, and accepting their loss."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from msgspec import Struct

from core.keys import Keys
from core.log.port import Log
from core.position import START, Position
from core.redis import log_integrity
from core.redis.deployment import Deployment
from core.redis.errors import retry
from core.redis.log_integrity import LogState
from projections.read.progress import cursor
from projections.read.served_generation import Served
from workers.doctor.finding import Finding
from workers.runtime.amounts import counted
from workers.runtime.process import Failed

BATCH: Final = 1000
"""Entries per read."""
NAMED: Final = 3
"""Most partitions that one finding names."""

LOST: Final = "lost"
EMPTY: Final = "empty"
OTHER: Final = "other"
FOREIGN: Final = "foreign"
UNMARKED: Final = "unmarked"


class Gap(NamedTuple):
    """A run of missing events: their first and last number, and the positions of the entries around them."""

    first: int
    last: int
    after: Position | None
    before: Position | None


class Loss(Struct, frozen=True, kw_only=True):
    """Loss of one partition. Where nothing of its log is left, `gone` is None unless the views record a position."""

    partition: int
    seen: LogState
    gone: int | None
    gaps: tuple[Gap, ...] = ()
    last: Position | None = None
    """Position that the views had reached. Set only where nothing of the log is left."""


def kind(seen: LogState, id_: str) -> str:
    """Classify the fault of an incomplete log."""
    if seen.owner not in (None, id_):
        return OTHER
    if seen.is_met_in_place:
        return FOREIGN
    missing = seen.newest.n - seen.accepted - seen.entries
    if missing < 0:
        return FOREIGN
    if missing > 0:
        return LOST
    if seen.newest == START:
        return EMPTY if seen.owner is None else LOST
    return UNMARKED


async def inspect_logs(deployment: Deployment) -> list[LogState]:
    """Current state of all logs. Raises `core.refusals.Unavailable`."""
    numbers = range(deployment.keys.partitions)
    call = partial(log_integrity.inspect, deployment.calls, deployment.keys, deployment.integrity.id, numbers)
    return await retry(call, log_integrity.CHECK.name)


def findings(states: Sequence[LogState], id_: str, keys: Keys) -> Iterator[Finding]:
    """Report the incomplete logs, by kind of fault, and the accepted losses."""
    by_kind: dict[str, list[LogState]] = {}
    for seen in states:
        if seen.fault is not None:
            by_kind.setdefault(kind(seen, id_), []).append(seen)
    for what, group in by_kind.items():
        lines = [f"partition {seen.partition} at {seen.newest}: {seen.fault}" for seen in group[:NAMED]]
        if len(group) > NAMED:
            lines.append(f"and {len(group) - NAMED} more")
        change = _CHANGES[what].format(key=keys[group[0].partition].log)
        yield Finding(verdict="wrong", about="whole", found="; ".join(lines), change=change)
    if not by_kind:
        yield Finding(verdict="good", about="whole", found="no log lost its beginning or an entry")
    accepted = [seen for seen in states if seen.accepted and seen.fault is None]
    for seen in accepted[:NAMED]:
        found = f"{counted(seen.accepted, 'event')} of partition {seen.partition} lost; the loss was accepted"
        yield Finding(verdict="good", about="losses", found=found)
    if len(accepted) > NAMED:
        lost = sum(seen.accepted for seen in accepted[NAMED:])
        found = f"{counted(lost, 'event')} of {len(accepted) - NAMED} more partitions lost; the loss was accepted"
        yield Finding(verdict="good", about="losses", found=found)


_MEND: Final = (
    "Put back the server or the files that have the events, or restore a backup to an empty server; until then, "
    "writes there are refused and reads are served. If the events are gone for good, `hansard doctor --accept-loss` "
    "lists them and resumes writes"
)
_CHANGES: Final = {
    LOST: _MEND,
    EMPTY: f"The server there came back empty, or another took its place. {_MEND}",
    OTHER: "Give the address of the right server, or put its data back: this server holds what another deployment "
    "wrote. Until then, writes there are refused",
    FOREIGN: "Look with `XREVRANGE {key} + - COUNT 5`, and remove with XDEL what is not an event of Hansard: another "
    "program wrote there. Until then, writes there are refused and reads are served",
    UNMARKED: "Start any process of the deployment: it writes the copy where the log is whole",
}


async def losses(deployment: Deployment, log: Log, states: Iterable[LogState]) -> AsyncIterator[Loss]:
    """Losses of these partitions. A log that lost entries is read from end to end."""
    served = Served(deployment)
    for seen in states:
        number = seen.partition
        if seen.newest == START:
            last = None if seen.owner is None else await cursor(served, deployment.keys[number])
            last = None if last == START else last
            gaps = () if last is None else (Gap(1, last.n, None, None),)
            yield Loss(partition=number, seen=seen, gone=None if last is None else last.n, gaps=gaps, last=last)
        else:
            gone = seen.newest.n - seen.accepted - seen.entries
            yield Loss(partition=number, seen=seen, gone=gone, gaps=tuple([gap async for gap in _gaps(log, seen)]))


async def accept(deployment: Deployment, loss: Loss) -> None:
    """Accept a loss. Raises Failed if the log has changed since it was read, `core.refusals.Unavailable`."""
    id_ = deployment.integrity.id
    call = partial(log_integrity.accept, deployment.calls, deployment.keys, id_, loss.seen, loss.last)
    if not await retry(call, log_integrity.ACCEPT.name, once=True):
        raise Failed(
            f"Partition {loss.partition} has changed meanwhile: no loss was accepted there. Run the command again"
        )


async def _gaps(log: Log, seen: LogState) -> AsyncIterator[Gap]:
    at = START
    while entries := await log.read(seen.partition, at, limit=BATCH, upto=seen.newest):
        for entry in entries:
            if entry.position.n > at.n + 1:
                yield Gap(at.n + 1, entry.position.n - 1, None if at == START else at, entry.position)
            at = entry.position
    if at.n < seen.newest.n:
        yield Gap(at.n + 1, seen.newest.n, None if at == START else at, None)
