"""Operations of moderators that give verdicts: one decision, up to a hundred, and the reversal of a batch."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from core import ids
from core.concurrency import gathered
from core.domain.handler import Command
from core.domain.member import ReverseSuspension
from core.domain.moderation import Decide, ReverseDecision
from core.domain.void import RestoreVote
from core.refusals import NotFound, Refusal, Unavailable
from projections.read.batches import VoidName, comments_of, voids_of
from projections.read.progress import all_passed
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.problems import problem
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, encode
from workers.gateway.operations.batches import (
    ItemDone,
    batch_of,
    batch_response,
    execute_item,
    items_response,
    name_decider,
    note_decider,
    voter_namer,
)
from workers.gateway.operations.moderation import MODERATION, STAFF_ROW, TAG, WRITTEN
from workers.gateway.operations.operation import COMMENT, ROOT, Access, Operation, Request
from workers.gateway.operations.writing import VIEW_WITHIN, comment_response, execute
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import rows


async def decide(request: Request[NoQuery, shapes.MakeDecision]) -> Response:
    """Give a verdict on one revision."""
    body = request.body
    batch = await batch_of(request)
    command = replace(_decision(request.comment, body), notice=body.notice)
    try:
        result = await execute(request, command, thread=request.thread, batch=batch)
    except Refusal as refusal:
        await name_decider(request, refusal)
        raise
    await note_decider(request)
    return await comment_response(request, result, request.comment, more=b',"batch":%b' % encode(batch))


async def decide_many(request: Request[NoQuery, shapes.BulkDecisions]) -> Response:
    """Give independent verdicts under one batch id."""
    decisions, continued = request.body.decisions, request.body.batch
    first_item = decisions[0].thread, ids.item_key(request.key, decisions[0].thread, decisions[0].comment)
    batch = await batch_of(request, continued, first_item)
    first: dict[tuple[str, str], int] = {}
    for at, decision in enumerate(decisions):
        first.setdefault((decision.thread, decision.comment), at)
    # Concurrently, to wait once for a replica or a disk, and not a hundred times.
    done = await gathered(
        [
            partial(_one, request, decision, batch)
            if (before := first[decision.thread, decision.comment]) == at
            else partial(_again, decision, at, before)
            for at, decision in enumerate(decisions)
        ]
    )
    return await batch_response(request, done, batch)


async def reverse(request: Request[NoQuery, None]) -> Response:
    """Undo a batch, each item by itself: decisions, suspensions and void votes."""
    services, site, batch = request.services, request.site, request.path["batch"]
    with request.gate.released():
        await _views_caught_up(request)
        standings = await services.standings.of(site)
    comments = await comments_of(services.served, site, batch)
    voids = await voids_of(services.served, site, batch)
    items = [
        *(
            _Item(
                {"thread": thread, "comment": comment}, thread, comment, ReverseDecision(comment=comment, batch=batch)
            )
            for thread, comment in comments
        ),
        *(
            _Item(said, thread, f"{comment} {voter}", RestoreVote(comment=comment, voter=voter, batch=batch))
            for (thread, comment, voter), said in zip(voids, _told(request, voids), strict=True)
        ),
        *(
            _Item({"member": member}, "", member, ReverseSuspension(member=member, batch=batch))
            for member in standings.batches.get(batch, ())
        ),
    ]
    if not items:
        raise NotFound("there is no such batch")
    done = await gathered([partial(_reverse_one, request, item) for item in items])
    return items_response(request, done)


async def _views_caught_up(request: Request[Any, Any]) -> None:
    """Wait until the views have everything that was written so far. Raises Unavailable.

    A batch is found in the views, and none of its items may be missing.
    """
    log, served = request.services.log, request.services.served
    partitions = list(served.keys)
    ends = await gathered([partial(log.last, partition.number) for partition in partitions])
    if not await all_passed(served, list(zip(partitions, ends, strict=True)), within=VIEW_WITHIN):
        raise Unavailable("the views do not include the last writes yet")


class _Item(NamedTuple):
    """One item of a batch: how the response names it, its thread (empty for the site's own log), and its reversal."""

    said: dict[str, Any]
    thread: str
    name: str
    command: Command


def _told(request: Request[Any, Any], voids: Sequence[VoidName]) -> list[dict[str, Any]]:
    """Void votes as the response names them."""
    name = voter_namer(request)
    return [{"thread": thread, "comment": comment, "voter": name(voter)} for thread, comment, voter in voids]


async def _reverse_one(request: Request[NoQuery, None], item: _Item) -> ItemDone:
    key = ids.item_key(request.key, item.thread, item.name)
    return await execute_item(request, item.command, item.said, thread=item.thread, item=key, batch=None)


async def _again(decision: shapes.BulkDecision, at: int, before: int) -> ItemDone:
    """Refuse a second decision about the same comment: the server cannot know which of the two was meant."""
    refusal = BadRequest.at(
        f"/decisions/{at}", f"/decisions/{before} is about the same comment, and only the first one counts"
    )
    return {"comment": decision.comment, "problem": problem(refusal)}, None


async def _one(request: Request[NoQuery, shapes.BulkDecisions], decision: shapes.BulkDecision, batch: str) -> ItemDone:
    command, said = _decision(decision.comment, decision, request.body.batch), {"comment": decision.comment}
    item = ids.item_key(request.key, decision.thread, decision.comment)
    return await execute_item(request, command, said, thread=decision.thread, item=item, batch=batch)


def _decision(comment: str, decision: shapes.Verdict, continues: str | None = None) -> Decide:
    return Decide(
        comment=comment,
        verdict=decision.verdict,
        revision=decision.revision,
        reason=decision.reason,
        note=decision.note,
        code=decision.code,
        ground=decision.ground,
        spam=decision.spam,
        status=decision.status,
        continues=continues,
    )


_GIVEN: Final = {"verdict": "reject", "revision": 2, "code": "insult", "note": "Third time.", "status": "pending"}
_BATCH: Final = "Jq3xQ2vYb0m8sT1kLw9ZpA"
_DECIDED: Final = {
    **STAFF_ROW,
    "status": "rejected",
    "reason": "Please argue without insults.",
    "moderation": {
        **STAFF_ROW["moderation"],
        "reason": "Please argue without insults.",
        "code": "insult",
        "ground": "terms",
        "note": "Third time.",
    },
}

OPERATIONS: Final = (
    Operation(
        name="decide",
        method="POST",
        path=f"{COMMENT}/decisions",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Approve, hold or reject a revision",
        detail=(
            "`revision` must be the standing or the latest one. A decision settles the comment's open reports: "
            "`approve` dismisses them, `reject` upholds them, `hold` leaves them open. `code` is one of the policy's "
            "`reasons`: it gives the ground and, unless `reason` says otherwise, the words for the author. `batch` "
            "names the decision, so that it can be reversed. A notice is closed only by an approval or a rejection "
            "that names it in `notice`."
        ),
        handler=decide,
        body=shapes.MakeDecision,
        request_example=_GIVEN,
        answer=shapes.DecisionAnswer,
        example={**WRITTEN, "comment": _DECIDED, "batch": _BATCH},
        problems=(*MODERATION, "stale-revision", "stale-status", "revision-redacted", "unknown-code"),
        keyed=True,
    ),
    Operation(
        name="decideMany",
        method="POST",
        path=f"{ROOT}/moderation/decisions",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Decide on up to 100 comments",
        detail=(
            "Each decision is executed independently: the response is 200, with the result of each decision. It is 202 "
            "if one of them has not reached the durability that the deployment promises yet. Of two decisions about "
            "the same comment, the first one counts, and the result of the second is a problem. `batch` continues an "
            "earlier batch of the same caller, up to an hour after its last request, so that one reversal undoes all "
            "of it: of decisions, of suspensions (`PUT …/suspension`) and of void votes (`POST …/voids`). A batch "
            "decides about a comment once."
        ),
        handler=decide_many,
        body=shapes.BulkDecisions,
        request_example={"decisions": [{"thread": "power-broker", "comment": rows.EXAMPLE_ROW["id"], **_GIVEN}]},
        answer=shapes.BulkAnswer,
        example={
            "batch": _BATCH,
            "results": [{"comment": rows.EXAMPLE_ROW["id"], "position": "1698579300000-43"}],
        },
        problems=("not-allowed", "unknown-batch"),
        keyed=True,
    ),
    Operation(
        name="reverseBatch",
        method="POST",
        path=ROOT + "/moderation/batches/{batch}/reversal",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Undo one batch exactly: decisions, suspensions and void votes",
        detail=(
            "Each item is undone by itself. Of a decision, text, status, votes, reports and place in the queue are as "
            "before; a member has the suspension that they had, or none; a void vote counts as before, unless its "
            "voter retracted it. An item on which somebody acted since is refused with `stale-status`; if that was a "
            "decision, `decided` tells of it. A pin of the comment is no such act. Items that were undone already "
            "stay so: what was broken off can be asked for again. Any moderator may undo a batch."
        ),
        handler=reverse,
        answer=shapes.ReversalAnswer,
        example={
            "results": [
                {"thread": "power-broker", "comment": rows.EXAMPLE_ROW["id"], "position": "1698579360000-44"},
            ]
        },
        problems=("not-allowed",),
        keyed=True,
    ),
)
