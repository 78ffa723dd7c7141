"""Appeals against suspensions: the member is told, files one, and another moderator decides it.

An aggregate beside the member's standing (`core.domain.member`), in the site's own log. It follows the suspensions by
the positions of their events: each has a case of its own.
"""

from typing import ClassVar, Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.domain.appeal import (
    Appeal,
    AppealVerdict,
    after_decision,
    decides_alone,
    require_appealable,
    words_of_appeal,
)
from core.domain.context import Context
from core.domain.decision import KEPT_BATCHES
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs, member_needs
from core.domain.member import Member
from core.domain.suspension import Suspension
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.member_events import MemberReinstated
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.position import Position
from core.refusals import NotAllowed, NotFound, StaleStatus
from core.text.unicode import words_or_none


class TellSuspension(Command, frozen=True, kw_only=True, tag="tell-suspension"):
    """Record that the caller saw their suspension. `decision` is the position of that, or of a decided appeal."""

    member: str
    decision: str


class FileSuspensionAppeal(Command, frozen=True, kw_only=True, tag="appeal-suspension"):
    """Appeal against one's own suspension."""

    member: str
    text: str


class DecideSuspensionAppeal(Command, frozen=True, kw_only=True, tag="decide-suspension-appeal"):
    """Decide the appeal against a suspension. `sole` is as in `core.domain.comment_appeal.DecideAppeal`."""

    FACTS: ClassVar[frozenset[str]] = frozenset({"sole"})
    member: str
    verdict: AppealVerdict
    reason: str
    sole: bool = False


SuspensionAppealCommand = TellSuspension | FileSuspensionAppeal | DecideSuspensionAppeal


class SuspensionCase(Struct, frozen=True, kw_only=True):
    """The case of a suspension: whether the member was told, and the appeal against it."""

    suspension: str | None = None
    """Position of the suspension, as text."""
    told: Position | None = None
    appeal: Appeal | None = None
    position: Position | None = None
    """Position of the last event."""
    earlier: tuple["SuspensionCase", ...] = ()
    """The cases of suspensions before, latest first: a reversal may bring one of them back."""

    def of(self, suspension: str) -> "SuspensionCase":
        """The case of the suspension at a position: an empty one if nothing happened in it yet."""
        if self.suspension == suspension:
            return self
        others = (self, *self.earlier)
        found = next((one for one in others if one.suspension == suspension), SuspensionCase(suspension=suspension))
        kept = [replace(one, earlier=()) for one in others if one.suspension not in (None, suspension)]
        return replace(found, earlier=tuple(kept[:KEPT_BATCHES]))


def evolve(case: SuspensionCase, recorded: Recorded) -> SuspensionCase:
    """Apply one event to the case."""
    event, position = recorded.event, recorded.position
    match event:
        case StatementTold() if case.appeal is not None and event.decision == str(case.appeal.decided):
            return replace(case, appeal=replace(case.appeal, told=position), position=position)
        case StatementTold():
            return replace(case.of(event.decision), told=position, position=position)
        case AppealFiled():
            appeal = Appeal(text=event.text, filed=position)
            return replace(case.of(event.decision), appeal=appeal, position=position)
        case AppealDecided() if case.appeal is not None:
            return replace(case, appeal=after_decision(case.appeal, recorded, event), position=position)
        case _:
            return case


def suspension_case(member: Member, case: SuspensionCase, now: int) -> tuple[Suspension, SuspensionCase] | None:
    """The suspension in force at `now`, in milliseconds since 1970, and its case; None without one."""
    suspension = member.suspension_at(now)
    return None if suspension is None else (suspension, case.of(str(suspension.position)))


def untold(suspension: Suspension, case: SuspensionCase) -> Position | None:
    """Position of the decision that the member was not told yet: the suspension, or that on the appeal; else None."""
    if case.told is None:
        return suspension.position
    appeal = case.appeal
    return appeal.decided if appeal is not None and appeal.told is None else None


def decide(command: SuspensionAppealCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about the appeal against a suspension.

    Raises NotFound, NotAllowed, Suspended, AppealWindowOver, AppealOfOwnDecision, AppealExists, StaleStatus, BodyEmpty.
    """
    context.require_site()
    own = command.member == context.caller.id
    if isinstance(command, DecideSuspensionAppeal):
        context.require_role("moderator")
        if own:
            raise NotAllowed("you cannot decide your own appeal")
    else:
        context.require_writer()
        if not own:
            raise NotAllowed("only the member may do this")
    state: SuspensionCase = loaded.suspension_case(command.member)
    found = suspension_case(loaded.member(command.member), state, context.now)
    if found is None:
        return _without_suspension(command, state)
    suspension, case = found
    match command:
        case TellSuspension():
            told = StatementTold(member=command.member, decision=command.decision)
            return [told] if command.decision == str(untold(suspension, case)) else []
        case FileSuspensionAppeal():
            require_appealable(case.appeal, case.told, context.policy.appeal_window, context.now)
            text = words_of_appeal(command.text)
            return [AppealFiled(member=command.member, decision=str(suspension.position), text=text)]
        case DecideSuspensionAppeal():
            return _decide(command, suspension, case, context)
        case _:
            assert_never(command)


def _without_suspension(command: SuspensionAppealCommand, last: SuspensionCase) -> list[Event]:
    if isinstance(command, TellSuspension):
        return []
    decided = None if last.appeal is None else last.appeal.verdict
    if isinstance(command, DecideSuspensionAppeal) and decided == command.verdict == "reverse":
        return []
    raise NotFound("the member is not suspended")


def _decide(
    command: DecideSuspensionAppeal, suspension: Suspension, case: SuspensionCase, context: Context
) -> list[Event]:
    if case.appeal is None:
        raise NotFound("there is no appeal")
    if case.appeal.verdict is not None:
        if case.appeal.verdict == command.verdict:
            return []
        raise StaleStatus("the appeal was decided otherwise", current="suspended")
    alone = decides_alone(replace(case.appeal, by=suspension.by), context.caller, sole=command.sole)
    outcome = AppealDecided(
        member=command.member, verdict=command.verdict, sole=alone, reason=words_or_none(command.reason)
    )
    return [outcome] if command.verdict == "uphold" else [MemberReinstated(member=command.member), outcome]


def _needs(command: SuspensionAppealCommand, caller: str) -> Needs:
    return member_needs(caller, heads.member(command.member), heads.appeal(command.member))


def _unchanged_since(command: SuspensionAppealCommand, _: Context, loaded: Loaded) -> Position | None:
    case: SuspensionCase = loaded.suspension_case(command.member)
    return case.position


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {
    TellSuspension: _HANDLER,
    FileSuspensionAppeal: _HANDLER,
    DecideSuspensionAppeal: _HANDLER,
}
