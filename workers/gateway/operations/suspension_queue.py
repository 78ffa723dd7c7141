"""Appeals against suspensions in the moderation queue. They are of the site's own log, not of a thread."""

from functools import partial
from typing import Any

from core.application.current_state import member_of
from core.times import rfc3339
from projections.read.members import latest_names
from projections.read.moderation_queue import SuspensionAppeals
from projections.read.queries import QueueQuery
from workers.gateway.operations.operation import Request


async def suspension_appeals(request: Request[QueueQuery, None]) -> SuspensionAppeals | None:
    """The appeals against suspensions that a page of the queue may have; None for a queue without any."""
    query = request.query
    if query.state != "appeal" or query.thread is not None or query.label is not None:
        return None
    standings = await request.services.standings.of(request.site)
    waiting = {
        appeal.filed: member
        for member, suspension, appeal in standings.appeals(request.now)
        if query.member in (None, member) and query.by in (None, suspension.by)
    }
    return SuspensionAppeals(waiting, partial(_item, request))


async def _item(request: Request[Any, Any], member: str) -> dict[str, Any] | None:
    """The item of a member's appeal, with the words of appeal and suspension; None if it waits no more."""
    services, site = request.services, request.site
    state = await member_of(services.log, site, member, cache=services.aggregate_cache)
    found = state.suspension_at(request.now)
    appeal = None if found is None else found[1].appeal
    if found is None or appeal is None or not appeal.is_open:
        return None
    suspension = found[0]
    at = None if suspension.position is None else rfc3339(suspension.position.ms)
    decision = {
        "verdict": "suspend",
        "reason": suspension.reason,
        "code": None,
        "ground": None,
        "automated": False,
        "by": suspension.by,
        "at": at,
        "until": None if suspension.until is None else rfc3339(suspension.until),
    }
    return {
        "comment": None,
        "revision": None,
        "thread": None,
        "parent": None,
        "published": None,
        "since": rfc3339(appeal.filed.ms),
        "import": None,
        "held_by": None,
        "reports": [],
        "in_hand": None,
        "member": {"id": member, "name": (await latest_names(services.served, site, [member]))[member]},
        "appeal": {"text": appeal.text, "at": rfc3339(appeal.filed.ms), "decision": decision},
    }
