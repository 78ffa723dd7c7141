"""Operations on members: standing, comments, suspension."""

from typing import Any, Final

from core.application.current_state import standing_of
from core.domain.member import ReinstateMember, SuspendMember
from core.domain.suspension import Suspension
from core.refusals import NotFound
from core.times import rfc3339
from projections.read.members import member_comments, member_counts
from projections.read.queries import ListQuery
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.writing import execute, position_response, time_of
from workers.gateway.shapes import rows
from workers.gateway.shapes import staff as shapes
from workers.gateway.shapes.common import Position

MEMBER: Final = ROOT + "/members/{member}"


async def read_member(request: Request[NoQuery, None]) -> Response:
    """Standing and counts of a member: the caller's own, or any member's for staff."""
    member = _visible(request)
    services, caller = request.services, request.caller
    standing = await standing_of(services.log, request.site, member, cache=services.aggregate_cache)
    name, counts = await member_counts(services.served, request.site, member)
    if name is None and caller.id == member:
        name = caller.name  # the views have no name of the member yet
    suspension = standing.suspension_at(int(services.clock() * 1000))
    document = {"id": member, "name": name, "suspension": _suspension(suspension), "comments": counts}
    return json({"member": document})


async def list_comments(request: Request[ListQuery, None]) -> Response:
    """Comments of a member across threads: the caller's own, or any member's for staff."""
    member = _visible(request)
    answer = await member_comments(request.services.served, request.site, member, request.viewer, request.query)
    return Response(200, answer.body)


async def suspend(request: Request[NoQuery, shapes.Suspend]) -> Response:
    """Suspend a member from writing."""
    body = request.body
    until = None if body.until is None else time_of("/until", body.until)
    command = SuspendMember(member=request.path["member"], reason=body.reason, until=until)
    return position_response(request, await execute(request, command))


async def reinstate(request: Request[NoQuery, Any]) -> Response:
    """End a member's suspension."""
    command = ReinstateMember(member=request.path["member"])
    return position_response(request, await execute(request, command))


def _visible(request: Request[Any, Any]) -> str:
    """The member in the path. Raises NotFound for another member's standing, except for staff."""
    member = request.path["member"]
    if member != request.caller.id and not request.caller.sees_all:
        raise NotFound
    return member


def _suspension(suspension: Suspension | None) -> dict[str, str | None] | None:
    if suspension is None:
        return None
    until = None if suspension.until is None else rfc3339(suspension.until)
    return {"until": until, "reason": suspension.reason}


_TAG: Final = "Members"

OPERATIONS: Final = (
    Operation(
        name="readMember",
        method="GET",
        path=MEMBER,
        access=Access.CALLER,
        tag=_TAG,
        summary="Read a member's standing and counts",
        detail="Members read their own; moderators and auditors read every member's.",
        handler=read_member,
        answer=shapes.MemberAnswer,
        example={
            "member": {
                "id": "u-7",
                "name": "Sayantani",
                "suspension": None,
                "comments": {"published": 12, "pending": 1, "rejected": 0},
            }
        },
    ),
    Operation(
        name="listMemberComments",
        method="GET",
        path=f"{MEMBER}/comments",
        access=Access.CALLER,
        tag=_TAG,
        summary="List a member's comments across threads, newest first",
        detail="Members read their own; moderators and auditors read every member's.",
        handler=list_comments,
        query=ListQuery,
        answer=rows.RowList,
        example={"comments": [rows.EXAMPLE_ROW], "next": None},
        problems=("bad-cursor",),
    ),
    Operation(
        name="suspend",
        method="PUT",
        path=f"{MEMBER}/suspension",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Suspend a member from writing, until a time or permanently",
        detail="A suspended member may read and withdraw. A token with the role `admin` is bound only by an admin's "
        "suspension.",
        handler=suspend,
        body=shapes.Suspend,
        request_example={"until": "2043-10-29T11:20:00.000Z", "reason": "Insults, after two warnings."},
        answer=Position,
        example={"position": "1698579000000-42"},
        problems=("not-allowed", "suspended"),
    ),
    Operation(
        name="reinstate",
        method="DELETE",
        path=f"{MEMBER}/suspension",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="End the suspension of a member",
        handler=reinstate,
        answer=Position,
        example={"position": "1698579000000-43"},
        problems=("not-allowed", "suspended"),
    ),
)
