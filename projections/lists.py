"""Lists that cross threads: a site's threads, and a member's comments.

Every partition answers for its own threads, and the answers are merged in one order over all of them. A cursor is one
place in that order, and each partition goes on behind it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from msgspec import Raw

from core.gathering import gathered
from core.keys import Partition
from core.origins import normalised
from core.redis.script import Script
from projections import cursors, lookups, personal
from projections.lookups import answer
from projections.pacing import collected
from projections.queries import Answer, ThreadsQuery
from projections.served import Served
from projections.splicing import Line
from projections.viewer import Viewer
from projections.walking import Onward

LOOKED_THROUGH: Final = 2000
"""Threads that one call looks at where it is asked for a status that few may have."""

_THREADS: Final = Script("projections", "threads")
_AUTHORED: Final = Script("projections", "authored")
_TALLIED: Final = Script("projections", "tallied")
_PLACE: Final = rf"{cursors.NUMBER}\.{cursors.NUMBER}\.{cursors.NUMBER}"


class Placed(NamedTuple):
    """A comment's place in a list over all partitions: two of them may have the same position."""

    ms: int
    n: int
    partition: int


class Listed(NamedTuple):
    """A comment in a list."""

    placed: Placed
    thread: str
    comment: str


def place(cursor: str | None, mark: str) -> Placed | None:
    """The place that a cursor names. Raises BadCursor."""
    return None if cursor is None else Placed(*map(int, cursors.read(cursor, mark, _PLACE)))


def part(found: Sequence[Listed], limit: int, mark: str) -> tuple[list[Listed], str | None]:
    """The first `limit` of what was found, and the cursor to the rest."""
    some = list(found[:limit])
    return some, cursors.write(mark, *some[-1].placed) if len(found) > limit else None


async def lines_of(served: Served, site: str, listed: Sequence[Listed]) -> dict[tuple[str, str], Line]:
    """The stored rows of comments of many threads, by thread and comment; of one moment for each thread."""
    threads: dict[str, list[str]] = {}
    for one in listed:
        threads.setdefault(one.thread, []).append(one.comment)
    asks = [partial(lookups.lines, served, site, *of, whole=True) for of in threads.items()]
    found = await gathered(asks)
    return {
        (thread, comment): line
        for thread, (_, lines) in zip(threads, found, strict=True)
        for comment, line in lines.items()
    }


async def member_comments(
    served: Served, site: str, member: str, viewer: Viewer, *, limit: int, cursor: str | None
) -> Answer:
    """A member's comments as the viewer may see them, newest first. Raises BadCursor."""
    mark = cursors.mark("comments", site, member, limit)
    after = place(cursor, mark)
    parts = await gathered([partial(_authored, served, p, site, member, after, limit + 1) for p in served.keys])
    found = sorted((one for some in parts for one in some), reverse=True)
    some, following = part(found, limit, mark)
    lines = await lines_of(served, site, some)
    rows = await collected(
        personal.row(lines[one.thread, one.comment], one.thread, viewer, Onward(site, one.thread))
        for one in some
        if (one.thread, one.comment) in lines
    )
    return answer({"comments": [Raw(row) for row in rows if row is not None], "next": following})


async def member_counts(served: Served, site: str, member: str) -> tuple[str | None, dict[str, int]]:
    """The name under which a member wrote last, and how many comments have which status, over all threads."""
    parts = await gathered([partial(_tallied, served, partition, site, member) for partition in served.keys])
    numbers = {
        status: sum(tally[at] for tally, _ in parts) for at, status in enumerate(("published", "pending", "rejected"))
    }
    newest = max((one for _, one in parts if one is not None), default=None)
    lines = {} if newest is None else await lines_of(served, site, [newest])
    name = next((personal.comment(line).author.name for line in lines.values()), None)
    return name, numbers


async def threads(served: Served, site: str, query: ThreadsQuery) -> Answer:
    """A site's threads, latest activity first. Raises BadCursor.

    Where few have the status asked for, an answer may hold fewer than `limit` and still have `next`.
    """
    mark = cursors.mark("threads", site, query.url, query.status, query.limit)
    form = rf"{cursors.NUMBER}\.{cursors.THREAD}"
    after: tuple[int, str] | None = None
    if query.cursor is not None:
        text, name = cursors.read(query.cursor, mark, form)
        after = (int(text), name)
    listed: list[Raw] = []
    looked = 0
    while True:
        some, more = await _active(served, site, query, after)
        heads = await lookups.publics(served, site, [name for _, name in some])
        for ms, name in some:
            if len(listed) == query.limit:
                more = True
                break
            after = (ms, name)
            found = heads.get(name)
            if found is not None and query.status in (None, lookups.head_of(found).status):
                listed.append(Raw(found))
        looked += len(some)
        if not more or len(listed) == query.limit or looked >= LOOKED_THROUGH:
            break
    following = cursors.write(mark, *after) if more and after else None
    return answer({"threads": listed, "next": following})


async def _active(
    served: Served, site: str, query: ThreadsQuery, after: tuple[int, str] | None
) -> tuple[list[tuple[int, str]], bool]:
    """Some threads with their last activity, in the order of the list, and whether there are more."""
    if query.url is not None:
        parts = await gathered([partial(_of_article, served, p, site, query.url) for p in served.keys])
        limit = sum(map(len, parts))
    else:
        limit = query.limit
        parts = await gathered([partial(_latest, served, p, site, after, limit + 1) for p in served.keys])
    found = sorted((one for some in parts for one in some if after is None or one < after), reverse=True)
    return found[:limit], len(found) > limit


async def _latest(
    served: Served, partition: Partition, site: str, after: tuple[int, str] | None, limit: int
) -> list[tuple[int, str]]:
    reply = await served.partition(
        _THREADS,
        partition,
        lambda g: [partition.site_view(g, site, "threads")],
        ["+inf" if after is None else after[0], limit],
    )
    lines = (line.split(" ") for line in reply.parts[0].decode().splitlines())
    return [(int(ms), name) for ms, name in lines]


async def _of_article(served: Served, partition: Partition, site: str, url: str) -> list[tuple[int, str]]:
    # Addresses are kept in their one form, but those that were stored before they had one.
    forms = list(dict.fromkeys((normalised(url) or url, url)))
    reply = await served.commands(
        partition,
        lambda g: [("ZRANGEBYLEX", partition.site_view(g, site, "urls"), f"[{form} ", f"({form}!") for form in forms],
    )
    names = [member.rpartition(b" ")[2].decode() for part in reply.parts for member in part]
    if not names:
        return []
    reply = await served.commands(partition, lambda g: [("ZMSCORE", partition.site_view(g, site, "threads"), *names)])
    return [(int(float(ms)), name) for ms, name in zip(reply.parts[0], names, strict=True) if ms is not None]


async def _authored(
    served: Served, partition: Partition, site: str, member: str, after: Placed | None, limit: int
) -> list[Listed]:
    high = f"({member}!"
    if after is not None:
        high = f"({member} {after.ms:015d}{after.n:012d}"
        if partition.number < after.partition:
            high += "!"  # behind everything at that position, which in this partition comes later in the list
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
