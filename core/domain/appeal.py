"""An appeal against a decision, and what bounds it: the window, and who may decide it. Stored with the decision."""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from core.caller import Caller
from core.events.envelope import Recorded
from core.events.statement_events import AppealDecided
from core.position import Position
from core.refusals import AppealExists, AppealOfOwnDecision, AppealWindowOver, BodyEmpty
from core.text.unicode import normalise
from core.times import DAY_MS, rfc3339

AppealVerdict = Literal["reverse", "uphold"]
AppealOutcome = Literal["reversed", "upheld"]

OUTCOME_BY: Final[dict[AppealVerdict, AppealOutcome]] = {"reverse": "reversed", "uphold": "upheld"}
"""Outcome of an appeal by the verdict on it."""


class Appeal(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The appeal against a decision, open until a moderator decides it."""

    text: str | None = None
    """The author's words; None if they were destroyed."""
    filed: Position
    """Position of the event that filed it."""
    by: str | None = None
    """The member of staff whose decision it is against, and who may not decide it; None if a rule decided."""
    decided: Position | None = None
    """Position of the event that decided it."""
    verdict: AppealVerdict | None = None
    decider: str | None = None
    """The member of staff who decided it."""
    reason: str | None = None
    """The reason of that decision, for the author."""
    sole: bool = False
    """True if the first decider decided it, because no other moderator had decided anything for 30 days."""
    told: Position | None = None
    """Position of the event that records that the author was told the outcome."""

    @property
    def is_open(self) -> bool:
        """True if no moderator has decided the appeal yet."""
        return self.decided is None

    @property
    def outcome(self) -> AppealOutcome | None:
        """The outcome; None while the appeal is open."""
        return None if self.verdict is None else OUTCOME_BY[self.verdict]


def after_decision(appeal: Appeal, recorded: Recorded, event: AppealDecided) -> Appeal:
    """Return an appeal after the decision on it."""
    return replace(
        appeal,
        decided=recorded.position,
        verdict=event.verdict,
        decider=recorded.envelope.actor.id,
        reason=event.reason,
        sole=event.sole,
    )


def window_end(told: Position | None, days: int) -> int | None:
    """End of the appeal window in milliseconds since 1970; None if it has not begun: the author was not told yet."""
    return None if told is None else told.ms + days * DAY_MS


def words_of_appeal(text: str) -> str:
    """Return the normalised words of an appeal. Raises BodyEmpty."""
    words = normalise(text)
    if not words:
        raise BodyEmpty
    return words


def require_appealable(appeal: Appeal | None, told: Position | None, days: int, now: int) -> None:
    """Raise AppealExists if there was an appeal against the decision, AppealWindowOver if the window is over."""
    if appeal is not None:
        raise AppealExists
    until = window_end(told, days)
    if until is not None and until <= now:
        raise AppealWindowOver(until=rfc3339(until))


def decides_alone(appeal: Appeal, caller: Caller, *, sole: bool) -> bool:
    """True if the caller decided first, and may decide the appeal for want of another moderator.

    `sole` says that no other moderator decided anything on the site for 30 days. Raises AppealOfOwnDecision.
    """
    if appeal.by != caller.id or caller.is_admin:
        return False
    if not sole:
        raise AppealOfOwnDecision
    return True
