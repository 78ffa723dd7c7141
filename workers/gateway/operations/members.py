"""Members: their standing, their comments, and who may not write."""

from typing import Any, Final

from core.application.current_state import standing_of
from core.domain.commands import ReinstateMember, SuspendMember
from core.domain.member import Suspension
from core.refusals import NotFound
from core.times import rfc3339
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Reply, json
from workers.gateway.operations.operation import ROOT, Asked, Call, Who
from workers.gateway.operations.writing import carry_out, positioned, time_of
from workers.gateway.shapes import rows
from workers.gateway.shapes import staff as shapes
from workers.gateway.shapes.common import ListQuery, Position

MEMBER: Final = ROOT + "/members/{member}"


async def read_member(asked: Asked[NoQuery, None]) -> Reply:
    """A member's standing and counts: one's own, or for staff anybody's."""
    member = _visible(asked)
    services, caller = asked.services, asked.caller
    standing = await standing_of(services.log, asked.site, member, folds=services.folds)
    name, counts = await services.views.member_counts(asked.site, member)
    if name is None and caller.id == member:
        name = caller.name  # nobody else has said it yet
    suspension = standing.suspension_at(int(services.clock() * 1000))
    told = {"id": member, "name": name, "suspension": _told(suspension), "comments": counts}
    return json({"member": told})


async def list_comments(asked: Asked[ListQuery, None]) -> Reply:
    """A member's comments across threads: one's own, or for staff anybody's."""
    member = _visible(asked)
    query = asked.query
    answer = await asked.services.views.member_comments(
        asked.site, member, asked.viewer, limit=query.limit, cursor=query.cursor
    )
    return Reply(200, answer.body)


async def suspend(asked: Asked[NoQuery, shapes.Suspend]) -> Reply:
    """Keep a member from writing."""
    body = asked.body
    until = None if body.until is None else time_of("/until", body.until)
    command = SuspendMember(member=asked.path["member"], reason=body.reason, until=until)
    return positioned(asked, await carry_out(asked, command))


async def reinstate(asked: Asked[NoQuery, Any]) -> Reply:
    """Let a member write again."""
    command = ReinstateMember(member=asked.path["member"])
    return positioned(asked, await carry_out(asked, command))


def _visible(asked: Asked[Any, Any]) -> str:
    """The member in the path. Raises NotFound for whom others' standing does not exist."""
    member = asked.path["member"]
    if member != asked.caller.id and not asked.caller.sees_all:
        raise NotFound
    return member


def _told(suspension: Suspension | None) -> dict[str, str | None] | None:
    if suspension is None:
        return None
    until = None if suspension.until is None else rfc3339(suspension.until)
    return {"until": until, "reason": suspension.reason}


_THEME: Final = "Members"

CALLS: Final = (
    Call(
        name="readMember",
        method="GET",
        path=MEMBER,
        who=Who.CALLER,
        theme=_THEME,
        summary="Read a member's standing and counts",
        detail="One's own; moderators and auditors read everybody's.",
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
    Call(
        name="listMemberComments",
        method="GET",
        path=f"{MEMBER}/comments",
        who=Who.CALLER,
        theme=_THEME,
        summary="List a member's comments across threads, newest first",
        detail="One's own; moderators and auditors read everybody's.",
        handler=list_comments,
        query=ListQuery,
        answer=rows.RowList,
        example={"comments": [rows.EXAMPLE_ROW], "next": None},
        problems=("bad-cursor",),
    ),
    Call(
        name="suspend",
        method="PUT",
        path=f"{MEMBER}/suspension",
        who=Who.MODERATOR,
        theme=_THEME,
        summary="Keep a member from writing, until a time or for good",
        detail="A suspended member may read and withdraw. A token that carries `admin` is held by an admin's alone.",
        handler=suspend,
        body=shapes.Suspend,
        given={"until": "2043-10-29T11:20:00.000Z", "reason": "Insults, after two warnings."},
        answer=Position,
        example={"position": "1698579000000-42"},
        problems=("not-allowed", "suspended"),
    ),
    Call(
        name="reinstate",
        method="DELETE",
        path=f"{MEMBER}/suspension",
        who=Who.MODERATOR,
        theme=_THEME,
        summary="Let a member write again",
        handler=reinstate,
        answer=Position,
        example={"position": "1698579000000-43"},
        problems=("not-allowed", "suspended"),
    ),
)
