"""Operations for the operator's machines: liveness, readiness and metrics."""

from functools import partial
from typing import Any, Final, Literal

import anyio
from msgspec import Struct

from core.redis.errors import lack_text
from core.refusals import Unavailable
from workers.gateway.http.lag_watch import LagState
from workers.gateway.http.machine_paths import METRICS, READY, WRITES
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import Access, Operation, Request
from workers.gateway.operations.services import Services
from workers.runtime import metrics

READY_WITHIN: Final = 2.0
"""Seconds within which Redis must answer."""


class State(Struct, frozen=True, kw_only=True):
    """Liveness of the process."""

    status: str


class ViewsState(Struct, frozen=True, kw_only=True):
    """State of the views that reads are served from."""

    lag_s: float
    """Age in seconds of the oldest event that the views have not applied; 0 if they are current."""
    stopped: int
    """Number of this process's partitions whose projection has stopped. An operator must inspect the log."""


class Readiness(Struct, frozen=True, kw_only=True):
    """Readiness for reads and for writes, with the state of the views."""

    status: Literal["ready"]
    reads: Literal["served"]
    writes: Literal["taken", "refused"]
    views: ViewsState


async def health(request: Request[NoQuery, Any]) -> Response:
    """Report liveness: the process answers, even if its dependencies do not."""
    del request
    return json(State(status="alive"))


async def readiness(request: Request[NoQuery, Any]) -> Response:
    """Report readiness for reads. The check asks every partition, so concurrent callers share one."""
    services = request.services
    _require_running(services)
    return await services.readiness.get(READY, partial(_readiness, services))


async def writability(request: Request[NoQuery, Any]) -> Response:
    """Report readiness for writes, shared likewise."""
    services = request.services
    _require_running(services)
    return await services.readiness.get(WRITES, partial(_writability, services))


def _require_running(services: Services) -> None:
    if not services.running():
        raise Unavailable("this process is starting or stopping")
    services.require_fit()


async def _readiness(services: Services) -> Response:
    """Check readiness: Redis answers, and the views belong to the log.

    Lagging views do not fail it: they are equally old for every gateway, and an old page is better than none. The
    response states the lag. A process that serves no pages is ready unless one of its partitions has stopped:
    projecting is its only job.
    """
    stopped = services.stopped()
    if stopped and not services.serves_pages:
        partition, where = min(stopped.items())
        raise Unavailable(
            f"projection has stopped in {len(stopped)} of the partitions, for example in partition {partition} "
            f"{where}: an operator must inspect the log"
        )
    return json(_state(services, await _lag_state(services)))


async def _writability(services: Services) -> Response:
    """Check readiness for writes: Redis takes them."""
    found = await _lag_state(services)
    if found.refusal is not None:
        state = _state(services, found)
        why = f"nothing can be written now: {lack_text(found.refusal)}"
        raise Unavailable(why, reads=state.reads, writes=state.writes, views=state.views)
    return json(_state(services, found))


async def _lag_state(services: Services) -> LagState:
    """Current state of the views and the server. Raises Unavailable if no request can be answered."""
    found: LagState | None = None
    with anyio.move_on_after(READY_WITHIN):
        found = await services.lag.measure()
    if found is None:
        raise Unavailable("Redis does not answer")
    if found.ahead:
        raise Unavailable(f"in {found.ahead} of the partitions the log ends before the views: run `hansard doctor`")
    return found


def _state(services: Services, found: LagState) -> Readiness:
    return Readiness(
        status="ready",
        reads="served",
        writes="taken" if found.refusal is None else "refused",
        views=ViewsState(lag_s=round(services.lag.seconds(), 3), stopped=len(services.stopped())),
    )


async def read_metrics(request: Request[NoQuery, Any]) -> Response:
    """The metrics, rendered once for concurrent callers."""
    wanted = metrics.format_for(request.headers.get(b"accept", b"").decode("latin-1"))

    async def write() -> Response:
        body, content_type = metrics.exposition(wanted)
        return Response(200, body, media=content_type.encode())

    return await request.services.exposition.get(wanted, write)


_TAG: Final = "Operations"
_READY: Final = {"status": "ready", "reads": "served", "writes": "taken", "views": {"lag_s": 0.0, "stopped": 0}}

OPERATIONS: Final = (
    Operation(
        name="health",
        method="GET",
        path="/healthz",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Check that the process is alive",
        handler=health,
        answer=State,
        example={"status": "alive"},
    ),
    Operation(
        name="readiness",
        method="GET",
        path=READY,
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Check readiness for reads",
        detail="Not ready, with 503: while the process starts or stops; if Redis does not answer; if Redis holds "
        "another deployment, or one with a format that this version does not read; if the log ends before the views. "
        "`views.lag_s` is the lag of the views in seconds. `writes` is `refused` if Redis accepts no writes, for lack "
        "of memory, disk or replicas. A process that projects and serves no pages is also not ready if its "
        "projection of a partition has stopped.",
        handler=readiness,
        answer=Readiness,
        example=_READY,
    ),
    Operation(
        name="writability",
        method="GET",
        path=WRITES,
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Check readiness for writes",
        detail="503 if `/readyz` is 503, or if Redis accepts no writes.",
        handler=writability,
        answer=Readiness,
        example=_READY,
    ),
    Operation(
        name="metrics",
        method="GET",
        path=METRICS,
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Read the metrics, for Prometheus. They name no site, thread or person",
        handler=read_metrics,
        media="text/plain",
    ),
)
