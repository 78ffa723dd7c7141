"""Operations of moderators on the queue: reading and following it, and taking its items in hand."""

from typing import Any, Final

from core.application.current_state import comment_of
from core.concurrency import both
from core.refusals import NotFound
from core.times import rfc3339
from projections.read.moderation_queue import in_hand, queue, reports_of
from projections.read.queries import QueueQuery
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.moderation import STAFF_ROW, TAG
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.suspension_queue import suspension_appeals
from workers.gateway.shapes import feed, rows, staff


async def read_queue(request: Request[QueueQuery, None]) -> Response:
    """Comments that wait for a moderator."""
    live = await request.services.hands.read(request.site)
    appeals = await suspension_appeals(request)
    answer = await queue(request.services.served, request.site, request.query, live.hands, appeals)
    return Response(200, answer.body, tag=answer.tag)


async def take_in_hand(request: Request[NoQuery, staff.HandItem]) -> Response:
    """Tell other moderators that the caller reads an item."""
    body, services = request.body, request.services
    held = await services.hands.take(request.site, request.caller.id, body.thread, body.comment)
    first, waits = await both(
        lambda: in_hand(services.served, request.site, held.first), lambda: _waits(request, body.thread, body.comment)
    )
    return json(
        {
            "thread": body.thread,
            "comment": body.comment,
            "since": rfc3339(held.since),
            "until": rfc3339(held.until),
            "in_hand": first,
            "waits": waits,
        }
    )


async def _waits(request: Request[Any, Any], thread: str, comment: str) -> bool:
    """True if a comment is in the queue: it waits in the log, which is ahead of the views, or they have a report."""
    services, site = request.services, request.site
    try:
        found = await comment_of(
            services.log, site, thread, comment, caller=request.caller, cache=services.aggregate_cache
        )
    except NotFound:
        return False
    if found.waiting is not None or found.status == "pending" or found.open_notices:
        return True
    filed = await reports_of(services.served, site, thread, comment)
    return any(report.position > found.closed_reports_at for report in filed)


async def let_go(request: Request[NoQuery, staff.HandItem]) -> Response:
    """Tell other moderators that the caller no longer reads an item."""
    body = request.body
    await request.services.hands.let_go(request.site, request.caller.id, body.thread, body.comment)
    return json(staff.HandLetGo())


STAFF_FEED: Final = f"{ROOT}/moderation/feed"
"""Path of the staff feed."""


OPERATIONS: Final = (
    Operation(
        name="readQueue",
        method="GET",
        path=f"{ROOT}/moderation/queue",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Read the moderation queue, longest waiting first",
        detail=(
            "Without `state`, the queue has every comment once, by when it first waited or was reported. An item that "
            "is both shows the revision that waits, with the rule or the moderator in `held_by`, and its open reports "
            "in `reports`; a decision settles both. A waiting comment keeps its place, even if it is edited or held "
            "again. What an import brought comes after all else, and names its import: a text that waits, or a comment "
            "whose open reports are all an import's. `import` finds what one import brought. With `by`, an item is "
            "listed by when it first waited or was reported, too. With `state=appeal`, an appeal against a suspension "
            "has a `member` and no comment, and is decided by `PUT …/suspension/appeal/decision`. `in_hand` names the "
            "moderator who reads the item."
        ),
        handler=read_queue,
        query=QueueQuery,
        answer=staff.Queue,
        example={
            "items": [
                {
                    "comment": {**STAFF_ROW, "status": "pending"},
                    "revision": 2,
                    "thread": {
                        "id": "power-broker",
                        "title": "The power broker",
                        "url": "https://example.org/power-broker",
                        "labels": ["politics"],
                    },
                    "parent": None,
                    "published": None,
                    "since": "2023-10-29T11:31:00.000Z",
                    "import": None,
                    "held_by": {
                        "kind": "rule",
                        "name": "links",
                        "match": "https://example.org/",
                        "spans": [[4, 24]],
                    },
                    "reports": [],
                    "in_hand": {"by": {"id": "u-2", "name": "Samir"}, "since": "2023-10-29T11:34:00.000Z"},
                }
            ],
            "total": 1,
            "next": None,
        },
        problems=("not-allowed", "bad-cursor"),
        caching=Caching.COMPARED,
    ),
    Operation(
        name="takeInHand",
        method="PUT",
        path=f"{ROOT}/moderation/hands",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Tell other moderators that the caller reads an item of the queue",
        detail=(
            "For 60 s the item names the caller in `in_hand`; said again, it lasts longer, and another item replaces "
            "it. A hint, no lock: anybody may decide all the same. `in_hand` names who had the item first, as the "
            "queue does; `waits` tells if it is still in the queue. No event is recorded. Taking an item in hand and "
            "letting it go change the queue's `ETag` and send `queue.changed`; saying it again does neither."
        ),
        handler=take_in_hand,
        body=staff.HandItem,
        request_example={"thread": "power-broker", "comment": rows.EXAMPLE_ROW["id"]},
        answer=staff.HandTaken,
        example={
            "thread": "power-broker",
            "comment": rows.EXAMPLE_ROW["id"],
            "since": "2023-10-29T11:34:00.000Z",
            "until": "2023-10-29T11:35:00.000Z",
            "in_hand": {"by": {"id": "u-2", "name": "Samir"}, "since": "2023-10-29T11:34:00.000Z"},
            "waits": True,
        },
        problems=("not-allowed",),
        hint=True,
    ),
    Operation(
        name="letGo",
        method="DELETE",
        path=f"{ROOT}/moderation/hands",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Tell other moderators that the caller no longer reads an item",
        detail="Changes nothing if the caller does not have this item in hand.",
        handler=let_go,
        body=staff.HandItem,
        request_example={"thread": "power-broker", "comment": rows.EXAMPLE_ROW["id"]},
        answer=staff.HandLetGo,
        example={},
        problems=("not-allowed",),
        hint=True,
    ),
    Operation(
        name="followQueue",
        method="GET",
        path=STAFF_FEED,
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Follow the moderation queue (server-sent events)",
        detail=(
            "One event, `queue.changed`, at most once a second, which names nothing: read the queue again, with the "
            "last `ETag`. Open the stream before reading the queue, and no change is missed. It tells that a comment "
            "came into the queue, changed in it or left it, and that an item was taken in hand or let go. In a queue "
            "of thousands, a change far from both ends that leaves the length as it is may go untold. The stream ends "
            "at the `exp` of the token. If this process cannot serve it now, the response is a 200 that has only "
            "`retry:` and ends, as of the feed of a thread. An EventSource of a browser cannot send a token: read the "
            "stream with `fetch`."
        ),
        handler=None,
        media="text/event-stream",
        events=feed.STAFF_FEED,
        example="retry: 3217\n\nevent: queue.changed\ndata: {}\n\n",
        problems=("not-allowed",),
    ),
)
