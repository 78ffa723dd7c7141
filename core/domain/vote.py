"""The vote aggregate: one member's absolute vote on one comment.

Votes are allowed in closed threads and survive edits of the comment. Retracting one is always allowed. One that a
moderator voided (`core.domain.void`) is not cast again. The log keeps a vote beside its head, so that a decision about
a vote reads no event.
"""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.rights import require_vote
from core.events.envelope import Recorded
from core.events.event import FIRST, Event
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.position import Position
from core.refusals import CommentNotPublished, OwnVoteForbidden, VoteIsVoid


class CastVote(Command, frozen=True, kw_only=True, tag="vote"):
    """Set one's own vote; 0 retracts it."""

    comment: str
    value: Literal[1, 0, -1]
    revision: int | None = None


class Vote(Struct, frozen=True, kw_only=True):
    """A member's vote on a comment; value 0: no vote, or a retracted one."""

    value: int = 0
    """The vote as the member cast it, also while it is void."""
    revision: int | None = None
    """The revision that the vote, or its retraction, refers to."""
    position: Position | None = None
    """Position of the last event."""
    cast: Position | None = None
    """Position of the event that cast the vote; None if there is none, or it was retracted."""
    voided: str | None = None
    """The batch by which the vote is void, or was when it was retracted; None if a vote counts."""

    @property
    def counted(self) -> int:
        """The value that counts."""
        return 0 if self.voided else self.value


NO_VOTE: Final = Vote()


def evolve(vote: Vote, recorded: Recorded) -> Vote:
    """Apply one event to the vote."""
    match recorded.event:
        case VoteCast(value=value, revision=revision):
            return Vote(value=value, revision=revision, position=recorded.position, cast=recorded.position)
        case VoteRetracted(revision=revision, voided=voided):
            return Vote(revision=revision, position=recorded.position, voided=voided)
        case VoteVoided():
            return replace(vote, position=recorded.position, voided=recorded.envelope.batch)
        case VoteRestored():
            return replace(vote, position=recorded.position, voided=None)
        case _:
            return vote


def noted(text: str, position: Position | None) -> Vote:
    """Decode the vote from the position and the note of its head."""
    if position is None:
        return NO_VOTE
    value, *more = text.split(" ")
    number = int(value)
    cast = position if number else None
    voided = None
    if len(more) > 1:  # it is void, or was
        cast = Position.parse(more[1]) if number else None
        voided = more[2] if len(more) > 2 else None  # noqa: PLR2004 - revision, cast, batch
    return Vote(value=number, revision=int(more[0]) if more else FIRST, position=position, cast=cast, voided=voided)


def check_voting(context: Context) -> None:
    """Raise the reason for which the caller may not vote.

    Raises NotAllowed, Suspended, NotEntitled, VotesOff, ThreadIsArchived.
    """
    context.require_writer()
    require_vote(context)
    context.require_unarchived()


def decide(command: CastVote, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a vote.

    Raises NotFound, NotAllowed, Suspended, NotEntitled, VotesOff, OwnVoteForbidden, ThreadIsArchived,
    CommentNotPublished, VoteIsVoid, StaleRevision. Retracting a vote raises only NotFound and, for auditors,
    NotAllowed.
    """
    comment: Comment = loaded.comment(command.comment)
    vote: Vote = loaded.vote(command.comment, context.caller.id)
    context.require_comment(comment)
    if command.value == 0:
        context.require_writer()
        return _taken_back(command, vote, comment)
    context.require_writer()
    entitlement = require_vote(context)
    if comment.author.id == context.caller.id and not context.policy.own_votes:
        raise OwnVoteForbidden
    context.require_unarchived()
    if not comment.published:
        raise CommentNotPublished
    if vote.voided is not None:
        raise VoteIsVoid
    revision = comment.revision_meant(command.revision)
    if command.value == vote.value and command.revision in (None, vote.revision):
        return []
    return [VoteCast(comment=comment.id, revision=revision, value=command.value, entitlement=entitlement)]


def _taken_back(command: CastVote, vote: Vote, comment: Comment) -> list[Event]:
    """The events of a retraction.

    Nothing may prevent a retraction: no policy, no suspension, no archived thread, and no status of the comment.
    """
    if not vote.value:
        return []
    named = None if command.revision is None else comment.texts.get(command.revision)
    revision = command.revision if named is not None and named.seen else comment.standing or vote.revision
    assert revision is not None, "a vote names a revision"
    return [VoteRetracted(comment=comment.id, revision=revision, voided=vote.voided)]


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
