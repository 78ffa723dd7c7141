"""Operations on members: standing, comments, suspension."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from core import heads
from core.application.current_state import MemberState, member_of, standing_of
from core.caller import Caller
from core.concurrency import gathered
from core.domain import trust
from core.domain.context import Context
from core.domain.member import Member, MemberCommand, ReinstateMember, SuspendMember
from core.domain.suspension import Suspension
from core.ids import is_member
from core.log.port import Beside, HeadWanted, Load
from core.refusals import NotFound
from core.times import rfc3339
from projections.read import member_profile
from projections.read.member_profile import tallies
from projections.read.member_search import candidates
from projections.read.members import member_comments
from projections.read.queries import MemberCommentsQuery, MembersQuery
from projections.read.statements import own_appeal
from projections.views.listings.aliases import key_of
from workers.gateway.http.parameters import NoQuery, time_at
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, json
from workers.gateway.operations.batches import batch_of, note_decider
from workers.gateway.operations.member_history import read_history
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.writing import acknowledged, execute, time_of
from workers.gateway.shapes import rows
from workers.gateway.shapes import staff as shapes

MEMBER: Final = ROOT + "/members/{member}"


async def read_member(request: Request[NoQuery, None]) -> Response:
    """Standing, counts and history of a member: the caller's own, or any member's for staff."""
    member = visible_member(request)
    services, caller, site = request.services, request.caller, request.site
    state = await member_of(services.log, site, member, cache=services.aggregate_cache)
    tally = (await tallies(services.served, site, [member]))[member]
    profile = await member_profile.profile(services.served, site, member, tally.oldest)
    history = await read_history(request, member)
    name, names = tally.name, profile.names
    if name is None and caller.id == member:
        name = caller.name  # the views have no name of the member yet
        names = [name]
    document: dict[str, Any] = {
        "id": member,
        "name": name,
        "names": names,
        "badges": profile.badges,
        "first_at": None if profile.first_at is None else rfc3339(profile.first_at),
        "suspension": _suspension_with_appeal(state, request.now, staff=caller.sees_all),
        "suspensions": history.suspensions,
        "warnings": history.warnings,
        "comments": tally.counts,
    }
    if caller.sees_all:
        document["standing"] = state.standing.standing
        document["standings"] = history.standings
        document["trusted_by"] = await _trusted_by(request, member, state, profile.badges)
        document["decided"] = await member_profile.decided(services.served, site, member)
    return json({"member": document})


async def list_members(request: Request[MembersQuery, None]) -> Response:
    """Members by a name or an id, or those who are suspended or have a standing."""
    services, query, site = request.services, request.query, request.site
    if query.q is not None and not key_of(query.q):
        raise BadRequest.at("/q", "a name needs a visible character")
    among = None
    if query.q is None and (query.suspended or query.standing not in (None, "usual")):
        folded = (await services.standings.of(site)).members
        among = [one for one, member in folded.items() if _is_wanted(member, query, request.now)]
    found = await candidates(services.served, site, query, among)
    members = found.members
    if query.q is not None and query.cursor is None and is_member(query.q):
        members = list(dict.fromkeys((query.q, *members)))
    standings = dict(zip(members, await gathered([partial(_standing, request, one) for one in members]), strict=True))
    now = request.now
    suspensions = {member: standing.suspension_at(now) for member, standing in standings.items()}
    members = [one for one in members if _is_wanted(standings[one], query, now)]
    known = await tallies(services.served, site, members) if members else {}
    documents = [
        {
            "id": member,
            "name": known[member].name,
            "standing": standings[member].standing,
            "suspension": _suspension(suspensions[member], staff=True),
            "comments": known[member].counts,
        }
        for member in members
        # The id that was asked for may be nobody's.
        if member != query.q or any(known[member].counts.values()) or standings[member].position is not None
    ]
    return json({"members": documents, "next": found.following})


async def list_comments(request: Request[MemberCommentsQuery, None]) -> Response:
    """Comments of a member across threads: the caller's own, or any member's for staff."""
    member, query = visible_member(request), request.query
    answer = await member_comments(
        request.services.served,
        request.site,
        member,
        request.viewer,
        query,
        status=query.status,
        begin=time_at("/since", query.since),
    )
    return Response(200, answer.body)


async def suspend(request: Request[NoQuery, shapes.Suspend]) -> Response:
    """Suspend a member from writing."""
    body = request.body
    until = None if body.until is None else time_of("/until", body.until)
    command = SuspendMember(
        member=request.path["member"], reason=body.reason, code=body.code, until=until, continues=body.batch
    )
    return await _in_batch(request, command, body.batch)


async def reinstate(request: Request[shapes.ReinstateQuery, Any]) -> Response:
    """End a member's suspension."""
    continued = request.query.batch
    return await _in_batch(request, ReinstateMember(member=request.path["member"], continues=continued), continued)


async def _in_batch(request: Request[Any, Any], command: MemberCommand, continued: str | None) -> Response:
    """Execute a command about a suspension as an item of a batch."""
    batch = await batch_of(request, continued)
    result = await execute(request, command, batch=batch)
    await note_decider(request)
    return acknowledged(request, json({"position": str(result.position), "batch": batch}), result)


def visible_member(request: Request[Any, Any]) -> str:
    """The member in the path. Raises NotFound for another member's standing, except for staff."""
    member = request.path["member"]
    if member != request.caller.id and not request.caller.sees_all:
        raise NotFound
    return member


def _is_wanted(member: Member, query: MembersQuery, now: int) -> bool:
    """True if a member has the standing that a query asks for."""
    is_suspended = member.suspension_at(now) is not None
    return query.suspended in (None, is_suspended) and query.standing in (None, member.standing)


async def _trusted_by(request: Request[Any, Any], member: str, state: MemberState, badges: Sequence[str]) -> str | None:
    """By what a member is trusted now, as far as the badges of the newest comment tell; None if the member is not."""
    beside = Beside(site=request.site, thread="", member=member, record=True)
    own = HeadWanted(heads.member(member), events=False)
    wanted = Load(site=request.site, thread="", heads=(own,), reads=True, beside=beside)
    found = await request.services.log.load(wanted)
    context = Context(
        caller=Caller(id=member, name="", badges=tuple(badges)),
        now=found.now,
        policy=state.site.policy,
        standing=state.standing.standing,
        standing_given_at=state.standing.standing_at,
        record=found.beside.record,
    )
    return trust.of(context)


async def _standing(request: Request[Any, Any], member: str) -> Member:
    services = request.services
    return await standing_of(services.log, request.site, member, cache=services.aggregate_cache)


def _suspension_with_appeal(state: MemberState, now: int, *, staff: bool) -> dict[str, Any] | None:
    """The suspension of a member with its appeal: the statement about it."""
    found = state.suspension_at(now)
    if found is None:
        return None
    suspension, case = found
    appeal = own_appeal(case.appeal, case.told, state.site.policy.appeal_window)
    if staff:
        appeal["text"] = None if case.appeal is None else case.appeal.text
    return {**(_suspension(suspension, staff=staff) or {}), "appeal": appeal}


def _suspension(suspension: Suspension | None, *, staff: bool) -> dict[str, str | None] | None:
    if suspension is None:
        return None
    until = None if suspension.until is None else rfc3339(suspension.until)
    document = {"until": until, "reason": suspension.reason}
    return {**document, "by_role": suspension.by_role} if staff else document


_TAG: Final = "Members"

_BATCH: Final = "Jq3xQ2vYb0m8sT1kLw9ZpA"
_COUNTS: Final = {"published": 12, "pending": 1, "rejected": 1, "withdrawn": 0}

OPERATIONS: Final = (
    Operation(
        name="listMembers",
        method="GET",
        path=ROOT + "/members",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="Search for members by a name or an id, or list those with a standing",
        detail=(
            "With `q`, members are in the order of the names, and the one with this id is first; otherwise they are in "
            "the order of the ids. A member with several names that begin with `q` may be on several pages. A request "
            "does bounded work, so a page may have fewer members than `limit`, or none, and still have `next`."
        ),
        handler=list_members,
        query=MembersQuery,
        answer=shapes.MemberList,
        example={
            "members": [
                {"id": "u-7", "name": "Sayantani", "standing": "usual", "suspension": None, "comments": _COUNTS}
            ],
            "next": None,
        },
        problems=("not-allowed", "bad-cursor"),
    ),
    Operation(
        name="readMember",
        method="GET",
        path=MEMBER,
        access=Access.CALLER,
        tag=_TAG,
        summary="Read a member's standing, counts and history",
        detail=(
            "Members read their own, without `by_role`, `standing`, `standings`, `trusted_by` and `decided`; staff "
            "reads every member's. `names` are those of the newest 100 comments, latest first; `badges` those of the "
            "newest one. A decision is `reversed` if the next one about the same text has another verdict. Decisions "
            "that an earlier version projected count after a rebuild."
        ),
        handler=read_member,
        answer=shapes.MemberAnswer,
        example={
            "member": {
                "id": "u-7",
                "name": "Sayantani",
                "names": ["Sayantani", "S. Roy"],
                "badges": ["subscriber"],
                "first_at": "2021-03-04T08:00:00.000Z",
                "suspension": None,
                "suspensions": [
                    {
                        "at": "2022-05-01T10:00:00.000Z",
                        "until": "2022-05-08T10:00:00.000Z",
                        "reason": "Insults.",
                        "lifted_at": None,
                    }
                ],
                "warnings": [
                    {
                        "id": "1698579000000-42",
                        "at": "2022-04-01T10:00:00.000Z",
                        "reason": "Please argue without insults.",
                        "acknowledged_at": "2022-04-02T07:30:00.000Z",
                    }
                ],
                "standing": "trusted",
                "standings": [
                    {"at": "2022-06-01T09:00:00.000Z", "standing": "trusted", "reason": "Knows the subject."}
                ],
                "trusted_by": "staff",
                "comments": _COUNTS,
                "decided": {"approved": 3, "held": 0, "rejected": 1, "reversed": 0},
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
        detail="Members read their own; moderators and auditors read every member's. A request for one `status` does "
        "bounded work, so a page may have fewer comments than `limit`, or none, and still have `next`.",
        handler=list_comments,
        query=MemberCommentsQuery,
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
        detail="A suspended member may read, withdraw and appeal. A token with the role `admin` is bound only by an "
        "admin's suspension. `batch` names the suspension, so that it can be reversed "
        "(`POST /moderation/batches/{batch}/reversal`) or continued by decisions; given, it continues an earlier "
        "batch of the caller. A batch acts on the suspension of a member once.",
        handler=suspend,
        body=shapes.Suspend,
        request_example={"until": "2043-10-29T11:20:00.000Z", "reason": "Insults, after two warnings."},
        answer=shapes.SuspensionAnswer,
        example={"position": "1698579000000-42", "batch": _BATCH},
        problems=("not-allowed", "suspended", "unknown-code", "unknown-batch"),
        keyed=True,
    ),
    Operation(
        name="reinstate",
        method="DELETE",
        path=f"{MEMBER}/suspension",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="End the suspension of a member",
        detail="`batch` is as of the suspension.",
        handler=reinstate,
        query=shapes.ReinstateQuery,
        answer=shapes.SuspensionAnswer,
        example={"position": "1698579000000-43", "batch": _BATCH},
        problems=("not-allowed", "suspended", "unknown-batch"),
        keyed=True,
    ),
)
