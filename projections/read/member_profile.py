"""A member as staff sees them: names, badges, counts and decisions, over all threads of a site."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.position import Position
from core.redis.script import Script
from projections.read import listing, viewer_rows
from projections.read.listing import Listed
from projections.read.members import lines_of, name
from projections.read.served_generation import Served
from projections.views.listings.authors import AUTHORS
from projections.views.listings.judged import JUDGED

NAMED: Final = 100
"""Newest comments of a member whose names are listed."""

_TALLIED: Final = Script("projections.read", "count_member_comments")
_DECIDED: Final = Script("projections.read", "count_decided")
_STATUSES: Final = ("published", "pending", "rejected", "withdrawn")
_FIELDS: Final = len(_STATUSES) + 2


class Tally(NamedTuple):
    """The comments of a member: the name on the newest, their number by status, and the oldest."""

    name: str | None
    counts: dict[str, int]
    oldest: Listed | None


class Profile(NamedTuple):
    """A member as their comments show them. `first_at` is in milliseconds since 1970."""

    names: list[str]
    badges: tuple[str, ...]
    first_at: int | None


class _MemberPart(NamedTuple):
    counts: tuple[int, ...]
    newest: Listed | None
    oldest: Listed | None


async def tallies(served: Served, site: str, members: Sequence[str]) -> dict[str, Tally]:
    """The latest name and the number of comments of each member."""
    parts = await gathered([partial(_tallied, served, partition, site, members) for partition in served.keys])
    newest = {
        member: max((newest for one in parts if (newest := one[member].newest) is not None), default=None)
        for member in members
    }
    lines = await lines_of(served, site, [name(AUTHORS, one) for one in newest.values() if one is not None])
    found = {}
    for member in members:
        counts = {status: sum(one[member].counts[number] for one in parts) for number, status in enumerate(_STATUSES)}
        listed = newest[member]
        line = None if listed is None else lines.get(name(AUTHORS, listed))
        oldest = min((oldest for one in parts if (oldest := one[member].oldest) is not None), default=None)
        found[member] = Tally(None if line is None else viewer_rows.comment(line).author.name, counts, oldest)
    return found


async def profile(served: Served, site: str, member: str, oldest: Listed | None) -> Profile:
    """Names of a member, latest first, from their newest comments; badges of the newest; the time of the `oldest`."""
    newest, _ = await listing.page(served, site, AUTHORS, None, NAMED, group=member)
    wanted = [name(AUTHORS, one) for one in newest]
    first = None if oldest is None else name(AUTHORS, oldest)
    lines = await lines_of(served, site, [*wanted, *([first] if first is not None and first not in wanted else [])])
    comments = [viewer_rows.comment(lines[one]) for one in wanted if one in lines]
    names: list[tuple[Position, str | None]] = []
    for comment in comments:
        # The first text may not be in the row any more.
        names.append((comment.posted, comment.author.name))
        names += [(text.position, text.name or comment.author.name) for text in comment.texts.values()]
    at = None
    if oldest is not None:
        line = None if first is None else lines.get(first)
        at = oldest.place[0] if line is None else viewer_rows.comment(line).posted_at
    return Profile(
        names=list(dict.fromkeys(said for _, said in sorted(names, key=_position, reverse=True) if said is not None)),
        badges=comments[0].author.badges if comments else (),
        first_at=at,
    )


async def decided(served: Served, site: str, member: str) -> dict[str, int]:
    """The number of moderators' decisions about a member's comments, by verdict, and of those reversed since."""

    async def part(partition: Partition) -> list[int]:
        reply = await served.partition(
            _DECIDED, partition, lambda g: [partition.listing(g, site, JUDGED.name)], (member,)
        )
        return reply.parts

    parts = await gathered([partial(part, one) for one in served.keys])
    sums = [sum(one[at] for one in parts) for at in range(4)]
    return dict(zip(("approved", "held", "rejected", "reversed"), sums, strict=True))


def _position(named: tuple[Position, str | None]) -> Position:
    return named[0]


async def _tallied(served: Served, partition: Partition, site: str, members: Sequence[str]) -> dict[str, _MemberPart]:
    reply = await served.partition(_TALLIED, partition, lambda g: [partition.listing(g, site, AUTHORS.name)], members)

    def listed(member: bytes) -> Listed | None:
        return listing.listed(AUTHORS, partition, member.decode()) if member else None

    found = {}
    for at, member in enumerate(members):
        *counts, newest, oldest = reply.parts[at * _FIELDS : (at + 1) * _FIELDS]
        found[member] = _MemberPart(tuple(counts), listed(newest), listed(oldest))
    return found
