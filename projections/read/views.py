"""Reads of the views: every page and list of the gateway and the command line.

All data of a call comes from the served generation and is of one moment (one script) unless stated otherwise. Rows of a
public page are stored ready and only spliced. Content hidden from the viewer is absent: None means not found. Every
method raises `core.refusals.Unavailable` if the server does not reply.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from core.domain.vote import Vote, evolve
from core.events.envelope import Recorded
from core.log.port import Log
from core.position import Position
from core.redis.deployment import Deployment
from core.redis.errors import PATIENCE
from core.throttle import Pace
from projections.read import comments as lookups
from projections.read import current_row, members, pages, past_comments, progress
from projections.read import moderation_queue as queue
from projections.read import revisions as histories
from projections.read import threads as thread_lists
from projections.read.comments import PublishedCounts
from projections.read.current_row import RowAsked
from projections.read.past import PastPage
from projections.read.progress import ThreadProgress, ViewPosition
from projections.read.queries import (
    Order,
    Overlay,
    PageAnswer,
    PageQuery,
    PastQuery,
    QueueQuery,
    RepliesQuery,
    RevisionsQuery,
    ThreadHead,
    ThreadsQuery,
    ViewState,
)
from projections.read.revisions import History
from projections.read.row_cache import CachedRow, RowMemory
from projections.read.served_generation import Served
from projections.views.viewer import PUBLIC, Viewer

__all__ = ["Overlay", "Views"]


class Views:
    """Reads the views of a deployment; the past is folded from `log`.

    `patience` is the retry time of a failed call, in seconds.
    """

    def __init__(self, deployment: Deployment, log: Log, *, patience: float = PATIENCE) -> None:
        self._served = Served(deployment, patience=patience)
        self._log = log
        self._rows = RowMemory(deployment.keys.partitions)

    async def come(self, site: str, thread: str) -> ViewPosition:
        """The view position of a thread."""
        return await progress.view_position(self._served, site, thread)

    async def states(self, partitions: Sequence[int]) -> list[ViewState]:
        """The view states of these partitions, read in one round trip."""
        return await progress.states(self._served, partitions)

    async def reached(self, site: str, thread: str, position: Position, *, within: float) -> bool:
        """Wait until the views of the thread include `position`, at most `within` seconds.

        False at once if the thread is parked at or before `position`.
        """
        return await progress.reached(self._served, site, thread, position, within=within)

    async def head(self, site: str, thread: str) -> ThreadHead | None:
        """The summary of a thread."""
        return await lookups.head(self._served, site, thread)

    async def page(self, site: str, thread: str, query: PageQuery, *, once: bool = False) -> PageAnswer | None:
        """A page of the thread, the same for every viewer: `{"thread", "sort", "comments", "next"}`. Raises BadCursor.

        With `once` a failed call is not retried: it raises `redis.exceptions.RedisError`.
        """
        return await pages.page(self._served, site, thread, query, once=once)

    async def page_at(self, site: str, thread: str, at: Position | int, query: PastQuery, viewer: Viewer) -> PageAnswer:
        """The page, more replies, or one comment, at a position or at a time in ms.

        The content is masked by what is public now, except for staff.

        `at` must be past: a value later than the last event means the last event. The page's position is the last event
        up to then; for all viewers but staff, the last event visible to readers. A cursor in `next` of a row is for
        this operation too, with the same parameters: its page holds more replies of that row. Raises NotFound for an
        unknown thread, NotYetOpened, BadCursor.
        """
        return (await self.past_page(site, thread, at, query, viewer)).answer

    async def past_page(
        self,
        site: str,
        thread: str,
        at: Position | int,
        query: PastQuery,
        viewer: Viewer,
        *,
        pace: Pace | None = None,
    ) -> PastPage:
        """`page_at`, made at `pace`, with the view position at which its public content was determined."""
        return await past_comments.answer_at(self._served, self._log, site, thread, at, query, viewer, pace)

    async def thread_state(self, site: str, thread: str) -> ThreadProgress:
        """The state that every past page of a thread depends on: it changes with each event of the thread."""
        return await progress.thread_state(self._served, site, thread)

    async def replies(self, site: str, thread: str, comment: str, query: RepliesQuery) -> PageAnswer | None:
        """More replies of one parent on the page: `{"comments", "next"}`. Raises BadCursor."""
        return await pages.replies(self._served, site, thread, comment, query)

    async def row(self, site: str, thread: str, comment: str, viewer: Viewer = PUBLIC) -> bytes | None:
        """One row as the viewer may see it: `replies` has a count but no comments; staff get `moderation`, too.

        Its author and staff see the latest text of an unpublished comment, with its status and reason. None if the
        viewer may not see the row, or the row is a tombstone.
        """
        return await lookups.row(self._served, site, thread, comment, viewer)

    def ask_row(self, site: str, thread: str, comment: str, voter: str) -> RowAsked | None:
        """Start reading the public row of a comment on which `voter` votes, for `voted_row`, in this tick's pipeline.

        None if this process has the row cached.
        """
        partition = self._served.keys.of(site, thread)
        pointer = self._served.pointer(partition)
        if self._rows.get(partition.number, site, thread, comment, pointer) is not None:
            return None
        return current_row.ask(self._served.calls, partition, pointer, site, thread, comment, voter)

    def appended(self, recorded: Sequence[Recorded], earlier: Vote | None) -> None:
        """Apply what one command of this process just appended; `earlier` is the vote that a new vote replaces."""
        if recorded:
            envelope = recorded[0].envelope
            before = None if earlier is None else earlier.value
            self._rows.appended(self._served.keys.of(envelope.site, envelope.thread).number, recorded, before)

    async def voted_row(
        self,
        site: str,
        thread: str,
        comment: str,
        asked: RowAsked | None,
        recorded: Recorded | None,
        earlier: Vote,
        since: Position,
    ) -> bytes | None:
        """The row of the views and the log when `asked` was sent, with the vote `recorded` added.

        `earlier` is the member's previous vote, and stands if `recorded` is None; `since` is the last event of the
        comment. None if only the views can tell, once they include the vote: wait with `reached`, then use `row`.
        """
        calls, partition = self._served.calls, self._served.keys.of(site, thread)
        pointer = self._served.pointer(partition)
        row: CachedRow | None = None
        if asked is None:
            row = self._rows.get(partition.number, site, thread, comment, pointer)
        elif (read := await current_row.voted(calls, asked, recorded, earlier, since)) is not None:
            row = read.row
            if read.upto is not None and recorded is not None:
                self._rows.put(partition.number, recorded, asked.pointer, read.upto, row)
        if row is None and recorded is not None:
            # A row read or cached before the append may be stale. A row read now includes the vote.
            asked = current_row.ask(calls, partition, pointer, site, thread, comment, recorded.envelope.actor.id)
            standing = evolve(earlier, recorded)
            read = await current_row.voted(calls, asked, None, standing, since)
            row = None if read is None else read.row
        return None if row is None else current_row.written(site, thread, comment, row)

    async def frame_rows(
        self, site: str, thread: str, comments: list[str]
    ) -> tuple[ThreadHead | None, dict[str, bytes]]:
        """The public rows of these comments, without `replies`, and the thread, of one moment (for the feed).

        A tombstone on the page is returned as a tombstone; comments not on the page are absent. More than 500 comments
        are of several moments, and the thread is of the first.
        """
        return await lookups.frame_rows(self._served, site, thread, comments)

    async def permalink(self, site: str, thread: str, comment: str, viewer: Viewer) -> PageAnswer | None:
        """`{"thread", "ancestors": [row, root first], "comment": row with replies}`."""
        return await lookups.permalink(self._served, site, thread, comment, viewer)

    async def anchors(self, site: str, thread: str) -> PageAnswer | None:
        """`{"anchors": [{"id", "quote", "prompt", "status", "comments"}]}`."""
        return await lookups.anchors(self._served, site, thread)

    async def counts(self, site: str, threads: list[str]) -> PageAnswer:
        """`{"counts": {thread: published comments}}`; an unknown thread counts 0. Each thread is of its own moment."""
        return await lookups.counts(self._served, site, threads)

    async def counted(self, site: str, threads: Sequence[str]) -> dict[str, PublishedCounts]:
        """The counts of these threads with the view states they are based on, read in one round trip."""
        return await lookups.counted(self._served, site, threads)

    async def overlay(self, site: str, thread: str, member: str) -> Overlay | None:
        """The member's own pending and rejected rows (at most 100, newest first) and votes; None: no such thread."""
        return await lookups.overlay(self._served, site, thread, member)

    async def revisions(
        self,
        site: str,
        thread: str,
        comment: str,
        viewer: Viewer,
        *,
        history: History | Callable[[], Awaitable[History]],
        diff: bool,
        limit: int,
        cursor: str | None,
    ) -> PageAnswer | None:
        """The edit history visible to the viewer under the `history` policy in force, oldest first.

        A callable `history` is awaited concurrently with the read of the texts, and its failure is raised. Raises
        BadCursor.
        """
        query = RevisionsQuery(diff=diff, limit=limit, cursor=cursor)
        return await histories.revisions(self._served, site, thread, comment, viewer, history, query)

    async def queue(
        self,
        site: str,
        *,
        state: Literal["pending", "reported"],
        thread: str | None,
        member: str | None,
        limit: int,
        cursor: str | None,
    ) -> PageAnswer:
        """The moderation queue, oldest first over all partitions, each partition of its own moment.

        Raises BadCursor.
        """
        query = QueueQuery(state=state, thread=thread, member=member, limit=limit, cursor=cursor)
        return await queue.queue(self._served, site, query)

    async def threads(
        self,
        site: str,
        *,
        url: str | None,
        status: Literal["open", "closed", "archived"] | None,
        opened_by: str | None = None,
        order: Order = "activity",
        limit: int,
        cursor: str | None,
    ) -> PageAnswer:
        """`{"threads": […], "next"}`, latest activity or latest opened first, over all partitions. Raises BadCursor.

        If few threads match, a page may be short and still have `next`.
        """
        query = ThreadsQuery(url=url, status=status, opened_by=opened_by, order=order, limit=limit, cursor=cursor)
        return await thread_lists.threads(self._served, site, query)

    async def member_comments(
        self, site: str, member: str, viewer: Viewer, *, limit: int, cursor: str | None
    ) -> PageAnswer:
        """`{"comments": [row…], "next"}` of one member across threads, newest first. Raises BadCursor."""
        return await members.member_comments(self._served, site, member, viewer, limit=limit, cursor=cursor)

    async def member_counts(self, site: str, member: str) -> tuple[str | None, dict[str, int]]:
        """The member's last known name and `{"published", "pending", "rejected"}` over all threads."""
        return await members.member_counts(self._served, site, member)
