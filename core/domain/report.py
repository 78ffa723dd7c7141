"""A report: one member tells the moderators about one comment.

It is open until the comment is approved or rejected; there is no event for closing one. Reports go on in closed
threads. Nobody reports their own comment: who wrote it can withdraw it.
"""

from msgspec import Struct

from core.domain.commands import Report as FileReport
from core.domain.comment import Comment
from core.domain.context import Context
from core.events.envelope import Recorded
from core.events.types import Event, ReportFiled
from core.position import Position
from core.refusals import CommentNotPublished, NotAllowed
from core.text.unicode import words_or_none


class Report(Struct, frozen=True, kw_only=True):
    """A member's last report of a comment."""

    position: Position | None = None


def evolve(report: Report, recorded: Recorded) -> Report:
    """The report after one more of its events."""
    return Report(position=recorded.position) if isinstance(recorded.event, ReportFiled) else report


def decide(command: FileReport, report: Report, context: Context, comment: Comment) -> list[Event]:
    """What follows from reporting.

    Raises NotFound, NotAllowed, Suspended, ThreadArchived, CommentNotPublished, StaleRevision.
    """
    context.require_comment(comment)
    context.require_writer()
    if comment.author == context.caller.id:
        raise NotAllowed("nobody reports what they wrote themselves")
    context.require_standing()
    context.require_member()
    context.require_unarchived()
    if not comment.published:
        raise CommentNotPublished
    revision = comment.revision_meant(command.revision)
    if is_open(report, comment):
        return []
    return [ReportFiled(comment=comment.id, revision=revision, reason=command.reason, note=words_or_none(command.note))]


def is_open(report: Report, comment: Comment) -> bool:
    """Whether the report still waits for an approval or rejection of its comment."""
    return report.position is not None and report.position > comment.closed_reports_at
