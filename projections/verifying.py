"""The views held to the log: folded again in memory and compared, key by key and field by field.

Readers and writers may go on. The views of a thread are read at one cursor and compared with the fold up to exactly
there; where the cursor has moved on since, the fold goes on to it first. A snapshot is compared with the fold at its
position. The feed is not compared: it tells what was said, and forgets.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Final

from msgspec import Struct

from core.keys import Keys, prefix
from core.log.port import Log
from core.redis.calls import Calls
from core.text.markup import rendered
from projections.cells import Html
from projections.comparing import Comparison, Difference, asked
from projections.pointer import Pointer

__all__ = ["Difference", "Progress", "verify"]

PAGE: Final = 1000
"""So many keys are looked at in one step of the walk over the server."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far it is: events folded, of about so many; threads compared in this partition, of so many known."""

    partition: int
    events: int
    of: int
    threads: int = 0


async def verify(
    log: Log,
    reads: Calls,
    keys: Keys,
    *,
    partitions: Iterable[int] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    html: Html = rendered,
) -> AsyncIterator[Difference]:
    """Every difference between the served views and the fold of the log, partition by partition.

    Raises `CannotApply` where the log itself has a hole or an event that makes no sense, `core.refusals.Unavailable`.
    """
    checks = []
    of = 0
    for number in range(log.partitions) if partitions is None else partitions:
        generation = Pointer.read(await asked(reads, "GET", keys[number].generation)).generation
        checks.append(Comparison(log, reads, keys[number], generation, html))
        of += (await checks[-1].cursor()).n
    existing = await _scan(reads, checks)
    events = 0
    for check in checks:
        tell = partial(_tell, progress, check.keys.number, events, of)
        async for difference in check.run(existing[check.keys.number], tell):
            yield difference
        events += check.at.n


def _tell(
    progress: Callable[[Progress], None], partition: int, before: int, of: int, folded: int, threads: int
) -> None:
    events = before + folded
    progress(Progress(partition=partition, events=events, of=max(of, events), threads=threads))


async def _scan(reads: Calls, checks: list[Comparison]) -> dict[int, list[str]]:
    """The keys of views and snapshots that exist, by partition; one walk over each server for all of them."""
    prefixes = {check.keys.views_prefix(check.generation): check.keys.number for check in checks}
    prefixes |= {check.keys.snapshots_prefix(): check.keys.number for check in checks}
    found: dict[int, list[str]] = {check.keys.number: [] for check in checks}
    for server in reads.each():
        cursor = b"0"
        while True:
            cursor, page = await asked(server, "SCAN", cursor, "COUNT", PAGE)
            for key in (name.decode(errors="replace") for name in page):
                number = prefixes.get(prefix(key))
                if number is not None:
                    found[number].append(key)
            if cursor == b"0":
                break
    return found
