"""Operation that rehearses a policy on past texts. Changes nothing."""

from collections import Counter
from typing import Any, Final

from core.application.current_state import site_of
from core.application.rehearsed_policy import rehearsed_policy
from core.moment import place_of
from core.time_zones import zone_of
from projections.audit import merge
from projections.audit.rehearsals import Changed, Rehearsal, Rehearser
from projections.read import cursors
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.reading import period_asked_for
from workers.gateway.operations.word_lists import MOST_JSON
from workers.gateway.shapes import rehearsal as shapes


async def rehearse_policy(request: Request[NoQuery, shapes.RehearsePolicy]) -> Response:
    """The texts that a policy would hold, and those that it would no longer hold."""
    services, body, log = request.services, request.body, request.services.log
    terms = {name: tuple(one.terms) for name, one in body.lists.items()}
    made = await rehearsed_policy(
        log, request.site, body.changes, terms, caller=request.caller, cache=services.aggregate_cache
    )
    site = await site_of(log, request.site, cache=services.aggregate_cache)
    begin, end = period_asked_for(body.from_, body.to, zone_of(site.policy.timezone), request.now)
    mark = cursors.mark("rehearsal", request.site, log.partitions, body.from_, body.to)
    places = [merge.before(place_of(begin))] * log.partitions
    if body.cursor is not None:
        places = merge.read_cursor(body.cursor, mark, log.partitions)
    found = Rehearsal()
    rehearser = Rehearser(
        log,
        request.site,
        made.policy,
        made.lists,
        begin=begin,
        resumed=body.cursor is not None,
        site_name=made.site_name,
        cache=services.aggregate_cache,
    )
    with request.gate.released():
        async with services.reports.place() as pace:
            places, dry = await rehearser.go_on(found, places, place_of(end), pace)
    following = None if dry else merge.write_cursor(mark, places)
    return json(
        {
            "judged": found.judged,
            "reports": found.reports,
            "would_hold": _changed(found.would_hold),
            "would_not_hold": _changed(found.would_not_hold),
            "otherwise": found.otherwise,
            "unknown": _rules(found.unknown),
            "next": following,
            "more": not dry,
        }
    )


def _changed(changed: Changed) -> dict[str, Any]:
    return {"texts": changed.texts, "rules": _rules(changed.rules), "examples": changed.examples}


def _rules(counted: Counter[str]) -> list[dict[str, Any]]:
    return [{"rule": rule, "texts": number} for rule, number in counted.most_common()]


_EXAMPLE: Final = {
    "thread": "power-broker",
    "comment": "c7kqm2vhx4r3t8w1znb5dyp6sj",
    "revision": 1,
    "at": "2023-10-29T11:31:00.000Z",
    "author": "u-7",
    "body": "You fool.",
    "before": "published",
    "after": "held",
    "rule": "words",
    "match": "fool",
    "list": "insults",
}

OPERATIONS: Final = (
    Operation(
        name="rehearsePolicy",
        method="POST",
        path=f"{ROOT}/policy/rehearsal",
        access=Access.ADMIN,
        required_role="admin",
        tag="Sites",
        summary="Tell which past texts a policy would hold, and which it would no longer hold",
        detail=(
            "Changes nothing. Each text is judged as it was when it was written: by the policy with these changes, the "
            "overrides that its thread had then, and the facts that its event recorded. Word lists are those of now, "
            "or those in `lists`. `reports_over` is applied to the reports of the period, counted from its beginning "
            "as if the rule had been set there: a comment counts with the report that would take it down. Texts of "
            "staff and of imports, redacted texts and edits under review are left out. A request does bounded work: "
            "`more` says that it goes on with `next` as `cursor`, and counts are those of one request."
        ),
        handler=rehearse_policy,
        most_bytes=MOST_JSON,
        body=shapes.RehearsePolicy,
        request_example={"changes": {"rules": [{"kind": "words", "lists": ["insults"]}]}, "from": "2023-10-01"},
        answer=shapes.RehearsalAnswer,
        example={
            "judged": 212,
            "reports": 4,
            "would_hold": {"texts": 3, "rules": [{"rule": "words", "texts": 3}], "examples": [_EXAMPLE]},
            "would_not_hold": {"texts": 0, "rules": [], "examples": []},
            "otherwise": 0,
            "unknown": [],
            "next": None,
            "more": False,
        },
        problems=("not-allowed", "suspended", "bad-rule", "bad-cursor"),
        hint=True,
    ),
)
