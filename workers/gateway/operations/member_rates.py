"""The rates that a request counts against: by its operation, its caller, and the policy of its site."""

from typing import Any

from core import heads, ids
from core.application.aggregate_cache import AggregateCache
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.context import Context
from core.domain.handler import Command
from core.domain.site import Site
from core.policy import Rates
from workers.gateway.operations.operation import Operation, Request
from workers.gateway.operations.services import Services
from workers.gateway.rates import RateCheck


def begin_rate(  # whose write it is, and which
    services: Services,
    operation: Operation,
    site: str,
    caller: Caller | None,
    network: str | None,
    *,
    place: str,
    key: str,
) -> RateCheck | None:
    """Send the count of a write, in the packet of this tick. None if it has no rate.

    `place` is the canonical path and `key` the Idempotency-Key: a repeat has the same. A caller with a role has no
    rate. Of a site whose policy is not cached the normal rates count: reading it first would be one round trip more.
    """
    if operation.rate is None or caller is None or caller.roles:
        return None
    limits = services.rates.limits(site, _policy_of(services.aggregate_cache, site))
    if limits is None:
        return None
    digest = ids.command_key(site, caller.id, operation.method, place, key)
    return services.rates.begin(site, caller.id, network, kind=operation.rate, limits=limits, digest=digest)


async def count_opening(request: Request[Any, Any], command: Command, context: Context) -> None:
    """Count a first comment that may open its thread as an opening, too, unless the publication vouches for it.

    Raises RateExceeded.
    """
    if (
        request.rate is not None
        and isinstance(command, PostComment)
        and not context.thread_exists
        and context.may_open
        and context.signed_opening is None
        and command.url is not None
        and command.title is not None
    ):
        await request.rate.also("openings")


def _policy_of(cache: AggregateCache, site: str) -> Rates:
    cached = cache.get(site, "", heads.SITE)
    return cached.state.policy.rates if cached is not None and isinstance(cached.state, Site) else "normal"
