"""Reader of listings (`projections.views.listings`): a page over all partitions, or all members of a group.

Each partition returns its part of a page, and the parts are merged in one global order. A cursor is one place in that
order, and each partition continues after it.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.position import START, kept
from core.redis.script import Script
from core.refusals import Unavailable
from projections.read import cursors
from projections.read.served_generation import Served
from projections.views.listings.listing import Listing, PositionOrder
from projections.views.versions import UNSIGNED, decode

_BY_MEMBER: Final = Script("projections.read", "list_by_member")
_BY_SCORE: Final = Script("projections.read", "list_by_score")
_POSITION: Final = rf"{cursors.NUMBER}\.{cursors.NUMBER}\.{cursors.NUMBER}"
_SCORE: Final = rf"{cursors.NUMBER}\.{cursors.THREAD}"

Place = tuple[Any, ...]
"""A place in the order of a listing: `(ms, n, partition)` by position, `(score, thread)` by score. Two partitions may
have the same position."""


class Listed(NamedTuple):
    """A member of a listing and its place."""

    place: Place
    member: str


def place(listing: Listing, cursor: str | None, mark: str) -> Place | None:
    """Parse the place of a cursor. Raises BadCursor."""
    if cursor is None:
        return None
    if isinstance(listing.order, PositionOrder):
        return tuple(map(int, cursors.read(cursor, mark, _POSITION)))
    score, thread = cursors.read(cursor, mark, _SCORE)
    return int(score), thread


def listed(listing: Listing, partition: Partition, member: str, score: int = 0) -> Listed:
    """A member at its place."""
    if isinstance(listing.order, PositionOrder):
        return Listed((*listing.order.of(member), partition.number), member)
    return Listed((score, member), member)


def merged(
    parts: Sequence[Sequence[Listed]], after: Place | None, limit: int, *, oldest_first: bool = False
) -> tuple[list[Listed], bool]:
    """The first `limit` members of all parts, and a flag that is set if there are more."""
    if oldest_first:
        found = sorted(member for part in parts for member in part if after is None or member.place > after)
    else:
        found = sorted(
            (member for part in parts for member in part if after is None or member.place < after), reverse=True
        )
    return found[:limit], len(found) > limit


def start(
    order: PositionOrder, partition: Partition, after: Place | None, group: str = "", *, oldest_first: bool = False
) -> str:
    """The bound of ZREVRANGEBYLEX, or of ZRANGEBYLEX, at which a partition's part of a page begins."""
    low, high = bounds(group)
    if after is None:
        return low if oldest_first else high
    ms, n, number = after
    at = f"{group} {order.text(ms, n)}" if group else order.text(ms, n)
    # At an equal position, a partition with a smaller number is the older one.
    if oldest_first:
        return f"[{at}" if partition.number > number else f"({at}!"
    return f"[{at}!" if partition.number < number else f"({at}"


def at(order: PositionOrder, ms: int, group: str = "", *, inclusive: bool = True) -> str:
    """The bound of ZREVRANGEBYLEX, or of ZRANGEBYLEX, at a time in milliseconds since 1970."""
    text = order.text(max(ms, 0), 0)
    return f"{'[' if inclusive else '('}{f'{group} {text}' if group else text}"


async def page(
    served: Served,
    site: str,
    listing: Listing,
    after: Place | None,
    limit: int,
    *,
    group: str = "",
    without: Callable[[Partition], Awaitable[list[Listed]]] | None = None,
) -> tuple[list[Listed], bool]:
    """A page of a listing that has an order, newest or highest first, and a flag that is set if there are more.

    `without` finds the members of a partition in another way, where an earlier version wrote the views without this
    listing. Without it, such views raise Unavailable.
    """

    async def part(partition: Partition) -> list[Listed]:
        if without is None:
            await require(served, partition, listing)
        elif not await is_kept(served, partition, listing):
            return await without(partition)
        if isinstance(listing.order, PositionOrder):
            return await _by_member(served, site, partition, listing, listing.order, after, limit + 1, group)
        return await _by_score(served, site, partition, listing, after, limit + 1)

    return merged(await gathered([partial(part, one) for one in served.keys]), after, limit)


async def members(served: Served, site: str, listing: Listing, *groups: str) -> list[str]:
    """All members of these groups of a listing, in no particular order."""

    async def part(partition: Partition) -> list[str]:
        reply = await served.commands(
            partition,
            lambda g: [("ZRANGEBYLEX", partition.listing(g, site, listing.name), *bounds(group)) for group in groups],
        )
        return [member.decode() for names in reply.parts for member in names]

    return [member for names in await gathered([partial(part, one) for one in served.keys]) for member in names]


async def _by_member(
    served: Served,
    site: str,
    partition: Partition,
    listing: Listing,
    order: PositionOrder,
    after: Place | None,
    limit: int,
    group: str,
) -> list[Listed]:
    reply = await served.partition(
        _BY_MEMBER,
        partition,
        lambda g: [partition.listing(g, site, listing.name)],
        (start(order, partition, after, group), bounds(group)[0], limit),
    )
    return [listed(listing, partition, member) for member in reply.parts[0].decode().splitlines()]


async def _by_score(
    served: Served, site: str, partition: Partition, listing: Listing, after: Place | None, limit: int
) -> list[Listed]:
    reply = await served.partition(
        _BY_SCORE,
        partition,
        lambda g: [partition.listing(g, site, listing.name)],
        (*(("+inf", "") if after is None else after), limit),
    )
    lines = (line.split(" ", 1) for line in reply.parts[0].decode().splitlines())
    return [listed(listing, partition, member, int(score)) for score, member in lines]


async def is_kept(served: Served, partition: Partition, listing: Listing) -> bool:
    """True if every version that wrote these views keeps the listing."""
    if listing.name in UNSIGNED.layout:
        return True
    reply = await served.commands(
        partition, lambda g: [("GET", partition.cursor(g)), ("SMEMBERS", partition.versions(g))]
    )
    cursor, versions = reply.parts
    return kept(cursor) == START or (bool(versions) and all(listing.name in one.layout for one in decode(versions)))


async def require(served: Served, partition: Partition, listing: Listing) -> None:
    """Raise Unavailable if an earlier version made these views, without the listing."""
    if not await is_kept(served, partition, listing):
        raise Unavailable("an earlier version made these views, without this list: run `hansard rebuild`")


def bounds(group: str) -> tuple[str, str]:
    """The bounds of the members of a group, or of all members with group ""."""
    return (f"[{group} ", f"({group}!") if group else ("-", "+")
