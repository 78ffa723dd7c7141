"""Commands of moderators about a comment, and their deciders: rule on a revision, redact one, feature or pin a comment.

All of these are allowed in closed and archived threads.
"""

from typing import Final, assert_never

from core import heads
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.moderated_comment import Decision, Status, Verdict
from core.domain.thread import Thread
from core.events.types import (
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentRejected,
    CommentUnfeatured,
    CommentUnpinned,
    Event,
    RevisionRedacted,
)
from core.position import Position
from core.refusals import (
    CommentNotPublished,
    NotFound,
    NotTopLevel,
    RevisionIsPublished,
    RevisionIsRedacted,
    StaleRevision,
    StaleStatus,
)
from core.text.unicode import words_or_none


class Decide(Command, frozen=True, kw_only=True, tag="decide"):
    """A moderator's verdict on one revision; `status`, if given, is the status that the moderator was shown."""

    comment: str
    verdict: Verdict
    revision: int
    reason: str | None = None
    note: str | None = None
    status: Status | None = None


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


ModerationCommand = Decide | RedactRevision | FeatureComment | PinComment


def decide(command: ModerationCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command of a moderator.

    Raises NotFound, NotAllowed, Suspended, CommentNotPublished, NotTopLevel, RevisionIsPublished, RevisionIsRedacted,
    StaleRevision, StaleStatus.
    """
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    context.require_role("moderator")
    match command:
        case Decide():
            return _rule(command, comment, loaded.position(heads.reported(command.comment)))
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
        case RedactRevision():
            return comment.texts[command.revision].redacted or comment.position
        case FeatureComment():
            return comment.changed_at(CommentFeatured, CommentUnfeatured)
        case PinComment():
            return loaded.thread.pinned_at or comment.posted
        case _:
            assert_never(command)


def _rule(command: Decide, comment: Comment, reported_at: Position | None) -> list[Event]:
    revision = comment.texts.get(command.revision)
    if revision is None or command.revision not in (comment.standing, comment.latest):
        raise StaleRevision(current=comment.latest)
    if command.status is not None and command.status != comment.status:
        raise StaleStatus(current=comment.status)
    if command.verdict == "approve" and revision.redacted is not None:
        raise RevisionIsRedacted
    reason = words_or_none(command.reason)
    note = words_or_none(command.note)
    closes = command.verdict != "hold" and reported_at is not None and reported_at > comment.closed_reports_at
    if not closes and _holds_already(command, comment, revision.decision, (reason, note)):
        return []
    kind: type[CommentApproved | CommentHeld | CommentRejected]
    match command.verdict:
        case "approve":
            kind = CommentApproved
        case "hold":
            kind = CommentHeld
        case "reject":
            kind = CommentRejected
    return [kind(comment=comment.id, revision=command.revision, reason=reason, note=note)]


def _holds_already(
    command: Decide, comment: Comment, last: Decision | None, words: tuple[str | None, str | None]
) -> bool:
    same = last is not None and _said(last) == (command.verdict, *words)
    if command.verdict == "approve":
        stands = comment.verdict_status == "published" and comment.standing == command.revision
        return stands and (same or words == (None, None))
    return same and comment.verdict_status == comment.status_after(command.verdict, command.revision)


def _said(decision: Decision) -> tuple[str, str | None, str | None]:
    return decision.verdict, decision.reason, decision.note


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

HANDLERS: Final[Handlers] = {Decide: _HANDLER, RedactRevision: _HANDLER, FeatureComment: _HANDLER, PinComment: _HANDLER}
