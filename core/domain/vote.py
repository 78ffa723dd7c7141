"""A vote: what one member says about one comment with one number, absolute.

Votes go on in closed threads and stay when a comment is edited. Taking one back always passes. The log keeps a vote
beside its head, so that deciding about one reads no event.
"""

from typing import Final

from msgspec import Struct

from core import heads
from core.domain.commands import Vote as CastVote
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Handler, Handlers, Loaded, Needs
from core.events.envelope import Recorded
from core.events.types import FIRST, Event, VoteCast, VoteRetracted
from core.position import Position
from core.refusals import CommentNotPublished, OwnVoteForbidden, VotesOff


class Vote(Struct, frozen=True, kw_only=True):
    """A member's vote on a comment; value 0 is none, or one that was taken back."""

    value: int = 0
    revision: int | None = None
    """The revision in view of which it was given, or taken back."""
    position: Position | None = None


NO_VOTE: Final = Vote()


def evolve(vote: Vote, recorded: Recorded) -> Vote:
    """The vote after one more of its events."""
    match recorded.event:
        case VoteCast(value=value, revision=revision):
            return Vote(value=value, revision=revision, position=recorded.position)
        case VoteRetracted(revision=revision):
            return Vote(revision=revision, position=recorded.position)
        case _:
            return vote


def noted(text: str, position: Position | None) -> Vote:
    """The vote whose head is at `position` with this note."""
    if position is None:
        return NO_VOTE
    value, _, revision = text.partition(" ")
    return Vote(value=int(value), revision=int(revision or FIRST), position=position)


def check_voting(context: Context) -> None:
    """Raise what keeps the caller from voting here at all: NotAllowed, Suspended, VotesOff, ThreadArchived."""
    _require_voter(context)
    context.require_unarchived()


def decide(command: CastVote, context: Context, loaded: Loaded) -> list[Event]:
    """Decide a vote.

    Raises NotFound, NotAllowed, Suspended, VotesOff, OwnVoteForbidden, ThreadArchived, CommentNotPublished,
    StaleRevision; of these NotFound and, for auditors, NotAllowed alone where a vote is taken back.
    """
    comment: Comment = loaded.comment(command.comment)
    vote: Vote = loaded.vote(command.comment, context.caller.id)
    context.require_comment(comment)
    if command.value == 0:
        context.require_writer()
        return _taken_back(command, vote, comment)
    _require_voter(context)
    if comment.author == context.caller.id and not context.policy.own_votes:
        raise OwnVoteForbidden
    context.require_unarchived()
    if not comment.published:
        raise CommentNotPublished
    revision = comment.revision_meant(command.revision)
    if command.value == vote.value and command.revision in (None, vote.revision):
        return []
    return [VoteCast(comment=comment.id, revision=revision, value=command.value)]


def _taken_back(command: CastVote, vote: Vote, comment: Comment) -> list[Event]:
    """What follows where a vote is taken back.

    Nothing may keep people from that: no policy, no suspension, no archived thread, and not what became of the comment.
    """
    if not vote.value:
        return []
    named = None if command.revision is None else comment.revision(command.revision)
    revision = command.revision if named is not None and named.seen else comment.standing or vote.revision
    assert revision is not None, "who voted saw a revision"
    return [VoteRetracted(comment=comment.id, revision=revision)]


def _require_voter(context: Context) -> None:
    context.require_writer()
    context.require_standing()
    context.require_member()
    if not context.policy.votes:
        raise VotesOff


def _needs(command: CastVote, caller: str) -> Needs:
    own, others = heads.vote(command.comment, caller), (heads.THREAD, heads.comment(command.comment))
    return Needs(folded=others, bare=(own,), expected=(own, *others))


def _unchanged_since(command: CastVote, context: Context, loaded: Loaded) -> Position | None:
    # Who takes back a vote that was never cast has nothing but the comment to be answered with.
    vote: Vote = loaded.vote(command.comment, context.caller.id)
    comment: Comment = loaded.comment(command.comment)
    return vote.position or comment.revisions[0].position


HANDLERS: Final[Handlers] = {
    CastVote: Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since),
}
