"""Operations on statements and appeals: an author is told of a decision, appeals, and another moderator decides."""

from functools import partial
from typing import Any, Final, Protocol

from core import ids
from core.application.current_state import member_of
from core.application.transact import Result
from core.concurrency import gathered
from core.domain.comment_appeal import DecideAppeal, FileAppeal
from core.domain.statement import TellStatement
from core.domain.suspension_appeal import (
    DecideSuspensionAppeal,
    FileSuspensionAppeal,
    TellSuspension,
    untold,
)
from core.refusals import AppealOfOwnDecision
from projections.read.statements import MOST_TOLD, UntoldStatement, untold_statements
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, encode, json
from workers.gateway.operations.members import MEMBER, visible_member
from workers.gateway.operations.moderation import MODERATION, TAG, WRITTEN
from workers.gateway.operations.operation import COMMENT, ROOT, Access, Operation, Request
from workers.gateway.operations.writing import (
    acknowledged,
    comment_response,
    execute,
    on_comment,
    position_response,
    time_of,
)
from workers.gateway.shapes import appeals as shapes
from workers.gateway.shapes import rows
from workers.gateway.shapes.common import Position


class _Decide(Protocol):
    """Decide an appeal; `sole` says that no other moderator decides on the site."""

    async def __call__(self, *, sole: bool) -> Result: ...


async def file_appeal(request: Request[NoQuery, shapes.NewAppeal]) -> Response:
    """Appeal against the decision on a comment."""
    return await on_comment(request, FileAppeal(comment=request.comment, text=request.body.text))


async def decide_appeal(request: Request[NoQuery, shapes.AppealJudgment]) -> Response:
    """Decide the appeal against the decision on a comment."""
    body = request.body
    batch = ids.batch_id(request.site, request.caller.id, request.place, request.key)

    async def decide(*, sole: bool) -> Result:
        command = DecideAppeal(comment=request.comment, verdict=body.verdict, reason=body.reason, sole=sole)
        return await execute(request, command, thread=request.thread, batch=batch)

    result = await _decided(request, decide)
    more = b',"batch":%b' % encode(batch) if body.verdict == "reverse" else b""
    return await comment_response(request, result, request.comment, more=more)


async def file_suspension_appeal(request: Request[NoQuery, shapes.NewAppeal]) -> Response:
    """Appeal against the caller's suspension."""
    command = FileSuspensionAppeal(member=visible_member(request), text=request.body.text)
    return position_response(request, await execute(request, command))


async def decide_suspension_appeal(request: Request[NoQuery, shapes.AppealJudgment]) -> Response:
    """Decide the appeal against a member's suspension."""
    body = request.body

    async def decide(*, sole: bool) -> Result:
        command = DecideSuspensionAppeal(
            member=request.path["member"], verdict=body.verdict, reason=body.reason, sole=sole
        )
        return await execute(request, command)

    return position_response(request, await _decided(request, decide))


async def _decided(request: Request[Any, Any], decide: _Decide) -> Result:
    """Decide an appeal: as the first decider only where the record says that no other moderator decides.

    The record is asked only where it matters. Raises AppealOfOwnDecision.
    """
    services, caller = request.services, request.caller
    try:
        result = await decide(sole=False)
    except AppealOfOwnDecision:
        if not await services.deciders.alone(request.site, caller.id):
            raise
        result = await decide(sole=True)
    await services.deciders.note(request.site, caller.id, services.clock())
    return result


async def mark_seen(request: Request[NoQuery, shapes.MarkSeen]) -> Response:
    """Record that the caller was told what was decided about their comments, and their suspension."""
    until, thread = time_of("/until", request.body.until), request.body.thread
    services, site, caller = request.services, request.site, request.caller
    found = await untold_statements(services.served, site, caller.id, until, thread)
    results = list(await gathered([partial(_tell, request, one) for one in found.statements]))
    suspended = await _tell_suspension(request, until)
    results += [] if suspended is None else [suspended]
    told = sum(len(one.recorded) for one in results)
    response = json({"told": told, "more": found.more})
    return acknowledged(request, response, *results) if results else response


async def _tell(request: Request[Any, Any], one: UntoldStatement) -> Result:
    command = TellStatement(comment=one.comment, decision=str(one.position))
    item = ids.item_key(request.key, one.thread, f"{one.comment} {one.position}")
    return await execute(request, command, thread=one.thread, item=item)


async def _tell_suspension(request: Request[Any, Any], until: int) -> Result | None:
    services, caller = request.services, request.caller
    state = await member_of(services.log, request.site, caller.id, cache=services.aggregate_cache)
    found = state.suspension_at(request.now)
    decision = None if found is None else untold(*found)
    if decision is None or decision.ms > until:
        return None
    command = TellSuspension(member=caller.id, decision=str(decision))
    return await execute(request, command, item=ids.item_key(request.key, "", str(decision)))


_TAG: Final = "Comments"
_MEMBERS: Final = "Members"
_TEXT: Final = {"text": "I quoted the minister; the words are his."}
_VERDICT: Final = {"verdict": "reverse", "reason": "The words are a quotation."}
_FILED: Final = ("not-allowed", "appeal-window-over", "appeal-exists", "body-empty", "idempotency-key-reused")
_WINDOW: Final = (
    "There is one appeal for each decision, within `appeal_window` days after its author was told; before that, the "
    "window has not begun."
)
_ALONE: Final = (
    "Not by the moderator whose decision it is against, unless the token carries `admin`, or no other moderator "
    "decided anything on the site for 30 days: the event then says `sole`."
)

OPERATIONS: Final = (
    Operation(
        name="fileAppeal",
        method="POST",
        path=f"{COMMENT}/appeal",
        access=Access.AUTHOR,
        tag=_TAG,
        summary="Appeal against the rejection or the take-down of one's own comment",
        detail=f"{_WINDOW} A suspended author may appeal. The appeal waits in the moderation queue (`state=appeal`). "
        "404 if no decision against the comment is in force.",
        handler=file_appeal,
        body=shapes.NewAppeal,
        request_example=_TEXT,
        answer=rows.Written,
        example={**rows.EXAMPLE_WRITTEN, "comment": {**rows.EXAMPLE_ROW, "status": "rejected", "reason": "Insult."}},
        statuses=(201,),
        problems=_FILED,
        keyed=True,
        rate="reports",
    ),
    Operation(
        name="decideAppeal",
        method="PUT",
        path=f"{COMMENT}/appeal/decision",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Decide an appeal",
        detail=f"{_ALONE} `reverse` publishes as `approve` does, and `batch` names that, so that it can be reversed. "
        "An approval by `POST …/decisions` ends an open appeal in the same way; a rejection there does not.",
        handler=decide_appeal,
        body=shapes.AppealJudgment,
        request_example=_VERDICT,
        answer=shapes.AppealAnswer,
        example={**WRITTEN, "batch": "Jq3xQ2vYb0m8sT1kLw9ZpA"},
        problems=(*MODERATION, "own-decision", "stale-status", "revision-redacted"),
        keyed=True,
    ),
    Operation(
        name="fileSuspensionAppeal",
        method="POST",
        path=f"{MEMBER}/suspension/appeal",
        access=Access.CALLER,
        tag=_MEMBERS,
        summary="Appeal against one's own suspension",
        detail=_WINDOW,
        handler=file_suspension_appeal,
        body=shapes.NewAppeal,
        request_example=_TEXT,
        answer=Position,
        example={"position": "1698579000000-44"},
        statuses=(201,),
        problems=_FILED,
        keyed=True,
        rate="reports",
    ),
    Operation(
        name="decideSuspensionAppeal",
        method="PUT",
        path=f"{MEMBER}/suspension/appeal/decision",
        access=Access.MODERATOR,
        tag=_MEMBERS,
        summary="Decide the appeal against a suspension",
        detail=f"{_ALONE} `reverse` ends the suspension.",
        handler=decide_suspension_appeal,
        body=shapes.AppealJudgment,
        request_example=_VERDICT,
        answer=Position,
        example={"position": "1698579000000-45"},
        problems=(*MODERATION, "own-decision", "stale-status"),
        keyed=True,
    ),
    Operation(
        name="markSeen",
        method="PUT",
        path=f"{ROOT}/mine/seen",
        access=Access.CALLER,
        tag=_TAG,
        summary="Say that the caller saw what `/me` told up to a time",
        detail=(
            "Statements among it count as told (`statement.told`), once each, and the window for an appeal begins: "
            "those about rejections, take-downs, suspensions and decided appeals. With `thread`, only those about "
            "comments in that thread, and about a suspension: a page says so of what it has shown. A call tells at "
            f"most {MOST_TOLD} statements, the oldest first; `more` says that there are others."
        ),
        handler=mark_seen,
        body=shapes.MarkSeen,
        request_example={"until": "2023-10-29T12:00:00.000Z", "thread": "power-broker"},
        answer=shapes.Seen,
        example={"told": 1, "more": False},
        problems=("not-allowed", "idempotency-key-reused"),
        keyed=True,
    ),
)
