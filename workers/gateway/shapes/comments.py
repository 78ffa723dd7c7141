"""Requests and responses about comments."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from core.ids import AnchorId, CommentId, NoticeReference, Slug, ThreadId
from core.policy import Code, Ground
from core.times import TimeText
from projections.read import queries
from projections.views.rows import Moderation
from workers.gateway.shapes.appeals import OwnAppeal
from workers.gateway.shapes.common import (
    After,
    AfterQuery,
    At,
    ContinuedBatch,
    Note,
    PositionText,
    Problem,
    Reason,
    Revision,
    Status,
)
from workers.gateway.shapes.rows import HeldBy, NextCursor, Row, Written
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

    reason: Annotated[
        Slug, Meta(examples=["insult"], description="One of the policy's `report_reasons`, by its code, or another.")
    ]
    note: Note | None = None
    revision: Revision | None = None


class Verdict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict on the standing or the latest revision."""

    verdict: Literal["approve", "hold", "reject"]
    revision: Revision
    reason: (
        Annotated[
            Reason, Meta(description="The reason, shown to the author. By default what the reason of `code` tells.")
        ]
        | None
    ) = None
    code: Code | None = None
    ground: (
        Annotated[Ground, Meta(description="The terms of the publication, or the law. `code` gives it already.")] | None
    ) = None
    spam: Annotated[
        bool,
        Meta(description="With `reject` alone and without `reason`: the author is told that it was not published."),
    ] = False
    note: Note | None = None
    status: Annotated[Status, Meta(description="The status that the moderator saw.")] | None = None


class MakeDecision(Verdict, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict on the standing or the latest revision, and the notice that it closes."""

    notice: (
        Annotated[
            NoticeReference,
            Meta(
                description="The reference of the notice that this closes: with `approve` or `reject` alone, and a "
                "ground or a code is then required."
            ),
        ]
        | None
    ) = None


class DecisionAnswer(Written, frozen=True, kw_only=True):
    """The comment after a decision. `batch` names the decision, so that it can be reversed."""

    batch: str


class BulkDecision(Verdict, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict, with the comment it is about."""

    thread: ThreadId
    comment: CommentId


class BulkDecisions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verdicts that are each applied independently."""

    decisions: Annotated[tuple[BulkDecision, ...], Meta(min_length=1, max_length=100)]
    batch: ContinuedBatch | None = None


class BulkResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result of one verdict: its position, or the problem it was refused with."""

    comment: str
    position: PositionText | None = None
    problem: Problem | None = None


class BulkAnswer(Struct, frozen=True, kw_only=True):
    """Results of all verdicts, in the order of the request."""

    batch: str
    results: list[BulkResult]


class ReversalResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result of one item: its position, or the problem it was refused with.

    An item is the decision on a `comment`, with `voter` a void vote on it, or the suspension of a `member`.
    """

    thread: str | None = None
    comment: str | None = None
    member: str | None = None
    voter: Annotated[str | None, Meta(description="A pseudonym for moderators, an id for auditors.")] = None
    position: PositionText | None = None
    problem: Problem | None = None


class ReversalAnswer(Struct, frozen=True, kw_only=True):
    """Results of all items of a batch."""

    results: list[ReversalResult]


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
    code: Annotated[str | None, Meta(description="The code of the reason, if the decision names one.")]
    ground: Literal["terms", "law"] | None
    automated: Annotated[bool, Meta(description="True for the decision of a rule.")]
    at: TimeText
    by: Literal["moderator", "rule"]


class RevisionAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One text of a comment."""

    revision: int
    at: TimeText
    by: RevisionBy
    status: Literal["published", "pending", "rejected", "redacted", "unknown"]
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
    """The caller's vote on a comment, as the caller cast it."""

    value: Literal[1, -1]
    revision: int
    voided: Annotated[
        Literal[True] | UnsetType,
        Meta(description="Present if a moderator voided the vote: it does not count, and can only be retracted."),
    ] = UNSET


class OwnRefusals(Struct, frozen=True, kw_only=True):
    """The problems with which a comment, or a vote, would be refused now."""

    comment: Problem | None
    vote: Problem | None


class Statement(OwnDecision, frozen=True, kw_only=True):
    """A decision as its author is told of it: about which text, on what ground and why, and how to appeal."""

    revision: int
    verdict: Literal["hold", "reject"]
    appeal: OwnAppeal


class PendingRow(Row, frozen=True, kw_only=True):
    """A waiting comment of the caller, or the waiting edit of a published one."""

    held_by: Annotated[HeldBy, Meta(description="The reason it waits: `name` is that of a rule, never of a moderator.")]
    decision: Annotated[
        Statement | UnsetType, Meta(description="The decision that took the text down, or an earlier one.")
    ] = UNSET


class RejectedRow(Row, frozen=True, kw_only=True):
    """A rejected comment of the caller."""

    decision: Statement


class OwnReport(Struct, frozen=True, kw_only=True):
    """A report of the caller: open, or decided at most 30 days ago."""

    comment: str
    revision: int
    reason: str
    at: TimeText
    outcome: Annotated[
        Literal["upheld", "dismissed"] | None,
        Meta(
            description="Null while it is open. A rejection of the comment upholds a report, an approval dismisses it."
        ),
    ]
    decided_at: TimeText | None


class CallerAnswer(Struct, frozen=True, kw_only=True):
    """The caller, as the token says."""

    id: str
    name: str
    kind: Literal["member", "guest", "staff"]
    roles: list[Literal["moderator", "auditor", "admin"]]


class OwnWarning(Struct, frozen=True, kw_only=True):
    """A warning that waits for its acknowledgement."""

    id: str
    at: TimeText
    reason: str | None
    code: str | None


class Overlay(Struct, frozen=True, kw_only=True):
    """The caller's own part of a thread: comments visible to the caller alone, votes and reports, newest first."""

    caller: CallerAnswer
    now: Annotated[TimeText, Meta(description="The time of the server.")]
    pending: list[PendingRow]
    rejected: list[RejectedRow]
    withdrawn: list[Row]
    votes: dict[str, OwnVote]
    reports: list[OwnReport]
    refusals: OwnRefusals
    warning: Annotated[OwnWarning | None, Meta(description="The oldest warning that the caller has not acknowledged.")]
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
