"""The oracle: what was acknowledged, what is in the log, what is served and what clients were told must agree.

It is asked when a round is over and things are quiet. It reads everything afresh and returns what it found.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

import anyio
from msgspec import Struct

from core.events.envelope import Recorded
from core.log.redis import RedisLog
from core.partitions import partition_of
from core.position import Position, kept
from core.redis.deployment import Deployment
from projections.verify.verifier import verify
from projections.views.pointer import Pointer
from tests.faults import book as books
from tests.faults.book import Book
from tests.faults.findings import Finding
from tests.faults.people import SITE
from tests.faults.record import ANSWERED, REFUSED, Deed, Kind, Record, sure
from tests.faults.zombies import Zombies

LEVEL_WITHIN: Final = 30.0
"""Seconds in which the views have to be level with a log that stands still."""
MOST_DIFFERENCES: Final = 5
"""So many differences of the views are told; there may be as many as there are rows."""

EFFECTS: Final[dict[Kind, frozenset[str]]] = {
    "post": frozenset({"comment.posted"}),
    "edit": frozenset({"comment.edited"}),
    "vote": frozenset({"vote.cast", "vote.retracted"}),
    "decide": frozenset({"comment.approved", "comment.held", "comment.rejected"}),
    "withdraw": frozenset({"comment.withdrawn"}),
    "restore": frozenset({"comment.restored"}),
}
"""What each kind of deed writes, where it writes anything."""

EXPECTED: Final = frozenset(
    f"/problems/{slug}"
    for slug in (
        "stale-revision",
        "stale-status",
        "comment-not-published",
        "parent-not-published",
        "comment-withdrawn",
        "not-allowed",
        "not-found",
        "unknown-parent",
    )
)
"""Refusals that happen in the course of a discussion. `not-found` is what one may not see."""


class Verdict(Struct, kw_only=True):
    """What the oracle says of a round."""

    acknowledged: int
    events: int
    findings: list[Finding]


async def judge(deployment: Deployment, record: Record, zombies: Zombies | None = None) -> Verdict:
    """Hold the log, the views and the record against each other. Raises `core.refusals.Unavailable`."""
    log = RedisLog(deployment)
    book = await books.read(log)
    found = [*books.faults_of_order(book), *await books.faults_of_heads(book, deployment)]
    for deed in record.deeds:
        found += _of_deed(deed, record.level, book)
    found += [one async for one in of_views(deployment, log)]
    if zombies is not None and zombies.refused != zombies.tried:
        found.append(Finding(what="zombie", detail=f"{zombies.tried} writes were tried, {zombies.refused} refused"))
    acknowledged = sum(deed.acknowledged(record.level) is not None for deed in record.deeds)
    return Verdict(acknowledged=acknowledged, events=book.length, findings=found)


async def of_views(deployment: Deployment, log: RedisLog) -> AsyncIterator[Finding]:
    """What is served, where it is not the fold of the log once it had time to be."""
    if behind := await never_level(deployment, log, LEVEL_WITHIN):
        yield Finding(what="cursor", detail=f"not caught up within {LEVEL_WITHIN} s: {behind}")
    told = 0
    async for difference in verify(log, deployment.reads, deployment.keys):
        told += 1
        if told <= MOST_DIFFERENCES:
            yield Finding(what="view", detail=str(difference))


async def never_level(deployment: Deployment, log: RedisLog, within: float) -> str:
    """What is still behind after a while; "" as soon as nothing is."""
    last = [await log.last(partition) for partition in range(log.partitions)]
    behind = dict(enumerate(last))
    with anyio.move_on_after(within):
        while behind:
            for partition in list(behind):
                cursor = await cursor_of(deployment, partition)
                if cursor >= behind[partition]:
                    del behind[partition]
            if behind:
                await anyio.sleep(0.02)
    return ", ".join(f"partition {number} to {position}" for number, position in behind.items())


async def cursor_of(deployment: Deployment, partition: int) -> Position:
    """How far the views that are served have come."""
    keys = deployment.keys[partition]
    generation = Pointer.read(await deployment.reads.call("GET", keys.generation)).generation
    return kept(await deployment.reads.call("GET", keys.cursor(generation)))


def _of_deed(deed: Deed, level: str, book: Book) -> Iterator[Finding]:
    """What the record says of one key, and what the log does."""
    done = book.by_key.get(deed.command_key, [])
    promised = deed.acknowledged(level)
    yield from _effects(deed, done)
    said = {one.position for one in deed.tries if one.status in ANSWERED and sure(one.level, level)}
    if len(said) > 1:
        yield _finding("answer", deed, f"was answered with {sorted(map(str, said))}")
    if promised is not None:
        assert promised.position is not None, "every write is answered with a position"
        yield from _present(deed, promised.position, done, book)
    if deed.refused and promised is None and done:
        yield _finding("answer", deed, f"was refused, and is in the log at {done[0].position}")
    if not deed.settled(level):
        yield _finding("silence", deed, f"was tried {len(deed.tries)} times and has no final answer")
    for one in deed.tries:
        if one.status == 500 or (one.status in REFUSED and one.problem not in EXPECTED):
            yield _finding("defect", deed, f"was answered with {one.status} {one.problem}")


def _effects(deed: Deed, done: list[Recorded]) -> Iterator[Finding]:
    """One key, one effect: several events only where one decision wrote them, one behind the other."""
    if len(done) > 1:
        first = done[0].position
        together = [(one.position.ms, one.position.n) for one in done] == [
            (first.ms, first.n + number) for number in range(len(done))
        ]
        if not together or len({one.envelope.type for one in done}) < len(done):
            yield _finding("duplicated", deed, f"is in the log at {', '.join(str(one.position) for one in done)}")
    for one in done[-1:]:
        body = deed.facts.get("body")
        if one.envelope.type not in EFFECTS[deed.kind] or one.envelope.comment != deed.comment:
            yield _finding("answer", deed, f"became {one.envelope.type} at {one.position}")
        elif body is not None and getattr(one.event, "body", None) != body:
            yield _finding("answer", deed, f"has another text at {one.position}")


def _present(deed: Deed, position: Position, done: list[Recorded], book: Book) -> Iterator[Finding]:
    """What was acknowledged is there, at the position that was told."""
    if done:
        if done[-1].position != position:
            yield _finding("answer", deed, f"was acknowledged at {position} and is at {done[-1].position}")
        return
    # Nothing to append: then the position is that of what had made it so, an event of the same comment.
    there = book.at[partition_of(SITE, deed.thread, len(book.partitions))].get(position)
    if deed.kind == "post" or there is None or there.envelope.comment != deed.comment:
        yield _finding("lost", deed, f"was acknowledged at {position} and is not in the log")


def _finding(what: str, deed: Deed, detail: str) -> Finding:
    return Finding(what=what, detail=f"{deed.kind} {deed.key} {detail}")  # type: ignore[arg-type] # one of its words


def worst(findings: Iterable[Finding]) -> dict[str, int]:
    """How many there are, by kind."""
    counted: dict[str, int] = {}
    for one in findings:
        counted[one.what] = counted.get(one.what, 0) + 1
    return counted
