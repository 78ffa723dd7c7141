"""Events of a member: suspension, standing, warnings, notes, and that an auditor looked at the member's votes."""

from typing import ClassVar, Literal

from core.events.event import Event
from core.policy import Ground


class MemberSuspended(Event, frozen=True, kw_only=True, tag="member.suspended", omit_defaults=True):
    """A member was suspended until `until` (milliseconds since 1970), or indefinitely.

    `by_role` is the role by which the suspension was set; None means a moderator. A member whose token carries `admin`
    is bound only by a suspension that an admin set. `code` is one of the policy's reasons at that time, `ground` its
    ground.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: str
    until: int | None = None
    by_role: Literal["moderator", "admin"] | None = None
    code: str | None = None
    ground: Ground | None = None
    reason: str | None = None


class MemberReinstated(Event, frozen=True, kw_only=True, tag="member.reinstated", omit_defaults=True):
    """A member's suspension was lifted."""

    member: str


class SuspensionReversed(Event, frozen=True, kw_only=True, tag="suspension.reversed", omit_defaults=True):
    """The last act on a member's suspension was undone exactly: the one that it replaced is in force again, if any.

    `reverses` is the id of its batch.
    """

    member: str
    reverses: str


Standing = Literal["usual", "trusted", "held"]
"""Standing of a member by staff: trusted, or one whose every text waits."""


class StandingChanged(Event, frozen=True, kw_only=True, tag="standing.changed", omit_defaults=True):
    """Staff trust a member, hold all of the member's texts, or do neither any more."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: str
    standing: Standing
    reason: str | None = None


class WarningGiven(Event, frozen=True, kw_only=True, tag="warning.given", omit_defaults=True):
    """A member was warned, and writes nothing until the warning is acknowledged. `note` is for staff."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    member: str
    code: str | None = None
    reason: str | None = None
    note: str | None = None


class WarningAcknowledged(Event, frozen=True, kw_only=True, tag="warning.acknowledged", omit_defaults=True):
    """The member acknowledged the warning at the position `warning`."""

    member: str
    warning: str


class NoteAdded(Event, frozen=True, kw_only=True, tag="note.added", omit_defaults=True):
    """Staff noted something about a member, for staff. One aggregate per member: no decision reads it."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"text"})
    member: str
    text: str | None = None


class VotesInspected(Event, frozen=True, kw_only=True, tag="votes.inspected", omit_defaults=True):
    """The actor, an auditor, looked at how `member` voted: the first time on a day of the site's time zone."""

    member: str
