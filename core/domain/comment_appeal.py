"""Appeals against decisions on a comment: its author files one, and another moderator decides it."""

from typing import ClassVar, Final, assert_never

from core.domain.appeal import AppealVerdict, decides_alone, require_appealable, words_of_appeal
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.decision import Decision
from core.domain.handler import Command, Handler, Handlers, Loaded, comment_needs
from core.domain.statement import adverse, appealed
from core.events.comment_events import CommentApproved
from core.events.event import Event
from core.events.statement_events import AppealDecided, AppealFiled
from core.position import Position
from core.refusals import NotAllowed, NotFound, RevisionIsRedacted, StaleStatus
from core.text.unicode import words_or_none


class FileAppeal(Command, frozen=True, kw_only=True, tag="appeal"):
    """Appeal against the decision on one's own comment that is in force."""

    comment: str
    text: str


class DecideAppeal(Command, frozen=True, kw_only=True, tag="decide-appeal"):
    """Decide the appeal against a decision on a comment.

    `sole` is what the record of the site's deciders said: no other moderator decided anything for 30 days.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset({"sole"})
    comment: str
    verdict: AppealVerdict
    reason: str
    sole: bool = False


AppealCommand = FileAppeal | DecideAppeal


def decide(command: AppealCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of an appeal, or of the decision on it.

    Raises NotFound, NotAllowed, Suspended, AppealWindowOver, AppealOfOwnDecision, AppealExists, StaleStatus,
    RevisionIsRedacted, BodyEmpty.
    """
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    match command:
        case FileAppeal():
            return _file(command, comment, context)
        case DecideAppeal():
            context.require_role("moderator")
            return _decide(command, comment, context)
        case _:
            assert_never(command)


def granted(comment: Comment, revision: int, reason: str | None) -> list[Event]:
    """The event that beside an approval of a revision ends the open appeal of its author, if there is one."""
    decision = comment.texts[revision].decision
    if decision is None or decision.appeal is None or not decision.appeal.is_open:
        return []
    return [AppealDecided(comment=comment.id, revision=revision, verdict="reverse", reason=reason)]


def _file(command: FileAppeal, comment: Comment, context: Context) -> list[Event]:
    context.require_writer()
    if comment.author.id != context.caller.id:
        raise NotAllowed("only the author of the comment may do this")
    against = adverse(comment)
    if against is None:
        raise NotFound("no decision against this comment is in force")
    revision, decision = against
    require_appealable(decision.appeal, decision.told, context.policy.appeal_window, context.now)
    text = words_of_appeal(command.text)
    return [AppealFiled(comment=comment.id, revision=revision, decision=str(decision.position), text=text)]


def _decide(command: DecideAppeal, comment: Comment, context: Context) -> list[Event]:
    found = appealed(comment)
    if found is None or found.decision.appeal is None:
        raise NotFound("there is no appeal")
    revision, decision = found
    appeal = decision.appeal
    assert appeal is not None
    if appeal.verdict is not None:
        if appeal.verdict == command.verdict:
            return []
        raise StaleStatus("the appeal was decided otherwise", current=comment.status)
    alone = decides_alone(appeal, context.caller, sole=command.sole)
    reason = words_or_none(command.reason)
    outcome = AppealDecided(comment=comment.id, revision=revision, verdict=command.verdict, sole=alone, reason=reason)
    if command.verdict == "uphold":
        return [outcome]
    _require_text(comment, revision)
    # The approval first: its reversal then brings the open appeal back, too.
    return [CommentApproved(comment=comment.id, revision=revision, reason=reason), outcome]


def _require_text(comment: Comment, revision: int) -> None:
    if comment.texts[revision].redacted is not None:
        raise RevisionIsRedacted


def _unchanged_since(command: AppealCommand, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    found = appealed(comment)
    decision: Decision | None = None if found is None else found.decision
    decided = None if decision is None or decision.appeal is None else decision.appeal.decided
    return decided or comment.position


_HANDLER: Final = Handler(needs=comment_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {FileAppeal: _HANDLER, DecideAppeal: _HANDLER}
