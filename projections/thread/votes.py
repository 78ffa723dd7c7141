"""Fold of votes. Votes are the majority of all events, so this code is kept cheap."""

from typing import Final

from msgspec.structs import replace

from core.events.envelope import Recorded
from core.events.event import Event
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from projections.thread.effects import NOTHING_PUBLIC, ChangeListener, Effects
from projections.thread.state import ThreadState

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
        if event.voided is not None:
            comment.voids[member] = replace(comment.voids[member], retracted=True)
        if not comment.unvoted:
            listener.comment(comment)
            comment.unvoted = True
    if before is _NONE and not after:
        return NOTHING_PUBLIC  # a void vote was retracted
    comment.up, comment.down = moved((comment.up, comment.down), before[0], after)
    return Effects((("votes.changed", comment.id),)) if comment.published else NOTHING_PUBLIC


def value_of(event: Event) -> int | None:
    """The value of a vote that counts after a vote event, 0 if none does; None for any other event."""
    match event:
        case VoteCast(value=value) | VoteRestored(value=value):
            return value
        case VoteRetracted() | VoteVoided():
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
