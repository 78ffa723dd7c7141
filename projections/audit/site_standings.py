"""The standing of every member of a site that ever had one, folded from the site's own events, without words.

No view has it: views depend on events of threads alone. It is folded from the log by the functions that decisions use,
and grows by the events that were appended since.
"""

from typing import Final

from core import heads
from core.application.aggregates import blank, evolve
from core.domain.appeal import Appeal
from core.domain.member import Member
from core.domain.suspension import Suspension
from core.domain.suspension_appeal import SuspensionCase, suspension_case
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.member_events import MemberReinstated, MemberSuspended, StandingChanged, SuspensionReversed
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.log.port import Entry, Log
from core.position import Position
from core.refusals import CannotFold
from core.throttle import Pace
from projections.audit.thread_events import previous

_CHUNK: Final = 1024
"""Events per read of the walk back."""
_PER_MEMBER: Final = 1500
"""Bytes per member."""
_TYPES: Final = (
    MemberSuspended,
    MemberReinstated,
    SuspensionReversed,
    StandingChanged,
    StatementTold,
    AppealFiled,
    AppealDecided,
)


class SiteStandings:
    """Suspensions, standings and appeals of a site's members up to `last`, the last of the site's own events."""

    def __init__(self) -> None:
        self.last: Position | None = None
        self.members: dict[str, Member] = {}
        self.cases: dict[str, SuspensionCase] = {}
        self.batches: dict[str, list[str]] = {}
        """The members on whose suspensions each batch acted."""

    @property
    def bytes(self) -> int:
        """Approximate memory."""
        return _PER_MEMBER * (1 + len(self.members) + len(self.cases))

    def appeals(self, now: int) -> list[tuple[str, Suspension, Appeal]]:
        """The open appeals against suspensions in force at `now`, in milliseconds since 1970."""
        found = []
        for name, case in self.cases.items():
            current = suspension_case(self.members.get(name, Member()), case, now)
            if current is None:
                continue
            suspension, appeal = current[0], current[1].appeal
            if appeal is not None and appeal.is_open:
                found.append((name, suspension, appeal))
        return found

    def take(self, recorded: Recorded) -> None:
        """Apply the next of the events that count."""
        name = getattr(recorded.event, "member", None)
        if name is None:
            return
        field = heads.of(recorded.event, recorded.envelope.actor)
        is_case = heads.kind(field) == heads.APPEAL
        states = self.cases if is_case else self.members
        try:
            state = evolve(field, states.get(name, blank(field)), recorded)
        except CannotFold:
            return  # as if it were not there: what is decided about the member depends on the event itself
        states[name] = state
        batch = recorded.envelope.batch
        if isinstance(recorded.event, MemberSuspended | MemberReinstated) and batch is not None:
            acted = self.batches.setdefault(batch, [])
            if name not in acted:
                acted.append(name)


async def read_site_standings(log: Log, site: str, known: SiteStandings | None, pace: Pace) -> SiteStandings:
    """The standings by now. `known` is extended where the log still continues it. Walks back pointers, at `pace`.

    Raises `core.log.port.BrokenChain`, `core.refusals.Unavailable`.
    """
    last = await log.thread_last(site, "")
    if last is None:
        return SiteStandings()
    if known is not None and known.last is not None and known.last < last:
        extended = await _extended(known, log, site, last, known.last, pace)
        if extended is not None:
            return extended
    found = await _extended(SiteStandings(), log, site, last, None, pace)
    assert found is not None, "a walk back to the first event meets it"
    return found


async def _extended(
    standings: SiteStandings, log: Log, site: str, last: Position, until: Position | None, pace: Pace
) -> SiteStandings | None:
    """Apply the events after `until` up to `last`; None if they do not continue what is known."""
    found: list[Recorded] = []
    skipped: set[Position] = set()
    at: Position | None = last
    while at is not None and at != until:
        chunk = await log.chain(site, "", at, until=until, limit=_CHUNK)
        pace.begin()
        for entry in chunk:
            recorded = _read(entry)
            if recorded is not None and isinstance(recorded.event, EventSkipped):
                skipped.add(Position.parse(recorded.event.position))
            elif recorded is not None and isinstance(recorded.event, _TYPES):
                found.append(recorded)
            if pace.due:
                await pace.rest()
        at = previous(chunk[-1])
    if at != until or (until is not None and any(position <= until for position in skipped)):
        return None
    for recorded in reversed(found):
        if recorded.position not in skipped:
            standings.take(recorded)
        if pace.due:
            await pace.rest()
    standings.last = last
    await pace.rest()
    return standings


def _read(entry: Entry) -> Recorded | None:
    """An event without its words; None if it cannot be read."""
    try:
        return read(entry.position, entry.e, b"")
    except UnreadableEntry:
        return None
