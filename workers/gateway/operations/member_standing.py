"""Operations on a member's standing besides suspensions: trust and hold, warnings, and notes for staff."""

from typing import Any, Final

from core.domain.standing import AcknowledgeWarning, AddNote, GiveWarning, SetStanding
from core.position import Position
from projections.read import cursors
from projections.read.queries import ListQuery
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.member_history import read_notes
from workers.gateway.operations.members import MEMBER
from workers.gateway.operations.operation import Access, Operation, Request
from workers.gateway.operations.writing import execute, position_response
from workers.gateway.shapes import standings as shapes
from workers.gateway.shapes.common import Position as PositionAnswer


async def set_standing(request: Request[NoQuery, shapes.NewStanding]) -> Response:
    """Trust a member, hold all texts of a member, or neither."""
    body = request.body
    command = SetStanding(member=_member(request), standing=body.standing, reason=body.reason)
    return position_response(request, await execute(request, command))


async def warn(request: Request[NoQuery, shapes.Warn]) -> Response:
    """Warn a member."""
    body = request.body
    command = GiveWarning(member=_member(request), reason=body.reason, code=body.code, note=body.note)
    return position_response(request, await execute(request, command))


async def acknowledge(request: Request[NoQuery, Any]) -> Response:
    """Acknowledge a warning of one's own."""
    command = AcknowledgeWarning(member=_member(request), warning=request.path["warning"])
    return position_response(request, await execute(request, command))


async def add_note(request: Request[NoQuery, shapes.NewNote]) -> Response:
    """Note something about a member."""
    return position_response(request, await execute(request, AddNote(member=_member(request), text=request.body.text)))


async def list_notes(request: Request[ListQuery, None]) -> Response:
    """Notes about a member, newest first."""
    query, member = request.query, _member(request)
    mark = cursors.mark("notes", request.site, member, query.limit)
    before = None if query.cursor is None else Position.parse(cursors.read(query.cursor, mark, cursors.POSITION)[0])
    notes, last = await read_notes(request, member, before, query.limit)
    return json({"notes": notes, "next": None if last is None else cursors.write(mark, str(last))})


def _member(request: Request[Any, Any]) -> str:
    return request.path["member"]


_TAG: Final = "Members"
_WARNED: Final = {"reason": "Please argue without insults.", "note": "Second time this week."}
_POSITION: Final = {"position": "1698579000000-42"}
_MODERATION: Final = ("not-allowed", "suspended")

OPERATIONS: Final = (
    Operation(
        name="setStanding",
        method="PUT",
        path=f"{MEMBER}/standing",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Trust a member, hold all of the member's texts, or neither",
        detail="A trusted member passes pre-moderation and rules that hold, not those that reject. A moderator's "
        "rejection of one of the member's texts ends the trust. Of a held member, every text waits.",
        handler=set_standing,
        body=shapes.NewStanding,
        request_example={"standing": "trusted"},
        answer=PositionAnswer,
        example=_POSITION,
        problems=_MODERATION,
    ),
    Operation(
        name="warn",
        method="POST",
        path=f"{MEMBER}/warnings",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Warn a member",
        detail="Until the member acknowledges the warning, posts and edits of the member are 403 `warning-open`. The "
        "`position` is the id of the warning.",
        handler=warn,
        body=shapes.Warn,
        request_example=_WARNED,
        answer=PositionAnswer,
        example=_POSITION,
        statuses=(201, 200),
        problems=(*_MODERATION, "unknown-code"),
    ),
    Operation(
        name="acknowledgeWarning",
        method="PUT",
        path=f"{MEMBER}/warnings/{{warning}}/acknowledgement",
        access=Access.CALLER,
        tag=_TAG,
        summary="Acknowledge a warning of one's own",
        handler=acknowledge,
        answer=PositionAnswer,
        example=_POSITION,
        problems=("not-allowed",),
    ),
    Operation(
        name="listNotes",
        method="GET",
        path=f"{MEMBER}/notes",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="List the notes about a member, newest first",
        handler=list_notes,
        query=ListQuery,
        answer=shapes.Notes,
        example={
            "notes": [
                {"at": "2023-10-29T11:20:00.000Z", "by": {"id": "u-2"}, "text": "Writes as a press officer."},
            ],
            "next": None,
        },
        problems=("not-allowed", "bad-cursor"),
    ),
    Operation(
        name="addNote",
        method="POST",
        path=f"{MEMBER}/notes",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Note something about a member, for staff",
        handler=add_note,
        body=shapes.NewNote,
        request_example={"text": "Writes as a press officer."},
        answer=PositionAnswer,
        example=_POSITION,
        statuses=(201, 200),
        problems=_MODERATION,
    ),
)
