"""Frames made from feed entries: the entry names the change, and the row is read when the frame is made.

An entry names rows, not texts, and its frames carry the rows as they are when they are sent. If the two no longer
agree (posted, but rejected since), the frame is left out: a later entry reports the rest, and nothing is sent that is
not public now.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.position import Position
from projections.read.feed import FeedEntry
from projections.read.queries import ThreadSummary
from workers.gateway.feed.ring import Frame

VOTES: Final = "votes.changed"
REMOVED: Final = "comment.removed"
THREAD: Final = "thread.changed"


class Rows(msgspec.Struct, frozen=True):
    """Public rows of some comments and their thread, of one moment. Rows that the page does not show are absent."""

    head: ThreadSummary
    rows: Mapping[str, bytes]

    def published(self, comment: str) -> bytes | None:
        """Return the row if it is published."""
        row = self.rows.get(comment)
        return None if row is None or is_tombstone(row) else row


def is_tombstone(row: bytes) -> bool:
    """True if a public row, as stored, is a tombstone."""
    return b'"author":null' in row[:512]


def of_entry(entry: FeedEntry, now: Rows) -> list[Frame]:
    """Return the frames of one entry except votes. They come together, and the last one carries the position."""
    return of_kinds([kind for kind in entry.kinds if kind[0] != VOTES], entry.position, now)


def of_kinds(kinds: Sequence[tuple[str, str | None]], position: Position | None, now: Rows) -> list[Frame]:
    """Return the frames of `(kind, comment)` that are still true now. The last frame carries the position."""
    parts = [(kind, data) for kind, comment in kinds if (data := _data(kind, comment, now)) is not None]
    last = len(parts) - 1
    return [
        Frame(position, encode(kind, data, position if index == last else None))
        for index, (kind, data) in enumerate(parts)
    ]


def of_votes(comment: str, position: Position, now: Rows, *, always: bool) -> Frame | None:
    """Return the frame of a comment's votes, at `position`. None if the comment is not published now."""
    row = now.published(comment)
    if row is None:
        return None
    data = encode(VOTES, _with_thread(comment, row, now.head), position)
    return Frame(None if always else position, data)


def reset(position: Position) -> Frame:
    """Return the frame that tells a client to read the page again."""
    return Frame(None, encode("reset", b"{}", position), resets=True)


def encode(kind: str, data: bytes, position: Position | None) -> bytes:
    """Encode one server-sent event (WHATWG HTML, section 9.2)."""
    name = b"" if position is None else f"id: {position}\n".encode()
    return b"%bevent: %b\ndata: %b\n\n" % (name, kind.encode(), data)


def voted(entries: Sequence[FeedEntry]) -> set[str]:
    """Return the comments whose votes changed."""
    return {comment for entry in entries for kind, comment in entry.kinds if kind == VOTES and comment is not None}


def comments(entries: Sequence[FeedEntry]) -> list[str]:
    """Return every comment that the entries name, once."""
    return list({comment: None for entry in entries for _, comment in entry.kinds if comment is not None})


def _data(kind: str, comment: str | None, now: Rows) -> bytes | None:
    if comment is None:
        return _with_thread(None, None, now.head)
    row = now.rows.get(comment)
    published = now.published(comment)
    if kind == REMOVED:
        return None if published is not None else _with_thread(comment, row, now.head)
    return None if published is None else _with_thread(comment, published, now.head)


def _with_thread(comment: str | None, row: bytes | None, head: ThreadSummary) -> bytes:
    thread: dict[str, object] = {"comments": head.comments, "position": str(head.position)}
    if comment is None:
        thread |= {"status": head.status, "status_at": head.status_at, "title": head.title}
        thread |= {"labels": head.labels, "url": head.url}
    return b'{"comment":%b,"row":%b,"thread":%b}' % (
        msgspec.json.encode(comment),
        row or b"null",
        msgspec.json.encode(thread),
    )
