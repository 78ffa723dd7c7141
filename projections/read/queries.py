"""What a reader may ask of the views, and the shape of the answers."""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Raw, Struct

from core.position import Position
from projections.views.pointer import Pointer

Sort = Literal["newest", "oldest", "top"]
Limit = Annotated[int, Meta(ge=1, le=200)]
Depth = Annotated[int, Meta(ge=1, le=50)]
Replies = Annotated[int, Meta(ge=0, le=200)]

MOST_ROWS = 1000
"""A page never has more rows than this."""

MOST_TEXT = 1_000_000
"""Bytes of text, as UTF-8, that one answer reads and renders. It ends there, and says where it goes on."""


class PageQuery(Struct, frozen=True, kw_only=True):
    """A page of a thread: how many top-level comments, levels, and replies a parent."""

    sort: Sort = "newest"
    limit: Limit = 50
    depth: Depth = 10
    replies: Replies = 20
    cursor: str | None = None
    anchor: str | None = None


class RepliesQuery(Struct, frozen=True, kw_only=True):
    """More replies of one parent, `limit` direct ones and `depth` levels, 20 replies a parent below."""

    limit: Limit = 50
    depth: Depth = 10
    cursor: str | None = None


class RepliesThen(Struct, frozen=True, kw_only=True):
    """More replies of one parent, as they were."""

    comment: str
    query: RepliesQuery


class PermalinkThen(Struct, frozen=True, kw_only=True):
    """One comment with what it hangs under and its replies, as they were."""

    comment: str


PastQuery = PageQuery | RepliesThen | PermalinkThen
"""What may be asked about the past of a thread."""


class RevisionsQuery(Struct, frozen=True, kw_only=True):
    """The edit history of a comment."""

    diff: bool = False
    limit: int = 50
    cursor: str | None = None


class QueueQuery(Struct, frozen=True, kw_only=True):
    """A part of the moderation queue, of one thread or one author where they are given."""

    state: Literal["pending", "reported"]
    thread: str | None = None
    member: str | None = None
    limit: int = 50
    cursor: str | None = None


Order = Literal["activity", "opened"]


class ThreadsQuery(Struct, frozen=True, kw_only=True):
    """Threads of a site, those of one article, one status, or one opener (a kind or an id) where they are given."""

    url: str | None = None
    status: Literal["open", "closed", "archived"] | None = None
    opened_by: str | None = None
    order: Order = "activity"
    limit: int = 50
    cursor: str | None = None


class ViewState(NamedTuple):
    """A state of a partition's views: while it lasts, the same question has the same answer."""

    partition: int
    pointer: Pointer
    cursor: Position


class PageAnswer(NamedTuple):
    """A ready JSON document, and what tells it from another: opaque, without quotes or `W/`."""

    body: bytes
    tag: str
    seen: tuple[ViewState, ...] = ()
    """The states that it was made from, one per partition, where nothing else went into it."""


class ThreadHead(Struct, frozen=True, kw_only=True):
    """What the views say of a thread as a whole."""

    id: str
    site: str
    url: str
    title: str
    status: Literal["open", "closed", "archived"]
    comments: int
    position: Position
    """Position of the last event that changed something public."""


class Overlay(Struct, frozen=True, kw_only=True):
    """A member's own part of a thread: rows that others do not see, newest first, and votes by comment."""

    pending: list[Raw]
    rejected: list[Raw]
    """Each with `decision`: `{"reason", "at", "by"}`, where `by` is `moderator` or `rule`."""
    votes: dict[str, dict[str, int]]


class BadCursor(ValueError):
    """The cursor is none of ours, or of another call or other parameters."""


def size(body: str | None) -> int:
    """The bytes of a text, as they count towards `MOST_TEXT`."""
    if body is None:
        return 0
    return len(body) if body.isascii() else len(body.encode(errors="surrogatepass"))
