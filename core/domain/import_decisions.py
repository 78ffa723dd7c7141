"""Events of facts about decisions on a comment, and what was said about these."""

from typing import Any

from core.domain.comment import Comment, DigestedRevision
from core.domain.import_comment_facts import (
    AppealDecidedFact,
    AppealedFact,
    DecidedFact,
    FeaturedFact,
    NoticedFact,
    RedactedFact,
    RemovalAskedFact,
    RemovalEndedFact,
    ReversedFact,
    ScreenedFact,
    ToldFact,
    UnfeaturedFact,
)
from core.domain.import_state import FactRefused, ImportState
from core.events.comment_events import (
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentRejected,
    CommentScreened,
    CommentUnfeatured,
    DecisionReversed,
    RemovalCancelled,
    RemovalRefused,
    RemovalRequested,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.report_events import NoticeFiled
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.ids import is_reference, is_slug
from core.text.unicode import words_or_none


def decide(fact: DecidedFact, state: ImportState) -> list[Event]:
    """Return the event of a decision on a revision that stands or is the latest."""
    comment = state.comment(fact.comment)
    _text(comment, fact.revision)
    if fact.code is not None and not is_slug(fact.code):
        raise FactRefused("unfit-value", "the code of a reason is a slug")
    if fact.notice is not None and fact.notice not in comment.notices:
        raise FactRefused("unknown-decision", "there is no such notice")
    words: dict[str, Any] = {
        "comment": comment.id,
        "revision": fact.revision,
        "code": fact.code,
        "ground": fact.ground,
        "basis": fact.basis,
        "reason": words_or_none(fact.reason),
        "note": words_or_none(fact.note),
    }
    match fact.verdict:
        case "approve":
            return [CommentApproved(notice=fact.notice, **words)]
        case "hold":
            return [CommentHeld(rule=fact.rule, **words)]
        case "reject":
            return [CommentRejected(notice=fact.notice, rule=fact.rule, spam=fact.spam, **words)]


def reverse(fact: ReversedFact, state: ImportState) -> list[Event]:
    """Return the event of a reversal."""
    comment = state.comment(fact.comment)
    return [DecisionReversed(comment=comment.id, revision=fact.revision, reverses=fact.batch)]


def screen(fact: ScreenedFact, state: ImportState) -> list[Event]:
    """Return the event of a verdict of a screening service."""
    comment = state.comment(fact.comment)
    _text(comment, fact.revision)
    return [
        CommentScreened(
            comment=comment.id,
            revision=fact.revision,
            verdict=fact.verdict,
            shape=fact.shape,
            failed=fact.failed,
            note=words_or_none(fact.note),
        )
    ]


def redact(fact: RedactedFact, state: ImportState) -> list[Event]:
    """Return the event of a redaction. A text that readers see is not redacted."""
    comment = state.comment(fact.comment)
    text = _text(comment, fact.revision)
    if comment.on_display == fact.revision:
        raise FactRefused("unfit-value", "a text that readers see was not destroyed")
    if text.redacted is not None:
        return []
    return [RevisionRedacted(comment=comment.id, revision=fact.revision, reason=words_or_none(fact.reason))]


def ask_removal(fact: RemovalAskedFact, state: ImportState) -> list[Event]:
    """Return the event of a removal request."""
    comment = state.comment(fact.comment)
    text = _text(comment, fact.revision)
    is_asked = text.removal is not None or text.redacted is not None
    return [] if is_asked else [RemovalRequested(comment=comment.id, revision=fact.revision)]


def end_removal(fact: RemovalEndedFact, state: ImportState) -> list[Event]:
    """Return the event that ended a removal request."""
    comment = state.comment(fact.comment)
    if _text(comment, fact.revision).removal is None:
        return []
    ended = RemovalRefused if fact.refused else RemovalCancelled
    return [ended(comment=comment.id, revision=fact.revision)]


def tell(fact: ToldFact, state: ImportState) -> list[Event]:
    """Return the event of a statement that was told."""
    comment = state.comment(fact.comment)
    decision = _text(comment, fact.revision).decision
    position = None if decision is None else decision.position
    if fact.what == "appeal":
        position = None if decision is None or decision.appeal is None else decision.appeal.decided
    return [StatementTold(comment=comment.id, revision=fact.revision, decision=state.written(position), by=fact.how)]


def appeal(fact: AppealedFact, state: ImportState) -> list[Event]:
    """Return the event of an appeal."""
    comment = state.comment(fact.comment)
    decision = _text(comment, fact.revision).decision
    at = state.written(None if decision is None else decision.position)
    return [AppealFiled(comment=comment.id, revision=fact.revision, decision=at, text=words_or_none(fact.text))]


def decide_appeal(fact: AppealDecidedFact, state: ImportState) -> list[Event]:
    """Return the event of a decision on an appeal."""
    comment = state.comment(fact.comment)
    _text(comment, fact.revision)
    return [
        AppealDecided(
            comment=comment.id,
            revision=fact.revision,
            verdict=fact.verdict,
            sole=fact.sole,
            reason=words_or_none(fact.reason),
        )
    ]


def notice(fact: NoticedFact, state: ImportState) -> list[Event]:
    """Return the event of a notice, unless one of that reference is there."""
    comment = state.comment(fact.comment)
    _text(comment, fact.revision)
    if not is_reference(fact.reference):
        raise FactRefused("bad-id", "the reference of a notice has 22 characters")
    if fact.reference in comment.notices:
        return []
    return [
        NoticeFiled(
            comment=comment.id,
            revision=fact.revision,
            reference=fact.reference,
            by=fact.filer,
            flagger=fact.flagger,
            explanation=words_or_none(fact.explanation),
            law=words_or_none(fact.law),
        )
    ]


def feature(fact: FeaturedFact, state: ImportState) -> list[Event]:
    """Return the event that makes the comment an editors' pick."""
    return [] if state.comment(fact.comment).featured else [CommentFeatured(comment=fact.comment)]


def unfeature(fact: UnfeaturedFact, state: ImportState) -> list[Event]:
    """Return the event that ends an editors' pick."""
    return [CommentUnfeatured(comment=fact.comment)] if state.comment(fact.comment).featured else []


def _text(comment: Comment, revision: int) -> DigestedRevision:
    """The text that a fact names. Raises FactRefused."""
    text = comment.texts.get(revision)
    if text is None:
        raise FactRefused("unknown-revision", "the comment has no such revision")
    return text
