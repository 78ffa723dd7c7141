"""Facts about members: suspensions, mutes, and what is a fact already."""

from core.domain.import_fact import ImportedPerson
from core.domain.import_facts import SiteFact
from core.domain.import_member_facts import MutedFact, SuspendedFact
from core.times import rfc3339
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.native_site import native_site_fact
from workers.importers.planning.people import People
from workers.importers.source_records import (
    SourceFact,
    SourceMute,
    SourceSuspension,
)


def standing_fact(
    one: SourceSuspension | SourceMute | SourceFact, people: People, now: int, ledger: Ledger
) -> SiteFact | None:
    """The fact of a suspension, a mute, or a fact that is one already; None if it is left out."""
    what = "mutes" if isinstance(one, SourceMute) else "suspensions"
    if isinstance(one, SourceFact):
        return native_site_fact(one.fact, now, ledger)
    if isinstance(one, SourceMute):
        by, muted = people.voter(one.person), people.voter(one.muted)
        if by is None or muted is None or by == muted:
            ledger.leave_out(what, "unknown-person")
            return None
        ledger.bring(what)
        return MutedFact(
            at=rfc3339(min(one.at, now)), by=ImportedPerson(id=by, source=people.fields(one.person)), member=muted
        )
    member = people.voter(one.person)
    if member is None or (one.until is not None and one.until <= now):
        ledger.leave_out(what, "unknown-person" if member is None else "over")
        return None
    ledger.bring(what)
    return SuspendedFact(
        at=rfc3339(min(one.at, now) or now),
        by=None if one.by is None else people.staff(one.by),
        member=member,
        until=None if one.until is None else rfc3339(one.until),
        reason=one.reason,
    )
