"""Requests and responses about comments."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from core.ids import AnchorId, CommentId, ThreadId
from core.times import TimeText
from projections.read import queries
from projections.views.rows import Moderation
from workers.gateway.shapes.common import (
    After,
    AfterQuery,
    At,
    Note,
    PositionText,
    Problem,
    Reason,
    Revision,
    SlugText,
    Status,
)
from workers.gateway.shapes.rows import NextCursor, Row
from workers.gateway.shapes.threads import Title, Url

Body = Annotated[
    str,
    Meta(
        examples=["The Senate never voted on it."],
        description="Markdown without HTML. It is normalised before the policy is applied; `max_body` counts its code "
        "points.",
    ),
]


class PostComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new comment. `url` and `title` let the first comment open its thread; both are ignored in an open thread."""

    body: Body
    parent: CommentId | None = None
    parent_revision: Revision | None = None
    anchor: AnchorId | None = None
    url: Url | None = None
    title: Title | None = None


class EditComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new text of a comment."""

    body: Body
    reason: Reason | None = None


class CastVote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The member's single vote, absolute: 0 retracts it."""

    value: Annotated[Literal[1, 0, -1], Meta(examples=[1])]
    revision: Revision | None = None


class FileReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report about a comment."""

    reason: SlugText
    note: Note | None = None
    revision: Revision | None = None


class MakeDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict on the standing or the latest revision."""

    verdict: Literal["approve", "hold", "reject"]
    revision: Revision
    reason: Annotated[Reason, Meta(description="The reason, shown to the author.")] | None = None
    note: Note | None = None
    status: Annotated[Status, Meta(description="The status that the moderator saw.")] | None = None


class BulkDecision(MakeDecision, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict, with the comment it is about."""

    thread: ThreadId
    comment: CommentId


class BulkDecisions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verdicts that are each applied independently."""

    decisions: Annotated[tuple[BulkDecision, ...], Meta(min_length=1, max_length=100)]


class BulkResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result of one verdict: its position, or the problem it was refused with."""

    comment: str
    position: PositionText | None = None
    problem: Problem | None = None


class BulkAnswer(Struct, frozen=True, kw_only=True):
    """Results of all verdicts, in the order of the request."""

    batch: str
    results: list[BulkResult]


class Redact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for the redaction of a text."""

    reason: Reason


class PermalinkQuery(AfterQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read of one comment, now or in the past."""

    at: At | None = None


class RevisionsParameters(queries.RevisionsQuery, frozen=True, kw_only=True):
    """Read of the texts of a comment, oldest first."""

    after: After | None = None


class VotesThen(Struct, frozen=True, kw_only=True):
    """The tally when a text was last on the page."""

    up: int
    down: int


class RevisionBy(Struct, frozen=True, kw_only=True):
    """The author of a text."""

    name: str


class OwnDecision(Struct, frozen=True, kw_only=True):
    """The reason a comment was rejected, for its author."""

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
    reason: Annotated[str, Meta(description="The reason for the edit.")] | None = None
    decision: Annotated[
        OwnDecision | None,
        Meta(description="For the author and staff: the decision, unless this is the standing text."),
    ] = None
    moderation: Annotated[Moderation | None, Meta(description="For staff: the decision on this text.")] = None
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
    """The problems with which a comment, or a vote, would be refused now."""

    comment: Problem | None
    vote: Problem | None


class RejectedRow(Row, frozen=True, kw_only=True):
    """A rejected comment of the caller."""

    decision: OwnDecision


class Overlay(Struct, frozen=True, kw_only=True):
    """The caller's own part of a thread: comments visible to the caller alone, newest first, and the caller's votes."""

    pending: list[Row]
    rejected: list[RejectedRow]
    votes: dict[str, OwnVote]
    refusals: OwnRefusals
    opened: bool


class Actor(Struct, frozen=True, kw_only=True):
    """The actor of an event. `id` is null if the caller may not know it."""

    kind: Literal["member", "guest", "staff", "system"]
    id: str | None


class EventAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the log. An unreadable entry has only `position`, and the `type` `unreadable`."""

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
    """A page of events. A page may be empty and still have `next`."""

    events: list[EventAnswer]
    next: NextCursor
    more: Annotated[
        bool, Meta(description="True if more events exist now. A page with `next` may be the last one for a while.")
    ]


class TrailQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read of a comment's events."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    cursor: queries.Cursor | None = None
