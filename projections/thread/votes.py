"""Fold of votes and reports. Votes are the majority of all events, so this code is kept cheap."""

from typing import Final

from core.events.envelope import Recorded
from core.events.types import Event, ReportFiled, VoteCast, VoteRetracted
from projections.thread.effects import NOTHING_PUBLIC, ChangeListener, Effects
from projections.thread.state import ReportState, ThreadState

_NONE: Final = (0, 0)
"""Value and revision of an absent vote."""


def apply(
    thread: ThreadState, recorded: Recorded, event: VoteCast | VoteRetracted, listener: ChangeListener
) -> Effects:
    """Set or remove a member's vote."""
    comment = thread.rows[event.comment]
    member = recorded.envelope.actor.id
    listener.vote(comment, member)
    if isinstance(event, VoteCast):
        before, after = comment.ballots.get(member, _NONE), int(event.value)
        comment.ballots[member] = (event.value, event.revision)
    else:
        before, after = comment.ballots.pop(member, _NONE), 0
    comment.up, comment.down = moved((comment.up, comment.down), before[0], after)
    return Effects((("votes.changed", comment.id),)) if comment.published else NOTHING_PUBLIC


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


def report(thread: ThreadState, recorded: Recorded, event: ReportFiled, listener: ChangeListener) -> Effects:
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
        ),
    ]
    return NOTHING_PUBLIC
