"""Commands of moderators about a comment, and their deciders.

Rule on a revision or undo that, redact a revision, feature or pin a comment.

All of these are allowed in closed and archived threads.
"""

from typing import Any, Final, NamedTuple, assert_never

from core import heads
from core.domain.comment import Comment
from core.domain.comment_appeal import granted
from core.domain.context import Context
from core.domain.decision import STATUS_BY, Decision, Verdict, require_first
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.moderated_comment import Revision, Status
from core.domain.reasons import reason_of
from core.domain.thread import Thread
from core.events.comment_events import (
    Basis,
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentRejected,
    CommentUnfeatured,
    CommentUnpinned,
    DecisionReversed,
    RevisionRedacted,
)
from core.events.event import Event
from core.policy import Ground, Policy
from core.position import Position
from core.refusals import (
    BadField,
    CommentNotPublished,
    NotFound,
    NotTopLevel,
    RevisionIsPublished,
    RevisionIsRedacted,
    StaleRevision,
    StaleStatus,
)
from core.text.unicode import words_or_none
from core.times import rfc3339


class Decide(Command, frozen=True, kw_only=True, tag="decide"):
    """A moderator's verdict on one revision; `status`, if given, is the status that the moderator was shown.

    `code` is one of the policy's reasons. It gives the ground and, unless `reason` is given, the author's words.
    `notice` is the reference of the notice that the decision closes; then a ground is required.
    """

    comment: str
    verdict: Verdict
    revision: int
    reason: str | None = None
    note: str | None = None
    code: str | None = None
    ground: Ground | None = None
    spam: bool = False
    notice: str | None = None
    status: Status | None = None
    continues: str | None = None
    """The batch that the decision continues."""


class ReverseDecision(Command, frozen=True, kw_only=True, tag="reverse-decision"):
    """Undo the decision of a batch on a comment, exactly."""

    comment: str
    batch: str


class RedactRevision(Command, frozen=True, kw_only=True, tag="redact-revision"):
    """Destroy the text of one revision."""

    comment: str
    revision: int
    reason: str


class FeatureComment(Command, frozen=True, kw_only=True, tag="feature-comment"):
    """Make a comment an editors' pick, or undo that."""

    comment: str
    featured: bool


class PinComment(Command, frozen=True, kw_only=True, tag="pin-comment"):
    """Pin a top-level comment, in place of the one that is pinned, or undo that."""

    comment: str
    pinned: bool


ModerationCommand = Decide | ReverseDecision | RedactRevision | FeatureComment | PinComment


def decide(command: ModerationCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command of a moderator.

    Raises NotFound, NotAllowed, Suspended, CommentNotPublished, NotTopLevel, RevisionIsPublished, RevisionIsRedacted,
    StaleRevision, StaleStatus, UnknownCode, BadField.
    """
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    context.require_role("moderator")
    match command:
        case Decide():
            return _rule(command, comment, loaded.position(heads.reported(command.comment)), context.policy)
        case ReverseDecision():
            return _reverse(command, comment)
        case RedactRevision():
            return _redact(command, comment)
        case FeatureComment(featured=True):
            if not comment.published:
                raise CommentNotPublished
            return [] if comment.featured else [CommentFeatured(comment=comment.id)]
        case FeatureComment():
            return [CommentUnfeatured(comment=comment.id)] if comment.featured else []
        case PinComment(pinned=True):
            return _pin(comment, loaded.thread)
        case PinComment():
            return [CommentUnpinned(comment=comment.id)] if loaded.thread.pinned == comment.id else []
        case _:
            assert_never(command)


def _needs(command: ModerationCommand, _: str) -> Needs:
    fields = heads.THREAD, heads.comment(command.comment)
    heads_only = (heads.reported(command.comment),) if isinstance(command, Decide) else ()
    return Needs(folded=fields, heads_only=heads_only, expected=fields)


def _unchanged_since(command: ModerationCommand, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    match command:
        case Decide():
            return comment.texts[command.revision].judged
        case ReverseDecision():
            return comment.batches[command.batch].reversed or comment.position
        case RedactRevision():
            return comment.texts[command.revision].redacted or comment.position
        case FeatureComment():
            return comment.changed_at(CommentFeatured, CommentUnfeatured)
        case PinComment():
            return loaded.thread.pinned_at or comment.posted
        case _:
            assert_never(command)


def _rule(command: Decide, comment: Comment, reported_at: Position | None, policy: Policy) -> list[Event]:
    if command.spam and command.verdict != "reject":
        raise BadField("/spam", "only a rejection can be one of spam")
    if command.spam and command.reason is not None:
        raise BadField("/reason", "the author of spam is told no reason: use `note` for staff")
    revision = comment.texts.get(command.revision)
    if revision is None or command.revision not in (comment.standing, comment.latest):
        raise StaleRevision(current=comment.latest, **_decided_since(command, comment))
    if command.status is not None and command.status != comment.status:
        raise StaleStatus(current=comment.status, **_decided_since(command, comment))
    if command.verdict == "approve" and revision.redacted is not None:
        raise RevisionIsRedacted
    said = _said(command, policy)
    reported = reported_at is not None and reported_at > comment.closed_reports_at
    closes = command.verdict != "hold" and reported
    closes = _closes_notice(command, comment, revision.decision, said) or closes
    if not closes and _holds_already(command, comment, revision.decision, said):
        return []
    require_first(comment.batches, command.continues, "this batch has decided about the comment already")
    words: dict[str, Any] = {name: getattr(said, name) for name in ("reason", "note", "code", "ground")}
    words["basis"] = basis_of(revision, command.notice, reported=reported)
    if command.verdict != "hold":
        words["notice"] = command.notice
    match command.verdict:
        case "approve":
            approved = CommentApproved(comment=comment.id, revision=command.revision, **words)
            return [approved, *granted(comment, command.revision, said.reason)]
        case "hold":
            return [CommentHeld(comment=comment.id, revision=command.revision, **words)]
        case "reject":
            return [CommentRejected(comment=comment.id, revision=command.revision, spam=said.spam, **words)]
        case _:
            assert_never(command.verdict)


def basis_of(revision: Revision, notice: str | None, *, reported: bool) -> Basis:
    """The basis of a moderator's decision. `reported` says that the comment has open reports."""
    if notice is not None:
        return "notice"
    if reported:
        return "report"
    decision = revision.decision
    by_rule = (revision.rule is not None and not revision.awaits_screening) if decision is None else decision.automated
    return "rule" if by_rule else "own"


class _Said(NamedTuple):
    """The words, code and ground of a decision."""

    reason: str | None
    note: str | None
    code: str | None
    ground: Ground | None
    spam: bool


_NOTHING: Final = _Said(None, None, None, None, spam=False)


def _said(command: Decide, policy: Policy) -> _Said:
    """The words, code and ground of a command, with what its code gives. Raises UnknownCode, BadField."""
    reason, ground = words_or_none(command.reason), command.ground
    if command.code is not None:
        given = reason_of(policy, command.code)
        if ground not in (None, given.ground):
            raise BadField("/ground", f"the ground of the code is {given.ground}: leave this out")
        ground = given.ground
        if reason is None and not command.spam:
            reason = given.told_in(policy.language)
    return _Said(reason, words_or_none(command.note), command.code, ground, command.spam)


def _closes_notice(command: Decide, comment: Comment, last: Decision | None, said: _Said) -> bool:
    """True if the decision closes an open notice. Raises BadField, StaleStatus if another decision has closed it."""
    if command.notice is None:
        return False
    if command.verdict == "hold":
        raise BadField("/notice", "only an approval or a rejection closes a notice")
    notice = comment.notices.get(command.notice)
    if notice is None:
        raise BadField("/notice", "there is no such notice about this comment")
    if said.ground is None:
        raise BadField("/ground", "a decision about a notice names its ground, or a code that has one")
    if notice.outcome is None:
        return True
    if not _holds_already(command, comment, last, said):
        decided = comment.decided
        between = {} if decided is None else {"decided": told(decided)}
        raise StaleStatus("another decision has closed this notice", current=comment.status, **between)
    return False


def _holds_already(command: Decide, comment: Comment, last: Decision | None, said: _Said) -> bool:
    same = last is not None and last.verdict == command.verdict and _said_by(last) == said
    if command.verdict == "approve":
        stands = comment.verdict_status == "published" and comment.standing == command.revision
        return stands and (same or said == _NOTHING)
    return same and comment.verdict_status == comment.status_after(command.verdict, command.revision)


def _said_by(decision: Decision) -> _Said:
    return _Said(decision.reason, decision.note, decision.code, decision.ground, decision.spam)


def _decided_since(command: Decide, comment: Comment) -> dict[str, Any]:
    """The member `decided` of a refusal: the last decision, unless the moderator was shown its outcome.

    Empty if there is none, or if it came before the text that the moderator meant.
    """
    decision = comment.decided
    meant = comment.texts.get(command.revision)
    if decision is None or meant is None or decision.position < meant.position:
        return {}
    if command.status is not None and command.status == STATUS_BY[decision.verdict]:
        return {}
    return {"decided": told(decision)}


def told(decision: Decision) -> dict[str, Any]:
    """A decision as a refusal tells staff of it. The gateway adds the name of who decided."""
    return {
        "verdict": decision.verdict,
        "by": {"id": decision.by},
        "at": rfc3339(decision.at),
        "reason": decision.reason,
    }


def _reverse(command: ReverseDecision, comment: Comment) -> list[Event]:
    item = comment.batches.get(command.batch)
    if item is None:
        raise NotFound("there is no decision of this batch on the comment")
    if item.reversed is not None:
        return []
    replaced = comment.replaced
    if replaced is None or replaced.batch != command.batch:
        last = comment.decided
        between = {} if last is None or last.position <= item.decided else {"decided": told(last)}
        raise StaleStatus("another act on the comment followed this decision", current=comment.status, **between)
    return [DecisionReversed(comment=comment.id, revision=replaced.revision, reverses=command.batch)]


def _redact(command: RedactRevision, comment: Comment) -> list[Event]:
    revision = comment.texts.get(command.revision)
    if revision is None:
        raise NotFound("there is no such revision")
    if revision.redacted is not None:
        return []
    if comment.verdict_status == "published" and comment.standing == command.revision:
        raise RevisionIsPublished
    return [
        RevisionRedacted(comment=comment.id, revision=command.revision, reason=words_or_none(command.reason)),
    ]


def _pin(comment: Comment, thread: Thread) -> list[Event]:
    if comment.parent is not None:
        raise NotTopLevel
    if not comment.published:
        raise CommentNotPublished
    if thread.pinned == comment.id:
        return []
    before = [] if thread.pinned is None else [CommentUnpinned(comment=thread.pinned)]
    return [*before, CommentPinned(comment=comment.id)]


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {
    Decide: _HANDLER,
    ReverseDecision: _HANDLER,
    RedactRevision: _HANDLER,
    FeatureComment: _HANDLER,
    PinComment: _HANDLER,
}
