"""Operation on the figures of a site's moderation."""

from typing import Any, Final

from core.application.current_state import site_of
from core.refusals import NotAllowed, Unavailable
from core.time_zones import zone_of
from projections.figures import event_reader
from projections.figures.moderation import Day, ModerationCount, days_between
from projections.figures.moderation_report import ModerationFigures, figures_of
from workers.gateway.http.response import Response, json
from workers.gateway.operations.moderation import TAG
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.reading import period_asked_for
from workers.gateway.shapes import figures as shapes

MOST_DAYS: Final = 366
"""Days of one request."""
_READERS: Final = frozenset({"moderator", "admin"})


async def read_figures(request: Request[shapes.FiguresQuery, Any]) -> Response:
    """Figures of the moderation per day. Raises NotAllowed, BadRequest, Unavailable."""
    services, query = request.services, request.query
    if not request.caller.roles & _READERS:
        raise NotAllowed("this requires the role moderator or admin")
    site = await site_of(services.log, request.site, cache=services.aggregate_cache)
    zone = zone_of(site.policy.timezone)
    begin, end = period_asked_for(query.from_, query.to, zone, request.now, most_days=MOST_DAYS)
    days = days_between(begin, end, zone)
    with request.gate.released():
        async with services.reports.place() as pace:
            found, until = await event_reader.read(
                services.served, request.site, begin, end, least=days[1].begin if len(days) > 1 else end, pace=pace
            )
            last = None if until >= end else _cut(days, until)
            end = end if last is None else last.begin
            members = await event_reader.of_site(services.log, request.site, begin, end, pace=pace)
    counted = ModerationCount(begin, end, zone)
    counted.add(one for one in found if one.ms < end)
    counted.add(members)
    figures = figures_of(counted, site.policy.timezone)
    document = {name: getattr(figures, name) for name in ModerationFigures.__struct_fields__}
    return json(shapes.Figures(**document, next=None if last is None else last.name, more=last is not None))


def _cut(days: list[Day], until: int) -> Day:
    """The first day that is not read whole. Raises Unavailable if it is the first of all."""
    last = [day for day in days if day.begin <= until][-1]
    if last is days[0]:
        raise Unavailable("too much was decided on one day: use `hansard report`")
    return last


_SPREAD: Final = {"median": 240.0, "p95": 3600.0, "of": 14}
_PERIOD: Final = {
    "items": 22,
    "automated": 8,
    "automated_share": 0.3636,
    "verdicts": {"approve": 9, "hold": 8, "reject": 5},
    "reasons": [{"reason": None, "items": 18}, {"reason": "insult", "items": 4}],
    "rules": [{"rule": "links", "items": 8}],
    "moderators": [{"moderator": "u-2", "items": 14}],
    "seconds": _SPREAD,
    "appeals": {"filed": 1, "upheld": 1, "reversed": 0, "seconds": {"median": 7200.0, "p95": 7200.0, "of": 1}},
    "reversals": 1,
    "votes": {"voided": 12, "restored": 0},
    "events": [{"type": "comment.posted", "events": 8}],
}

OPERATIONS: Final = (
    Operation(
        name="readFigures",
        method="GET",
        path=f"{ROOT}/moderation/figures",
        access=Access.MODERATOR_OR_ADMIN,
        tag=TAG,
        summary="Read figures of the moderation per day",
        detail=(
            "An item is one decision on a text: of a moderator, or of a rule that held or rejected it. `imported` "
            "counts the events of imports, which no figure counts. Medians and 95th percentiles are exact: the middle "
            "value, or the mean of the two in the middle; the least value that 95 % of all do not exceed. A decision "
            "is counted on its day, and later events do not change the figures of earlier days. A request takes 366 "
            "days and does bounded work: `more` says that it did not reach the last day, and `next` is the `from` with "
            "which to go on."
        ),
        handler=read_figures,
        query=shapes.FiguresQuery,
        answer=shapes.Figures,
        example={
            "imported": 0,
            "timezone": "Europe/London",
            "days": [{"day": "2023-10-29", **_PERIOD}],
            "total": _PERIOD,
            "next": None,
            "more": False,
        },
        problems=("not-allowed",),
    ),
)
