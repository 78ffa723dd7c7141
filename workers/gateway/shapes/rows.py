"""Rows, pages and other responses that show comments, for the document and for tests."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from core.domain.moderated_comment import CommentAuthor
from core.position import Position
from core.times import TimeText, parse_rfc3339
from projections.thread.state import CommentState, Text
from projections.views.rows import FeedRow, Moderation, row_for
from projections.views.viewer import PUBLIC
from workers.gateway.shapes.common import PositionText

NextCursor = Annotated[str | None, Meta(description="Cursor of the next page; null at the end of the list.")]


class Replies(Struct, frozen=True, kw_only=True):
    """Direct replies: the number that the page shows, and as many of them as requested."""

    count: int
    comments: list["Row"]
    next: NextCursor


class Row(FeedRow, frozen=True, kw_only=True, gc=False):
    """A comment as visible to the caller. In a tombstone most fields are null."""

    replies: Replies
    reason: Annotated[
        str | UnsetType | None,
        Meta(description="For the author and staff, if the comment is not published: the reason given to the author."),
    ] = UNSET
    moderation: Moderation | UnsetType = UNSET


_OF_EARLIER: Final = "Absent if an earlier version made the views and nothing happened since."


UnverifiedTitle = Annotated[
    str | UnsetType,
    Meta(description="The title that a member gave with a first comment. Present while nobody confirmed it."),
]


class ThreadHead(Struct, frozen=True, kw_only=True):
    """A thread as a whole; `comments` counts the published ones, `featured` the published editors' picks."""

    id: str
    site: str
    url: str
    title: Annotated[str | None, Meta(description="Null while the title is one that a member gave: it is unverified.")]
    labels: Annotated[list[str] | UnsetType, Meta(description=_OF_EARLIER)] = UNSET
    status: Literal["open", "closed", "archived"]
    status_at: Annotated[
        TimeText | UnsetType | None,
        Meta(
            description="Time at which the thread was last closed, archived or reopened. Null if it never was, or if "
            f"an earlier version recorded it. {_OF_EARLIER}"
        ),
    ] = UNSET
    comments: int
    featured: Annotated[int | UnsetType, Meta(description=_OF_EARLIER)] = UNSET
    pinned: Annotated[
        str | UnsetType | None,
        Meta(description=f"The published comment that comes first on the page. {_OF_EARLIER}"),
    ] = UNSET
    position: PositionText


class Page(Struct, frozen=True, kw_only=True):
    """A page of a thread."""

    thread: ThreadHead
    sort: Literal["newest", "oldest", "top"]
    comments: list[Row]
    next: NextCursor


class RowList(Struct, frozen=True, kw_only=True):
    """A page of comments."""

    comments: list[Row]
    next: NextCursor


class Opener(Struct, frozen=True, kw_only=True):
    """The actor that opened a thread."""

    kind: Literal["member", "guest", "staff", "system"]
    id: str


class WaitingCounts(Struct, frozen=True, kw_only=True):
    """Number of comments that wait for a moderator."""

    pending: int
    reported: int


class ListedThread(ThreadHead, frozen=True, kw_only=True):
    """A thread for staff. `opened_by` is null if an earlier version made the views."""

    unverified_title: UnverifiedTitle = UNSET
    opened_at: TimeText
    opened_by: Opener | None
    written_at: TimeText
    """Time of the last write of any kind."""
    waiting: WaitingCounts


class ThreadList(Struct, frozen=True, kw_only=True):
    """A page of threads."""

    threads: list[ListedThread]
    next: NextCursor


class Permalink(Struct, frozen=True, kw_only=True):
    """One comment with its replies and its ancestors."""

    thread: ThreadHead
    ancestors: Annotated[list[Row], Meta(description="The ancestors, root first.")]
    comment: Row


class HeldBy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The reason a text waits."""

    kind: Literal["rule", "staff", "reports", "screening"]
    name: Annotated[
        str | None,
        Meta(
            description="Of a rule, its name; of staff, who held it. Of `screening`: `unanswered` (the screener has "
            "not answered yet), `held` (it said so), `failed` (it gave no answer)."
        ),
    ]
    match: str | None = None
    spans: Annotated[
        list[tuple[int, int]] | None,
        Meta(
            description="Places of the match in the body, `[from, to]` in code points, `to` exclusive; they may "
            "overlap. Absent where it cannot be located. In the queue only."
        ),
    ] = None
    reason: Annotated[str | None, Meta(description="Words of the rule for the author of the text, if it has any.")] = (
        None
    )


class Waiting(Struct, frozen=True, kw_only=True):
    """A text that readers do not see yet. Its author sees the name of a rule, but not that of a staff member."""

    revision: int
    held_by: HeldBy


class Written(Struct, frozen=True, kw_only=True):
    """The response to a write on a comment: its position in the log, and the comment as now visible to the caller.

    `comment` is null if the caller may no longer see it, or if the views did not include the write within 2 s. The
    write counts all the same, and a read with `after=` includes it.
    """

    position: PositionText
    comment: Row | None
    waiting: (
        Annotated[Waiting, Meta(description="If the edit waits: the revision that is not in `comment` yet.")]
        | UnsetType
    ) = UNSET


class Counts(Struct, frozen=True, kw_only=True):
    """Published comments by thread."""

    counts: dict[str, int]


def _example_row() -> dict[str, Any]:
    """The example of a row, as the encoder of rows writes it."""
    posted = Position(parse_rfc3339("2023-10-29T11:20:00Z"), 40)
    edited = Position(parse_rfc3339("2023-10-29T11:31:00Z"), 42)
    comment = CommentState(
        id="6ryvbaoxhpcsdxv3kqi3lz5k4m",
        posted=posted,
        author=CommentAuthor(id="u-7", name="Sayantani", badges=("subscriber",)),
        texts={2: Text(body="The Senate never voted on it.", position=edited)},
        latest=2,
        standing=2,
        up=9,
        down=2,
    )
    row = row_for(comment, "power-broker", PUBLIC, html="<p>The Senate never voted on it.</p>")
    assert row is not None, "a published comment has a row for everyone"
    decoded: dict[str, Any] = msgspec.json.decode(row)
    return decoded


EXAMPLE_ROW: Final = _example_row()
EXAMPLE_THREAD: Final[dict[str, Any]] = {
    "id": "power-broker",
    "site": "unherd",
    "url": "https://example.org/power-broker",
    "title": "The power broker",
    "status": "open",
    "status_at": None,
    "comments": 14,
    "featured": 1,
    "pinned": None,
    "position": "1698579000000-42",
}
EXAMPLE_LISTED: Final[dict[str, Any]] = {
    **EXAMPLE_THREAD,
    "opened_at": "2023-10-29T09:00:00.000Z",
    "opened_by": {"kind": "staff", "id": "u-2"},
    "written_at": "2023-10-29T11:30:00.000Z",
    "waiting": {"pending": 2, "reported": 0},
}
EXAMPLE_WRITTEN: Final[dict[str, Any]] = {"position": "1698579000000-42", "comment": EXAMPLE_ROW}
EXAMPLE_PAGE: Final[dict[str, Any]] = {
    "thread": EXAMPLE_THREAD,
    "sort": "newest",
    "comments": [EXAMPLE_ROW],
    "next": None,
}
