"""The vote aggregate: one member's absolute vote on one comment.

Votes are allowed in closed threads and survive edits of the comment. Retracting one is always allowed. The log keeps a
vote beside its head, so that a decision about a vote reads no event.
"""

from typing import Final, Literal

from msgspec import Struct

from core import heads
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.events.envelope import Recorded
from core.events.types import FIRST, Event, VoteCast, VoteRetracted
from core.position import Position
from core.refusals import CommentNotPublished, OwnVoteForbidden, VotesOff


class CastVote(Command, frozen=True, kw_only=True, tag="vote"):
    """Set one's own vote; 0 retracts it."""

    comment: str
    value: Literal[1, 0, -1]
    revision: int | None = None


class Vote(Struct, frozen=True, kw_only=True):
    """A member's vote on a comment; value 0: no vote, or a retracted one."""

    value: int = 0
    revision: int | None = None
    """The revision that the vote, or its retraction, refers to."""
    position: Position | None = None


NO_VOTE: Final = Vote()


def evolve(vote: Vote, recorded: Recorded) -> Vote:
    """Apply one event to the vote."""
    match recorded.event:
        case VoteCast(value=value, revision=revision):
            return Vote(value=value, revision=revision, position=recorded.position)
        case VoteRetracted(revision=revision):
            return Vote(revision=revision, position=recorded.position)
        case _:
            return vote


def noted(text: str, position: Position | None) -> Vote:
    """Decode the vote from the position and the note of its head."""
    if position is None:
        return NO_VOTE
    value, _, revision = text.partition(" ")
    return Vote(value=int(value), revision=int(revision or FIRST), position=position)


def check_voting(context: Context) -> None:
    """Raise the reason for which the caller may not vote: NotAllowed, Suspended, VotesOff, ThreadIsArchived."""
    _require_voter(context)
    context.require_unarchived()


def decide(command: CastVote, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a vote.

    Raises NotFound, NotAllowed, Suspended, VotesOff, OwnVoteForbidden, ThreadIsArchived, CommentNotPublished,
    StaleRevision. Retracting a vote raises only NotFound and, for auditors, NotAllowed.
    """
    comment: Comment = loaded.comment(command.comment)
    vote: Vote = loaded.vote(command.comment, context.caller.id)
    context.require_comment(comment)
    if command.value == 0:
        context.require_writer()
        return _taken_back(command, vote, comment)
    _require_voter(context)
    if comment.author.id == context.caller.id and not context.policy.own_votes:
        raise OwnVoteForbidden
    context.require_unarchived()
    if not comment.published:
        raise CommentNotPublished
    revision = comment.revision_meant(command.revision)
    if command.value == vote.value and command.revision in (None, vote.revision):
        return []
    return [VoteCast(comment=comment.id, revision=revision, value=command.value)]


def _taken_back(command: CastVote, vote: Vote, comment: Comment) -> list[Event]:
    """The events of a retraction.

    Nothing may prevent a retraction: no policy, no suspension, no archived thread, and no status of the comment.
    """
    if not vote.value:
        return []
    named = None if command.revision is None else comment.texts.get(command.revision)
    revision = command.revision if named is not None and named.seen else comment.standing or vote.revision
    assert revision is not None, "a vote names a revision"
    return [VoteRetracted(comment=comment.id, revision=revision)]


def _require_voter(context: Context) -> None:
    context.require_writer()
    context.require_standing()
    context.require_member()
    if not context.policy.votes:
        raise VotesOff


def _needs(command: CastVote, caller: str) -> Needs:
    own, others = heads.vote(command.comment, caller), (heads.THREAD, heads.comment(command.comment))
    return Needs(folded=others, heads_only=(own,), expected=(own, *others))


def _unchanged_since(command: CastVote, context: Context, loaded: Loaded) -> Position | None:
    # Retracting a vote that was never cast has no event of its own: the response refers to the comment's.
    vote: Vote = loaded.vote(command.comment, context.caller.id)
    comment: Comment = loaded.comment(command.comment)
    return vote.position or comment.posted


HANDLERS: Final[Handlers] = {
    CastVote: Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since),
}
