"""Queries on the views, and the shapes of their responses.

The gateway decodes the parameters of a request to these structs, or to structs that inherit from them. So the
constraints and descriptions of the fields are those of the API.
"""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Raw, Struct

from core.domain.context import ThreadStatus
from core.ids import AnchorId, MemberId, ThreadId
from core.position import Position
from projections.views.pointer import Pointer

Sort = Literal["newest", "oldest", "top"]
Limit = Annotated[int, Meta(ge=1, le=200)]
Depth = Annotated[int, Meta(ge=1, le=50)]
Replies = Annotated[int, Meta(ge=0, le=200)]
Cursor = Annotated[
    str,
    Meta(
        description="Opaque: `next` of a response to this operation with these parameters.",
        # Documented, not validated: malformed text is a bad cursor, like a cursor of another operation.
        extra_json_schema={"pattern": "^[A-Za-z0-9._~-]+$", "maxLength": 20_000},
    ),
]

MOST_ROWS = 1000
"""Maximum rows per page."""

MOST_TEXT = 1_000_000
"""Bytes of text, as UTF-8, that one response reads and renders. A longer one is cut and has a cursor."""


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a thread."""

    sort: Annotated[Sort, Meta(description="Order of the top-level comments; replies are oldest first.")] = "newest"
    limit: Annotated[Limit, Meta(description="Maximum number of top-level comments.")] = 50
    depth: Annotated[Depth, Meta(description="Maximum number of levels, including the top level.")] = 10
    replies: Annotated[Replies, Meta(description="Maximum number of replies per parent.")] = 20
    cursor: Cursor | None = None
    anchor: Annotated[AnchorId, Meta(description="Only comments on this inline question.")] | None = None
    featured: Annotated[
        bool, Meta(description="Only the editors' picks of every level, in the order of `sort`, without replies.")
    ] = False


class RepliesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More replies of one parent, with at most 20 replies per parent below the direct ones."""

    limit: Annotated[Limit, Meta(description="Maximum number of direct replies.")] = 50
    depth: Annotated[Depth, Meta(description="Maximum number of levels below the parent.")] = 10
    cursor: Cursor | None = None


class RepliesThen(Struct, frozen=True, kw_only=True):
    """More replies of one parent, at a past moment."""

    comment: str
    query: RepliesQuery


class PermalinkThen(Struct, frozen=True, kw_only=True):
    """One comment with its ancestors and its replies, at a past moment."""

    comment: str


PastQuery = PageQuery | RepliesThen | PermalinkThen
"""A query about the past of a thread."""


class RevisionsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of a comment, oldest first."""

    diff: Annotated[Literal["words"], Meta(description="Includes the word diff against the previous text.")] | None = (
        None
    )
    limit: Limit = 50
    cursor: Cursor | None = None


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class QueueQuery(ListQuery, frozen=True, kw_only=True):
    """A page of the moderation queue, optionally of one thread or one author."""

    state: Literal["pending", "reported"] = "pending"
    thread: ThreadId | None = None
    member: MemberId | None = None


Order = Literal["activity", "opened"]


class ThreadsQuery(ListQuery, frozen=True, kw_only=True):
    """Threads of a site, optionally of one article, one status, or one opener (a kind or an id)."""

    url: (
        Annotated[
            str, Meta(max_length=2000, description="Only threads of this article, in any spelling of its address.")
        ]
        | None
    ) = None
    status: ThreadStatus | None = None
    opened_by: (
        Annotated[
            MemberId,
            Meta(
                description="Only threads opened by a `member`, a `guest`, `staff` or the `system`, or by the user "
                "with this id."
            ),
        ]
        | None
    ) = None
    order: Annotated[
        Order,
        Meta(
            description="By last activity, or by time of opening: with `opened`, no thread is skipped while others "
            "write."
        ),
    ] = "activity"


class ViewState(NamedTuple):
    """A state of a partition's views: while it lasts, the same query has the same response."""

    partition: int
    pointer: Pointer
    cursor: Position


class PageAnswer(NamedTuple):
    """A ready JSON document and its tag: opaque, without quotes or `W/`."""

    body: bytes
    tag: str
    states: tuple[ViewState, ...] = ()
    """The states that it was made from, one per partition, if nothing else went into it."""


class ThreadSummary(Struct, frozen=True, kw_only=True):
    """The summary of a thread in the views."""

    id: str
    site: str
    url: str
    title: str
    status: Literal["open", "closed", "archived"]
    status_at: str | None = None
    """Time of the last change of the status, RFC 3339; None if it never changed, or an earlier version made the
    views."""
    comments: int
    position: Position
    """Position of the last event that changed something public."""


class MemberOverlay(Struct, frozen=True, kw_only=True):
    """A member's own part of a thread: rows hidden from others, newest first, and votes by comment."""

    pending: list[Raw]
    rejected: list[Raw]
    """Each with `decision`: `{"reason", "at", "by"}`, where `by` is `moderator` or `rule`."""
    votes: dict[str, dict[str, int]]


class BadCursor(ValueError):
    """The cursor is malformed, or of another operation or other parameters."""


def size(body: str | None) -> int:
    """Number of bytes of a text, as counted towards `MOST_TEXT`."""
    if body is None:
        return 0
    return len(body) if body.isascii() else len(body.encode(errors="surrogatepass"))
