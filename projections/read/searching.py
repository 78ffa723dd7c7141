"""Search in a listing that has positions, newest first over all partitions, with bounded work per call."""

from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from projections.read import listing
from projections.read.listing import Listed, Place
from projections.read.served_generation import Served
from projections.views.listings.labelled import LABELLED
from projections.views.listings.listing import CommentListing, PositionOrder

EXAMINED: Final = 5000
"""Maximum members of a partition that one call examines."""

_SEARCH: Final = Script("projections.read", "search_listing")

Words = Mapping[int, str]
"""The words that a member must have, by their number, from 1."""


class ListingSearch(NamedTuple):
    """The object of a search: members of a listing, or of one of its groups, with certain words."""

    of: CommentListing
    words: Words
    group: str = ""
    begin: int | None = None
    """Earliest time of a position, in milliseconds since 1970, inclusive."""
    end: int | None = None
    """Latest time, exclusive."""
    partition: Partition | None = None
    """The only partition that is searched."""
    label: str | None = None
    """Only members of threads with this label. The thread is the third word of a member."""


class Found(NamedTuple):
    """A page of a search, and the place from which it goes on; None at the end."""

    listed: list[Listed]
    following: Place | None


class _SearchPart(NamedTuple):
    listed: list[Listed]
    last: Place | None
    """The last place examined; None if everything was."""


async def search(
    served: Served, site: str, wanted: ListingSearch, after: Place | None, limit: int, *, examined: int = EXAMINED
) -> Found:
    """The next `limit` members after a place. A page may be empty and still have `following`.

    One call examines at most `examined` members of each partition. Raises Unavailable if an earlier version made the
    views, without the listing.
    """
    of = wanted.of
    order = of.order
    assert isinstance(order, PositionOrder), "a search goes by positions"
    flat = [part for number, word in wanted.words.items() for part in (number, word)]

    async def part(partition: Partition) -> _SearchPart:
        await listing.require(served, partition, of)
        if wanted.label is not None:
            await listing.require(served, partition, LABELLED)
        low, high = listing.bounds(wanted.group)
        if wanted.begin is not None:
            low = listing.at(order, wanted.begin, wanted.group)
        if after is not None or wanted.end is None:
            high = listing.start(order, partition, after, wanted.group)
        else:
            high = listing.at(order, wanted.end, wanted.group, inclusive=False)
        reply = await served.partition(
            _SEARCH,
            partition,
            lambda g: [partition.listing(g, site, one.name) for one in (of, LABELLED)],
            (high, low, limit, examined, wanted.label or "", *flat),
        )
        members, last = (one.decode() for one in reply.parts)
        found = [listing.listed(of, partition, member) for member in members.splitlines()]
        return _SearchPart(found, listing.listed(of, partition, last).place if last else None)

    partitions = served.keys if wanted.partition is None else [wanted.partition]
    parts = await gathered([partial(part, one) for one in partitions])
    # Before the newest place at which a partition stopped, members of that partition may be missing.
    frontier = max((one.last for one in parts if one.last is not None), default=None)
    found = sorted((one for part in parts for one in part.listed), reverse=True)
    complete = [one for one in found if frontier is None or one.place >= frontier]
    if len(complete) > limit:
        return Found(complete[:limit], complete[limit - 1].place)
    return Found(complete, frontier)
