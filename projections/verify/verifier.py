"""Verification of the views: each thread is folded from the log and compared, key by key and field by field.

Reads and writes may continue. The views of a thread are read at one cursor and compared with the fold up to exactly
that cursor; if the cursor has moved, the fold advances first. A snapshot is compared with the fold at its position.
Parts that another version wrote differently into the views are counted, not compared. The feed is not compared: it is a
trimmed record of past notifications.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct

from core.keys import Keys, Partition, prefix
from core.log.port import Log
from core.position import Position, kept
from core.redis.errors import retry
from core.redis.router import Router
from core.text.render import rendered
from projections.verify.difference import Difference, Superseded
from projections.verify.partition_check import PartitionCheck
from projections.verify.stored_keys import StoredKeys
from projections.verify.thread_check import asked
from projections.views import damage
from projections.views.damage import Damage
from projections.views.generations import scope_of
from projections.views.layout import Html
from projections.views.pointer import Pointer
from projections.views.stored_thread import Reads
from projections.views.versions import OWN, Versions

__all__ = ["Difference", "Finished", "Progress", "generation_of", "verify"]

PAGE: Final = 1000
"""Keys per step of the key scan."""


class Progress(Struct, frozen=True, kw_only=True):
    """Progress: events folded, of an approximate total `of`, and threads compared in this partition."""

    partition: int
    events: int
    of: int
    threads: int = 0


class Finished(Struct, frozen=True, kw_only=True):
    """A verified partition: the served generation, and the position verified up to."""

    partition: int
    generation: int
    position: Position
    threads: int
    """Number of threads that were compared."""
    left: Mapping[str, int]
    """Counts of what was not compared, by part (`projections.views.versions.Scope.parts`): threads for `all`, rows
    without a comparison of html for `html`, fields for a view. An empty part has no count."""
    versions: frozenset[Versions]
    """The versions that have written into these views."""


async def verify(
    log: Log,
    reads: Router,
    keys: Keys,
    *,
    partitions: Iterable[int] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    finished: Callable[[Finished], None] = lambda _: None,
    html: Html = rendered,
    versions: Versions = OWN,
) -> AsyncIterator[Difference]:
    """Yield every difference between the served views and the fold of the log, partition by partition.

    Only the parts are compared that `versions` and all versions that wrote into the views write alike. A partition is
    restarted if meanwhile another generation is served or another version writes. A thread with an event that cannot be
    applied is reported, and compared up to that event. A partition is reported if its log has a hole or an unreadable
    entry, also beyond the views, or cannot be read at all. If that prevents the comparison, the partition is not
    finished, and all others are verified. Raises `core.refusals.Unavailable`.
    """
    checks: list[PartitionCheck] = []
    lengths: dict[int, int] = {}
    for number in range(log.partitions) if partitions is None else partitions:
        try:
            check = await _begun(log, reads, keys, number, html, versions)
            lengths[number] = (await _cursor(reads, check)).n
            checks.append(check)
        except Exception as error:  # noqa: BLE001 - an error that reports no damage is raised again
            yield _damaged(keys[number], error)
    of = sum(lengths.values())
    existing = await _scan(reads, checks)
    events = 0
    for check in checks:
        number, threads = check.keys.number, 0

        def report(done: int, total: int, compared: int, number: int = number, before: int = events) -> None:
            nonlocal threads
            threads = compared
            more = max(0, total - lengths[number])
            progress(
                Progress(partition=number, events=before + done, of=max(of + more, before + done), threads=compared)
            )

        through = check
        whole = False
        while True:
            try:
                async for difference in through.run(existing[number], report):
                    yield difference
                whole = True
                found = await damage.beyond(log, number, through.at)
                break
            except Superseded:
                through = await _begun(log, reads, keys, number, html, versions)
                existing |= await _scan(reads, [through])
            except Exception as error:  # noqa: BLE001 - an error that reports no damage is raised again
                found = _damaged(keys[number], error).damage
                break
        events += through.at.n
        if found is not None:
            yield _differs(keys[number], found)
        if not whole:
            continue
        finished(
            Finished(
                partition=number,
                generation=through.generation,
                position=through.at,
                threads=threads,
                left=dict(through.left),
                versions=through.scope.versions,
            )
        )


async def generation_of(reads: Reads, keys: Keys, partition: int) -> int:
    """The served generation of views in a partition. Raises `core.refusals.Unavailable`."""
    return Pointer.read(await asked(reads, "GET", keys[partition].generation)).generation


def _damaged(keys: Partition, error: Exception) -> Difference:
    """Convert an error of damage to a difference. Raises the error again if it reports no damage."""
    found = damage.of(error, keys.number)
    if found is None:
        raise error
    return _differs(keys, found)


def _differs(keys: Partition, found: Damage) -> Difference:
    return Difference(
        partition=keys.number, thread=None, key=keys.log, field=None, expected=None, found=None, damage=found
    )


async def _cursor(reads: Reads, check: PartitionCheck) -> Position:
    return kept(await asked(reads, "GET", check.keys.cursor(check.generation)))


async def _begun(log: Log, reads: Router, keys: Keys, partition: int, html: Html, versions: Versions) -> PartitionCheck:
    own, generation = keys[partition], await generation_of(reads, keys, partition)
    scope = await retry(lambda: scope_of(reads, own, generation, versions), "verify")
    return PartitionCheck(log, reads, own, generation, html, scope=scope)


async def _scan(reads: Router, checks: list[PartitionCheck]) -> dict[int, StoredKeys]:
    """The existing keys of views and snapshots, by partition, from one scan per server for all partitions."""
    found = {check.keys.number: StoredKeys(check.keys, check.generation) for check in checks}
    prefixes = {check.keys.views_prefix(check.generation): check.keys.number for check in checks}
    prefixes |= {check.keys.snapshots_prefix(): check.keys.number for check in checks}
    for server in reads.each():
        cursor = b"0"
        while True:
            cursor, page = await asked(server, "SCAN", cursor, "COUNT", PAGE)
            for key in (name.decode(errors="replace") for name in page):
                number = prefixes.get(prefix(key))
                if number is not None:
                    found[number].add(key)
            if cursor == b"0":
                break
    return found
