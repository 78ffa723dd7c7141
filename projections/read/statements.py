"""Statements as their authors read them, and those that an author was not told yet."""

from functools import partial
from typing import Any, Final, NamedTuple

from core.concurrency import gathered
from core.domain.appeal import Appeal, window_end
from core.keys import Partition
from core.position import Position
from core.times import rfc3339
from projections.read import listing
from projections.read.served_generation import Served
from projections.views.listings.authors import BY_AUTHOR
from projections.views.listings.untold import UNTOLD

MOST_TOLD: Final = 100
"""Statements that one call tells."""
EXAMINED: Final = 1000
"""Statements of an author and partition that one call examines for those of one thread."""


class UntoldStatement(NamedTuple):
    """A statement that its author was not told yet."""

    position: Position
    """Position of the decision."""
    thread: str
    comment: str


class UntoldStatements(NamedTuple):
    """The oldest statements that an author was not told yet; `more` says that there are others."""

    statements: list[UntoldStatement]
    more: bool


async def untold_statements(
    served: Served, site: str, author: str, until: int, thread: str | None = None, *, most: int = MOST_TOLD
) -> UntoldStatements:
    """The statements of decisions up to a time, in milliseconds since 1970, optionally of one thread.

    Each partition lists at most `most` statements, or examines at most `EXAMINED` for a thread. Raises Unavailable if
    older views have no such list.
    """

    async def part(partition: Partition) -> list[UntoldStatement]:
        await listing.require(served, partition, UNTOLD)
        low, high = f"[{author} ", f"({author} {BY_AUTHOR.text(until + 1, 0)}"
        limit = most + 1 if thread is None else EXAMINED
        reply = await served.commands(
            partition,
            lambda g: [("ZRANGEBYLEX", partition.listing(g, site, UNTOLD.name), low, high, "LIMIT", 0, limit)],
        )
        return [_statement(member.decode()) for member in reply.parts[0]]

    partitions = list(served.keys) if thread is None else [served.keys.of(site, thread)]
    parts = await gathered([partial(part, one) for one in partitions])
    found = sorted(one for some in parts for one in some if thread in (None, one.thread))
    return UntoldStatements(found[:most], len(found) > most)


def own_appeal(appeal: Appeal | None, told: Position | None, window: int) -> dict[str, Any]:
    """An appeal, or the right to one, for the author. `window` is in days; `until` is null until the author was told.

    Staff who decided are not named.
    """
    until = window_end(told, window)
    return {
        "until": None if until is None else rfc3339(until),
        "filed_at": None if appeal is None else rfc3339(appeal.filed.ms),
        "outcome": None if appeal is None else appeal.outcome,
        "reason": None if appeal is None else appeal.reason,
    }


def _statement(member: str) -> UntoldStatement:
    _, place, thread, comment, _ = member.split(" ")
    return UntoldStatement(Position(int(place[:15]), int(place[15:])), thread, comment)
