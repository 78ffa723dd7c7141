"""Public effects of a change to a comment: rows that appear or disappear, tombstones, counts."""

from bisect import insort
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from core.domain.moderated_comment import shown
from projections.thread import voids
from projections.thread.effects import NOTHING_PUBLIC, ChangeListener, Effects, PublicChange
from projections.thread.state import CommentState, Gone, ThreadState


class Visibility(Struct, frozen=True, gc=False):
    """The parts of a public row that an event can change."""

    published: bool
    author: str
    on_page: bool
    status: str
    gone: Gone | None
    pick: bool
    standing: int | None
    shown: Any
    """The fields of a published comment whose change readers see (`core.domain.moderated_comment.shown`)."""

    @classmethod
    def of(cls, comment: CommentState) -> "Visibility":
        """The current visibility of a comment."""
        published = comment.published
        on_page = published or bool(comment.answers)
        what, by = comment.status, comment.gone
        return cls(published, comment.author.id, on_page, what, by, comment.is_pick, comment.standing, shown(comment))


NOWHERE: Final = Visibility(
    published=False, author="", on_page=False, status="pending", gone=None, pick=False, standing=None, shown=None
)
"""Visibility of a comment before it was posted."""


def update_visibility(
    thread: ThreadState, comment: CommentState, before: Visibility, listener: ChangeListener
) -> Effects:
    """Update the page for a changed comment and return the public changes."""
    after = Visibility.of(comment)
    _part(comment, before, after, listener)
    if after.pick and not before.pick:
        insort(thread.picks, comment.id, key=lambda pick: thread.rows[pick].posted.n)
    elif before.pick and not after.pick:
        thread.picks.remove(comment.id)
    changes: list[tuple[PublicChange, str | None]] = []
    if after.on_page != before.on_page:
        changes += _update_ancestors(thread, comment, listener)
    if after.published != before.published:
        by = 1 if after.published else -1
        thread.comments += by
        if comment.anchor is not None and comment.anchor in thread.anchors:
            thread.anchors[comment.anchor].comments += by
        if after.published:
            changes.append(("comment.restored" if comment.seen else "comment.posted", comment.id))
            comment.seen = True
        else:
            changes.append(("comment.removed", comment.id))
    elif after.published and after != before:
        changes.append(("comment.edited", comment.id))
    elif after.on_page and (after.status, after.gone) != (before.status, before.gone):
        changes.append(("comment.removed", comment.id))
    return Effects(tuple(changes)) if changes else NOTHING_PUBLIC


def _part(comment: CommentState, before: Visibility, after: Visibility, listener: ChangeListener) -> None:
    """Store the tally with a text that leaves the page, and clear it from a text that appears on the page."""
    was = before.standing if before.published else None
    now = after.standing if after.published else None
    if was == now:
        return
    if was is not None:
        comment.texts[was] = replace(comment.texts[was], votes_then=(comment.up, comment.down))
        voids.leave(comment, was, listener)
    if now is not None:
        voids.appear(comment, now, listener)
    if now is not None and comment.texts[now].votes_then is not None:
        comment.texts[now] = replace(comment.texts[now], votes_then=None)


def _update_ancestors(
    thread: ThreadState, comment: CommentState, listener: ChangeListener
) -> list[tuple[PublicChange, str | None]]:
    """Update the ancestors of a comment that appeared on the page or left it, as far as they change too.

    Returns the tombstones that appeared or disappeared, the topmost first.
    """
    tombstones: list[tuple[PublicChange, str | None]] = []
    appeared = comment.on_page
    at = comment
    while at.parent is not None:
        parent = thread.rows[at.parent]
        is_toggled = not parent.published and len(parent.answers) == (0 if appeared else 1)
        if is_toggled:
            listener.comment(parent)
        listener.answers(parent)
        if appeared:
            insort(parent.answers, at.id, key=lambda answer: thread.rows[answer].posted.n)
        else:
            parent.answers.remove(at.id)
        if not is_toggled:
            break
        tombstones.append(("comment.removed", parent.id))
        at = parent
    return tombstones[::-1]
