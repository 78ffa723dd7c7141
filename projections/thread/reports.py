"""Fold of reports, and their outcomes."""

from core.events.envelope import Recorded
from core.events.report_events import ReportFiled
from projections.thread.effects import NOTHING_PUBLIC, ChangeListener, Effects
from projections.thread.state import CommentState, DecidedReport, ReportOutcome, ReportState, ThreadState, import_of


def apply(thread: ThreadState, recorded: Recorded, event: ReportFiled, listener: ChangeListener) -> Effects:
    """Add a member's report of a comment."""
    comment = thread.rows[event.comment]
    listener.comment(comment)
    actor = recorded.envelope.actor
    comment.reports = [
        *comment.reports,
        ReportState(
            by=actor.id,
            kind=actor.kind,
            revision=event.revision,
            reason=event.reason,
            note=event.note,
            at=recorded.occurred_at,
            position=recorded.position,
            imported=import_of(recorded),
        ),
    ]
    return NOTHING_PUBLIC


def decide_reports(comment: CommentState, outcome: ReportOutcome, at: int) -> None:
    """Close the open reports of a comment with a decision at the time `at`, in milliseconds since 1970."""
    if not comment.reports:
        return
    decided = (
        DecidedReport(
            by=report.by,
            age=report.position.n,
            revision=report.revision,
            reason=report.reason,
            at=report.at,
            outcome=outcome,
            decided_at=at,
        )
        for report in comment.reports
    )
    comment.decided_reports = [*comment.decided_reports, *decided]
    comment.reports = []


def reopen_reports(comment: CommentState) -> None:
    """Open the reports that the last decision closed again: one of each member, the first."""
    ages = {report.position.n for report in comment.closed}
    members = {report.by for report in comment.closed}
    comment.decided_reports = [report for report in comment.decided_reports if report.age not in ages]
    comment.reports = [*comment.closed, *(report for report in comment.reports if report.by not in members)]
