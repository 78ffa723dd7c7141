"""Fold of votes and reports. Votes are the majority of all events, so this code is kept cheap."""

from typing import Final

from core.events.envelope import Recorded
from core.events.types import Event, ReportFiled, VoteCast, VoteRetracted
from projections.thread.effects import UNSEEN, ChangeListener, Effects
from projections.thread.state import CommentState, ReportState, ThreadState

_NONE: Final = (0, 0)
"""Value and revision of an absent vote."""


def cast(thread: ThreadState, recorded: Recorded, event: VoteCast, watch: ChangeListener) -> Effects:
    """Set a member's vote."""
    comment = thread.rows[event.comment]
    member = recorded.envelope.actor.id
    watch.vote(comment, member)
    before = comment.ballots.get(member, _NONE)
    comment.ballots[member] = (event.value, event.revision)
    comment.up, comment.down = moved((comment.up, comment.down), before[0], event.value)
    return _voted(comment)


def retract(thread: ThreadState, recorded: Recorded, event: VoteRetracted, watch: ChangeListener) -> Effects:
    """Remove a member's vote."""
    comment = thread.rows[event.comment]
    member = recorded.envelope.actor.id
    watch.vote(comment, member)
    before = comment.ballots.pop(member, _NONE)
    comment.up, comment.down = moved((comment.up, comment.down), before[0], 0)
    return _voted(comment)


def value_of(event: Event) -> int | None:
    """The value of a vote after a vote event (0 if retracted); None for any other event."""
    match event:
        case VoteCast(value=value):
            return value
        case VoteRetracted():
            return 0
        case _:
            return None


def moved(votes: tuple[int, int], before: int, after: int) -> tuple[int, int]:
    """Up and down votes after a member's vote changed from `before` to `after`; 0 is no vote."""
    up, down = votes
    if before:
        up, down = (up - 1, down) if before > 0 else (up, down - 1)
    if after:
        up, down = (up + 1, down) if after > 0 else (up, down + 1)
    return up, down


def _voted(comment: CommentState) -> Effects:
    return Effects((("votes.changed", comment.id),)) if comment.published else UNSEEN


def report(thread: ThreadState, recorded: Recorded, event: ReportFiled, watch: ChangeListener) -> Effects:
    """Add a member's report of a comment."""
    comment = thread.rows[event.comment]
    watch.comment(comment)
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
        ),
    ]
    return UNSEEN
