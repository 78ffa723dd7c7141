"""Row of a comment just posted, before any view has it, built by the projection's own fold and row code."""

from core.domain.comment import Comment
from core.domain.moderated_comment import CommentAuthor
from core.events.comment_events import CommentPosted
from core.events.envelope import Recorded
from core.position import START
from core.text.render import rendered
from projections.thread.fold import apply
from projections.thread.state import CommentState, ThreadState
from projections.views.rows import row_for
from projections.views.viewer import Viewer
from workers.gateway.http.response import encode


def fresh_row(recorded: Recorded, answered: Comment | None, viewer: Viewer) -> bytes | None:
    """Row of the comment that `recorded` posted, as `viewer` may see it. `answered` is the comment it replies to."""
    posted = recorded.event
    assert isinstance(posted, CommentPosted)
    thread = ThreadState(site=recorded.envelope.site, id=recorded.envelope.thread, opened=START)
    if posted.parent is not None:
        # For the row of a reply it matters only that the parent exists.
        thread.rows[posted.parent] = _above(posted.parent)
    apply(thread, recorded)
    name = encode(answered.author.name) if answered is not None and answered.published else b"null"
    html = rendered(posted.body or "")
    return row_for(thread.rows[posted.comment], thread.id, viewer, html=html, name=name)


def _above(comment: str) -> CommentState:
    return CommentState(
        id=comment, posted=START, at=0, author=CommentAuthor(id=""), texts={}, standing=1, verdict_status="published"
    )
