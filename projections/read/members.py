"""Lists across threads: their places and cursors, and a member's comments.

Each partition returns the rows of its own threads, and the results are merged in one global order. A cursor is one
place in that order, and each partition continues after it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from msgspec import Raw

from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from core.throttle import collected
from projections.read import comments, cursors, viewer_rows
from projections.read.comments import answer
from projections.read.page_json import PageLine
from projections.read.queries import PageAnswer
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.views.viewer import Viewer

_AUTHORED: Final = Script("projections.read", "list_member_comments")
_TALLIED: Final = Script("projections.read", "count_member_comments")
_PLACE: Final = rf"{cursors.NUMBER}\.{cursors.NUMBER}\.{cursors.NUMBER}"


class Placed(NamedTuple):
    """The place of a comment in a list over all partitions. Two partitions may have the same position."""

    ms: int
    n: int
    partition: int


class Listed(NamedTuple):
    """A comment in a list."""

    placed: Placed
    thread: str
    comment: str


def place(cursor: str | None, mark: str) -> Placed | None:
    """Parse the place of a cursor. Raises BadCursor."""
    return None if cursor is None else Placed(*map(int, cursors.read(cursor, mark, _PLACE)))


def part(found: Sequence[Listed], limit: int, mark: str) -> tuple[list[Listed], str | None]:
    """The first `limit` items, and the cursor to the rest."""
    some = list(found[:limit])
    return some, cursors.write(mark, *some[-1].placed) if len(found) > limit else None


async def lines_of(served: Served, site: str, listed: Sequence[Listed]) -> dict[tuple[str, str], PageLine]:
    """Read the stored rows of comments of many threads, by (thread, comment). Each thread is of one moment."""
    threads: dict[str, list[str]] = {}
    for one in listed:
        threads.setdefault(one.thread, []).append(one.comment)
    asks = [partial(comments.lines, served, site, *of, whole=True) for of in threads.items()]
    found = await gathered(asks)
    return {
        (thread, comment): line
        for thread, (_, lines) in zip(threads, found, strict=True)
        for comment, line in lines.items()
    }


async def member_comments(
    served: Served, site: str, member: str, viewer: Viewer, *, limit: int, cursor: str | None
) -> PageAnswer:
    """A member's comments as the viewer may see them, newest first. Raises BadCursor."""
    mark = cursors.mark("comments", site, member, limit)
    after = place(cursor, mark)
    parts = await gathered([partial(_authored, served, p, site, member, after, limit + 1) for p in served.keys])
    found = sorted((one for some in parts for one in some), reverse=True)
    some, following = part(found, limit, mark)
    lines = await lines_of(served, site, some)
    rows = await collected(
        viewer_rows.row(lines[one.thread, one.comment], one.thread, viewer, Onward(site, one.thread))
        for one in some
        if (one.thread, one.comment) in lines
    )
    return answer({"comments": [Raw(row) for row in rows if row is not None], "next": following})


async def member_counts(served: Served, site: str, member: str) -> tuple[str | None, dict[str, int]]:
    """The member's latest name, and the number of their comments by status over all threads."""
    parts = await gathered([partial(_tallied, served, partition, site, member) for partition in served.keys])
    numbers = {
        status: sum(tally[at] for tally, _ in parts) for at, status in enumerate(("published", "pending", "rejected"))
    }
    newest = max((one for _, one in parts if one is not None), default=None)
    lines = {} if newest is None else await lines_of(served, site, [newest])
    name = next((viewer_rows.comment(line).author.name for line in lines.values()), None)
    return name, numbers


async def _authored(
    served: Served, partition: Partition, site: str, member: str, after: Placed | None, limit: int
) -> list[Listed]:
    high = f"({member}!"
    if after is not None:
        high = f"({member} {after.ms:015d}{after.n:012d}"
        if partition.number < after.partition:
            high += "!"  # include that position: entries of this partition at it come later in the list
    reply = await served.partition(
        _AUTHORED,
        partition,
        lambda g: [partition.site_view(g, site, "authors")],
        (high, f"[{member} ", limit),
    )
    return [_listed(line, partition) for line in reply.parts[0].decode().splitlines()]


async def _tallied(
    served: Served, partition: Partition, site: str, member: str
) -> tuple[tuple[int, int, int], Listed | None]:
    reply = await served.partition(_TALLIED, partition, lambda g: [partition.site_view(g, site, "authors")], (member,))
    published, pending, rejected, newest = reply.parts
    listed = None if newest is None else _listed(newest.decode(), partition)
    return (published, pending, rejected), listed


def _listed(member: str, partition: Partition) -> Listed:
    _, at, thread, comment, _ = member.split(" ")
    return Listed(Placed(int(at[:15]), int(at[15:]), partition.number), thread, comment)
