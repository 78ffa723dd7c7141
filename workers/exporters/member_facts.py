"""Facts of the events of members, which are in the site's own log."""

from typing import Any, Final

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
from core.events.envelope import Recorded
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
from core.position import Position
from core.times import rfc3339
from workers.exporters.fact_of_event import ExportedAs, Exports, person


class FactsOfMembers:
    """Facts of members, whose events are given in order."""

    def __init__(self) -> None:
        self.appeals: set[str] = set()
        """Positions of decisions on appeals."""
        self.warnings: dict[str, int] = {}
        """Times of warnings by their positions."""

    def of(self, recorded: Recorded) -> Fact | None:
        """The fact of the next event of a site's own log; None if it is left out."""
        if isinstance(recorded.event, AppealDecided):
            self.appeals.add(str(recorded.position))
        if isinstance(recorded.event, WarningGiven):
            self.warnings[str(recorded.position)] = recorded.occurred_at
        return MEMBER_FACTS.fact(self, recorded, by=person(recorded.envelope.actor))


def _suspended(_: FactsOfMembers, recorded: Recorded, event: MemberSuspended) -> dict[str, Any]:
    until = None if event.until is None else rfc3339(event.until)
    return {"until": until, "batch": recorded.envelope.batch}


def _told(known: FactsOfMembers, _: Recorded, event: StatementTold) -> dict[str, Any]:
    return {"what": "appeal" if event.decision in known.appeals else "decision", "how": event.by}


def _acknowledged(known: FactsOfMembers, _: Recorded, event: WarningAcknowledged) -> dict[str, Any]:
    warned = known.warnings.get(event.warning, Position.parse(event.warning).ms)
    return {"warned": rfc3339(warned)}


MEMBER_FACTS: Final = Exports(
    {
        MemberSuspended: ExportedAs(SuspendedFact, _suspended),
        MemberReinstated: ExportedAs(ReinstatedFact, lambda _, recorded, __: {"batch": recorded.envelope.batch}),
        SuspensionReversed: ExportedAs(SuspensionReversedFact, lambda _, __, event: {"batch": event.reverses}),
        StatementTold: ExportedAs(SuspensionToldFact, _told),
        AppealFiled: ExportedAs(SuspensionAppealedFact),
        AppealDecided: ExportedAs(SuspensionAppealDecidedFact),
        StandingChanged: ExportedAs(StandingFact),
        WarningGiven: ExportedAs(WarnedFact),
        WarningAcknowledged: ExportedAs(AcknowledgedFact, _acknowledged),
        NoteAdded: ExportedAs(MemberNotedFact),
    }
)
"""Events of members, each with its kind of fact."""
