"""Queries on the views, and the shapes of their responses."""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Raw, Struct

from core.position import Position
from projections.views.pointer import Pointer

Sort = Literal["newest", "oldest", "top"]
Limit = Annotated[int, Meta(ge=1, le=200)]
Depth = Annotated[int, Meta(ge=1, le=50)]
Replies = Annotated[int, Meta(ge=0, le=200)]

MOST_ROWS = 1000
"""Maximum rows per page."""

MOST_TEXT = 1_000_000
"""Bytes of text, as UTF-8, that one response reads and renders. A longer one is cut and has a cursor."""


class PageQuery(Struct, frozen=True, kw_only=True):
    """A page of a thread: number of top-level comments, levels, and replies per parent."""

    sort: Sort = "newest"
    limit: Limit = 50
    depth: Depth = 10
    replies: Replies = 20
    cursor: str | None = None
    anchor: str | None = None


class RepliesQuery(Struct, frozen=True, kw_only=True):
    """More replies of one parent: `limit` direct ones, `depth` levels, 20 replies per parent below."""

    limit: Limit = 50
    depth: Depth = 10
    cursor: str | None = None


class RepliesThen(Struct, frozen=True, kw_only=True):
    """More replies of one parent, at a past moment."""

    comment: str
    query: RepliesQuery


class PermalinkThen(Struct, frozen=True, kw_only=True):
    """One comment with its ancestors and its replies, at a past moment."""

    comment: str


PastQuery = PageQuery | RepliesThen | PermalinkThen
"""A query about the past of a thread."""


class RevisionsQuery(Struct, frozen=True, kw_only=True):
    """The edit history of a comment."""

    diff: bool = False
    limit: int = 50
    cursor: str | None = None


class QueueQuery(Struct, frozen=True, kw_only=True):
    """A page of the moderation queue, optionally of one thread or one author."""

    state: Literal["pending", "reported"]
    thread: str | None = None
    member: str | None = None
    limit: int = 50
    cursor: str | None = None


Order = Literal["activity", "opened"]


class ThreadsQuery(Struct, frozen=True, kw_only=True):
    """Threads of a site, optionally of one article, one status, or one opener (a kind or an id)."""

    url: str | None = None
    status: Literal["open", "closed", "archived"] | None = None
    opened_by: str | None = None
    order: Order = "activity"
    limit: int = 50
    cursor: str | None = None


class ViewState(NamedTuple):
    """A state of a partition's views: while it lasts, the same query has the same response."""

    partition: int
    pointer: Pointer
    cursor: Position


class PageAnswer(NamedTuple):
    """A ready JSON document and its tag: opaque, without quotes or `W/`."""

    body: bytes
    tag: str
    seen: tuple[ViewState, ...] = ()
    """The states that it was made from, one per partition, if nothing else went into it."""


class ThreadHead(Struct, frozen=True, kw_only=True):
    """The summary of a thread in the views."""

    id: str
    site: str
    url: str
    title: str
    status: Literal["open", "closed", "archived"]
    comments: int
    position: Position
    """Position of the last event that changed something public."""


class Overlay(Struct, frozen=True, kw_only=True):
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
