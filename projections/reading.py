"""The views, read: every page and list that the gateway and the command line give.

All of it comes from the served generation and is of one moment (one script) a call unless said otherwise. Rows of a
public page are stored ready and only spliced. What a viewer may not see is absent: None is "there is nothing here".
"""

from msgspec import Raw, Struct

from core.position import Position
from projections.queries import Answer, PageQuery, RepliesQuery, ThreadHead
from projections.viewer import PUBLIC, Viewer


class Overlay(Struct, frozen=True, kw_only=True):
    """A member's own part of a thread: rows that others do not see, newest first, and votes by comment."""

    pending: list[Raw]
    rejected: list[Raw]
    votes: dict[str, dict[str, int]]


class Views:
    """Reads the views of a deployment."""

    async def cursor(self, site: str, thread: str) -> Position:
        """How far the views of this thread's partition have come."""
        raise NotImplementedError

    async def reached(self, site: str, thread: str, position: Position, *, within: float) -> bool:
        """Wait until the views of the thread's partition include `position`, at most `within` seconds."""
        raise NotImplementedError

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The thread as a whole."""
        raise NotImplementedError

    async def page(self, site: str, thread: str, query: PageQuery) -> Answer | None:
        """A page of the thread, the same for everyone: `{"thread", "sort", "comments", "next"}`. Raises BadCursor."""
        raise NotImplementedError

    async def page_at(self, site: str, thread: str, at: Position | int, query: PageQuery, viewer: Viewer) -> Answer:
        """The page as it was at a position, or at a time in ms; masked by what is public now unless staff looks.

        Raises NotFound for an unknown thread, NotYetOpened, BadCursor. Position must be one of the log's past.
        """
        raise NotImplementedError

    async def replies(self, site: str, thread: str, comment: str, query: RepliesQuery) -> Answer | None:
        """More replies of one parent on the page: `{"comments", "next"}`. Raises BadCursor."""
        raise NotImplementedError

    async def row(self, site: str, thread: str, comment: str, viewer: Viewer = PUBLIC) -> bytes | None:
        """One row as the viewer may see it, `replies` with its count but no comments; staff's has `moderation`.

        Its author and staff see the latest text of what is not published, with its status and reason; None where the
        viewer may not see it. Tombstones are None here.
        """
        raise NotImplementedError

    async def frame_rows(self, site: str, thread: str, comments: list[str]) -> tuple[ThreadHead | None, dict[str, bytes]]:
        """The public rows of these comments, without `replies`, and the thread, of one moment (for the feed).

        A tombstone that the page shows is there as tombstone; what the page does not show is absent.
        """
        raise NotImplementedError

    async def permalink(self, site: str, thread: str, comment: str, viewer: Viewer) -> Answer | None:
        """`{"thread", "ancestors": [row, root first], "comment": row with replies}`."""
        raise NotImplementedError

    async def anchors(self, site: str, thread: str) -> Answer | None:
        """`{"anchors": [{"id", "quote", "prompt", "status", "comments"}]}`."""
        raise NotImplementedError

    async def counts(self, site: str, threads: list[str]) -> Answer:
        """`{"counts": {thread: published comments}}`; an unknown thread counts 0."""
        raise NotImplementedError

    async def overlay(self, site: str, thread: str, member: str) -> Overlay | None:
        """The member's own pending and rejected rows (at most 100, newest first) and votes; None: no such thread."""
        raise NotImplementedError

    async def revisions(
        self,
        site: str,
        thread: str,
        comment: str,
        viewer: Viewer,
        *,
        history: str,
        diff: bool,
        limit: int,
        cursor: str | None,
    ) -> Answer | None:
        """The edit history as the viewer may see it under the `history` policy in force, oldest first. Raises BadCursor."""
        raise NotImplementedError

    async def queue(
        self,
        site: str,
        *,
        state: str,
        thread: str | None,
        member: str | None,
        limit: int,
        cursor: str | None,
    ) -> Answer:
        """The moderation queue (`state` is `pending` or `reported`), oldest first over all partitions. Raises BadCursor."""
        raise NotImplementedError

    async def threads(
        self, site: str, *, url: str | None, status: str | None, limit: int, cursor: str | None
    ) -> Answer:
        """`{"threads": […], "next"}`, latest activity first, over all partitions. Raises BadCursor."""
        raise NotImplementedError

    async def member_comments(
        self, site: str, member: str, viewer: Viewer, *, limit: int, cursor: str | None
    ) -> Answer:
        """`{"comments": [row…], "next"}` of one member across threads, newest first. Raises BadCursor."""
        raise NotImplementedError

    async def member_counts(self, site: str, member: str) -> tuple[str | None, dict[str, int]]:
        """The member's last known name and `{"published", "pending", "rejected"}` over all threads."""
        raise NotImplementedError
