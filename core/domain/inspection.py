"""Inspections: auditors look at how one person voted, and the log says that they did, once a day."""

from typing import Final

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.events.event import Event
from core.events.member_events import VotesInspected
from core.position import Position
from core.time_zones import day_begin, zone_of


class InspectVotes(Command, frozen=True, kw_only=True, tag="inspect-votes"):
    """Record that the caller looks at how a member voted."""

    member: str


def decide(command: InspectVotes, context: Context, loaded: Loaded) -> list[Event]:
    """Return the event of an inspection: none after the first one of the day. Raises NotFound, NotAllowed."""
    context.require_site()
    # Suspended or not: who may not write may read, and what is read is recorded.
    context.require_bearer("auditor")
    last = loaded.position(heads.inspection(context.caller.id, command.member))
    today = day_begin(context.now / 1000, zone_of(context.policy.timezone))
    return [] if last is not None and last.ms >= today else [VotesInspected(member=command.member)]


def _needs(command: InspectVotes, caller: str) -> Needs:
    own = heads.inspection(caller, command.member)
    return Needs(folded=(heads.SITE, heads.member(caller)), heads_only=(own,), expected=(own,))


def _unchanged_since(command: InspectVotes, context: Context, loaded: Loaded) -> Position | None:
    return loaded.position(heads.inspection(context.caller.id, command.member))


HANDLERS: Final[Handlers] = {
    InspectVotes: Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)
}
