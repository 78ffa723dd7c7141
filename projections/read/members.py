"""A member's comments across threads, and rows of comments of many threads."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from msgspec import Raw

from core.concurrency import gathered
from core.domain.moderated_comment import Status
from core.throttle import collected
from projections.read import comments, cursors, listing, viewer_rows
from projections.read.comments import answer
from projections.read.listing import Listed
from projections.read.page_json import PageLine
from projections.read.queries import ListQuery, PageAnswer
from projections.read.searching import ListingSearch, search
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.views.listings.authors import AUTHORS, LETTERS
from projections.views.listings.listing import CommentListing
from projections.views.viewer import Viewer

LETTER: Final = 5
"""Number of the word in the members of AUTHORS, and of POSTED, that is the letter of the status."""

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


async def member_comments(
    served: Served,
    site: str,
    member: str,
    viewer: Viewer,
    query: ListQuery,
    *,
    status: Status | None = None,
    begin: int | None = None,
) -> PageAnswer:
    """A member's comments as the viewer may see them, newest first: of one status, and from a time on.

    The time is in milliseconds since 1970. A call for one status does bounded work: a page may have fewer comments than
    `limit`, or none, and still have `next`. Raises BadCursor.
    """
    filters = [] if status is None and begin is None else [status, begin]
    mark = cursors.mark("comments", site, member, query.limit, *filters)
    after = listing.place(AUTHORS, query.cursor, mark)
    words = {} if status is None else {LETTER: LETTERS[status]}
    wanted = ListingSearch(AUTHORS, words, group=member, begin=begin)
    # One more than the page has tells whether the page is the last one.
    members, onward = await search(served, site, wanted, after, query.limit + 1)
    if len(members) > query.limit:
        members, onward = members[: query.limit], members[query.limit - 1].place
    names = [name(AUTHORS, one) for one in members]
    lines = await lines_of(served, site, names)
    rows = await collected(
        viewer_rows.row(lines[thread, comment], thread, viewer, Onward(site, thread))
        for thread, comment in names
        if (thread, comment) in lines
        # The rows are of a later moment than the list.
        and (status is None or viewer_rows.comment(lines[thread, comment]).status == status)
    )
    following = None if onward is None else cursors.write(mark, *onward)
    return answer({"comments": [Raw(row) for row in rows if row is not None], "next": following})


async def latest_names(served: Served, site: str, members: Sequence[str]) -> dict[str, str | None]:
    """The name of each member's newest comment; None if they have posted none."""

    async def latest(member: str) -> str | None:
        newest, _ = await listing.page(served, site, AUTHORS, None, 1, group=member)
        lines = await lines_of(served, site, [name(AUTHORS, one) for one in newest])
        return next((viewer_rows.comment(line).author.name for line in lines.values()), None)

    distinct = list(dict.fromkeys(members))
    return dict(zip(distinct, await gathered([partial(latest, one) for one in distinct]), strict=True))
