"""Commands about a member's standing besides suspensions: trust and hold, warn, acknowledge, and note.

Standing is of the member aggregate (`core.domain.member`). Notes are apart from it, because no decision reads them.
"""

from typing import Final, Literal, assert_never

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs, member_needs
from core.domain.member import Member
from core.domain.reasons import reason_and_code
from core.events.event import Event
from core.events.member_events import NoteAdded, StandingChanged, WarningAcknowledged, WarningGiven
from core.position import Position
from core.refusals import BadField, NotAllowed, NotFound
from core.text.unicode import words_or_none


class SetStanding(Command, frozen=True, kw_only=True, tag="set-standing"):
    """Trust a member, hold all of the member's texts, or neither."""

    member: str
    standing: Literal["usual", "trusted", "held"]
    reason: str | None = None


class GiveWarning(Command, frozen=True, kw_only=True, tag="give-warning"):
    """Warn a member, who must acknowledge the warning before the next text. `note` is for staff."""

    member: str
    reason: str | None = None
    code: str | None = None
    note: str | None = None


class AcknowledgeWarning(Command, frozen=True, kw_only=True, tag="acknowledge-warning"):
    """Acknowledge a warning of one's own; `warning` is its position."""

    member: str
    warning: str


class AddNote(Command, frozen=True, kw_only=True, tag="add-note"):
    """Note something about a member, for staff."""

    member: str
    text: str


StandingCommand = SetStanding | GiveWarning | AcknowledgeWarning | AddNote

MOST_WARNINGS: Final = 20
"""Warnings of a member that may be open at a time."""


def decide(command: StandingCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a member's standing.

    Raises NotFound, NotAllowed, Suspended, UnknownCode, BadField.
    """
    context.require_site()
    match command:
        case AcknowledgeWarning():
            return _acknowledge(command, loaded.member(command.member), context)
        case SetStanding():
            _require_other(command.member, context)
            member: Member = loaded.member(command.member)
            if member.standing == command.standing and member.standing != "trusted":
                return []
            reason = words_or_none(command.reason)
            return [StandingChanged(member=command.member, standing=command.standing, reason=reason)]
        case GiveWarning():
            _require_other(command.member, context)
            if len(loaded.member(command.member).warnings) >= MOST_WARNINGS:
                raise NotAllowed("the member has not acknowledged the warnings so far")
            reason, code = reason_and_code(context.policy, command.reason, command.code)
            note = words_or_none(command.note)
            return [WarningGiven(member=command.member, code=code, reason=reason, note=note)]
        case AddNote():
            context.require_role("moderator")
            text = words_or_none(command.text)
            if text is None:
                raise BadField("/text", "nothing in the text is visible")
            return [NoteAdded(member=command.member, text=text)]
        case _:
            assert_never(command)


def _require_other(member: str, context: Context) -> None:
    context.require_role("moderator")
    if member == context.caller.id:
        raise NotAllowed("you cannot set your own standing")


def _acknowledge(command: AcknowledgeWarning, member: Member, context: Context) -> list[Event]:
    # The warning of another member does not exist for the caller.
    if context.caller.id != command.member or Position.parse(command.warning) not in member.given:
        raise NotFound("there is no such warning")
    context.require_writer()
    if all(str(one.position) != command.warning for one in member.warnings):
        return []
    return [WarningAcknowledged(member=command.member, warning=command.warning)]


def _needs(command: StandingCommand, caller: str) -> Needs:
    # A note depends on no standing but the caller's.
    return member_needs(caller, heads.member(caller if isinstance(command, AddNote) else command.member))


def _unchanged_since(command: StandingCommand, _: Context, loaded: Loaded) -> Position | None:
    member: Member = loaded.member(command.member)
    return member.position


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = dict.fromkeys((SetStanding, GiveWarning, AcknowledgeWarning, AddNote), _HANDLER)
