"""More replies of a comment, and one comment with its ancestors, at a past moment.

Both show the past content that the past page shows, in the present response shapes.
"""

from core.log.port import Log
from core.position import Position
from core.refusals import NotFound
from core.throttle import Pace
from projections.read import page_json
from projections.read.paced_tree import grown
from projections.read.pages import REPLIES_BELOW
from projections.read.past import OnwardThen, PastPage, cells_of, finished, page_at, shown_of, state_at
from projections.read.queries import BadCursor, PageQuery, PastQuery, PermalinkThen, RepliesThen
from projections.read.served_generation import Served
from projections.read.tree import Size, TreeRow
from projections.thread.state import CommentState, ThreadState
from projections.views import layout
from projections.views.viewer import Viewer

_DEFAULT = PageQuery()
_BELOW = Size(1, _DEFAULT.depth + 1, _DEFAULT.replies)
"""The bounds for a comment and the replies of a permalink."""


async def answer_at(
    served: Served,
    log: Log,
    site: str,
    thread: str,
    at: Position | int,
    query: PastQuery,
    viewer: Viewer,
    pace: Pace | None = None,
) -> PastPage:
    """The response to a query about the past. Raises NotFound, NotYetOpened, BadCursor, Unavailable."""
    pace = pace or Pace()
    if isinstance(query, PageQuery):
        return await page_at(served, log, site, thread, at, query, viewer, pace)
    if isinstance(query, RepliesThen):
        return await _replies(served, log, site, thread, at, query, viewer, pace)
    return await _permalink(served, log, site, thread, at, query, viewer, pace)


async def _replies(
    served: Served,
    log: Log,
    site: str,
    thread: str,
    at: Position | int,
    past: RepliesThen,
    viewer: Viewer,
    pace: Pace,
) -> PastPage:
    onward, query, after = OnwardThen(site, thread, at), past.query, None
    if query.cursor is not None:
        parent, after = onward.place(query.cursor)
        if parent != past.comment:
            raise BadCursor("the cursor is of another comment")
    state, view_position = await state_at(served, log, site, thread, at, viewer, pace)
    comment = _shown_comment(state, past.comment)
    tree = await grown(state, pace)
    walk = tree.replies(comment.id, after, Size(query.limit, query.depth, REPLIES_BELOW))
    present, html = await shown_of(served, state, walk.places, viewer, pace)
    rows = page_json.nested(cells_of(state, walk.places, viewer, present, onward, html.__getitem__))
    following = b"null"
    if walk.last is not None:
        following = page_json.quoted(onward(comment.id, f"{walk.last.age:012d}"))
    return await finished(b'{"comments":[%b],"next":%b}' % (rows, following), view_position, pace)


async def _permalink(
    served: Served,
    log: Log,
    site: str,
    thread: str,
    at: Position | int,
    past: PermalinkThen,
    viewer: Viewer,
    pace: Pace,
) -> PastPage:
    onward = OnwardThen(site, thread, at)
    state, view_position = await state_at(served, log, site, thread, at, viewer, pace)
    comment = _shown_comment(state, past.comment)
    above = [TreeRow(1, one, 0 if one.answers else None) for one in _ancestors(state, comment)]
    below = (await grown(state, pace)).below(comment, _BELOW)
    present, html = await shown_of(served, state, [*above, *below], viewer, pace)
    # The past is masked by what is public now: a comment that was taken down since is not found.
    if not present.shown(comment).published:
        raise NotFound
    ancestors, answers = (
        page_json.nested(cells_of(state, rows, viewer, present, onward, html.__getitem__)) for rows in (above, below)
    )
    public = layout.meta(state)["public"]
    return await finished(
        b'{"thread":%b,"ancestors":[%b],"comment":%b}' % (public, ancestors, answers), view_position, pace
    )


def _shown_comment(state: ThreadState, name: str) -> CommentState:
    """A comment that the past page shows. Raises NotFound."""
    comment = state.rows.get(name)
    if comment is None or not comment.on_page:
        raise NotFound
    return comment


def _ancestors(state: ThreadState, comment: CommentState) -> list[CommentState]:
    """The ancestors of a comment, the root first."""
    found: list[CommentState] = []
    while comment.parent is not None:
        comment = state.rows[comment.parent]
        found.insert(0, comment)
    return found
