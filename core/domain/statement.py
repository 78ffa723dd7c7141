"""Statements: the decisions on a comment that its author is told, and the command that records that they were.

A statement says which text it is about, what was decided, on what ground and why, whether a person decided, and until
when the author may appeal. There is one for a rejection, a take-down and a decided appeal; the author of spam gets
none. A suspension has one, too (`core.domain.suspension_appeal`).
"""

from typing import Final, NamedTuple

from core.domain.appeal import Appeal
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.decision import Decision
from core.domain.handler import Command, Handler, Handlers, Loaded, comment_needs
from core.domain.moderated_comment import ModeratedComment
from core.events.event import Event
from core.events.statement_events import StatementTold
from core.position import Position
from core.refusals import NotAllowed


class TellStatement(Command, frozen=True, kw_only=True, tag="tell-statement"):
    """Record that the caller saw what was decided about their comment. `decision` is the position of the decision."""

    comment: str
    decision: str


class RevisionDecision(NamedTuple):
    """A decision and the revision that it is about."""

    revision: int
    decision: Decision


class WaitingAppeal(NamedTuple):
    """An appeal that waits, with the decision that it is against, and the revision."""

    revision: int
    decision: Decision
    appeal: Appeal


class UntoldDecision(NamedTuple):
    """A decision of which the author was not told yet, by its position."""

    revision: int
    position: Position


def adverse(comment: ModeratedComment) -> RevisionDecision | None:
    """The newest decision against the author that is in force: a rejection, or a hold of a text that stood."""
    found = [
        RevisionDecision(number, decision)
        for number in _current(comment)
        if (decision := comment.texts[number].decision) is not None
        and (decision.verdict == "reject" or (decision.verdict == "hold" and number == comment.standing))
    ]
    return max(found, key=lambda one: one.decision.position, default=None)


def open_appeal(comment: ModeratedComment) -> WaitingAppeal | None:
    """The open appeal against the decision that `adverse` returns; None if that has none."""
    against = adverse(comment)
    appeal = None if against is None else against.decision.appeal
    if against is None or appeal is None or not appeal.is_open:
        return None
    return WaitingAppeal(against.revision, against.decision, appeal)


def appealed(comment: ModeratedComment) -> RevisionDecision | None:
    """The decision on a current text whose appeal was filed last, whatever became of the appeal."""
    found = [
        (decision.appeal.filed, number, decision)
        for number in _current(comment)
        if (decision := comment.texts[number].decision) is not None and decision.appeal is not None
    ]
    if not found:
        return None
    _, number, decision = max(found, key=lambda one: one[0])
    return RevisionDecision(number, decision)


def untold(comment: ModeratedComment) -> list[UntoldDecision]:
    """The statements that the author was not told yet, oldest first."""
    found = []
    against = adverse(comment)
    if against is not None and against.decision.told is None and not against.decision.spam:
        found.append(UntoldDecision(against.revision, against.decision.position))
    for number in _current(comment):
        decision = comment.texts[number].decision
        appeal = None if decision is None else decision.appeal
        if appeal is not None and appeal.decided is not None and appeal.told is None:
            found.append(UntoldDecision(number, appeal.decided))
    return sorted(found, key=lambda one: one.position)


def decide(command: TellStatement, context: Context, loaded: Loaded) -> list[Event]:
    """Return the event of a statement that its author saw. Raises NotFound, NotAllowed."""
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    context.require_writer()
    if comment.author.id != context.caller.id:
        raise NotAllowed("only the author of the comment may do this")
    return [
        StatementTold(comment=comment.id, revision=one.revision, decision=command.decision)
        for one in untold(comment)
        if str(one.position) == command.decision
    ]


def _current(comment: ModeratedComment) -> list[int]:
    """The standing and the latest revision: decisions on others are not in force."""
    if comment.standing is None or comment.standing == comment.latest:
        return [comment.latest]
    return [comment.standing, comment.latest]


def _unchanged_since(command: TellStatement, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    return comment.position


HANDLERS: Final[Handlers] = {
    TellStatement: Handler(needs=comment_needs, decide=decide, unchanged_since=_unchanged_since)
}
