"""What people do with comments."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from projections.read.queries import Limit
from workers.gateway.shapes.common import (
    AfterQuery,
    AnchorText,
    At,
    CommentText,
    CursorText,
    Note,
    PositionText,
    Problem,
    Reason,
    Revision,
    SlugText,
    Status,
    ThreadText,
    TimeText,
)
from workers.gateway.shapes.rows import Moderation, NextCursor, Row
from workers.gateway.shapes.threads import Title, Url

Body = Annotated[
    str,
    Meta(
        examples=["The Senate never voted on it."],
        description="Markdown without html, normalised before it is judged; `max_body` counts its code points.",
    ),
]


class PostComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment. `url` and `title` let a first one open its thread; where it is open they are not looked at."""

    body: Body
    parent: CommentText | None = None
    parent_revision: Revision | None = None
    anchor: AnchorText | None = None
    url: Url | None = None
    title: Title | None = None


class EditComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new text."""

    body: Body
    reason: Reason | None = None


class CastVote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The member's one vote, absolute: 0 takes it back."""

    value: Annotated[Literal[1, 0, -1], Meta(examples=[1])]
    revision: Revision | None = None


class FileReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with a comment."""

    reason: SlugText
    note: Note | None = None
    revision: Revision | None = None


class MakeDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict on the standing or the latest revision."""

    verdict: Literal["approve", "hold", "reject"]
    revision: Revision
    reason: Annotated[Reason, Meta(description="Shown to the author.")] | None = None
    note: Note | None = None
    status: Annotated[Status, Meta(description="What was on the screen.")] | None = None


class BulkDecision(MakeDecision, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict, and on which comment."""

    thread: ThreadText
    comment: CommentText


class BulkDecisions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verdicts that each stand alone."""

    decisions: Annotated[tuple[BulkDecision, ...], Meta(min_length=1, max_length=100)]


class BulkResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one verdict: a position, or why it was refused."""

    comment: str
    position: PositionText | None = None
    problem: Problem | None = None


class BulkAnswer(Struct, frozen=True, kw_only=True):
    """What came of each, in the order they were given."""

    batch: str
    results: list[BulkResult]


class Redact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a text has to go."""

    reason: Reason


class PermalinkQuery(AfterQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One comment, now or as it was."""

    at: At | None = None


class RevisionsQuery(AfterQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of a comment, oldest first."""

    diff: Annotated[Literal["words"], Meta(description="With what changed since the text before.")] | None = None
    limit: Limit = 50
    cursor: CursorText | None = None


class VotesThen(Struct, frozen=True, kw_only=True):
    """The tally when a text was last on the page."""

    up: int
    down: int


class RevisionBy(Struct, frozen=True, kw_only=True):
    """Who wrote a text."""

    name: str


class OwnDecision(Struct, frozen=True, kw_only=True):
    """Why a comment was rejected, for its author."""

    reason: str | None
    at: TimeText
    by: Literal["moderator", "rule"]


class RevisionAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One text of a comment."""

    revision: int
    at: TimeText
    by: RevisionBy
    status: Literal["published", "pending", "rejected", "redacted"]
    body: str | None
    html: str | None
    votes_then: VotesThen | None
    reason: Annotated[str, Meta(description="Why it was edited.")] | None = None
    decision: Annotated[OwnDecision | None, Meta(description="For its author and staff, where it does not stand.")] = (
        None
    )
    moderation: Annotated[Moderation | None, Meta(description="How it was judged, for staff.")] = None
    diff: Annotated[
        list[tuple[Literal["=", "-", "+"], str]],
        Meta(examples=[[["=", "the "], ["-", "Senat"], ["+", "Senate"]]]),
    ] = []


class Revisions(Struct, frozen=True, kw_only=True):
    """The texts of a comment."""

    comment: str
    revisions: list[RevisionAnswer]
    next: NextCursor


class OwnVote(Struct, frozen=True, kw_only=True):
    """The caller's vote on a comment."""

    value: Literal[1, -1]
    revision: int


class OwnRefusals(Struct, frozen=True, kw_only=True):
    """Why a comment, or a vote, would be refused now."""

    comment: Problem | None
    vote: Problem | None


class RejectedRow(Row, frozen=True, kw_only=True):
    """A rejected comment of the caller's."""

    decision: OwnDecision


class Overlay(Struct, frozen=True, kw_only=True):
    """The caller's own part of a thread: what only they see, newest first, and their votes."""

    pending: list[Row]
    rejected: list[RejectedRow]
    votes: dict[str, OwnVote]
    refusals: OwnRefusals
    opened: bool


class Actor(Struct, frozen=True, kw_only=True):
    """Who did it; `id` is null where the caller may not know."""

    kind: Literal["member", "guest", "staff", "system"]
    id: str | None


class EventAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the log. Of an entry that cannot be read, only `position` is there, and `type` is `unreadable`."""

    position: PositionText
    partition: int | None = None
    at: TimeText | None = None
    occurred_at: TimeText | None = None
    type: Annotated[str, Meta(examples=["comment.posted", "unreadable"])]
    actor: Actor | None = None
    site: str | None = None
    thread: str | None = None
    comment: str | None = None
    revision: int | None = None
    data: dict[str, Any] | None = None


class Events(Struct, frozen=True, kw_only=True):
    """Some events. A page may be empty and still have `next`."""

    events: list[EventAnswer]
    next: NextCursor
    more: Annotated[
        bool, Meta(description="Whether there is more now: a page with `next` may be the last for a while.")
    ]


class TrailQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened to a comment."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    cursor: CursorText | None = None
