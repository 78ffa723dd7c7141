"""Votes and reports. Votes are most of all events: nothing here costs more than it must."""

from core.envelope import Recorded
from core.events import ReportFiled, VoteCast, VoteRetracted
from projections.folding.touched import UNSEEN, Touched, Watch
from projections.state import Comment, Report, Thread


def cast(thread: Thread, recorded: Recorded, event: VoteCast, watch: Watch) -> Touched:
    """A member's vote is now this one."""
    comment = thread.rows[event.comment]
    member = recorded.envelope.actor.id
    watch.vote(comment, member)
    before = comment.ballots.get(member)
    if before is not None:
        _count(comment, before[0], -1)
    comment.ballots[member] = (event.value, event.revision)
    _count(comment, event.value, 1)
    return _voted(comment)


def retract(thread: Thread, recorded: Recorded, event: VoteRetracted, watch: Watch) -> Touched:
    """A member's vote was taken back."""
    comment = thread.rows[event.comment]
    member = recorded.envelope.actor.id
    watch.vote(comment, member)
    before = comment.ballots.pop(member, None)
    if before is not None:
        _count(comment, before[0], -1)
    return _voted(comment)


def _count(comment: Comment, value: int, by: int) -> None:
    if value > 0:
        comment.up += by
    else:
        comment.down += by


def _voted(comment: Comment) -> Touched:
    return Touched((("votes.changed", comment.id),)) if comment.published else UNSEEN


def report(thread: Thread, recorded: Recorded, event: ReportFiled, watch: Watch) -> Touched:
    """A member told the moderators."""
    comment = thread.rows[event.comment]
    watch.comment(comment)
    actor = recorded.envelope.actor
    comment.reports = [
        *comment.reports,
        Report(
            by=actor.id,
            kind=actor.kind,
            revision=event.revision,
            reason=event.reason,
            note=event.note,
            at=recorded.occurred_at,
            position=recorded.position,
        ),
    ]
    return UNSEEN
