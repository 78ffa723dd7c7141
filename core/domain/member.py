"""A member: their standing on the site. Moderators suspend and reinstate.

Roles live in tokens, not in the log, so anyone may be suspended, staff too; nobody suspends themselves. A token that
carries `admin` is held only by what an admin set, or any moderator could take the site from those who run it.
"""

from typing import Final, Literal, assert_never

from msgspec import Struct

from core import heads
from core.domain.commands import MemberCommand, ReinstateMember, SuspendMember
from core.domain.context import Context
from core.domain.handler import Handler, Handlers, Loaded, Needs
from core.domain.suspension import Suspension
from core.events.envelope import Recorded
from core.events.types import Event, MemberReinstated, MemberSuspended
from core.position import Position
from core.refusals import BadField, NotAllowed
from core.text.unicode import words_or_none


class Member(Struct, frozen=True, kw_only=True):
    """A member's standing as its events tell it. Whom no event names is in good standing."""

    suspension: Suspension | None = None
    """The last one that was not lifted; `suspension_at` tells whether it has run out."""
    position: Position | None = None
    """What made the standing what it is."""

    def suspension_at(self, now: int) -> Suspension | None:
        """The suspension in force at `now`, in milliseconds since 1970."""
        suspension = self.suspension
        if suspension is None or (suspension.until is not None and suspension.until <= now):
            return None
        return suspension


def evolve(member: Member, recorded: Recorded) -> Member:
    """The standing after one more of its events."""
    match recorded.event:
        case MemberSuspended(until=until, reason=reason, by_role=by_role):
            suspension = Suspension(until=until, reason=reason, by_role=by_role or "moderator")
            return Member(suspension=suspension, position=recorded.position)
        case MemberReinstated():
            return Member(position=recorded.position)
        case _:
            return member


def decide(command: MemberCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Decide a command about a standing. Raises NotFound, NotAllowed, Suspended, BadField."""
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
    # Once each: the caller may be the member named.
    return Needs(folded=tuple(dict.fromkeys((heads.SITE, heads.member(caller), own))), expected=(own,))


def _unchanged_since(command: MemberCommand, _: Context, loaded: Loaded) -> Position | None:
    member: Member = loaded.member(command.member)
    return member.position


def _suspend(command: SuspendMember, member: Member, context: Context) -> list[Event]:
    if command.member == context.caller.id:
        raise NotAllowed("nobody suspends themselves")
    if command.until is not None and command.until <= context.now:
        raise BadField("/until", "the time is past already")
    reason = words_or_none(command.reason)
    by_role: Literal["moderator", "admin"] = "admin" if context.caller.is_admin else "moderator"
    last = member.suspension_at(context.now)
    # The same words by a moderator take nothing off what an admin set.
    if last is not None and (last.until, last.reason) == (command.until, reason) and last.by_role in (by_role, "admin"):
        return []
    return [MemberSuspended(member=command.member, until=command.until, reason=reason, by_role=by_role)]


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {SuspendMember: _HANDLER, ReinstateMember: _HANDLER}
