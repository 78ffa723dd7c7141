"""Facts of an import about a member. They belong to no discussion."""

from typing import Literal

from core.domain.appeal import AppealVerdict
from core.domain.import_fact import Fact
from core.events.member_events import Standing
from core.policy import Ground


class SuspendedFact(Fact, frozen=True, kw_only=True, tag="suspend"):
    """A member was suspended, without `until` for good. One that an `admin` set binds admins, too."""

    member: str
    until: str | None = None
    by_role: Literal["moderator", "admin"] | None = None
    code: str | None = None
    ground: Ground | None = None
    batch: str | None = None
    reason: str | None = None


class ReinstatedFact(Fact, frozen=True, kw_only=True, tag="reinstate"):
    """The suspension of a member was lifted."""

    member: str
    batch: str | None = None


class SuspensionReversedFact(Fact, frozen=True, kw_only=True, tag="reverse-suspension"):
    """The last act on the suspension of a member, which was of this batch, was undone exactly."""

    member: str
    batch: str


class SuspensionToldFact(Fact, frozen=True, kw_only=True, tag="tell-suspension"):
    """The member was told of the suspension, or of the decision on the appeal against it."""

    member: str
    what: Literal["decision", "appeal"] = "decision"
    how: Literal["page", "mail"] = "page"


class SuspensionAppealedFact(Fact, frozen=True, kw_only=True, tag="appeal-suspension"):
    """The member appealed against the suspension."""

    member: str
    text: str | None = None


class SuspensionAppealDecidedFact(Fact, frozen=True, kw_only=True, tag="decide-suspension-appeal"):
    """The appeal against the suspension was decided. A `reinstate` comes before a `reverse`. `sole` as elsewhere."""

    member: str
    verdict: AppealVerdict
    sole: bool = False
    reason: str | None = None


class StandingFact(Fact, frozen=True, kw_only=True, tag="standing"):
    """Staff trust a member, hold all of the member's texts, or do neither any more."""

    member: str
    standing: Standing
    reason: str | None = None


class WarnedFact(Fact, frozen=True, kw_only=True, tag="warn"):
    """A member was warned, and writes nothing until the warning is acknowledged. `note` is for staff."""

    member: str
    code: str | None = None
    reason: str | None = None
    note: str | None = None


class AcknowledgedFact(Fact, frozen=True, kw_only=True, tag="acknowledge"):
    """The member acknowledged the warning that was given at the time `warned`."""

    member: str
    warned: str


class MemberNotedFact(Fact, frozen=True, kw_only=True, tag="note"):
    """Staff noted something about a member, for staff."""

    member: str
    text: str | None = None


class MutedFact(Fact, frozen=True, kw_only=True, tag="mute"):
    """The person of `by` wants to read nothing of `member`."""

    member: str
