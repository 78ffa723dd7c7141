"""The member aggregate: standing on a site. Moderators suspend and reinstate.

Roles live in tokens, not in the log, so any member may be suspended, staff included; self-suspension is refused. A
token with the role `admin` is bound only by suspensions that an admin set. Otherwise any moderator could lock out the
site's admins.
"""

from collections.abc import Mapping
from typing import Final, Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.domain.context import Context
from core.domain.decision import BatchItem, require_first, with_item
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs, member_needs
from core.domain.reasons import ground_of, reason_and_code
from core.domain.suspension import Suspension
from core.domain.warning import OpenWarning
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    Standing,
    StandingChanged,
    SuspensionReversed,
    WarningAcknowledged,
    WarningGiven,
)
from core.position import Position
from core.refusals import BadField, NotAllowed, NotFound, StaleStatus


class SuspendMember(Command, frozen=True, kw_only=True, tag="suspend-member"):
    """Suspend a member until `until` (milliseconds since 1970); None: permanently."""

    member: str
    reason: str | None = None
    code: str | None = None
    until: int | None = None
    continues: str | None = None
    """The batch that the suspension continues."""


class ReinstateMember(Command, frozen=True, kw_only=True, tag="reinstate-member"):
    """Lift a member's suspension."""

    member: str
    continues: str | None = None
    """The batch that the reinstatement continues."""


class ReverseSuspension(Command, frozen=True, kw_only=True, tag="reverse-suspension"):
    """Undo exactly what a batch did to a member's suspension."""

    member: str
    batch: str


MemberCommand = SuspendMember | ReinstateMember | ReverseSuspension


class ReplacedSuspension(Struct, frozen=True, kw_only=True):
    """The suspension that the last act of a batch replaced; None if there was none."""

    batch: str
    suspension: Suspension | None


class Member(Struct, frozen=True, kw_only=True):
    """A member's standing, folded from its events. A member without events is in good standing."""

    suspension: Suspension | None = None
    """The last suspension that was not lifted; `suspension_at` checks that it has not expired."""
    standing: Standing = "usual"
    standing_at: int | None = None
    """Time at which staff last set `standing`, in milliseconds since 1970."""
    warnings: tuple[OpenWarning, ...] = ()
    """The warnings that wait for the member, oldest first."""
    given: frozenset[Position] = frozenset()
    """Positions of all warnings."""
    batches: Mapping[str, BatchItem] = {}
    """The suspensions and reinstatements of the last batches, by batch, oldest first."""
    replaced: ReplacedSuspension | None = None
    """The suspension before the last act, if that belongs to a batch that was not reversed."""
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
    position, at = recorded.position, recorded.occurred_at
    match recorded.event:
        case MemberSuspended(until=until, reason=reason, by_role=by_role):
            suspension = Suspension(
                until=until,
                reason=reason,
                by_role=by_role or "moderator",
                by=recorded.envelope.actor.id,
                position=position,
            )
            return _with_suspension(member, recorded, suspension)
        case MemberReinstated():
            return _with_suspension(member, recorded, None)
        case SuspensionReversed(reverses=batch):
            if member.replaced is None or member.replaced.batch != batch:
                raise ValueError("there is no such suspension to reverse")
            items = {**member.batches, batch: replace(member.batches[batch], reversed=position)}
            before = member.replaced.suspension
            return replace(member, suspension=before, batches=items, replaced=None, position=position)
        case StandingChanged(standing=standing):
            return replace(member, standing=standing, standing_at=at, position=position)
        case WarningGiven(reason=reason, code=code):
            warning = OpenWarning(position=position, reason=reason, code=code, at=at)
            given = member.given | {position}
            return replace(member, warnings=(*member.warnings, warning), given=given, position=position)
        case WarningAcknowledged(warning=warned):
            waiting = tuple(one for one in member.warnings if str(one.position) != warned)
            return replace(member, warnings=waiting, position=position)
        case _:
            return member


def _with_suspension(member: Member, recorded: Recorded, suspension: Suspension | None) -> Member:
    """The member with another suspension, or with none, and what that replaces."""
    batch, position = recorded.envelope.batch, recorded.position
    if batch is None:
        return replace(member, suspension=suspension, replaced=None, position=position)
    before = ReplacedSuspension(batch=batch, suspension=member.suspension)
    items = with_item(member.batches, batch, position)
    return replace(member, suspension=suspension, batches=items, replaced=before, position=position)


def decide(command: MemberCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a member's standing.

    Raises NotFound, NotAllowed, Suspended, StaleStatus, UnknownCode, BadField.
    """
    member: Member = loaded.member(command.member)
    context.require_site()
    context.require_role("moderator")
    match command:
        case SuspendMember():
            return _suspend(command, member, context)
        case ReinstateMember():
            if member.suspension_at(context.now) is None:
                return []
            require_first(member.batches, command.continues, _ACTED)
            return [MemberReinstated(member=command.member)]
        case ReverseSuspension():
            return _reverse(command, member, context)
        case _:
            assert_never(command)


def _needs(command: MemberCommand, caller: str) -> Needs:
    return member_needs(caller, heads.member(command.member))


def _unchanged_since(command: MemberCommand, _: Context, loaded: Loaded) -> Position | None:
    member: Member = loaded.member(command.member)
    if isinstance(command, ReverseSuspension):
        return member.batches[command.batch].reversed or member.position
    return member.position


def _reverse(command: ReverseSuspension, member: Member, context: Context) -> list[Event]:
    item = member.batches.get(command.batch)
    if item is None:
        raise NotFound("this batch has no act on the suspension of the member")
    if item.reversed is not None:
        return []
    if member.replaced is None or member.replaced.batch != command.batch:
        current = None if member.suspension_at(context.now) is None else "suspended"
        raise StaleStatus("another act on the suspension of the member followed this one", current=current)
    return [SuspensionReversed(member=command.member, reverses=command.batch)]


def _suspend(command: SuspendMember, member: Member, context: Context) -> list[Event]:
    if command.member == context.caller.id:
        raise NotAllowed("you cannot suspend yourself")
    if command.until is not None and command.until <= context.now:
        raise BadField("/until", "the time is in the past")
    reason, code = reason_and_code(context.policy, command.reason, command.code)
    by_role: Literal["moderator", "admin"] = "admin" if context.caller.is_admin else "moderator"
    last = member.suspension_at(context.now)
    # The same suspension by a moderator does not weaken one that an admin set.
    if last is not None and (last.until, last.reason) == (command.until, reason) and last.by_role in (by_role, "admin"):
        return []
    require_first(member.batches, command.continues, _ACTED)
    suspended = MemberSuspended(
        member=command.member,
        until=command.until,
        by_role=by_role,
        code=code,
        ground=ground_of(context.policy, code),
        reason=reason,
    )
    return [suspended]


_ACTED: Final = "this batch has acted on the suspension of the member already"
_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = dict.fromkeys((SuspendMember, ReinstateMember, ReverseSuspension), _HANDLER)
