"""Shapes of the `data` of feed events, for the document and for tests."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from core.domain.context import ThreadStatus
from core.times import TimeText
from projections.views.rows import FeedRow
from workers.gateway.shapes.common import PositionText


class FeedThread(Struct, frozen=True, kw_only=True):
    """The state of a thread in a frame of its feed. `comments` is the number of published comments."""

    comments: int
    position: PositionText


class FeedThreadHead(FeedThread, frozen=True, kw_only=True):
    """The full current state of the thread."""

    status: ThreadStatus
    status_at: Annotated[
        TimeText | None,
        Meta(description="Time at which the thread was last closed, archived or reopened; null as on the page."),
    ]
    title: Annotated[str | None, Meta(description="Null while the title is unverified, as on the page.")]
    labels: list[str]
    url: str


class CommentChanged(Struct, frozen=True, kw_only=True):
    """The current state of a comment, whatever changed in it: a repeat is harmless."""

    comment: str
    row: FeedRow
    thread: FeedThread


class CommentRemoved(Struct, frozen=True, kw_only=True):
    """A comment that readers no longer see."""

    comment: str
    row: Annotated[
        FeedRow | None, Meta(description="The tombstone of the comment; null if the page no longer has a row for it.")
    ]
    thread: FeedThread


class ThreadChanged(Struct, frozen=True, kw_only=True):
    """A thread with a new status, title or address."""

    comment: None
    row: None
    thread: FeedThreadHead


class Reset(Struct, frozen=True, kw_only=True):
    """Empty. The client must read the page again."""


class QueueChanged(Struct, frozen=True, kw_only=True):
    """Empty. The client reads the queue again."""


FEED: Final[Mapping[str, Any]] = {
    "comment.posted": CommentChanged,
    "comment.edited": CommentChanged,
    "comment.removed": CommentRemoved,
    "comment.restored": CommentChanged,
    "votes.changed": CommentChanged,
    "thread.changed": ThreadChanged,
    "reset": Reset,
}
"""Shapes by event name."""

STAFF_FEED: Final[Mapping[str, Any]] = {"queue.changed": QueueChanged}
"""Shapes of the staff feed by event name."""
