"""Layout of the views: the contents of every view key, derived from a thread's state alone.

A cell is one field of a hash or one member of a sorted set: `(name, field)` to a value. Names are those of
`core.keys.ThreadViews`, and `site.<name>` for the cells that a thread adds to the listings of its site
(`projections.views.listings`). No cell depends on two threads, so each thread can be rewritten, refolded or compared on
its own.

`of_comment` leaves out the most frequently changing views (`rows`, `votes`, `ballots`, `answers`); `changes` writes
those only if they changed.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from core.keys import ThreadViews
from core.times import rfc3339
from projections.thread.state import CommentState, NoticeWords, ReportState, Text, ThreadState
from projections.views import ballots, filed_reports, stored_row
from projections.views.listings import registry

Cell = tuple[str, str]
Value = int | str | Text | list[ReportState] | dict[str, NoticeWords] | None
"""Score in a sorted set; in a hash a name, a text, reports or words of notices, not yet encoded."""
Html = Callable[[str], str]

THREAD_SETS: Final = ("roots", "top", "anchored", "replies", "ballots", "waiting", "filed")
"""The views of a thread that are sorted sets."""

THREAD_HASHES: Final = tuple(name for name in ThreadViews._fields if name not in THREAD_SETS)
"""The views of a thread that are hashes."""

HASHES: Final = frozenset(THREAD_HASHES)
"""Names of all views that are hashes; every other view is a sorted set, listings included."""

PICKS: Final = "picks"
"""Field of `meta` with the published editors' picks."""

TOGETHER: Final = 20
"""Replies per comment kept in one `answers` field: the number that a page shows by default."""


def of_comment(comment: CommentState, thread: str) -> dict[Cell, Value]:
    """All cells of a comment except `rows`, `votes`, `ballots` and `answers`."""
    cells: dict[Cell, Value] = {}
    author, place, published = comment.author.id, comment.member, comment.published
    if comment.on_page:
        if comment.parent is not None:
            cells["replies", f"{comment.parent} {place}"] = 0
        else:
            cells["roots", place] = 0
            cells["top", place] = top_score(comment)
            if comment.anchor is not None:
                cells["anchored", f"{comment.anchor} {place}"] = 0
    if published:
        cells["names", comment.id] = comment.author.name
    if comment.overlaid:
        cells["waiting", f"{author} {place}"] = 0
    if comment.latest > 1:
        in_row = stored_row.in_row(comment)
        for number, text in comment.texts.items():
            if number not in in_row:
                cells["revisions", f"{comment.id}:{number}"] = text
    cells.update(_of_reports(comment))
    if comment.notice_words:
        cells["reports", notices(comment.id)] = comment.notice_words
    for listing in registry.COMMENT_LISTINGS:
        for member, score in listing.of_comment(comment, thread):
            cells[listing.cell, member] = score
    return cells


def _of_reports(comment: CommentState) -> dict[Cell, Value]:
    """The cells of the reports of a comment."""
    if not (comment.reports or comment.decided_reports or comment.closed):
        return {}  # as nearly always
    cells: dict[Cell, Value] = {("filed", member): 0 for member in filed_reports.members(comment)}
    for field, reports in ((comment.id, comment.reports), (closed(comment.id), comment.closed)):
        if reports:
            cells["reports", field] = reports
    return cells


def closed(comment: str) -> str:
    """Field of `reports` with the reports that the last decision on a comment closed, as long as it can be reversed."""
    return f"{comment}:closed"


def notices(comment: str) -> str:
    """Field of `reports` with the words of the notices about a comment."""
    return f"{comment}:notices"


def of_thread(thread: ThreadState) -> dict[Cell, Value]:
    """The cells of a thread itself."""
    cells: dict[Cell, Value] = {}
    if thread.opened is not None:
        for listing in registry.THREAD_LISTINGS:
            for member, score in listing.of_thread(thread):
                cells[listing.cell, member] = score
    return cells


def top_score(comment: CommentState) -> int:
    """The score in `top`: lower ranks first, and a tombstone has 0."""
    return comment.down - comment.up if comment.published else 0


def row(comment: CommentState, thread: str, html: Html) -> bytes:
    """The stored row of a comment."""
    body = public_body(comment)
    return stored_row.store(comment, thread, None if body is None else html(body))


def public_body(comment: CommentState) -> str | None:
    """The text of a comment whose html is in the stored row; None if the row holds no html."""
    return comment.texts[comment.standing or comment.latest].body if comment.published else None


def votes(comment: CommentState) -> bytes | None:
    """The stored tally of a comment; None without votes."""
    return b"%d %d" % (comment.up, comment.down) if comment.up or comment.down else None


def answers(comment: CommentState, thread: ThreadState) -> bytes | None:
    """The `answers` field of a comment; None if the page shows no reply to it.

    The number of replies, then the first replies as members of sorted views. A default page needs no other data.
    """
    if not comment.answers:
        return None
    first = (thread.rows[answer].member for answer in comment.answers[:TOGETHER])
    return " ".join((str(len(comment.answers)), *first)).encode()


def meta(thread: ThreadState) -> dict[str, bytes]:
    """The fields of `meta`: the thread as served and its source, and the picks if it has any, as sorted members."""
    pinned = None if thread.pinned is None else thread.rows[thread.pinned]
    public = {
        "id": thread.id,
        "site": thread.site,
        "url": thread.url,
        "title": thread.public_title,
        "labels": thread.labels,
        "status": thread.status,
        "status_at": None if thread.status_at is None else rfc3339(thread.status_at),
        "comments": thread.comments,
        "featured": len(thread.picks),
        "pinned": pinned.id if pinned is not None and pinned.published else None,
        "position": str(thread.position),
    }
    source = msgspec.structs.replace(thread, rows={}, picks=[])
    fields = {"public": _JSON.encode(public), "source": _JSON.encode(source)}
    if thread.picks:
        fields[PICKS] = " ".join(thread.rows[name].member for name in thread.picks).encode()
    return fields


def encode(value: Value) -> bytes | int:
    """Encode a value for Redis: a score unchanged, any other value as JSON."""
    return value if isinstance(value, int) else _JSON.encode(value)


def contents(thread: ThreadState, html: Html) -> Iterator[tuple[str, str, bytes | int]]:
    """All cells of a thread: name, field, value."""
    yield from besides_rows(thread)
    for comment in thread.rows.values():
        yield "rows", comment.id, row(comment, thread.id, html)


def besides_rows(thread: ThreadState) -> Iterator[tuple[str, str, bytes | int]]:
    """All cells of a thread except `rows`, which are expensive to render."""
    for field, value in meta(thread).items():
        yield "meta", field, value
    for (name, field), score in of_thread(thread).items():
        yield name, field, encode(score)
    for comment in thread.rows.values():
        tally = votes(comment)
        if tally is not None:
            yield "votes", comment.id, tally
        first = answers(comment, thread)
        if first is not None:
            yield "answers", comment.id, first
        for member in comment.ballots:
            yield "ballots", ballots.encode(comment.id, member, ballots.ballot_of(comment, member)), 0
        for member in comment.voids.keys() - comment.ballots.keys():
            yield "ballots", ballots.encode(comment.id, member, ballots.ballot_of(comment, member)), 0
        for (name, field), kept in of_comment(comment, thread.id).items():
            yield name, field, encode(kept)


def of_site(thread: ThreadState) -> Iterator[tuple[str, str, bytes | int]]:
    """The cells of a thread in the listings of its site: name, member, score."""
    for (name, field), score in of_thread(thread).items():
        yield name, field, encode(score)
    for comment in thread.rows.values():
        for (name, field), kept in of_comment(comment, thread.id).items():
            if name.startswith("site."):
                yield name, field, encode(kept)


_JSON: Final = msgspec.json.Encoder()
