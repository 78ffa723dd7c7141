"""Shared by reads: waiting for the caller's own writes, and responses built by the views."""

from datetime import tzinfo
from typing import Any

from core.application.loading import load_context
from core.caller import Caller
from core.domain.context import Context
from core.moment import parse_moment
from core.partitions import partition_of
from core.position import Position
from core.refusals import NotFound, Unavailable
from projections.figures.period import MOST_DAYS, BadPeriod, Period, period_of
from projections.read.progress import reached, view_position
from projections.read.queries import PageAnswer
from workers.gateway.http.refusals import BadRequest, UnknownPosition
from workers.gateway.http.response import Response
from workers.gateway.operations.operation import Request
from workers.gateway.operations.writing import VIEW_WITHIN

ANONYMOUS = Caller(id="-", name="")
"""Stands for a request without a token, where a context needs a caller."""


def found(answer: PageAnswer | None) -> Response:
    """The response of a page. Raises NotFound if there is none."""
    if answer is None:
        raise NotFound
    return Response(200, answer.body, tag=answer.tag, states=answer.states)


async def caught_up(request: Request[Any, Any], after: str | None) -> None:
    """Wait until the views of the thread in the path include the caller's own write.

    Raises BadRequest; UnknownPosition if the log has not reached the position; NotFound if there is no such thread;
    Unavailable if the views do not include it in time.
    """
    if after is None:
        return
    position = position_of("/after", after)
    served, log = request.services.served, request.services.log
    if (await view_position(served, request.site, request.thread)).includes(position):
        return
    if position > await log.last(partition_of(request.site, request.thread, log.partitions)):
        if await log.thread_last(request.site, request.thread) is None:
            raise NotFound
        raise UnknownPosition("the log has not reached that position")
    with request.gate.released():
        shown = await reached(served, request.site, request.thread, position, within=VIEW_WITHIN)
    if not shown:
        raise Unavailable("the views do not include the write yet")


async def context_of(request: Request[Any, Any]) -> Context:
    """The context of a read of the thread in the path, with or without a token. Raises NotFound, Unavailable."""
    services = request.services
    context = await load_context(
        services.log,
        site=request.site,
        thread=request.thread,
        caller=request.token or ANONYMOUS,
        cache=services.aggregate_cache,
    )
    context.require_thread()
    return context


def moment_of(pointer: str, text: str) -> Position | int:
    """The position, or the time in milliseconds since 1970, that a parameter names. Raises BadRequest."""
    try:
        return parse_moment(text)
    except ValueError as error:
        raise BadRequest.at(pointer, str(error)) from None


def period_asked_for(
    from_: str | None, to: str | None, zone: tzinfo, now: int, *, most_days: int = MOST_DAYS
) -> Period:
    """The period between two bounds, as `projections.figures.period.period_of`. Raises BadRequest."""
    try:
        return period_of(from_, to, zone, now, most_days=most_days)
    except BadPeriod as error:
        raise BadRequest.at(f"/{error.bound}", str(error)) from None


def position_of(pointer: str, text: str) -> Position:
    """The position that a parameter names. Raises BadRequest."""
    try:
        return Position.parse(text)
    except ValueError:
        raise BadRequest.at(pointer, "a position must be <ms>-<n>, as returned in a response") from None
