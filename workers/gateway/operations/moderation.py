"""Operations of moderators: decisions, redaction, picks, and the queue."""

from functools import partial
from typing import Any, Final

from core import ids
from core.application.transact import Result
from core.concurrency import gathered
from core.domain.moderation import Decide, FeatureComment, PinComment, RedactRevision
from core.refusals import CannotFold, FormatTooOld, Refusal, Unavailable
from projections.read.moderation_queue import queue
from projections.read.queries import QueueQuery
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.problems import problem
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import COMMENT, ROOT, Access, Operation, Request
from workers.gateway.operations.writing import acknowledged, execute, on_comment
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import rows, staff


async def decide(request: Request[NoQuery, shapes.MakeDecision]) -> Response:
    """Give a verdict on one revision."""
    return await on_comment(request, _decision(request.comment, request.body))


async def decide_many(request: Request[NoQuery, shapes.BulkDecisions]) -> Response:
    """Give independent verdicts under one batch id."""
    batch = ids.batch_id(request.key)
    # Concurrently, to wait once for a replica or a disk, and not a hundred times.
    decisions = request.body.decisions
    first: dict[tuple[str, str], int] = {}
    for at, decision in enumerate(decisions):
        first.setdefault((decision.thread, decision.comment), at)
    done = await gathered(
        [
            partial(_one, request, decision, batch)
            if (before := first[decision.thread, decision.comment]) == at
            else partial(_again, decision, at, before)
            for at, decision in enumerate(decisions)
        ]
    )
    response = json({"batch": batch, "results": [said for said, _ in done]})
    results = [result for _, result in done if result is not None]
    return acknowledged(request, response, *results) if results else response


async def redact(request: Request[NoQuery, shapes.Redact]) -> Response:
    """Destroy one text."""
    revision = int(request.path["revision"])
    command = RedactRevision(comment=request.comment, revision=revision, reason=request.body.reason)
    return await on_comment(request, command)


async def feature(request: Request[NoQuery, Any]) -> Response:
    """Make a comment an editors' pick."""
    return await on_comment(request, FeatureComment(comment=request.comment, featured=True))


async def unfeature(request: Request[NoQuery, Any]) -> Response:
    """Remove a comment from the editors' picks."""
    return await on_comment(request, FeatureComment(comment=request.comment, featured=False))


async def pin(request: Request[NoQuery, Any]) -> Response:
    """Pin a comment."""
    return await on_comment(request, PinComment(comment=request.comment, pinned=True))


async def unpin(request: Request[NoQuery, Any]) -> Response:
    """Undo the pinning of a comment."""
    return await on_comment(request, PinComment(comment=request.comment, pinned=False))


async def read_queue(request: Request[QueueQuery, None]) -> Response:
    """Comments that wait for a moderator."""
    answer = await queue(request.services.served, request.site, request.query)
    return Response(200, answer.body, tag=answer.tag)


async def _again(decision: shapes.BulkDecision, at: int, before: int) -> tuple[dict[str, Any], None]:
    """Refuse a second decision about the same comment: the server cannot know which of the two was meant."""
    refusal = BadRequest.at(
        f"/decisions/{at}", f"/decisions/{before} is about the same comment, and only the first one counts"
    )
    return {"comment": decision.comment, "problem": problem(refusal)}, None


async def _one(
    request: Request[NoQuery, shapes.BulkDecisions], decision: shapes.BulkDecision, batch: str
) -> tuple[dict[str, Any], Result | None]:
    item = ids.item_key(request.key, decision.thread, decision.comment)
    command = _decision(decision.comment, decision)
    try:
        result = await execute(request, command, thread=decision.thread, item=item, batch=batch)
    except (CannotFold, FormatTooOld) as refusal:
        # This fails until another version runs, and must not hold up the other decisions.
        return {"comment": decision.comment, "problem": problem(refusal)}, None
    except Unavailable:
        # The client can retry the whole request with its key: decisions already made get their first result.
        raise
    except Refusal as refusal:
        return {"comment": decision.comment, "problem": problem(refusal)}, None
    return {"comment": decision.comment, "position": str(result.position)}, result


def _decision(comment: str, decision: shapes.MakeDecision) -> Decide:
    return Decide(
        comment=comment,
        verdict=decision.verdict,
        revision=decision.revision,
        reason=decision.reason,
        note=decision.note,
        status=decision.status,
    )


_TAG: Final = "Moderation"
_MODERATION: Final = ("not-allowed", "suspended", "idempotency-key-reused")
_GIVEN: Final = {"verdict": "approve", "revision": 2, "note": "Checked with the desk.", "status": "pending"}
_STAFF_ROW: Final = {
    **rows.EXAMPLE_ROW,
    "reason": None,
    "moderation": {
        "reason": None,
        "note": "Checked with the desk.",
        "rule": None,
        "match": None,
        "by": "u-2",
        "at": "2023-10-29T11:35:00.000Z",
    },
}
_WRITTEN: Final = {"position": "1698579300000-43", "comment": _STAFF_ROW}

OPERATIONS: Final = (
    Operation(
        name="decide",
        method="POST",
        path=f"{COMMENT}/decisions",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Approve, hold or reject a revision",
        detail=(
            "`revision` must be the standing or the latest one. A decision settles the comment's open reports: "
            "`approve` dismisses them, `reject` upholds them, `hold` leaves them open."
        ),
        handler=decide,
        body=shapes.MakeDecision,
        request_example=_GIVEN,
        answer=rows.Written,
        example=_WRITTEN,
        problems=(*_MODERATION, "stale-revision", "stale-status", "revision-redacted"),
        keyed=True,
    ),
    Operation(
        name="decideMany",
        method="POST",
        path=f"{ROOT}/moderation/decisions",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="Decide on up to 100 comments",
        detail=(
            "Each decision is executed independently: the response is 200, with the result of each decision. It is 202 "
            "if one of them has not reached the durability that the deployment promises yet. Of two decisions about "
            "the same comment, the first one counts, and the result of the second is a problem."
        ),
        handler=decide_many,
        body=shapes.BulkDecisions,
        request_example={"decisions": [{"thread": "power-broker", "comment": rows.EXAMPLE_ROW["id"], **_GIVEN}]},
        answer=shapes.BulkAnswer,
        example={
            "batch": "e5tq7nkc4dyzp3s6wxvh2rj1bm",
            "results": [{"comment": rows.EXAMPLE_ROW["id"], "position": "1698579300000-43"}],
        },
        problems=("not-allowed",),
        keyed=True,
    ),
    Operation(
        name="redact",
        method="PUT",
        path=COMMENT + "/revisions/{revision}/redaction",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Redact one text permanently; the row stays",
        handler=redact,
        body=shapes.Redact,
        request_example={"reason": "Names a minor."},
        answer=rows.Written,
        example=_WRITTEN,
        problems=(*_MODERATION, "revision-published"),
        keyed=True,
    ),
    Operation(
        name="feature",
        method="PUT",
        path=f"{COMMENT}/featured",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Make a comment an editors' pick",
        handler=feature,
        answer=rows.Written,
        example={**_WRITTEN, "comment": {**_STAFF_ROW, "featured": True}},
        problems=(*_MODERATION, "comment-not-published"),
        keyed=True,
    ),
    Operation(
        name="unfeature",
        method="DELETE",
        path=f"{COMMENT}/featured",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Remove a comment from the editors' picks",
        handler=unfeature,
        answer=rows.Written,
        example=_WRITTEN,
        problems=_MODERATION,
        keyed=True,
    ),
    Operation(
        name="pin",
        method="PUT",
        path=f"{COMMENT}/pinned",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Pin a top-level comment: it comes first on the page",
        detail=(
            "One comment of a thread is pinned: another takes its place. It comes first on the first page in every "
            "order. While it is not published, it is not shown."
        ),
        handler=pin,
        answer=rows.Written,
        example={**_WRITTEN, "comment": {**_STAFF_ROW, "pinned": True}},
        problems=(*_MODERATION, "not-top-level", "comment-not-published"),
        keyed=True,
    ),
    Operation(
        name="unpin",
        method="DELETE",
        path=f"{COMMENT}/pinned",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Undo the pinning of a comment",
        handler=unpin,
        answer=rows.Written,
        example=_WRITTEN,
        problems=_MODERATION,
        keyed=True,
    ),
    Operation(
        name="readQueue",
        method="GET",
        path=f"{ROOT}/moderation/queue",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="Read the moderation queue, longest waiting first",
        detail="A waiting comment keeps its place, even if it is edited or held again.",
        handler=read_queue,
        query=QueueQuery,
        answer=staff.Queue,
        example={
            "items": [
                {
                    "comment": {**_STAFF_ROW, "status": "pending"},
                    "revision": 2,
                    "thread": {
                        "id": "power-broker",
                        "title": "The power broker",
                        "url": "https://example.org/power-broker",
                    },
                    "parent": None,
                    "published": None,
                    "since": "2023-10-29T11:31:00.000Z",
                    "held_by": {"kind": "rule", "name": "links", "match": "https://example.org/"},
                    "reports": [],
                }
            ],
            "total": 1,
            "next": None,
        },
        problems=("not-allowed", "bad-cursor"),
        caching=Caching.COMPARED,
    ),
)
