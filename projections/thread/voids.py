"""Fold of the voiding of votes, and of its reversal.

A void vote is in no tally: neither in that of the comment nor in those that earlier texts had when they left the page.
A reversal makes all of them what they would be if the vote had never been void.
"""

from msgspec.structs import replace

from core.domain.runs import numbers_in, runs_of
from core.events.envelope import Recorded
from core.events.vote_events import VoteRestored, VoteVoided
from projections.thread.effects import NOTHING_PUBLIC, ChangeListener, Effects
from projections.thread.state import CommentState, ThreadState, Void
from projections.thread.votes import moved


def apply(
    thread: ThreadState, recorded: Recorded, event: VoteVoided | VoteRestored, listener: ChangeListener
) -> Effects:
    """Take a vote out of all tallies, or put it back."""
    comment, voter = thread.rows[event.comment], event.voter
    listener.comment(comment)
    listener.vote(comment, voter)
    tally = comment.up, comment.down
    if isinstance(event, VoteVoided):
        if comment.ballots.pop(voter, None) != (event.value, event.revision):
            raise ValueError("there is no such vote")
        batch = recorded.envelope.batch or ""
        comment.voids[voter] = Void(batch=batch, value=event.value, revision=event.revision, texts=event.texts)
        _move_earlier(comment, comment.voids[voter], event.value, 0)
        comment.up, comment.down = moved(tally, event.value, 0)
    else:
        void = comment.voids.get(voter)
        if void is None or void.restored or void.batch != event.reverses or void.retracted != (event.value == 0):
            raise ValueError("there is no such void vote")
        comment.voids[voter] = replace(void, restored=True)
        _move_earlier(comment, void, 0, void.value)
        if event.value:
            comment.ballots[voter] = (event.value, event.revision)
        comment.up, comment.down = moved(tally, 0, event.value)
    is_noticed = comment.published and (comment.up, comment.down) != tally
    return Effects((("votes.changed", comment.id),)) if is_noticed else NOTHING_PUBLIC


def leave(comment: CommentState, revision: int, listener: ChangeListener) -> None:
    """Note that a text leaves the page: the void votes on the comment would be in its tally."""
    for voter, void in comment.voids.items():
        if not void.restored and not void.retracted:
            listener.vote(comment, voter)
            comment.voids[voter] = replace(void, texts=runs_of(numbers_in(void.texts) | {revision}))


def appear(comment: CommentState, revision: int, listener: ChangeListener) -> None:
    """Note that a text is on the page again: it has no tally of its own."""
    for voter, void in comment.voids.items():
        numbers = numbers_in(void.texts)
        if not void.restored and revision in numbers:
            listener.vote(comment, voter)
            comment.voids[voter] = replace(void, texts=runs_of(numbers - {revision}))


def _move_earlier(comment: CommentState, void: Void, before: int, after: int) -> None:
    """Change a vote in the tallies of the texts that left the page with it."""
    for number in numbers_in(void.texts):
        text = comment.texts[number]
        if text.votes_then is not None:
            comment.texts[number] = replace(text, votes_then=moved(text.votes_then, before, after))
