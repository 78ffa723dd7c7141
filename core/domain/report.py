"""The report aggregate: one member's report of one comment to the moderators.

A report is open until the comment is approved or rejected; there is no event for closing one. Reports are allowed in
closed threads. Authors cannot report their own comment, since they can withdraw it. The rule `reports_over` takes a
comment down with the report that is one too many.
"""

from typing import Final

from msgspec import Struct

from core import heads
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.judging import told_in
from core.domain.rights import require_report
from core.domain.rules.registry import decoded
from core.domain.rules.reports_over import REPORTS_OVER, ReportsOver
from core.events.comment_events import CommentHeld, CommentRejected
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.report_events import ReportFiled
from core.position import Position
from core.refusals import CommentNotPublished, NotAllowed
from core.text.unicode import words_or_none


class FileReport(Command, frozen=True, kw_only=True, tag="report"):
    """Report a comment to the moderators."""

    comment: str
    reason: str
    note: str | None = None
    revision: int | None = None


class Report(Struct, frozen=True, kw_only=True):
    """A member's last report of a comment."""

    position: Position | None = None


def evolve(report: Report, recorded: Recorded) -> Report:
    """Apply one event to the report."""
    return Report(position=recorded.position) if isinstance(recorded.event, ReportFiled) else report


def decide(command: FileReport, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a report.

    Raises NotFound, NotAllowed, Suspended, NotEntitled, ThreadIsArchived, CommentNotPublished, StaleRevision.
    """
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    context.require_writer()
    if comment.author.id == context.caller.id:
        raise NotAllowed("you cannot report your own comment")
    entitlement = require_report(context)
    context.require_unarchived()
    if not comment.published:
        raise CommentNotPublished
    revision = comment.revision_meant(command.revision)
    if is_open(loaded.report(command.comment, context.caller.id), comment):
        return []
    count, taken_down = _counted(comment, context, loaded)
    filed = ReportFiled(
        comment=comment.id,
        revision=revision,
        reason=command.reason,
        entitlement=entitlement,
        open=count,
        note=words_or_none(command.note),
    )
    return [filed] if taken_down is None else [filed, taken_down]


def _counted(comment: Comment, context: Context, loaded: Loaded) -> tuple[int, Event | None]:
    """The open reports of a comment by members, with the one to file, and what a rule decides for their number.

    Reports are counted only while the policy has such a rule: (0, None) without one.
    """
    rules = decoded(context.policy.rules).of(ReportsOver)
    if not rules or comment.standing is None:
        return 0, None
    field = heads.reported(comment.id)
    at, counted = loaded.position(field), loaded.note(field)
    before = int(counted) if counted and at is not None and at > comment.closed_reports_at else 0
    count = before + (not context.caller.is_guest)
    for rule in rules:
        if count > rule.reports:
            kind = CommentRejected if rule.action == "reject" else CommentHeld
            tells = told_in(rule.tells, context.policy.language)
            held = kind(comment=comment.id, revision=comment.standing, basis="report", rule=REPORTS_OVER, reason=tells)
            return count, held
    return count, None


def is_open(report: Report, comment: Comment) -> bool:
    """True if the report is still waiting for an approval or rejection of its comment."""
    return report.position is not None and report.position > comment.closed_reports_at


def _needs(command: FileReport, caller: str) -> Needs:
    own, others = heads.report(command.comment, caller), (heads.THREAD, heads.comment(command.comment))
    return Needs(folded=others, heads_only=(own, heads.reported(command.comment)), expected=(own, *others))


def _unchanged_since(command: FileReport, context: Context, loaded: Loaded) -> Position | None:
    report: Report = loaded.report(command.comment, context.caller.id)
    return report.position


HANDLERS: Final[Handlers] = {
    FileReport: Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since),
}
