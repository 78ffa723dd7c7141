"""What operators' machines ask: alive, ready, metrics, and what the interface is."""

from functools import partial
from typing import Any, Final, Literal

import anyio
from msgspec import Struct

from core.refusals import Unavailable
from projections.lag import lags
from workers import metrics
from workers.gateway.call import Asked, Call, Who
from workers.gateway.queries import NoQuery
from workers.gateway.reply import Reply, json
from workers.gateway.services import Services

READY_WITHIN: Final = 2.0
"""Seconds in which Redis has to have answered."""

METRICS: Final = "/metrics"
APART: Final = frozenset({"/readyz", METRICS})
"""Not served at the public address where operations have an address of their own."""
QUIET: Final = frozenset({"/healthz", "/readyz", METRICS})
"""Asked every few seconds by machines: not worth a line in the log."""


class State(Struct, frozen=True, kw_only=True):
    """How the gateway is."""

    status: str


class Readiness(Struct, frozen=True, kw_only=True):
    """What it is ready for: to answer readers, and to write where writes are taken."""

    status: Literal["ready"]
    writes: Literal["taken", "refused"]


async def health(asked: Asked[NoQuery, Any]) -> Reply:
    """Alive: the process answers, whatever else may be away."""
    del asked
    return json(State(status="alive"))


async def readiness(asked: Asked[NoQuery, Any]) -> Reply:
    """Readiness, asked for once for all callers of a moment: it costs a question per partition."""
    services = asked.services
    if not services.running():
        raise Unavailable("this process has not started yet, or is about to end")
    services.require_fit()
    return await services.readiness.get("", partial(_readiness, services))


async def _readiness(services: Services) -> Reply:
    """Ready: Redis answers, no projection has stopped here, the views are neither too far behind the log nor ahead.

    Where Redis takes no writes, for want of memory or disk, views that lag are no reason: they cannot move for any
    gateway, and readers are better off with them than with nobody who is ready.
    """
    if stopped := services.stopped():
        raise Unavailable(f"the projection of {stopped} of the partitions has stopped: a person has to look at the log")
    with anyio.move_on_after(READY_WITHIN) as patience:
        behind = await lags(services.served, services.log)
        refusal = await services.log.refusal()
    if patience.cancelled_caught:
        raise Unavailable("Redis does not answer")
    if ahead := sum(lag.events < 0 for lag in behind):
        raise Unavailable(f"in {ahead} of the partitions the log ends before the views: ask `hansard doctor`")
    now = services.clock() * 1000
    late = [lag for lag in behind if now - lag.since > services.lag_bound * 1000]
    if late and refusal is None:
        worst = (now - min(lag.since for lag in late)) / 1000
        raise Unavailable(f"the views lag in {len(late)} of the partitions, by up to {worst:.0f} s")
    return json(Readiness(status="ready", writes="taken" if refusal is None else "refused"))


async def read_metrics(asked: Asked[NoQuery, Any]) -> Reply:
    """The metrics, written once for all callers of a moment."""
    wanted = metrics.format_for(asked.headers.get(b"accept", b"").decode("latin-1"))

    async def write() -> Reply:
        body, content_type = metrics.exposition(wanted)
        return Reply(200, body, media=content_type.encode())

    return await asked.services.exposition.get(wanted, write)


_THEME: Final = "Operations"

CALLS: Final = (
    Call(
        name="health",
        method="GET",
        path="/healthz",
        who=Who.EVERYONE,
        theme=_THEME,
        summary="Is the process alive?",
        handler=health,
        answer=State,
        example={"status": "alive"},
    ),
    Call(
        name="readiness",
        method="GET",
        path="/readyz",
        who=Who.EVERYONE,
        theme=_THEME,
        summary="Can it serve?",
        detail="Not without Redis, nor where the deployment there is another one or has a format that this version "
        "does not read, nor while the views lag beyond the bound that was set or the log ends before they do, nor in "
        "a process whose projector stopped at an event that cannot be applied. Where Redis takes no writes, for want "
        "of memory or disk, it is ready for readers, and `writes` are `refused`.",
        handler=readiness,
        answer=Readiness,
        example={"status": "ready", "writes": "taken"},
    ),
    Call(
        name="metrics",
        method="GET",
        path=METRICS,
        who=Who.EVERYONE,
        theme=_THEME,
        summary="Metrics for Prometheus; they name no site, thread or person",
        handler=read_metrics,
        media="text/plain",
    ),
)
