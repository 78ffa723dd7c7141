"""The page at a past moment: folded up to it, walked in memory, and masked by what is public now."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.events.envelope import UnreadableEntry
from core.log.port import BrokenChain, Log
from core.position import START, Position, kept
from core.redis.script import Script
from core.refusals import NotFound, NotYetOpened, Unavailable
from core.text.render import rendered
from core.throttle import Pace
from projections.read import cursors, page_json, viewer_rows
from projections.read.comments import digest
from projections.read.html_cache import Rendering
from projections.read.paced_tree import grown
from projections.read.page_json import Cell
from projections.read.pages import page_body, page_cursor, page_mark, page_place
from projections.read.progress import ViewPosition, reached
from projections.read.queries import PageAnswer, PageQuery
from projections.read.revisions import is_listed, stands
from projections.read.served_generation import Served
from projections.read.tree import After, Size, Tree, TreeRow, TreeWalk
from projections.thread import snapshots
from projections.thread.fold import CannotApply
from projections.thread.state import CommentState, Gone, Text, ThreadState
from projections.thread.time_travel import SnapshotIndex, thread_at
from projections.views import layout, parking, rows, stored_row
from projections.views.viewer import PUBLIC, Viewer

VIEWS_WITHIN: Final = 2.0
"""Seconds within which the views must include every event of the past page: they decide what is public now."""

_MOMENT: Final = Script("projections.read", "read_past_start")
_TEXTS: Final = Script("projections.read", "read_texts")
_TEXT: Final = msgspec.json.Decoder(Text)
_THREAD: Final = msgspec.json.Decoder(ThreadState)
_TEXTS_PER_CALL: Final = 500


class Present:
    """The current state of comments, which limits the past that may be shown. Staff sees all of the past."""

    def __init__(self, found: Mapping[str, tuple[CommentState, Text | None]], *, masks: bool = True) -> None:
        self._found = found
        self._masks = masks

    def shown(self, then: CommentState) -> CommentState:
        """A past comment, with its current status if it is no longer published, and without a text now hidden."""
        if not then.published or not self._masks:
            return then
        now, text = self._found[then.id]
        if not now.published:
            return replace(then, verdict_status=now.verdict_status, withdrawn=now.withdrawn)
        revision = then.standing or then.latest
        if text is not None and (is_listed(text) or (revision == now.standing and stands(text))):
            return then
        return replace(then, texts={revision: replace(then.texts[revision], body=None)})

    def gone(self, then: CommentState) -> Gone | None:
        """By what a comment that was not published is gone: as is known now, if it is not published now."""
        now, _ = self._found.get(then.id, (then, None))
        return now.gone or then.gone


class StoredSnapshots:
    """The snapshots and redactions of a deployment (a `projections.thread.time_travel.SnapshotSource`)."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.view_position = ViewPosition(START, None)
        """Position of the views at the last call of `known`."""

    async def known(self, site: str, thread: str) -> SnapshotIndex:
        """The snapshots and redactions of a thread, of one moment."""
        partition = self._served.keys.of(site, thread)

        def keys(generation: int) -> list[str]:
            meta = partition.thread_views(generation, site, thread).meta
            return [partition.snapshots(site, thread), meta, partition.cursor(generation), partition.parked(generation)]

        reply = await self._served.partition(_MOMENT, partition, keys, [parking.field(site, thread)])
        cursor, parked, source, *fields = reply.parts
        self.view_position = ViewPosition(kept(cursor), None if parked is None else parking.decode(parked))
        return SnapshotIndex(snapshots.marks(fields), [] if source is None else _THREAD.decode(source).redacted)

    async def packed(self, site: str, thread: str, mark: snapshots.Mark) -> bytes | None:
        """One packed snapshot; None if it was deleted meanwhile."""
        key = self._served.keys.of(site, thread).snapshots(site, thread)
        found: bytes | None = await self._served.command("HGET", key, snapshots.name(mark))
        return found


class OnwardThen:
    """Cursors to more past replies, for pages and for the operation that returns more replies, with the same `at`."""

    def __init__(self, site: str, thread: str, at: Position | int) -> None:
        self.mark = cursors.mark("past replies", site, thread, str(at))

    def __call__(self, comment: str, age: str) -> str:
        """The cursor to the replies of a comment that follow the reply of age `age` (`cursors.AGE`)."""
        return cursors.write(self.mark, comment, age)

    def place(self, cursor: str) -> tuple[str, After]:
        """Parse the parent and the reply to continue after. Raises BadCursor."""
        parent, age = cursors.read(cursor, self.mark, rf"{cursors.COMMENT}\.{cursors.AGE}")
        return parent, After(int(age))


class Past:
    """Cursors of a past page: to the next page for the same parameters, and to more replies."""

    def __init__(self, site: str, thread: str, query: PageQuery, at: Position | int) -> None:
        self.page = page_mark(site, thread, query, str(at))
        self.onward = OnwardThen(site, thread, at)

    def place(self, query: PageQuery) -> tuple[str | None, After | None]:
        """Parse the parent, if the cursor continues replies, and the row to continue after. Raises BadCursor."""
        if query.cursor is None:
            return None, None
        if query.cursor.startswith(f"{self.onward.mark}."):
            return self.onward.place(query.cursor)
        age, score = page_place(query, self.page)
        return None, After(int(age), int(score or 0))


class PastPage(NamedTuple):
    """A past page, and the view position at which its public content was determined."""

    answer: PageAnswer
    view_position: ViewPosition


async def page_at(
    served: Served,
    log: Log,
    site: str,
    thread: str,
    at: Position | int,
    query: PageQuery,
    viewer: Viewer,
    pace: Pace | None = None,
) -> PastPage:
    """The page as it was at a position, or at a time in milliseconds since 1970, made at `pace`.

    The page's position is the last event up to then; for all viewers but staff, the last event visible to readers. A
    cursor in `next` of a row is for this operation too: its page holds more replies of that row. Raises NotFound,
    NotYetOpened, BadCursor, Unavailable.
    """
    pace = pace or Pace()
    cursor = Past(site, thread, query, at)
    parent, after = cursor.place(query)
    state, view_position = await state_at(served, log, site, thread, at, viewer, pace)
    walk = _walked(await grown(state, pace), query, parent, after)
    present, html = await shown_of(served, state, walk.places, viewer, pace)
    body = page(state, query, walk, viewer, present, cursor, parent, html.__getitem__)
    return await finished(body, view_position, pace)


async def state_at(
    served: Served, log: Log, site: str, thread: str, at: Position | int, viewer: Viewer, pace: Pace
) -> tuple[ThreadState, ViewPosition]:
    """The thread at a moment, and the position of the views, which decide what is public now.

    Raises NotFound, NotYetOpened, Unavailable.
    """
    source = StoredSnapshots(served)
    try:
        state = await thread_at(log, source, site, thread, at, pace)
    except (BrokenChain, CannotApply, UnreadableEntry) as error:
        where = f"from {error.position} on" if viewer.staff and error.position else "at that time"
        raise Unavailable(f"the thread cannot be shown {where}") from error
    if state is None:
        raise NotYetOpened if await log.thread_last(site, thread) else NotFound
    seen = source.view_position.includes(state.last)
    if not seen and not await reached(served, site, thread, state.last, within=VIEWS_WITHIN):
        raise Unavailable("the views do not include the requested moment yet")
    if viewer.staff:
        state.position = state.last
    return state, source.view_position


async def shown_of(
    served: Served, state: ThreadState, places: Sequence[TreeRow], viewer: Viewer, pace: Pace
) -> tuple[Present, dict[str, str]]:
    """The current state for these rows, which masks nothing for staff, and the html of the texts they show."""
    if pace.due:
        await pace.rest()
    present = await _present(served, state, places, masks=not viewer.staff)
    pace.begin()
    return present, await _texts(places, viewer, present, Rendering())


async def finished(body: bytes, view_position: ViewPosition, pace: Pace) -> PastPage:
    """Return the response, after a rest that accounts for the work, however little it was."""
    answer = PageAnswer(body, digest(body))
    await pace.rest()
    return PastPage(answer, view_position)


def walked(state: ThreadState, query: PageQuery, parent: str | None, after: After | None) -> TreeWalk:
    """The rows of a page of a folded thread; with `parent`, of more of its replies."""
    return _walked(Tree(state), query, parent, after)


def _walked(tree: Tree, query: PageQuery, parent: str | None, after: After | None) -> TreeWalk:
    size = Size(query.limit, query.depth, query.replies)
    if parent is None:
        return tree.page(query, after, size)
    return tree.replies(parent, after, size)


def page(
    state: ThreadState,
    query: PageQuery,
    walk: TreeWalk,
    viewer: Viewer,
    present: Present | None,
    cursor: Past,
    parent: str | None = None,
    html: Callable[[str], str] = rendered,
) -> bytes:
    """The JSON of a page of a folded thread. Without `present` nothing is masked."""
    following = None
    if walk.last is not None:
        age = f"{walk.last.age:012d}"
        if parent is None:
            following = page_cursor(query, cursor.page, age, str(walk.last.score))
        else:
            following = cursor.onward(parent, age)
    rows = page_json.nested(cells_of(state, walk.places, viewer, present, cursor.onward, html))
    return page_body(layout.meta(state)["public"], query, rows, following)


async def _texts(
    places: Iterable[TreeRow], viewer: Viewer, present: Present | None, rendering: Rendering
) -> dict[str, str]:
    """The html of every text that these rows show, by text."""
    shown = present.shown if present else _all
    html: dict[str, str] = {}
    for place in places:
        comment = shown(place.comment)
        revision = rows.shown_revision(comment, viewer if viewer.staff else PUBLIC)
        body = None if revision is None else comment.texts[revision].body
        if body is not None and body not in html:
            html[body] = await rendering.html(body)
    return html


def cells_of(
    state: ThreadState,
    places: Iterable[TreeRow],
    viewer: Viewer,
    present: Present | None,
    cursor: OnwardThen,
    html: Callable[[str], str],
) -> Iterator[Cell]:
    """These rows as the viewer may see them; without `present` nothing is masked."""
    shown = present.shown if present else _all
    for level, then, cut in places:
        name = b"null"
        if then.answered is not None and (answered := shown(state.rows[then.answered])).published:
            name = msgspec.json.encode(answered.author.name)
        comment = shown(then)
        gone = None if present is None else present.gone(then)
        row, more = _row(comment, state.id, viewer, name, html, gone)
        following = None if cut is None else page_json.quoted(cursor(then.id, f"{cut:012d}"))
        yield Cell(level, len(then.answers), following, row, more)


def _row(
    comment: CommentState, thread: str, viewer: Viewer, name: bytes, html: Callable[[str], str], gone: Gone | None
) -> tuple[bytes, bytes]:
    """A row up to its replies, without its closing brace, and the fields after them. A tombstone if not published.

    An author sees the past as the public does.
    """
    if not comment.published:
        return rows.tombstone(comment, thread, gone), b""
    if viewer.staff:
        made = viewer_rows.made(comment, thread, Viewer(staff=True), name, html)
        assert made is not None
        return made
    body = comment.texts[comment.standing or comment.latest].body
    begun = rows.public(comment, thread, None if body is None else html(body))
    return rows.finish(begun, name=name, votes=(comment.up, comment.down), replies=None)[:-1], b""


def _all(then: CommentState) -> CommentState:
    return then


async def _present(served: Served, state: ThreadState, places: Sequence[TreeRow], *, masks: bool) -> Present:
    """The current state, from the views, of the comments that these rows show or name; of tombstones alone to staff."""
    concerned = {place.comment.id: place.comment for place in places}
    for place in places:
        if place.comment.answered is not None:
            concerned.setdefault(place.comment.answered, state.rows[place.comment.answered])
    wanted = [(then, then.standing or then.latest) for then in concerned.values() if masks or not then.published]
    found: dict[str, tuple[CommentState, Text | None]] = {}
    for start in range(0, len(wanted), _TEXTS_PER_CALL):
        chunk = wanted[start : start + _TEXTS_PER_CALL]
        reply = await served.thread(
            _TEXTS,
            state.site,
            state.id,
            lambda views: (views.rows, views.revisions),
            [part for then, revision in chunk for part in (then.id, revision)],
        )
        for (then, revision), stored, text in zip(chunk, reply.parts[::2], reply.parts[1::2], strict=True):
            if stored is None:
                raise page_json.Inconsistent("the views lack a comment that they have taken in")
            now = stored_row.without_shown(stored)
            found[then.id] = (now, now.texts.get(revision) if text is None else _TEXT.decode(text))
    return Present(found, masks=masks)
