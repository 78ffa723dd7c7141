"""Search for members: by id, by the beginning of a name that they used, or all."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from projections.read import cursors, listing
from projections.read.queries import BadCursor, MembersQuery
from projections.read.served_generation import Served
from projections.views.listings.aliases import ALIASES, key_of
from projections.views.listings.authors import AUTHORS
from projections.views.listings.listing import CommentListing

_DISTINCT: Final = Script("projections.read", "distinct_beginnings")
_PLACE: Final = r"([A-Za-z0-9_-]+)"


class Candidates(NamedTuple):
    """Ids of members, and the cursor of the next page; None at the end."""

    members: list[str]
    following: str | None


async def candidates(served: Served, site: str, query: MembersQuery, among: Sequence[str] | None = None) -> Candidates:
    """A page of members that may be the ones. Raises BadCursor, and Unavailable if older views have no names.

    With a query they are in the order of the names, else of the ids. Who used several names that begin so may be on
    several pages. The standing is for the caller to check; without a query, `among` has the only ones with it.
    """
    mark = cursors.mark("members", site, query.q, query.suspended, query.standing, query.limit)
    after = "" if query.cursor is None else _read(*cursors.read(query.cursor, mark, _PLACE))
    if query.q is None and among is not None:
        found, most = [one for one in sorted(among) if one > after], query.limit
    elif query.q is None:
        found, most = await _distinct(served, site, AUTHORS, 1, after, "", query.limit + 1), query.limit
    else:
        found, most = await _distinct(served, site, ALIASES, 2, after, key_of(query.q), query.limit + 1), query.limit
    following = cursors.write(mark, _write(found[most - 1])) if len(found) > most else None
    return Candidates(list(dict.fromkeys(one.rpartition(" ")[2] for one in found[:most])), following)


async def _distinct(
    served: Served, site: str, of: CommentListing, words: int, after: str, prefix: str, limit: int
) -> list[str]:
    """The first distinct beginnings of a listing over all partitions, in order."""

    async def part(partition: Partition) -> list[str]:
        await listing.require(served, partition, of)
        reply = await served.partition(
            _DISTINCT, partition, lambda g: [partition.listing(g, site, of.name)], (words, after, prefix, limit)
        )
        return list(reply.parts[0].decode().splitlines())

    parts = await gathered([partial(part, one) for one in served.keys])
    # The order of the bytes, as in each partition.
    return sorted({one for some in parts for one in some})[:limit]


def _write(place: str) -> str:
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read(text: str) -> str:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        raise BadCursor("the cursor is not one that this call gave for these parameters") from None
