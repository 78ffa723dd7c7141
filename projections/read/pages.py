"""The public page, and more replies of one parent: one script call, then joined bytes."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.position import Position
from core.redis.script import Script
from projections.read import cursors, page_json
from projections.read.queries import BadCursor, PageAnswer, PageQuery, RepliesQuery, ViewState
from projections.read.served_generation import Served
from projections.read.walk import Onward, WalkScript, keys
from projections.views.pointer import Pointer

REPLIES_BELOW: Final = 20
"""Replies per parent below the direct ones, in a request for more replies of one parent."""

_PAGE: Final[Script] = WalkScript("page")
_REPLIES: Final[Script] = WalkScript("replies")


async def page(served: Served, site: str, thread: str, query: PageQuery, *, once: bool = False) -> PageAnswer | None:
    """A page of the thread; None if there is no such thread. Raises BadCursor. `once` as for `Served.partition`."""
    # The mark digest costs more than a row, and most pages neither take nor return a cursor.
    age, score = ("", "") if query.cursor is None else page_place(query, page_mark(site, thread, query))
    partition = served.keys.of(site, thread)

    def named(generation: int) -> Sequence[str]:
        views = partition.thread_views(generation, site, thread)
        first = views.roots if query.anchor is None else views.anchored
        return (*keys(views), first, views.top, partition.cursor(generation))

    reply = await served.partition(
        _PAGE,
        partition,
        named,
        (
            query.sort,
            "" if query.anchor is None else f"{query.anchor} ",
            age,
            score,
            query.limit,
            query.depth,
            query.replies,
            int(query.featured),
        ),
        once=once,
    )
    if not reply.parts:
        return None
    public, found, last, last_score, cursor = reply.parts
    following = None
    if last:
        following = page_cursor(query, page_mark(site, thread, query), last.decode(), last_score.decode())
    rows = page_json.page(found, Onward(site, thread))
    state = ViewState(partition.number, reply.pointer, Position.decode(cursor))
    return PageAnswer(page_body(public, query, rows, following), tag(reply.pointer, public), (state,))


async def replies(served: Served, site: str, thread: str, comment: str, query: RepliesQuery) -> PageAnswer | None:
    """More replies of one parent; None if the page does not show the parent. Raises BadCursor."""
    onward = Onward(site, thread)
    age = ""
    if query.cursor is not None:
        parent, age = cursors.read(query.cursor, onward.mark, rf"{cursors.COMMENT}\.{cursors.AGE}")
        if parent != comment:
            raise BadCursor("the cursor is of another comment")
    partition = served.keys.of(site, thread)

    def named(generation: int) -> Sequence[str]:
        return (*keys(partition.thread_views(generation, site, thread)), partition.cursor(generation))

    arguments = (comment, age, query.limit, query.depth, REPLIES_BELOW)
    reply = await served.partition(_REPLIES, partition, named, arguments)
    if not reply.parts:
        return None
    public, found, last, at = reply.parts
    following = page_json.quoted(onward(comment, last.decode())) if last else b"null"
    rows = page_json.page(found, onward)
    state = ViewState(partition.number, reply.pointer, Position.decode(at))
    return PageAnswer(b'{"comments":[%b],"next":%b}' % (rows, following), tag(reply.pointer, public), (state,))


def page_mark(site: str, thread: str, query: PageQuery, at: str | None = None) -> str:
    """The mark of page cursors; `at` is the requested past position or time."""
    scope = ("page", site, thread, query.sort, query.anchor, query.limit, query.depth, query.replies, at)
    return cursors.mark(*scope, "featured") if query.featured else cursors.mark(*scope)


def page_place(query: PageQuery, mark: str) -> tuple[str, str]:
    """The age of the row before the page, and its score if the order is `top`; empty for the first page."""
    if query.cursor is None:
        return "", ""
    if query.sort == "top":
        score, age = cursors.read(query.cursor, mark, rf"{cursors.SCORE}\.{cursors.AGE}")
        return age, score
    (age,) = cursors.read(query.cursor, mark, cursors.AGE)
    return age, ""


def page_cursor(query: PageQuery, mark: str, age: str, score: str) -> str:
    """The cursor to the rows after a row of this age and score."""
    return cursors.write(mark, score, age) if query.sort == "top" else cursors.write(mark, age)


def page_body(public: bytes, query: PageQuery, rows: bytes, following: str | None) -> bytes:
    """The JSON of a page."""
    # `join`, because formatting copies long values more than once.
    head = b'{"thread":%b,"sort":"%b","comments":[' % (public, query.sort.encode())
    return b"".join((head, rows, b'],"next":%b}' % msgspec.json.encode(following)))


def tag(pointer: Pointer, public: bytes) -> str:
    """The tag of a page state: the served pointer and the position of the last public change."""
    name = b'"position":"'
    return f"{pointer}-{public[public.rindex(name) + len(name) : -2].decode()}"
