"""Commands of moderators about a comment, and their deciders: rule on a revision, redact a revision, feature a comment.

All of these are allowed in closed and archived threads.
"""

from typing import Final, Literal, assert_never

from core import heads
from core.domain.comment import Comment, Revision, Ruling, Verdict
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.events.types import (
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentRejected,
    CommentUnfeatured,
    Event,
    RevisionRedacted,
)
from core.position import Position
from core.refusals import (
    CommentNotPublished,
    NotFound,
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
    status: Literal["published", "pending", "rejected", "withdrawn"] | None = None


class RedactRevision(Command, frozen=True, kw_only=True, tag="redact-revision"):
    """Destroy the text of one revision."""

    comment: str
    revision: int
    reason: str


class FeatureComment(Command, frozen=True, kw_only=True, tag="feature-comment"):
    """Make a comment an editors' pick, or undo that."""

    comment: str
    featured: bool


ModerationCommand = Decide | RedactRevision | FeatureComment


def decide(command: ModerationCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Decide a command of a moderator.

    Raises NotFound, NotAllowed, Suspended, CommentNotPublished, RevisionIsPublished, RevisionIsRedacted,
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
        case _:
            assert_never(command)


def _needs(command: ModerationCommand, _: str) -> Needs:
    fields = heads.THREAD, heads.comment(command.comment)
    bare = (heads.reported(command.comment),) if isinstance(command, Decide) else ()
    return Needs(folded=fields, bare=bare, expected=fields)


def _unchanged_since(command: ModerationCommand, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    match command:
        case Decide():
            revision = comment.revisions[command.revision - 1]
            return revision.position if revision.ruling is None else revision.ruling.position
        case RedactRevision():
            return comment.revisions[command.revision - 1].redacted_at or comment.position
        case FeatureComment():
            return comment.featured_at
        case _:
            assert_never(command)


def _rule(command: Decide, comment: Comment, reported_at: Position | None) -> list[Event]:
    revision = comment.revision(command.revision)
    if revision is None or command.revision not in (comment.standing, comment.latest.number):
        raise StaleRevision(current=comment.latest.number)
    if command.status is not None and command.status != comment.shown_status:
        raise StaleStatus(current=comment.shown_status)
    if command.verdict == "approve" and revision.redacted_at is not None:
        raise RevisionIsRedacted
    reason = words_or_none(command.reason)
    note = words_or_none(command.note)
    closes = command.verdict != "hold" and reported_at is not None and reported_at > comment.closed_reports_at
    if not closes and _holds_already(command, comment, revision, (reason, note)):
        return []
    kind: type[CommentApproved | CommentHeld | CommentRejected]
    match command.verdict:
        case "approve":
            kind = CommentApproved
        case "hold":
            kind = CommentHeld
        case "reject":
            kind = CommentRejected
    return [kind(comment=comment.id, revision=revision.number, reason=reason, note=note)]


def _holds_already(command: Decide, comment: Comment, revision: Revision, words: tuple[str | None, str | None]) -> bool:
    last = revision.ruling
    same = last is not None and _said(last) == (command.verdict, *words)
    if command.verdict == "approve":
        stands = comment.status == "published" and comment.standing == revision.number
        return stands and (same or words == (None, None))
    return same and comment.status == comment.status_after(command.verdict, revision.number)


def _said(ruling: Ruling) -> tuple[str, str | None, str | None]:
    return ruling.verdict, ruling.reason, ruling.note


def _redact(command: RedactRevision, comment: Comment) -> list[Event]:
    revision = comment.revision(command.revision)
    if revision is None:
        raise NotFound("there is no such revision")
    if revision.redacted_at is not None:
        return []
    if comment.status == "published" and comment.standing == revision.number:
        raise RevisionIsPublished
    return [
        RevisionRedacted(comment=comment.id, revision=revision.number, reason=words_or_none(command.reason)),
    ]


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {Decide: _HANDLER, RedactRevision: _HANDLER, FeatureComment: _HANDLER}
