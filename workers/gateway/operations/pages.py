"""Reads for readers: a thread, now or in the past, more replies, and the caller's own part of it."""

from typing import Any, Final

from msgspec.structs import replace

from core.application.current_state import refusals
from core.refusals import Refusal
from projections.read import comments, pages
from projections.read.queries import MemberOverlay, RepliesThen
from workers.gateway.http.caching import Caching
from workers.gateway.http.problems import problem
from workers.gateway.http.response import Response, json
from workers.gateway.operations.as_of import PAST, answer_then
from workers.gateway.operations.operation import COMMENT, THREAD, Access, Operation, Request
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import feed, rows
from workers.gateway.shapes import threads as queries
from workers.gateway.shapes.common import AfterQuery


async def read_page(request: Request[queries.PageParameters, None]) -> Response:
    """Read a page of a thread, now or in the past."""
    query = request.query
    if query.at is not None:
        return await answer_then(request, query.at, replace(query, at=None))
    await caught_up(request, query.after)
    return found(await pages.page(request.services.served, request.site, request.thread, query))


async def read_replies(request: Request[queries.RepliesParameters, None]) -> Response:
    """Read more replies of one parent, now or in the past."""
    query = request.query
    if query.at is not None:
        then = RepliesThen(comment=request.comment, query=replace(query, at=None))
        return await answer_then(request, query.at, then)
    await caught_up(request, query.after)
    return found(await pages.replies(request.services.served, request.site, request.thread, request.comment, query))


async def read_overlay(request: Request[AfterQuery, None]) -> Response:
    """The caller's part of a thread: pending and rejected comments, votes, and the refusals of a write now."""
    await caught_up(request, request.query.after)
    services, caller = request.services, request.caller
    why = await refusals(services.log, site=request.site, thread=request.thread, caller=caller, folds=services.folds)
    # A thread may be in the log and not in the views yet: the caller has nothing in it then.
    overlay = await comments.overlay(services.served, request.site, request.thread, caller.id) or _NOTHING
    return json(
        {
            "pending": overlay.pending,
            "rejected": overlay.rejected,
            "votes": overlay.votes,
            "refusals": {"comment": _told(why.comment), "vote": _told(why.vote)},
            "opened": why.opened,
        }
    )


def _told(refusal: Refusal | None) -> dict[str, Any] | None:
    return None if refusal is None else problem(refusal)


_NOTHING: Final = MemberOverlay(pending=[], rejected=[], votes={})
_TAG: Final = "Reading"

_EXAMPLE_PENDING: Final = {
    **rows.EXAMPLE_ROW,
    "status": "pending",
    "revision": 1,
    "edited": None,
    "votes": {"up": 0, "down": 0, "score": 0},
    "reason": None,
}

_FEED_EXAMPLE: Final = (
    "retry: 3500\n\n"
    "id: 1698579000000-42\n"
    "event: comment.posted\n"
    'data: {"comment":"6ryvbaoxhpcsdxv3kqi3lz5k4m","row":{"id":"6ryvbaoxhpcsdxv3kqi3lz5k4m"},'
    '"thread":{"comments":14,"position":"1698579000000-42"}}\n\n'
)

OPERATIONS: Final = (
    Operation(
        name="readThread",
        method="GET",
        path=THREAD,
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Read a page of a thread, now or as it was",
        detail=(
            "Rows fill in display order, never more than 1,000; what is cut leaves a cursor in `next` of its parent. "
            "With `at` it is the thread as it stood then, in structure, order, votes and texts; what is not public "
            "now is not public in the past either, unless a moderator's or auditor's token looks. `thread.position` is "
            "the last event up to then that readers could notice, for staff the last of all; any position since the "
            "opening is taken, of staff those of the thread's events. With `after` the "
            "answer includes that write, or is 503 after 2 s."
        ),
        handler=read_page,
        query=queries.PageParameters,
        answer=rows.Page,
        example=rows.EXAMPLE_PAGE,
        problems=PAST,
        caching=Caching.EVERYONE,
        past=True,
    ),
    Operation(
        name="followThread",
        method="GET",
        path=f"{THREAD}/feed",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Follow a thread (server-sent events)",
        detail=(
            "Open it with `after` set to the `thread.position` of the page just read; without, it starts now. After "
            "a break, `Last-Event-ID` wins. Events: `comment.posted`, `comment.edited`, `comment.removed`, "
            "`comment.restored`, `votes.changed`, `thread.changed`, and `reset`, after which the page is to be read "
            "again: after a position that is too old or unknown, and in place of a replay that would be too long. "
            "`data` is the state of the public row, so a repeat is harmless. An archived thread answers 204, which "
            "ends an EventSource for good. A thread that is not opened yet is waited for. Where this process cannot "
            "serve the feed now, the answer is 200 with `retry:` and an end: 10 to 60 s where it is full or the record "
            "is not available, 1 to 5 s where it is about to stop. HTTP/1.0 gets no chunks."
        ),
        handler=None,
        query=AfterQuery,
        media="text/event-stream",
        events=feed.FEED,
        example=_FEED_EXAMPLE,
        statuses=(200, 204),
        caching=Caching.STREAM,
    ),
    Operation(
        name="readReplies",
        method="GET",
        path=f"{COMMENT}/replies",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Read more replies of one parent, now or as they were",
        detail="A cursor in `next` of a row of a page is for this call, with the same `at`.",
        handler=read_replies,
        query=queries.RepliesParameters,
        answer=rows.RowList,
        example={"comments": [rows.EXAMPLE_ROW], "next": None},
        problems=PAST,
        caching=Caching.EVERYONE,
        past=True,
    ),
    Operation(
        name="readOverlay",
        method="GET",
        path=f"{THREAD}/me",
        access=Access.CALLER,
        tag=_TAG,
        summary="Read one's own part of a thread",
        detail=(
            "Kept apart so that the page stays the same for everyone. At most 100 rows, newest first. `opened` is "
            "false where a first comment of the caller's may open the thread, and none has yet."
        ),
        handler=read_overlay,
        query=AfterQuery,
        answer=shapes.Overlay,
        example={
            "pending": [_EXAMPLE_PENDING],
            "rejected": [],
            "votes": {rows.EXAMPLE_ROW["id"]: {"value": 1, "revision": 2}},
            "refusals": {"comment": None, "vote": None},
            "opened": True,
        },
        problems=("unknown-position",),
    ),
)
