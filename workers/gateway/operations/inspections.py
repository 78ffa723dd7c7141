"""Recording that an auditor looks at how one person voted."""

from typing import Any

from core import heads
from core.application.current_state import site_of
from core.application.transact import transact
from core.domain.inspection import InspectVotes
from core.log.port import HeadWanted, Load
from core.time_zones import day_begin, zone_of
from workers.gateway.operations.operation import Request


async def record_inspection(request: Request[Any, Any], member: str) -> None:
    """Record that the caller looks at the votes of a member, unless that is recorded for today.

    What cannot be recorded is not shown. Raises NotFound, Unavailable, FormatTooOld.
    """
    services, caller = request.services, request.caller
    field = heads.inspection(caller.id, member)
    load = Load(site=request.site, thread="", heads=(HeadWanted(field, events=False),), reads=True)
    last = (await services.log.load(load)).heads[field].position
    site = await site_of(services.log, request.site, cache=services.aggregate_cache)
    if last is not None and last.ms >= day_begin(services.clock(), zone_of(site.policy.timezone)):
        return
    services.require_fit()
    await transact(
        services.log,
        InspectVotes(member=member),
        site=request.site,
        caller=caller,
        cache=services.aggregate_cache,
        confirm=request.confirm,
    )
