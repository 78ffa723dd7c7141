"""Events of facts about members, in the site's own log."""

from core import heads
from core.domain.import_fact import Fact
from core.domain.import_member_facts import (
    AcknowledgedFact,
    MemberNotedFact,
    ReinstatedFact,
    StandingFact,
    SuspendedFact,
    SuspensionAppealDecidedFact,
    SuspensionAppealedFact,
    SuspensionReversedFact,
    SuspensionToldFact,
    WarnedFact,
)
from core.domain.import_state import NO_EVENTS, FactRefused, ImportState, OwnAggregate
from core.events.event import Event
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    NoteAdded,
    StandingChanged,
    SuspensionReversed,
    WarningAcknowledged,
    WarningGiven,
)
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.ids import is_member
from core.text.unicode import words_or_none
from core.times import parse_rfc3339


def suspend(fact: SuspendedFact, state: ImportState) -> list[Event]:
    """Return the event of a suspension. One that is over by now is brought, too."""
    _require(fact.member)
    until = None if fact.until is None else _time(fact.until)
    reason = words_or_none(fact.reason)
    del state
    return [
        MemberSuspended(
            member=fact.member,
            until=until,
            by_role=fact.by_role,
            code=fact.code,
            ground=fact.ground,
            reason=reason,
        )
    ]


def reinstate(fact: ReinstatedFact, state: ImportState) -> list[Event]:
    """Return the event that lifts a suspension."""
    _require(fact.member)
    return [MemberReinstated(member=fact.member)] if MemberSuspended in _member(fact.member, state).last else []


def reverse_suspension(fact: SuspensionReversedFact, state: ImportState) -> list[Event]:
    """Return the event that undoes the last act on a suspension."""
    _require(fact.member)
    last = _member(fact.member, state).last
    if MemberSuspended not in last and MemberReinstated not in last:
        raise FactRefused("unknown-decision", "there is no such suspension")
    return [SuspensionReversed(member=fact.member, reverses=fact.batch)]


def set_standing(fact: StandingFact, state: ImportState) -> list[Event]:
    """Return the event of a standing by staff."""
    _require(fact.member)
    del state
    return [StandingChanged(member=fact.member, standing=fact.standing, reason=words_or_none(fact.reason))]


def warn(fact: WarnedFact, state: ImportState) -> list[Event]:
    """Return the event of a warning."""
    _require(fact.member)
    del state
    reason, note = words_or_none(fact.reason), words_or_none(fact.note)
    return [WarningGiven(member=fact.member, code=fact.code, reason=reason, note=note)]


def acknowledge(fact: AcknowledgedFact, state: ImportState) -> list[Event]:
    """Return the event of an acknowledgement."""
    _require(fact.member)
    given = _member(fact.member, state).brought.get((WarningGiven, _time(fact.warned)))
    return [WarningAcknowledged(member=fact.member, warning=state.written(given))]


def note(fact: MemberNotedFact, state: ImportState) -> list[Event]:
    """Return the event of a note."""
    _require(fact.member)
    del state
    return [NoteAdded(member=fact.member, text=words_or_none(fact.text))]


def tell_suspension(fact: SuspensionToldFact, state: ImportState) -> list[Event]:
    """Return the event of a statement that was told."""
    _require(fact.member)
    position = _member(fact.member, state).last.get(MemberSuspended)
    if fact.what == "appeal":
        position = _appeal(fact.member, state).last.get(AppealDecided)
    return [StatementTold(member=fact.member, decision=state.written(position), by=fact.how)]


def appeal_suspension(fact: SuspensionAppealedFact, state: ImportState) -> list[Event]:
    """Return the event of an appeal."""
    _require(fact.member)
    position = state.written(_member(fact.member, state).last.get(MemberSuspended))
    return [AppealFiled(member=fact.member, decision=position, text=words_or_none(fact.text))]


def decide_suspension_appeal(fact: SuspensionAppealDecidedFact, state: ImportState) -> list[Event]:
    """Return the event of a decision on an appeal."""
    _require(fact.member)
    if AppealFiled not in _appeal(fact.member, state).last:
        raise FactRefused("unknown-decision", "there is no such appeal")
    reason = words_or_none(fact.reason)
    return [AppealDecided(member=fact.member, verdict=fact.verdict, sole=fact.sole, reason=reason)]


def heads_of(fact: Fact) -> tuple[str, ...]:
    """Return the heads that a fact about a member depends on."""
    member: str | None = getattr(fact, "member", None)
    if member is None or not is_member(member):
        return ()
    return heads.member(member), heads.appeal(member), heads.notes(member)


def _require(member: str) -> None:
    if not is_member(member):
        raise FactRefused("bad-id", "the id of a member is out of its grammar")


def _member(member: str, state: ImportState) -> OwnAggregate:
    return state.own.get(heads.member(member), NO_EVENTS)


def _appeal(member: str, state: ImportState) -> OwnAggregate:
    return state.own.get(heads.appeal(member), NO_EVENTS)


def _time(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise FactRefused("unfit-value", "a time of the fact is not one of RFC 3339") from error
