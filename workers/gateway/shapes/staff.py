"""Requests and responses for staff, across threads."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from core.ids import END, CommentId, MemberId, ThreadId
from core.times import TimeText
from projections.read.queries import Cursor
from workers.gateway.shapes.common import Reason
from workers.gateway.shapes.rows import HeldBy, NextCursor, Row

EVENT_TYPE_PATTERN: Final = rf"^[a-z]{{1,40}}\.[a-z]{{1,40}}{END}"


class QueueThread(Struct, frozen=True, kw_only=True):
    """The thread of a comment."""

    id: str
    title: str
    url: str


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


class QueueItem(Struct, frozen=True, kw_only=True):
    """One comment that waits."""

    comment: Row
    revision: int
    thread: QueueThread
    parent: Row | None
    published: PublishedText | None
    since: TimeText
    held_by: HeldBy
    reports: list[OpenReport]


class Queue(Struct, frozen=True, kw_only=True):
    """Waiting comments, oldest first."""

    items: list[QueueItem]
    total: int
    next: NextCursor


class Suspend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suspend a member from writing; without `until`, permanently."""

    until: TimeText | None = None
    reason: Reason


class Suspension(Struct, frozen=True, kw_only=True):
    """The suspension of a member."""

    until: TimeText | None
    reason: str | None


class MemberCounts(Struct, frozen=True, kw_only=True):
    """A member's comments by status."""

    published: int
    pending: int
    rejected: int


class Member(Struct, frozen=True, kw_only=True):
    """A member's standing."""

    id: str
    name: str | None
    suspension: Suspension | None
    comments: MemberCounts


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
