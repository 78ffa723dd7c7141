"""A member's comments across threads, and rows of comments of many threads."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from msgspec import Raw

from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from core.throttle import collected
from projections.read import comments, cursors, listing, viewer_rows
from projections.read.comments import answer
from projections.read.listing import Listed
from projections.read.page_json import PageLine
from projections.read.queries import ListQuery, PageAnswer
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.views.listings.authors import AUTHORS
from projections.views.listings.listing import CommentListing
from projections.views.viewer import Viewer

_TALLIED: Final = Script("projections.read", "count_member_comments")

Name = tuple[str, str]
"""The thread and the id of a comment."""


def name(listing: CommentListing, listed: Listed) -> Name:
    """The comment of a member."""
    return listing.thread_of(listed.member), listing.comment_of(listed.member)


async def lines_of(served: Served, site: str, names: Sequence[Name]) -> dict[Name, PageLine]:
    """Read the stored rows of comments of many threads. Each thread is of one moment."""
    threads: dict[str, list[str]] = {}
    for thread, comment in names:
        threads.setdefault(thread, []).append(comment)
    reads = [partial(comments.lines, served, site, *of, with_source=True) for of in threads.items()]
    found = await gathered(reads)
    return {
        (thread, comment): line
        for thread, (_, lines) in zip(threads, found, strict=True)
        for comment, line in lines.items()
    }


async def member_comments(served: Served, site: str, member: str, viewer: Viewer, query: ListQuery) -> PageAnswer:
    """A member's comments as the viewer may see them, newest first. Raises BadCursor."""
    mark = cursors.mark("comments", site, member, query.limit)
    after = listing.place(AUTHORS, query.cursor, mark)
    members, more = await listing.page(served, site, AUTHORS, after, query.limit, group=member)
    names = [name(AUTHORS, one) for one in members]
    lines = await lines_of(served, site, names)
    rows = await collected(
        viewer_rows.row(lines[thread, comment], thread, viewer, Onward(site, thread))
        for thread, comment in names
        if (thread, comment) in lines
    )
    following = cursors.write(mark, *members[-1].place) if more else None
    return answer({"comments": [Raw(row) for row in rows if row is not None], "next": following})


async def member_counts(served: Served, site: str, member: str) -> tuple[str | None, dict[str, int]]:
    """The member's latest name, and the number of their comments by status over all threads."""
    parts = await gathered([partial(_tallied, served, partition, site, member) for partition in served.keys])
    numbers = {
        status: sum(tally[at] for tally, _ in parts) for at, status in enumerate(("published", "pending", "rejected"))
    }
    newest = max((one for _, one in parts if one is not None), default=None)
    lines = {} if newest is None else await lines_of(served, site, [name(AUTHORS, newest)])
    shown = next((viewer_rows.comment(line).author.name for line in lines.values()), None)
    return shown, numbers


async def _tallied(
    served: Served, partition: Partition, site: str, member: str
) -> tuple[tuple[int, int, int], Listed | None]:
    reply = await served.partition(_TALLIED, partition, lambda g: [partition.listing(g, site, AUTHORS.name)], (member,))
    published, pending, rejected, newest = reply.parts
    listed = None if newest is None else listing.listed(AUTHORS, partition, newest.decode())
    return (published, pending, rejected), listed
