"""Responses as of a past moment: parsing `at=`, checking access, reading the past page."""

from typing import Any, Final

from core.application.current_state import thread_of
from core.application.loading import event_at
from core.position import Position
from core.refusals import HistoryNotPublic
from projections.read.queries import PastQuery
from workers.gateway.http.refusals import BadRequest, UnknownPosition
from workers.gateway.http.response import Response
from workers.gateway.operations.operation import Request
from workers.gateway.operations.reading import context_of, found, moment_of

PAST: Final = ("bad-cursor", "unknown-position", "unauthenticated", "history-not-public", "not-yet-opened")
"""Slugs of the problems that an operation with `at=` may return."""


async def answer_then(request: Request[Any, None], at: str, query: PastQuery) -> Response:
    """Respond with the state at the moment that `at` names.

    `query` is without `at`: a moment has one cache entry, however it is spelt.

    Raises BadRequest, UnknownPosition, NotFound, HistoryNotPublic, NotYetOpened, BadCursor, Unavailable.
    """
    if request.query.after is not None:
        raise BadRequest.at("/after", "at and after exclude each other: the past does not change")
    services = request.services
    context = await context_of(request)
    if context.policy.history != "public" and not request.viewer.staff:
        raise HistoryNotPublic
    moment = _moment(at, context.now)
    if request.viewer.staff and isinstance(moment, Position):
        await _require_event(request, moment)
    # The slot in the read gate is free for others meanwhile: a past page takes long, and has a bound of its own.
    with request.gate.released():
        answer = await services.past.page(request.site, request.thread, moment, query, request.viewer)
    return found(answer)


def _moment(at: str, now: int) -> Position | int:
    """Position or time that `at=` names. Raises BadRequest for a later time, UnknownPosition for a later position.

    Earlier positions are not looked up: the existence of an event would reveal the time of something hidden.
    """
    moment = moment_of("/at", at)
    if isinstance(moment, Position):
        if moment.ms > now:
            raise UnknownPosition("the position is in the future")
    elif moment > now:
        raise BadRequest.at("/at", "the time is in the future")
    return moment


async def _require_event(request: Request[Any, Any], position: Position) -> None:
    """Raise UnknownPosition if the thread has no event at this position; for staff alone.

    A position before the opening is not refused here: all of them are alike.
    """
    services = request.services
    if await event_at(services.log, request.site, request.thread, position) is None:
        opened = (await thread_of(services.log, request.site, request.thread, cache=services.aggregate_cache)).opened_at
        if opened is None or position > opened:
            raise UnknownPosition
