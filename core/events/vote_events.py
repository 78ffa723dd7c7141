"""Events of votes: one aggregate per comment and voter."""

from typing import ClassVar, Literal

from core.events.comment_events import Span
from core.events.event import FIRST, Event


class VoteCast(Event, frozen=True, kw_only=True, tag="vote.cast", omit_defaults=True):
    """The actor's one vote on the comment is now `value`. `revision` is the text that the voter saw.

    `entitlement` is the one that allowed the vote, if the policy requires one.
    """

    comment: str
    revision: int = FIRST
    value: Literal[1, -1]
    entitlement: str | None = None


class VoteRetracted(Event, frozen=True, kw_only=True, tag="vote.retracted", omit_defaults=True):
    """The actor's vote on the comment was retracted. `voided` is the batch by which it was void then: it stays so."""

    comment: str
    revision: int = FIRST
    voided: str | None = None


class VoteVoided(Event, frozen=True, kw_only=True, tag="vote.voided", omit_defaults=True):
    """A moderator voided the vote of `voter`: it counts nowhere, and is not cast again until its batch is reversed.

    `value`, `revision` and `cast` are those of the vote: `cast` is the position of the event that cast it. `texts` are
    runs of the texts that left the page since, ends exclusive: the vote is in the tally that each of them had then.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str
    revision: int = FIRST
    voter: str
    value: Literal[1, -1]
    cast: str
    texts: tuple[Span, ...] = ()
    reason: str | None = None


class VoteRestored(Event, frozen=True, kw_only=True, tag="vote.restored", omit_defaults=True):
    """The voiding of a vote was reversed: the vote counts as it did before.

    `reverses` is the batch that had voided it. `value` is 0, and `cast` None, if the voter retracted the vote since.
    """

    comment: str
    revision: int = FIRST
    voter: str
    value: Literal[1, 0, -1]
    cast: str | None = None
    reverses: str
