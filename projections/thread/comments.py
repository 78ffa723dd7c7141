"""Fold of comment events.

The shared state (`core.domain.moderated_comment`) decides texts and status of a comment; waiting and public effects are
decided here.
"""

from core.events.envelope import Recorded
from core.events.types import (
    CommentApproved,
    CommentEdited,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentUnpinned,
    Event,
    RevisionRedacted,
)
from core.position import Position
from projections.thread.effects import ChangeListener, Effects
from projections.thread.state import CommentState, ThreadState
from projections.thread.visibility import NOWHERE, Visibility, update_visibility


def apply(thread: ThreadState, recorded: Recorded, event: Event, listener: ChangeListener) -> Effects:
    """Apply an event of a comment. An approval or rejection closes the reports of the comment."""
    if isinstance(event, CommentPosted):
        return _post(thread, recorded, event, listener)
    comment = thread.rows[recorded.envelope.comment or ""]
    _check(comment, event)
    listener.comment(comment)
    before, since = Visibility.of(comment), comment.waits_since
    comment.apply(recorded)
    if isinstance(event, CommentApproved | CommentRejected):
        comment.reports = []
    elif isinstance(event, RevisionRedacted):
        thread.redacted.append((comment.id, event.revision))
    elif isinstance(event, CommentPinned):
        thread.pinned = comment.id
    elif isinstance(event, CommentUnpinned) and thread.pinned == comment.id:
        thread.pinned = None
    _wait(comment, since, recorded.position)
    return update_visibility(thread, comment, before, listener)


def _post(thread: ThreadState, recorded: Recorded, event: CommentPosted, listener: ChangeListener) -> Effects:
    if event.comment in thread.rows:
        raise ValueError("the comment exists")
    if event.revision != 1:
        raise ValueError("the first revision is 1")
    if event.parent is not None and event.parent not in thread.rows:
        raise ValueError("there is no such parent")
    comment = CommentState.post(recorded, event)
    comment.seen = False
    listener.comment(comment)
    thread.rows[comment.id] = comment
    return update_visibility(thread, comment, NOWHERE, listener)


def _check(comment: CommentState, event: Event) -> None:
    """Raise ValueError if the event does not follow on the texts of the comment."""
    match event:
        case CommentEdited(revision=revision) if revision != comment.latest + 1:
            raise ValueError(f"revision {revision} after {comment.latest}")
        case RevisionRedacted(revision=revision) if comment.published and comment.standing == revision:
            raise ValueError("readers see that text")
        case _:
            pass


def _wait(comment: CommentState, before: Position | None, position: Position) -> None:
    """Update the start of waiting of a comment that an event at `position` changed; `before` is the former start.

    A comment that already waits keeps its start through another edit, another hold or a withdrawal.
    """
    number = comment.undecided
    since = None if number is None else before or position
    comment.waits = None if number is None or since == comment.texts[number].judged else since
