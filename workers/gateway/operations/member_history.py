"""The history of a member's standing, read from the events of the member in the site's log."""

from typing import Any, Final

from msgspec import Struct

from core import heads
from core.events.envelope import Recorded, read_or_error
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    NoteAdded,
    StandingChanged,
    WarningAcknowledged,
    WarningGiven,
)
from core.log.port import HeadWanted, Load
from core.position import Position
from core.times import rfc3339
from workers.gateway.operations.operation import Request

_STANDINGS: Final = 100
"""Events of a member's standing that are read for the history."""


class History(Struct, frozen=True, kw_only=True):
    """The last suspensions, warnings and standings of a member, newest first."""

    suspensions: list[dict[str, str | None]]
    warnings: list[dict[str, str | None]]
    standings: list[dict[str, str | None]]


async def read_history(request: Request[Any, Any], member: str) -> History:
    """Read the history of a member."""
    history = History(suspensions=[], warnings=[], standings=[])
    lifted: str | None = None
    acknowledged: dict[str, str] = {}
    for recorded in await _events(request, heads.member(member), None):
        at = rfc3339(recorded.occurred_at)
        match recorded.event:
            case MemberReinstated():
                lifted = at
            case MemberSuspended(until=until, reason=reason):
                ends = None if until is None else rfc3339(until)
                history.suspensions.append({"at": at, "until": ends, "reason": reason, "lifted_at": lifted})
                lifted = None
            case WarningAcknowledged(warning=warning):
                acknowledged[warning] = at
            case WarningGiven(reason=reason):
                id_ = str(recorded.position)
                history.warnings.append(
                    {"id": id_, "at": at, "reason": reason, "acknowledged_at": acknowledged.get(id_)}
                )
            case StandingChanged(standing=standing, reason=reason):
                history.standings.append({"at": at, "standing": standing, "reason": reason})
            case _:
                pass
    return history


async def read_notes(
    request: Request[Any, Any], member: str, before: Position | None, limit: int
) -> tuple[list[dict[str, Any]], Position | None]:
    """Read notes about a member, newest first, and the position of the last one if there are more."""
    found = await _events(request, heads.notes(member), before, limit + 1)
    notes = [
        {"at": rfc3339(one.occurred_at), "by": {"id": one.envelope.actor.id}, "text": one.event.text}
        for one in found[:limit]
        if isinstance(one.event, NoteAdded)
    ]
    return notes, found[limit - 1].position if len(found) > limit else None


async def _events(
    request: Request[Any, Any], field: str, before: Position | None, limit: int = _STANDINGS
) -> list[Recorded]:
    """The last events of an aggregate of the site that can be read, newest first; those before a position."""
    log = request.services.log
    wanted = HeadWanted(field, events=False)
    last = (await log.load(Load(site=request.site, thread="", heads=(wanted,), reads=True))).heads[field].position
    if last is None:
        return []
    # The chain begins at an event that is known: the one before it follows on it.
    skip = 0 if before is None else 1
    entries = await log.chain(request.site, "", before or last, aggregate=True, limit=limit + skip)
    found = [read_or_error(*entry) for entry in entries[skip:]]
    return [one for one in found if isinstance(one, Recorded)]
