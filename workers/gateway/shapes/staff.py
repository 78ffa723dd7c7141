"""Requests and responses for staff, across threads."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from core.events.member_events import Standing
from core.ids import END, CommentId, MemberId, ThreadId
from core.policy import Code, Ground
from core.times import TimeText
from projections.read.queries import Cursor
from workers.gateway.shapes.appeals import OwnAppeal
from workers.gateway.shapes.common import ContinuedBatch, Position, Reason
from workers.gateway.shapes.rows import HeldBy, NextCursor, Row, UnverifiedTitle

EVENT_TYPE_PATTERN: Final = rf"^[a-z]{{1,40}}\.[a-z]{{1,40}}{END}"


class StaffThread(Struct, frozen=True, kw_only=True):
    """The thread of a comment or of an inline question, for staff."""

    id: str
    title: str | None
    unverified_title: UnverifiedTitle = UNSET
    url: str
    labels: list[str]


class PublishedText(Struct, frozen=True, kw_only=True):
    """The text that readers see while the comment waits."""

    revision: int
    body: str


class OpenReport(Struct, frozen=True, kw_only=True):
    """One open report."""

    reason: str
    note: str | None
    at: TimeText
    by: str


class Named(Struct, frozen=True, kw_only=True):
    """A member. `name` is that of their newest comment on the site; null if they have posted none."""

    id: str
    name: str | None


class InHand(Struct, frozen=True, kw_only=True):
    """A moderator reads the item. A hint, no lock: it ends a minute after they last said so."""

    by: Named
    since: TimeText


class Removal(Struct, frozen=True, kw_only=True):
    """A superseded text whose removal its author asks for."""

    revision: int
    at: TimeText


class AppealedDecision(Struct, frozen=True, kw_only=True):
    """The decision that an appeal is against."""

    verdict: Literal["hold", "reject", "suspend"]
    reason: str | None
    code: str | None
    ground: Ground | None
    automated: Annotated[bool, Meta(description="True for the decision of a rule.")]
    by: str
    at: TimeText
    until: Annotated[TimeText | UnsetType | None, Meta(description="Of a suspension; null if it is permanent.")] = UNSET


class OpenAppeal(Struct, frozen=True, kw_only=True):
    """An appeal that waits for another moderator, in its author's words."""

    text: str | None
    at: TimeText
    decision: AppealedDecision


class QueuedNotice(Struct, frozen=True, kw_only=True):
    """An open notice, without its author."""

    reference: str
    explanation: str | None
    law: str | None
    at: TimeText


class QueueItem(Struct, frozen=True, kw_only=True):
    """One comment that waits, or is reported, or both; or a removal request or an appeal."""

    comment: Annotated[Row | None, Meta(description="Null for an appeal against a suspension, which has a `member`.")]
    revision: int | None
    thread: StaffThread | None
    parent: Row | None
    published: PublishedText | None
    since: TimeText
    import_: Annotated[
        str | None, Meta(description="The import that brought the text that waits, or all open reports; null if none.")
    ] = field(name="import")
    held_by: Annotated[HeldBy | None, Meta(description="Null for a removal request, an appeal and a notice.")]
    reports: list[OpenReport]
    in_hand: InHand | None
    removal: Annotated[Removal | UnsetType, Meta(description="Present with `state=removal`.")] = UNSET
    member: Annotated[Named | UnsetType, Meta(description="Whose suspension an appeal is against.")] = UNSET
    appeal: Annotated[OpenAppeal | UnsetType, Meta(description="Present with `state=appeal`.")] = UNSET
    notice: Annotated[QueuedNotice | UnsetType, Meta(description="Present with `state=legal`.")] = UNSET


class HandItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item of the queue."""

    thread: ThreadId
    comment: CommentId


class HandTaken(Struct, frozen=True, kw_only=True):
    """The item in the caller's hand, and the time at which it ends unless it is taken again."""

    thread: str
    comment: str
    since: TimeText
    until: TimeText
    in_hand: Annotated[InHand, Meta(description="The moderator who had the item first: the caller, or another.")]
    waits: Annotated[bool, Meta(description="False if the item is no longer in the queue, or never was.")]


class HandLetGo(Struct, frozen=True, kw_only=True):
    """Empty."""


class Queue(Struct, frozen=True, kw_only=True):
    """Waiting comments, oldest first."""

    items: list[QueueItem]
    total: int
    next: NextCursor


_More = Annotated[bool, Meta(description="True if the list goes on, with `next`.")]


class ModeratedComments(Struct, frozen=True, kw_only=True):
    """A page of comments as staff sees them, newest first."""

    comments: list[Row]
    next: NextCursor
    more: _More


class DecisionItem(Struct, frozen=True, kw_only=True):
    """One decision of a moderator."""

    thread: str
    comment: str
    revision: int
    verdict: Literal["approve", "hold", "reject"]
    by: str
    at: TimeText
    reason: str | None
    note: str | None
    code: Annotated[str | None, Meta(description="The reason by its code in the policy, if the decision names one.")]
    batch: str | None


class DecisionList(Struct, frozen=True, kw_only=True):
    """A page of decisions, newest first."""

    decisions: list[DecisionItem]
    next: NextCursor
    more: _More


class ThreadWaiting(Struct, frozen=True, kw_only=True):
    """A thread with comments that wait or are reported. `title` is null if the views do not have the thread."""

    thread: str
    title: str | None
    pending: int
    reported: int


class Today(Struct, frozen=True, kw_only=True):
    """The decisions of the day; `median_wait` is in seconds, null if nothing that waited was decided."""

    decided: int
    by_me: int
    median_wait: int | None


class ModerationSummary(Struct, frozen=True, kw_only=True):
    """Figures of what waits, and of what was decided today."""

    pending: int
    reported: int
    removal: int
    appeal: int
    legal: int
    imported: int
    oldest: Annotated[int | None, Meta(description="Seconds since the oldest item waits; null if nothing waits.")]
    threads: Annotated[list[ThreadWaiting], Meta(description="The 20 threads with the most, those first.")]
    today: Today


class Suspend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suspend a member from writing; without `until`, permanently. A reason or the code of one is required."""

    until: TimeText | None = None
    reason: Reason | None = None
    code: Code | None = None
    batch: ContinuedBatch | None = None


class ReinstateQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The batch of a reinstatement."""

    batch: ContinuedBatch | None = None


class SuspensionAnswer(Position, frozen=True, kw_only=True):
    """The response to an act on a suspension. `batch` names it, so that it can be reversed."""

    batch: str


class Suspension(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The suspension of a member. Members do not see `by_role` of their own."""

    until: TimeText | None
    reason: str | None
    by_role: Annotated[
        Literal["moderator", "admin"] | UnsetType, Meta(description="The role under which it was set.")
    ] = UNSET
    appeal: Annotated[
        OwnAppeal | UnsetType,
        Meta(description="Of a single member: the right to an appeal, or the appeal; for staff with its words."),
    ] = UNSET


class PastSuspension(Struct, frozen=True, kw_only=True):
    """A suspension, in force or past. `lifted_at` is null if it was not lifted: another may have replaced it."""

    at: TimeText
    until: TimeText | None
    reason: str | None
    lifted_at: TimeText | None


class PastWarning(Struct, frozen=True, kw_only=True):
    """A warning. `acknowledged_at` is null while it waits for the member."""

    id: str
    at: TimeText
    reason: str | None
    acknowledged_at: TimeText | None


class MemberCounts(Struct, frozen=True, kw_only=True):
    """A member's comments by status."""

    published: int
    pending: int
    rejected: int
    withdrawn: int


class MemberDecisions(Struct, frozen=True, kw_only=True):
    """Moderators' decisions about a member's comments, and the number of those reversed since."""

    approved: int
    held: int
    rejected: int
    reversed: int


class PastStanding(Struct, frozen=True, kw_only=True):
    """A standing that staff gave."""

    at: TimeText
    standing: Standing
    reason: str | None


class ListedMember(Struct, frozen=True, kw_only=True):
    """A member in a list."""

    id: str
    name: str | None
    standing: Standing
    suspension: Suspension | None
    comments: MemberCounts


class MemberList(Struct, frozen=True, kw_only=True):
    """A page of members."""

    members: list[ListedMember]
    next: NextCursor


class Member(Struct, frozen=True, kw_only=True):
    """A member's standing, counts and history."""

    id: str
    name: str | None
    names: list[str]
    badges: list[str]
    first_at: TimeText | None
    suspension: Suspension | None
    suspensions: Annotated[list[PastSuspension], Meta(description="Newest first.")]
    warnings: Annotated[list[PastWarning], Meta(description="Newest first.")]
    standing: Annotated[Standing | UnsetType, Meta(description="For moderators and auditors: the one by staff.")] = (
        UNSET
    )
    standings: Annotated[
        list[PastStanding] | UnsetType, Meta(description="For moderators and auditors, newest first.")
    ] = UNSET
    trusted_by: Annotated[
        Literal["staff", "rule", "token"] | UnsetType | None,
        Meta(
            description="For moderators and auditors: by what the texts of the member pass pre-moderation, `token` as "
            "far as the badges of the newest comment tell; null if the member is not trusted."
        ),
    ] = UNSET
    comments: MemberCounts
    decided: Annotated[MemberDecisions | UnsetType, Meta(description="For moderators and auditors.")] = UNSET


class MemberAnswer(Struct, frozen=True, kw_only=True):
    """A member's standing."""

    member: Member


class AuditQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Filter of events. `from` is inclusive, `to` exclusive."""

    thread: ThreadId | None = None
    comment: CommentId | None = None
    actor: MemberId | None = None
    type: Annotated[str, Meta(pattern=EVENT_TYPE_PATTERN, max_length=81, examples=["comment.posted"])] | None = None
    from_: (
        Annotated[
            str,
            Meta(max_length=40, description="A time or, with `thread`, a position: inclusive."),
        ]
        | None
    ) = None
    to: (
        Annotated[
            str,
            Meta(max_length=40, description="A time or, with `thread`, a position: exclusive."),
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    cursor: Cursor | None = None
