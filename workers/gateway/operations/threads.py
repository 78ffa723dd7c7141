"""Threads: opening and closing, policy overrides, inline questions."""

from hashlib import blake2b
from typing import Any, Final

import msgspec

from core.application.current_state import policy_in_force
from core.domain.thread import OpenThread, OverridePolicy, PutAnchor, SetThreadStatus
from core.events.thread_events import AnchorReworded
from core.policy import STAFF_ONLY, Overrides, Policy, PolicyChanges
from core.refusals import NotFound
from core.times import rfc3339
from projections.read.comments import anchors
from projections.read.queries import ThreadsQuery
from projections.read.threads import threads
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, encode
from workers.gateway.operations.operation import ROOT, THREAD, Access, Operation, Request
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.operations.writing import execute, on_thread, position_response
from workers.gateway.shapes import rows
from workers.gateway.shapes import threads as shapes
from workers.gateway.shapes.common import AfterQuery, Position


async def open_thread(request: Request[NoQuery, shapes.OpenThread]) -> Response:
    """Open a thread, change its title, address or labels, or confirm an unverified title."""
    body = request.body
    return await on_thread(request, OpenThread(url=body.url, title=body.title, labels=body.labels))


async def set_status(request: Request[NoQuery, shapes.SetStatus]) -> Response:
    """Open, close or archive a thread."""
    return await on_thread(request, SetThreadStatus(status=request.body.status, reason=request.body.reason))


async def read_policy(request: Request[NoQuery, None]) -> Response:
    """The policy in force in a thread and the thread's overrides; for all but moderators without what staff see."""
    services, caller = request.services, request.token
    found = await policy_in_force(services.log, request.site, request.thread, cache=services.aggregate_cache)
    whole = caller is not None and "moderator" in caller.roles
    policy, overrides = msgspec.structs.asdict(found.policy), found.overrides.given()
    if not whole:
        policy, overrides = _public(policy), _public(overrides)
    closes = {} if found.closes_at is None else {"closes_at": rfc3339(found.closes_at)}
    body = encode({**policy, "overrides": overrides} | closes | ({} if found.opened else {"opened": False}))
    return Response(200, body, tag=blake2b(body, digest_size=12).hexdigest())


def _public(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a policy that everyone sees."""
    public = {name: value for name, value in fields.items() if name not in STAFF_ONLY}
    for name in ("reasons", "report_reasons"):
        if name in public:
            public[name] = [msgspec.structs.replace(reason, tells={}) for reason in public[name]]
    return public


async def override_policy(request: Request[NoQuery, Overrides]) -> Response:
    """Replace a thread's overrides of the policy."""
    return await on_thread(request, OverridePolicy(overrides=msgspec.convert(request.body.given(), PolicyChanges)))


async def put_anchor(request: Request[NoQuery, shapes.PutAnchor]) -> Response:
    """Open, reword, close or reopen an inline question."""
    body = request.body
    command = PutAnchor(
        anchor=request.path["anchor"],
        exact=body.quote.exact,
        prefix=body.quote.prefix,
        suffix=body.quote.suffix,
        prompt=body.prompt,
        status=body.status,
    )
    result = await execute(request, command, thread=request.thread)
    if any(isinstance(one.event, AnchorReworded) for one in result.recorded):
        await request.services.sightings.forget(request.site, request.thread, command.anchor)
    return position_response(request, result)


async def read_anchors(request: Request[AfterQuery, None]) -> Response:
    """The inline questions of a thread."""
    await caught_up(request, request.query.after)
    return found(await anchors(request.services.served, request.site, request.thread))


async def list_threads(request: Request[ThreadsQuery, None]) -> Response:
    """Threads, the latest first."""
    answer = await threads(request.services.served, request.site, request.query)
    return Response(200, answer.body)


async def count(request: Request[shapes.CountsQuery, None]) -> Response:
    """Count the published comments of several threads."""
    if await request.services.keyring.read(request.site) is None:
        raise NotFound("there is no such site")
    return found(await request.services.counts.of(request.site, list(dict.fromkeys(request.query.thread))))


_POSITION: Final = {"position": "1698579000000-42"}
_MODERATION: Final = ("not-allowed", "suspended")
_TAG: Final = "Threads"
_LEFT_OUT: Final = ", ".join(f"`{name}`" for name in sorted(STAFF_ONLY))

OPERATIONS: Final = (
    Operation(
        name="readThreadPolicy",
        method="GET",
        path=f"{THREAD}/policy",
        access=Access.ANYONE,
        tag=_TAG,
        summary="Read the policy in force in a thread",
        detail=(
            "`overrides` has the fields that the thread overrides. If the thread is not open yet and a first comment "
            "may open it: the policy of the site, with `opened` false. A moderator's token gets every field; for "
            f"everyone else {_LEFT_OUT} and `tells` of reasons are left out, in `overrides` too. Pages show `banner` "
            "above the field, and list `report_reasons` to who reports a comment."
        ),
        handler=read_policy,
        answer=shapes.PolicyInForce,
        example={**_public(msgspec.structs.asdict(Policy())), "overrides": {"premoderation": "all"}},
        caching=Caching.BY_TOKEN,
    ),
    Operation(
        name="overridePolicy",
        method="PUT",
        path=f"{THREAD}/policy",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Replace a thread's overrides of the policy",
        detail="Replaces all overrides: a missing field gets the value of the site again. Fields that are not listed "
        "are the site's alone. The feed of the thread tells of the change as `thread.changed`.",
        handler=override_policy,
        body=Overrides,
        request_example={"premoderation": "all"},
        answer=Position,
        example=_POSITION,
        problems=(*_MODERATION, "bad-rule"),
    ),
    Operation(
        name="openThread",
        method="PUT",
        path=THREAD,
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Open, retitle or label a thread",
        detail="A title that a member gave with a first comment is unverified: only staff see it. Giving it again "
        "confirms it.",
        handler=open_thread,
        body=shapes.OpenThread,
        request_example={
            "url": "https://example.org/power-broker",
            "title": "The power broker",
            "labels": ["politics"],
        },
        answer=Position,
        example=_POSITION,
        statuses=(201, 200),
        problems=(*_MODERATION, "url-not-allowed"),
    ),
    Operation(
        name="setThreadStatus",
        method="PUT",
        path=f"{THREAD}/status",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Open, close or archive a thread",
        detail="Closed: no new comments, edits or restorations. Archived: only withdrawals and moderation are "
        "possible.",
        handler=set_status,
        body=shapes.SetStatus,
        request_example={"status": "closed", "reason": "The debate is over."},
        answer=Position,
        example=_POSITION,
        problems=_MODERATION,
    ),
    Operation(
        name="listThreads",
        method="GET",
        path=f"{ROOT}/threads",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="List threads, latest first",
        detail=(
            "Includes the times of opening and of the last write, and the number of waiting comments. In order of "
            "activity, a thread may move to the front while the list is read; in order of `opened`, none is skipped. "
            "If few threads match, a page may be short and still have `next`."
        ),
        handler=list_threads,
        query=ThreadsQuery,
        answer=rows.ThreadList,
        example={"threads": [rows.EXAMPLE_LISTED], "next": None},
        problems=("not-allowed", "bad-cursor"),
    ),
    Operation(
        name="putAnchor",
        method="PUT",
        path=THREAD + "/anchors/{anchor}",
        access=Access.MODERATOR,
        tag=_TAG,
        summary="Open, reword, close or reopen an inline question",
        handler=put_anchor,
        body=shapes.PutAnchor,
        request_example={"quote": {"exact": "The Senate never voted on it"}, "prompt": "Is that so?", "status": "open"},
        answer=Position,
        example=_POSITION,
        statuses=(201, 200),
        problems=_MODERATION,
    ),
    Operation(
        name="readAnchors",
        method="GET",
        path=f"{THREAD}/anchors",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Read the inline questions of a thread",
        handler=read_anchors,
        query=AfterQuery,
        answer=shapes.Anchors,
        example={
            "anchors": [
                {
                    "id": "q1",
                    "quote": {"exact": "The Senate never voted on it"},
                    "prompt": "Is that so?",
                    "status": "open",
                    "comments": 3,
                }
            ]
        },
        problems=("unknown-position",),
        caching=Caching.EVERYONE,
    ),
    Operation(
        name="count",
        method="GET",
        path=f"{ROOT}/counts",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Count the published comments of threads",
        detail="The count of an unknown thread is 0.",
        handler=count,
        query=shapes.CountsQuery,
        answer=rows.Counts,
        example={"counts": {"power-broker": 14}},
        caching=Caching.EVERYONE,
    ),
)
