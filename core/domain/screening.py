"""The screener's answer about a text, as a command, and its decider.

The command comes from the screener's process alone, as the `system` actor `screening`. An earlier decision of staff
stands, and so does a text that its author wrote since: then nothing happens. The event says what the screener said, so
a replay of the log asks no screener again.
"""

from typing import ClassVar, Final

from core.caller import Caller
from core.domain.comment import Comment, DigestedRevision
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, comment_needs
from core.domain.reasons import reason_or_none
from core.events.comment_events import CommentHeld, CommentRejected, CommentScreened
from core.events.event import Event
from core.events.screening import SCREENING, SCREENING_FAILED, ScreeningVerdict
from core.policy import Policy
from core.position import Position
from core.refusals import NotAllowed, NotFound
from core.text.unicode import words_or_none

SCREENER: Final = Caller(id=SCREENING, name="Screening", kind="system")
"""The caller of these commands."""


class RecordScreening(Command, frozen=True, kw_only=True, tag="record-screening"):
    """Record the screener's answer about a revision, or that there is none and what the policy says then.

    `reason` is for the author, `note` for staff. `code` is one of the policy's reasons; one that the policy does not
    list is left out. With `spam`, which goes with a rejection, the author is told no reason.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset(
        {"verdict", "shape", "failed", "reason", "note", "code", "spam"},
    )
    comment: str
    revision: int
    verdict: ScreeningVerdict
    shape: str | None = None
    failed: str | None = None
    reason: str | None = None
    note: str | None = None
    code: str | None = None
    spam: bool = False


def decide(command: RecordScreening, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of an answer; none if it comes too late. Raises NotFound, NotAllowed."""
    if context.caller != SCREENER:
        raise NotAllowed("only the screener may do this")
    context.require_thread()
    comment: Comment = loaded.comment(command.comment)
    if not comment.exists:
        raise NotFound("there is no such comment")
    if command.revision not in comment.unscreened:
        return []
    screened = CommentScreened(
        comment=comment.id,
        revision=command.revision,
        verdict=command.verdict,
        shape=command.shape,
        failed=command.failed,
        note=words_or_none(command.note),
    )
    decision = _decision(command, comment.texts[command.revision], context.policy)
    return [screened] if decision is None else [screened, decision]


def _decision(command: RecordScreening, text: DigestedRevision, policy: Policy) -> Event | None:
    """The decision that follows from an answer; None if it changes nothing."""
    reason, note, code, ground = words_or_none(command.reason), words_or_none(command.note), None, None
    given = None if command.code is None else reason_or_none(policy, command.code)
    if given is not None:
        code, ground = given.code, given.ground
        reason = reason or given.told_in(policy.language)
    rule = SCREENING if command.failed is None else SCREENING_FAILED
    match command.verdict:
        case "approve":
            return None
        case "hold" if text.verdict_status == "pending" and not text.awaits_screening:
            return None  # it waits for a moderator already, who is shown what it waits for
        case "hold":
            return CommentHeld(
                comment=command.comment,
                revision=command.revision,
                basis="rule",
                rule=rule,
                reason=reason,
                note=note,
                code=code,
                ground=ground,
            )
        case "reject":
            return CommentRejected(
                comment=command.comment,
                revision=command.revision,
                basis="rule",
                rule=rule,
                spam=command.spam,
                reason=None if command.spam else reason,
                note=note,
                code=code,
                ground=ground,
            )


def _unchanged_since(command: RecordScreening, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    return comment.position


HANDLERS: Final[Handlers] = {
    RecordScreening: Handler(needs=comment_needs, decide=decide, unchanged_since=_unchanged_since),
}
