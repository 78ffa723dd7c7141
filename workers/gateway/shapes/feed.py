"""What the events of a feed carry: the shapes of their `data`, for the document and for tests."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from projections.thread.state import ThreadStatus
from workers.gateway.shapes.common import PositionText
from workers.gateway.shapes.rows import FeedRow


class FeedThread(Struct, frozen=True, kw_only=True):
    """The thread as it is now; `comments` counts the published ones."""

    comments: int
    position: PositionText


class FeedThreadHead(FeedThread, frozen=True, kw_only=True):
    """The thread as it is now, whole."""

    status: ThreadStatus
    title: str
    url: str


class CommentChanged(Struct, frozen=True, kw_only=True):
    """A comment as it is now, whatever changed in it, so that a repeat is harmless."""

    comment: str
    row: FeedRow
    thread: FeedThread


class CommentRemoved(Struct, frozen=True, kw_only=True):
    """A comment that readers do not see any more."""

    comment: str
    row: Annotated[FeedRow | None, Meta(description="Its tombstone; null where it is gone.")]
    thread: FeedThread


class ThreadChanged(Struct, frozen=True, kw_only=True):
    """A thread that has another status, title or address now."""

    comment: None
    row: None
    thread: FeedThreadHead


class Reset(Struct, frozen=True, kw_only=True):
    """Nothing: the page is to be read again."""


FEED: Final[Mapping[str, Any]] = {
    "comment.posted": CommentChanged,
    "comment.edited": CommentChanged,
    "comment.removed": CommentRemoved,
    "comment.restored": CommentChanged,
    "votes.changed": CommentChanged,
    "thread.changed": ThreadChanged,
    "reset": Reset,
}
"""By name of the event."""
