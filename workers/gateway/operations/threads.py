"""Threads: opened, closed, given rules and inline questions of their own."""

from hashlib import blake2b
from typing import Final

import msgspec

from core.application.current_state import policy_or_site_policy_of
from core.domain.commands import OpenThread, OverridePolicy, PutAnchor, SetThreadStatus
from core.policy import Policy, PolicyChanges
from core.refusals import NotFound
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Reply, encode
from workers.gateway.operations.operation import ROOT, THREAD, Asked, Call, Who
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.operations.writing import on_thread
from workers.gateway.shapes import rows
from workers.gateway.shapes import threads as shapes
from workers.gateway.shapes.common import AfterQuery, Position


async def open_thread(asked: Asked[NoQuery, shapes.OpenThread]) -> Reply:
    """Open a thread, or give it another title or address."""
    return await on_thread(asked, OpenThread(url=asked.body.url, title=asked.body.title))


async def set_status(asked: Asked[NoQuery, shapes.SetStatus]) -> Reply:
    """Open, close or archive a thread."""
    return await on_thread(asked, SetThreadStatus(status=asked.body.status, reason=asked.body.reason))


async def read_policy(asked: Asked[NoQuery, None]) -> Reply:
    """The policy in force in a thread."""
    services = asked.services
    policy, opened = await policy_or_site_policy_of(services.log, asked.site, asked.thread, folds=services.folds)
    body = encode(policy if opened else {**msgspec.structs.asdict(policy), "opened": False})
    return Reply(200, body, tag=blake2b(body, digest_size=12).hexdigest())


async def override_policy(asked: Asked[NoQuery, PolicyChanges]) -> Reply:
    """Replace what a thread overrides of the policy."""
    return await on_thread(asked, OverridePolicy(overrides=asked.body))


async def put_anchor(asked: Asked[NoQuery, shapes.PutAnchor]) -> Reply:
    """Open, reword, close or reopen an inline question."""
    body = asked.body
    command = PutAnchor(
        anchor=asked.path["anchor"],
        exact=body.quote.exact,
        prefix=body.quote.prefix,
        suffix=body.quote.suffix,
        prompt=body.prompt,
        status=body.status,
    )
    return await on_thread(asked, command)


async def read_anchors(asked: Asked[AfterQuery, None]) -> Reply:
    """The inline questions of a thread."""
    await caught_up(asked, asked.query.after)
    return found(await asked.services.views.anchors(asked.site, asked.thread))


async def list_threads(asked: Asked[shapes.ThreadsQuery, None]) -> Reply:
    """Threads, the latest first."""
    query = asked.query
    answer = await asked.services.views.threads(
        asked.site,
        url=query.url,
        status=query.status,
        opened_by=query.opened_by,
        order=query.order,
        limit=query.limit,
        cursor=query.cursor,
    )
    return Reply(200, answer.body)


async def count(asked: Asked[shapes.CountsQuery, None]) -> Reply:
    """How many comments are published in some threads."""
    if await asked.services.keyring.read(asked.site) is None:
        raise NotFound("there is no such site")
    return found(await asked.services.counts.of(asked.site, list(dict.fromkeys(asked.query.thread))))


_POSITION: Final = {"position": "1698579000000-42"}
_MODERATION: Final = ("not-allowed", "suspended")
_THEME: Final = "Threads"

CALLS: Final = (
    Call(
        name="readThreadPolicy",
        method="GET",
        path=f"{THREAD}/policy",
        who=Who.EVERYONE,
        theme=_THEME,
        summary="Read the policy in force in a thread",
        detail="Where a first comment may open the thread, and none has yet, that of the site with `opened`: false.",
        handler=read_policy,
        answer=shapes.PolicyInForce,
        example=msgspec.to_builtins(Policy()),
        caching=Caching.EVERYONE,
    ),
    Call(
        name="overridePolicy",
        method="PUT",
        path=f"{THREAD}/policy",
        who=Who.MODERATOR,
        theme=_THEME,
        summary="Replace a thread's overrides of the policy",
        detail="Whole: a field that is left out is the site's again.",
        handler=override_policy,
        body=PolicyChanges,
        given={"premoderation": "all"},
        answer=Position,
        example=_POSITION,
        problems=_MODERATION,
    ),
    Call(
        name="openThread",
        method="PUT",
        path=THREAD,
        who=Who.MODERATOR,
        theme=_THEME,
        summary="Open or retitle a thread",
        handler=open_thread,
        body=shapes.OpenThread,
        given={"url": "https://example.org/power-broker", "title": "The power broker"},
        answer=Position,
        example=_POSITION,
        statuses=(201, 200),
        problems=(*_MODERATION, "url-not-allowed"),
    ),
    Call(
        name="setThreadStatus",
        method="PUT",
        path=f"{THREAD}/status",
        who=Who.MODERATOR,
        theme=_THEME,
        summary="Open, close or archive a thread",
        detail="Closed: no new comments, edits or restorations. Archived: only withdrawals and moderation go on.",
        handler=set_status,
        body=shapes.SetStatus,
        given={"status": "closed", "reason": "The debate is over."},
        answer=Position,
        example=_POSITION,
        problems=_MODERATION,
    ),
    Call(
        name="listThreads",
        method="GET",
        path=f"{ROOT}/threads",
        who=Who.MODERATOR,
        door="moderator",
        theme=_THEME,
        summary="List threads, the latest first",
        detail=(
            "With when they were opened and last written to, and what waits. By activity a thread moves to the front "
            "while the list is read; by `opened` none is skipped. Where few match, a page may be short and have `next`."
        ),
        handler=list_threads,
        query=shapes.ThreadsQuery,
        answer=rows.ThreadList,
        example={"threads": [rows.EXAMPLE_LISTED], "next": None},
        problems=("not-allowed", "bad-cursor"),
    ),
    Call(
        name="putAnchor",
        method="PUT",
        path=THREAD + "/anchors/{anchor}",
        who=Who.MODERATOR,
        theme=_THEME,
        summary="Open, reword, close or reopen an inline question",
        handler=put_anchor,
        body=shapes.PutAnchor,
        given={"quote": {"exact": "The Senate never voted on it"}, "prompt": "Is that so?", "status": "open"},
        answer=Position,
        example=_POSITION,
        statuses=(201, 200),
        problems=_MODERATION,
    ),
    Call(
        name="readAnchors",
        method="GET",
        path=f"{THREAD}/anchors",
        who=Who.EVERYONE,
        theme=_THEME,
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
    Call(
        name="count",
        method="GET",
        path=f"{ROOT}/counts",
        who=Who.EVERYONE,
        theme=_THEME,
        summary="Count the published comments of some threads",
        detail="An unknown thread counts 0.",
        handler=count,
        query=shapes.CountsQuery,
        answer=rows.Counts,
        example={"counts": {"power-broker": 14}},
        caching=Caching.EVERYONE,
    ),
)
