"""Operations of moderators across threads: comments by status, decisions, and the summary."""

from typing import Any, Final

from core.application.current_state import site_of
from core.text.word_search import searched_words
from core.time_zones import day_begin, zone_of
from projections.read import threads
from projections.read.decisions import decisions
from projections.read.moderated_comments import moderated_comments
from projections.read.moderation_summary import summarize
from projections.read.queries import DecisionsQuery, ModeratedQuery, SummaryQuery
from workers.gateway.http.parameters import time_at
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, json
from workers.gateway.operations.moderation import STAFF_ROW, TAG
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.shapes import staff


async def list_comments(request: Request[ModeratedQuery, None]) -> Response:
    """Comments of the site by status, and by what held them."""
    services, query = request.services, request.query
    if query.q is not None and not searched_words(query.q):
        raise BadRequest.at("/q", "there is no letter and no digit to search for")
    begin, now = time_at("/from", query.from_), int(services.clock() * 1000)
    return Response(200, (await moderated_comments(services.served, request.site, query, now, begin)).body)


async def list_decisions(request: Request[DecisionsQuery, None]) -> Response:
    """Decisions of moderators."""
    services, query = request.services, request.query
    begin, end = time_at("/from", query.from_), time_at("/to", query.to)
    return Response(200, (await decisions(services.served, services.log, request.site, query, begin, end)).body)


async def read_summary(request: Request[SummaryQuery, Any]) -> Response:
    """Figures of what waits, and of what was decided today, on the site or in the threads with a label."""
    services = request.services
    site = await site_of(services.log, request.site, cache=services.aggregate_cache)
    now = services.clock()
    since = day_begin(now, zone_of(site.policy.timezone))
    label = request.query.label
    summary = await services.summaries.get(
        (request.site, label), lambda: summarize(services.served, request.site, since, label=label)
    )
    found = await threads.states(services.served, request.site, [one.thread for one in summary.threads])
    titles = {name: thread.title for name, thread in found.items()}
    document = summary.document(request.caller.id, int(now * 1000), titles)
    # Appeals against suspensions are in the site's own log, and in no view.
    standings = await services.standings.of(request.site)
    document["appeal"] += len(standings.appeals(request.now))
    return json(document)


_BOUNDED: Final = (
    "A request does bounded work, so a page may have fewer items than `limit`, or none, and still have `next`; `more` "
    "says that the search goes on there."
)

OPERATIONS: Final = (
    Operation(
        name="listModeratedComments",
        method="GET",
        path=f"{ROOT}/moderation/comments",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="List all comments, newest first, by status, by the rule that held them, and by words",
        detail=f"A rule counts if it held the latest text, or the one that readers see. {_BOUNDED}",
        handler=list_comments,
        query=ModeratedQuery,
        answer=staff.ModeratedComments,
        example={"comments": [STAFF_ROW], "next": None, "more": False},
        problems=("not-allowed", "bad-cursor"),
    ),
    Operation(
        name="listDecisions",
        method="GET",
        path=f"{ROOT}/moderation/decisions",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="List the decisions of moderators, newest first",
        detail=f"Decisions of rules and of imports are left out. {_BOUNDED}",
        handler=list_decisions,
        query=DecisionsQuery,
        answer=staff.DecisionList,
        example={
            "decisions": [
                {
                    "thread": "power-broker",
                    "comment": STAFF_ROW["id"],
                    "revision": 2,
                    "verdict": "reject",
                    "by": "u-2",
                    "at": "2023-10-29T11:35:00.000Z",
                    "reason": "Please keep to the subject.",
                    "note": None,
                    "code": None,
                    "batch": "e5tq7nkc4dyzp3s6wxvh2rj1bm",
                }
            ],
            "next": None,
            "more": False,
        },
        problems=("not-allowed", "bad-cursor"),
    ),
    Operation(
        name="readSummary",
        method="GET",
        path=f"{ROOT}/moderation/summary",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Read what waits, how long, where, and what was decided today",
        detail=(
            "`oldest` and `median_wait` are in seconds: since the oldest item waits, and from when an item first "
            "waited or was reported until a moderator decided. A day is one of the site's `timezone`. A comment that "
            "waits and is reported counts in both. `removal`, `appeal` and `legal` count what waits. What imports "
            "brought into the queue is counted in `imported` alone. The figures may be a second old."
        ),
        handler=read_summary,
        query=SummaryQuery,
        answer=staff.ModerationSummary,
        example={
            "pending": 3,
            "reported": 1,
            "removal": 0,
            "appeal": 0,
            "legal": 0,
            "imported": 0,
            "oldest": 5400,
            "threads": [{"thread": "power-broker", "title": "The power broker", "pending": 3, "reported": 1}],
            "today": {"decided": 14, "by_me": 5, "median_wait": 240},
        },
        problems=("not-allowed",),
    ),
)
