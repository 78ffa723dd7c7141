"""Voiding of votes by moderators, and its reversal: a vote that is void counts nowhere, and is not cast again.

A void is of the vote as it was cast last. It belongs to a batch, and only the reversal of that batch lifts it. The
voter may retract the vote meanwhile, as always: then the reversal lets them cast one again, and restores none.
"""

from typing import Final, assert_never

from core import heads
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.runs import runs_of
from core.domain.vote import Vote
from core.events.event import FIRST, Event
from core.events.vote_events import VoteRestored, VoteVoided
from core.position import Position
from core.refusals import UnknownVoter
from core.text.unicode import words_or_none


class VoidVote(Command, frozen=True, kw_only=True, tag="void-vote"):
    """Void the vote of a member."""

    comment: str
    voter: str
    reason: str | None = None


class RestoreVote(Command, frozen=True, kw_only=True, tag="restore-vote"):
    """Reverse the voiding of a vote by a batch."""

    comment: str
    voter: str
    batch: str


VoidCommand = VoidVote | RestoreVote


def decide(command: VoidCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about another member's vote.

    Raises NotFound, NotAllowed, Suspended, UnknownVoter.
    """
    comment: Comment = loaded.comment(command.comment)
    vote: Vote = loaded.vote(command.comment, command.voter)
    context.require_comment(comment)
    context.require_role("moderator")
    match command:
        case VoidVote():
            return _void(command, comment, vote)
        case RestoreVote():
            return _restore(command, vote)
        case _:
            assert_never(command)


def _void(command: VoidVote, comment: Comment, vote: Vote) -> list[Event]:
    if not vote.value:
        raise UnknownVoter
    if vote.voided is not None:
        return []
    return [voided(comment, vote, command.voter, command.reason)]


def voided(comment: Comment, vote: Vote, voter: str, reason: str | None) -> VoteVoided:
    """Return the event that voids a vote that counts: it names the texts that left the page since the vote."""
    cast = vote.cast
    assert cast is not None, "a vote that counts was cast"
    return VoteVoided(
        comment=comment.id,
        revision=vote.revision or FIRST,
        voter=voter,
        value=1 if vote.value > 0 else -1,
        cast=str(cast),
        texts=runs_of(number for number, at in comment.left.items() if at > cast),
        reason=words_or_none(reason),
    )


def _restore(command: RestoreVote, vote: Vote) -> list[Event]:
    if vote.voided != command.batch:
        return []
    return [restored(command.comment, vote, command.voter, command.batch)]


def restored(comment: str, vote: Vote, voter: str, batch: str) -> VoteRestored:
    """Return the event that makes a vote count as before the batch that voided it."""
    return VoteRestored(
        comment=comment,
        revision=vote.revision or FIRST,
        voter=voter,
        value=0 if not vote.value else 1 if vote.value > 0 else -1,
        cast=None if vote.cast is None else str(vote.cast),
        reverses=batch,
    )


def _needs(command: VoidCommand, _: str) -> Needs:
    others, own = (heads.THREAD, heads.comment(command.comment)), heads.vote(command.comment, command.voter)
    # The comment has to be unmoved, because the event names the texts that left the page since the vote.
    return Needs(folded=others, heads_only=(own,), expected=(own, heads.comment(command.comment)))


def _unchanged_since(command: VoidCommand, _: Context, loaded: Loaded) -> Position | None:
    vote: Vote = loaded.vote(command.comment, command.voter)
    comment: Comment = loaded.comment(command.comment)
    return vote.position or comment.posted


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {VoidVote: _HANDLER, RestoreVote: _HANDLER}
