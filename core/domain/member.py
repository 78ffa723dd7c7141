"""The member aggregate: standing on a site. Moderators suspend and reinstate.

Roles live in tokens, not in the log, so any member may be suspended, staff included; self-suspension is refused. A
token with the role `admin` is bound only by suspensions that an admin set. Otherwise any moderator could lock out the
site's admins.
"""

from typing import Final, Literal, assert_never

from msgspec import Struct

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.suspension import Suspension
from core.events.envelope import Recorded
from core.events.types import Event, MemberReinstated, MemberSuspended
from core.position import Position
from core.refusals import BadField, NotAllowed
from core.text.unicode import words_or_none


class SuspendMember(Command, frozen=True, kw_only=True, tag="suspend-member"):
    """Suspend a member until `until` (milliseconds since 1970); None: permanently."""

    member: str
    reason: str
    until: int | None = None


class ReinstateMember(Command, frozen=True, kw_only=True, tag="reinstate-member"):
    """Lift a member's suspension."""

    member: str


MemberCommand = SuspendMember | ReinstateMember


class Member(Struct, frozen=True, kw_only=True):
    """A member's standing, folded from its events. A member without events is in good standing."""

    suspension: Suspension | None = None
    """The last suspension that was not lifted; `suspension_at` checks that it has not expired."""
    position: Position | None = None
    """Position of the event that last set the standing."""

    def suspension_at(self, now: int) -> Suspension | None:
        """The suspension in force at `now`, in milliseconds since 1970."""
        suspension = self.suspension
        if suspension is None or (suspension.until is not None and suspension.until <= now):
            return None
        return suspension


def evolve(member: Member, recorded: Recorded) -> Member:
    """Apply one event to the standing."""
    match recorded.event:
        case MemberSuspended(until=until, reason=reason, by_role=by_role):
            suspension = Suspension(until=until, reason=reason, by_role=by_role or "moderator")
            return Member(suspension=suspension, position=recorded.position)
        case MemberReinstated():
            return Member(position=recorded.position)
        case _:
            return member


def decide(command: MemberCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a member's standing. Raises NotFound, NotAllowed, Suspended, BadField."""
    member: Member = loaded.member(command.member)
    context.require_site()
    context.require_role("moderator")
    match command:
        case SuspendMember():
            return _suspend(command, member, context)
        case ReinstateMember():
            if member.suspension_at(context.now) is None:
                return []
            return [MemberReinstated(member=command.member)]
        case _:
            assert_never(command)


def _needs(command: MemberCommand, caller: str) -> Needs:
    own = heads.member(command.member)
    # Without duplicates: the caller may be the member named.
    return Needs(folded=tuple(dict.fromkeys((heads.SITE, heads.member(caller), own))), expected=(own,))


def _unchanged_since(command: MemberCommand, _: Context, loaded: Loaded) -> Position | None:
    member: Member = loaded.member(command.member)
    return member.position


def _suspend(command: SuspendMember, member: Member, context: Context) -> list[Event]:
    if command.member == context.caller.id:
        raise NotAllowed("you cannot suspend yourself")
    if command.until is not None and command.until <= context.now:
        raise BadField("/until", "the time is in the past")
    reason = words_or_none(command.reason)
    by_role: Literal["moderator", "admin"] = "admin" if context.caller.is_admin else "moderator"
    last = member.suspension_at(context.now)
    # The same suspension by a moderator does not weaken one that an admin set.
    if last is not None and (last.until, last.reason) == (command.until, reason) and last.by_role in (by_role, "admin"):
        return []
    return [MemberSuspended(member=command.member, until=command.until, reason=reason, by_role=by_role)]


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {SuspendMember: _HANDLER, ReinstateMember: _HANDLER}
