"""Requests and responses about the votes of others, for staff: lists, and voiding."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from core.ids import END, CommentId, ThreadId
from core.times import TimeText
from projections.read.queries import Cursor, Limit
from workers.gateway.shapes.common import ContinuedBatch, PositionText, Problem, Reason
from workers.gateway.shapes.rows import NextCursor

MOST_VOIDS: Final = 100
"""Votes that one request voids."""
VOTER_PATTERN: Final = rf"^(\*[A-Za-z0-9_-]{{22}}|[A-Za-z0-9._~:-]{{1,64}}){END}"
Voter = Annotated[
    str,
    Meta(
        pattern=VOTER_PATTERN,
        max_length=64,
        examples=["*Jq3xQ2vYb0m8sT1kLw9ZpA"],
        description="A pseudonym, for moderators, or for auditors an id. A pseudonym is the same for a person within "
        "the site and a month (UTC); those of the last month are still understood.",
    ),
]


class VotesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of the votes of a thread, optionally on one comment, or of one voter."""

    thread: ThreadId
    comment: CommentId | None = None
    voter: Voter | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class VoidedBy(Struct, frozen=True, kw_only=True):
    """The voiding of a vote that is in force."""

    batch: str
    by: str
    at: TimeText
    reason: str | None


class ListedVote(Struct, frozen=True, kw_only=True):
    """A vote, with the time at which it was cast and the revision that it names. A void one counts nowhere."""

    comment: str
    voter: Voter
    value: Literal[1, -1]
    revision: int
    at: TimeText
    voided: VoidedBy | None


class VoteList(Struct, frozen=True, kw_only=True):
    """A page of votes, those that changed last first."""

    votes: list[ListedVote]
    next: NextCursor


class VoidedVote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vote to void."""

    thread: ThreadId
    comment: CommentId
    voter: Voter


class NewVoids(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Votes to void, each by itself. `reason` is for staff."""

    votes: Annotated[tuple[VoidedVote, ...], Meta(min_length=1, max_length=MOST_VOIDS)]
    reason: Reason
    batch: ContinuedBatch | None = None


class VoidResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result of one vote: the position of its voiding, or the problem it was refused with."""

    thread: str
    comment: str
    voter: Voter
    position: PositionText | None = None
    problem: Problem | None = None


class VoidAnswer(Struct, frozen=True, kw_only=True):
    """Results of all votes, in the order of the request."""

    batch: str
    results: list[VoidResult]
