"""Reads for readers: a thread, now or in the past, more replies, and the caller's own part of it."""

from typing import Any, Final

from msgspec.structs import replace

from core.application.current_state import refusals, site_of
from core.domain.warning import OpenWarning
from core.refusals import Refusal
from core.times import rfc3339
from projections.read import overlay, pages
from projections.read.queries import MemberOverlay, RepliesThen
from workers.gateway.http.caching import Caching
from workers.gateway.http.problems import problem
from workers.gateway.http.response import Response, json
from workers.gateway.operations.as_of import PAST, answer_then
from workers.gateway.operations.operation import COMMENT, THREAD, Access, Operation, Request
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import feed, rows
from workers.gateway.shapes import threads as thread_shapes
from workers.gateway.shapes.common import AfterQuery


async def read_page(request: Request[thread_shapes.PageParameters, None]) -> Response:
    """Read a page of a thread, now or in the past."""
    query = request.query
    if query.at is not None:
        return await answer_then(request, query.at, replace(query, at=None))
    await caught_up(request, query.after)
    return found(await pages.page(request.services.served, request.site, request.thread, query))


async def read_replies(request: Request[thread_shapes.RepliesParameters, None]) -> Response:
    """Read more replies of one parent, now or in the past."""
    query = request.query
    if query.at is not None:
        then = RepliesThen(comment=request.comment, query=replace(query, at=None))
        return await answer_then(request, query.at, then)
    await caught_up(request, query.after)
    return found(await pages.replies(request.services.served, request.site, request.thread, request.comment, query))


async def read_overlay(request: Request[AfterQuery, None]) -> Response:
    """The caller's part of a thread: comments that others do not see, votes, reports, and the refusals of a write."""
    await caught_up(request, request.query.after)
    services, caller = request.services, request.caller
    why = await refusals(
        services.log, site=request.site, thread=request.thread, caller=caller, cache=services.aggregate_cache
    )
    # A thread may be in the log and not in the views yet: the caller has nothing in it then.
    window = (await site_of(services.log, request.site, cache=services.aggregate_cache)).policy.appeal_window
    own = (
        await overlay.of_member(services.served, request.site, request.thread, caller.id, why.now, window)
        or MemberOverlay()
    )
    actor = caller.actor
    return json(
        {
            "caller": {"id": actor.id, "name": caller.name, "kind": actor.kind, "roles": sorted(caller.roles)},
            "now": rfc3339(why.now),
            "pending": own.pending,
            "rejected": own.rejected,
            "withdrawn": own.withdrawn,
            "votes": own.votes,
            "reports": own.reports,
            "refusals": {"comment": _problem(why.comment), "vote": _problem(why.vote)},
            "warning": None if why.warning is None else _warning(why.warning),
            "opened": why.opened,
        }
    )


def _warning(warning: OpenWarning) -> dict[str, str | None]:
    return {"id": str(warning.position), "at": rfc3339(warning.at), "reason": warning.reason, "code": warning.code}


def _problem(refusal: Refusal | None) -> dict[str, Any] | None:
    return None if refusal is None else problem(refusal)


_TAG: Final = "Reading"

_EXAMPLE_PENDING: Final = {
    **rows.EXAMPLE_ROW,
    "status": "pending",
    "revision": 1,
    "edited": None,
    "votes": {"up": 0, "down": 0, "score": 0},
    "reason": None,
    "held_by": {"kind": "rule", "name": "links"},
}

_EXAMPLE_REPORT: Final = {
    "comment": "4fzgs5dxjyq7pwnm2kq3u6hbta",
    "revision": 1,
    "reason": "insult",
    "at": "2023-10-29T10:12:00.000Z",
    "outcome": "upheld",
    "decided_at": "2023-10-29T10:40:00.000Z",
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
        summary="Read a page of a thread, now or in the past",
        detail=(
            "A page has at most 1,000 rows, in display order. If replies are cut off, `next` of their parent has a "
            "cursor. The pinned comment comes first on the first page in every order, and not again in its own place. "
            "With `featured=true`, the page has the editors' picks alone, of every level and without replies. With "
            "`at`, the response is the thread as it stood then, in structure, order, votes and texts. Comments that "
            "are not public now are not public in the past either, except for a moderator's or an auditor's token; "
            "`gone` of a tombstone says by what the comment is gone, as far as is known now. `thread.position` is then "
            "the last event up to that moment that readers could notice; for staff, the last event of any kind. `at` "
            "accepts any position since the opening; from staff, only positions of events of the thread. With "
            "`after`, the response includes that write, or is 503 after 2 s."
        ),
        handler=read_page,
        query=thread_shapes.PageParameters,
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
            "Open the feed with `after` set to the `thread.position` of the page just read. Without `after` it starts "
            "now. After a reconnection, `Last-Event-ID` takes precedence over `after`. Events: `comment.posted`, "
            "`comment.edited`, `comment.removed`, `comment.restored`, `votes.changed`, `thread.changed` and `reset`. "
            "`thread.changed` tells of the thread's status, title, inline questions and overrides of the policy. A "
            "change of the site's policy is no event of a thread, so no feed tells of it: read the policy again. What "
            "an import brings or takes back comes with the next page: no feed tells of it. "
            "After `reset`, read the page again; it is sent if the position is too old or unknown, or if the replay "
            "would be too long. `data` is the state of the public row, so a repeat is harmless. The response for an "
            "archived thread is 204, which stops an EventSource permanently. For a thread that is not open yet, the "
            "stream waits until it is opened. If this process cannot serve the feed now, the response is a 200 that "
            "has only `retry:` and ends: 10 to 60 s if the process is full or the log is unavailable, 1 to 5 s if it "
            "is stopping. The response to HTTP/1.0 is not chunked."
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
        summary="Read more replies of one parent, now or in the past",
        detail="Pass the cursor in `next` of a row of a page, with the same `at`.",
        handler=read_replies,
        query=thread_shapes.RepliesParameters,
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
        summary="Read the caller's own part of a thread",
        detail=(
            "Separate from the page, so that the page is the same for everyone. At most 100 rows and 100 reports, "
            "newest first. `held_by` says why a text waits, and names no matched text and no moderator. A decided "
            "report is listed for 30 days after its decision. `opened` is false if the thread is not open yet and the "
            "caller's first comment may open it."
        ),
        handler=read_overlay,
        query=AfterQuery,
        answer=shapes.Overlay,
        example={
            "caller": {"id": "u-7", "name": "Sayantani", "kind": "member", "roles": []},
            "now": "2023-10-29T12:00:00.000Z",
            "pending": [_EXAMPLE_PENDING],
            "rejected": [],
            "withdrawn": [],
            "votes": {rows.EXAMPLE_ROW["id"]: {"value": 1, "revision": 2}},
            "reports": [_EXAMPLE_REPORT],
            "refusals": {"comment": None, "vote": None},
            "warning": None,
            "opened": True,
        },
        problems=("unknown-position",),
    ),
)
