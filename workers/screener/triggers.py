"""The events of a log after which a screener is to be asked or told something. Pure.

Most entries are passed over without being decoded: their open facts have none of a few words.
"""

from collections.abc import Iterable
from typing import Final

from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    DecisionReversed,
)
from core.events.envelope import UnreadableEntry, read
from core.log.port import Entry
from core.position import Position
from workers.screener.due_store import DueItem

_MARKS: Final = (
    b'"screening":"',
    *(b'"type":"%b"' % name for name in (b"comment.restored", b"comment.approved", b"comment.rejected")),
    b'"type":"decision.reversed"',
)


def triggers(entries: Iterable[Entry]) -> dict[DueItem, Position]:
    """Return what some entries ask for, each with the position of the last one that does."""
    found: dict[DueItem, Position] = {}
    for entry in entries:
        if not any(mark in entry.e for mark in _MARKS):
            continue
        try:
            recorded = read(*entry)
        except UnreadableEntry:
            continue  # the projector tells of it, and no decision about its comment is possible
        envelope, event = recorded.envelope, recorded.event
        if envelope.comment is None:
            continue
        place = envelope.site, envelope.thread, envelope.comment
        match event:
            case CommentPosted() | CommentEdited() if event.screening is not None:
                found[DueItem("ask", *place)] = entry.position
            case CommentRestored() | DecisionReversed():
                found[DueItem("ask", *place)] = entry.position
            case CommentApproved() | CommentRejected() if envelope.actor.kind != "system":
                found[DueItem("tell", *place)] = entry.position
            case _:
                pass
    return found
