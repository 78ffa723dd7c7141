"""What a thread puts where: the contents of every view key, from its state alone.

A cell is one field of a hash or one member of a sorted set: `(name, field)` to a value. Names are those of
`core.keys.ThreadViews`, and `site.<name>` for what a thread adds to the views of its site. No cell is made from two
threads, so any of them can be written again, folded anew or compared by itself.

`of_comment` leaves out what changes most (`rows`, `votes`, `ballots`, `answers`), which `changes` writes when it
changed.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from core.keys import ThreadViews
from projections.thread.state import CommentState, ReportState, Text, ThreadState
from projections.views import rows

Cell = tuple[str, str]
Value = int | str | Text | list[ReportState] | None
"""A score in a sorted set; in a hash a name, a text or reports, not yet encoded."""
Html = Callable[[str], str]

THREAD_SETS: Final = ("roots", "top", "anchored", "replies", "ballots", "waiting")
"""The views of a thread that are sorted sets."""

THREAD_HASHES: Final = tuple(name for name in ThreadViews._fields if name not in THREAD_SETS)
"""The views of a thread that are hashes."""

SITE_VIEWS: Final = ("pending", "reported", "authors", "threads", "urls", "opened")
"""Views across the threads of a site in one partition: sorted sets."""

SETS: Final = frozenset((*THREAD_SETS, *(f"site.{name}" for name in SITE_VIEWS)))
"""The names of all sorted sets; everything else is a hash."""

TOGETHER: Final = 20
"""So many answers to one comment are kept where one look finds them: those that a page shows where nobody says."""

_LETTERS: Final = {"published": "p", "pending": "q", "rejected": "r", "withdrawn": "w"}


def of_comment(comment: CommentState, thread: str) -> dict[Cell, Value]:
    """Every cell of a comment but `rows`, `votes`, `ballots` and `answers`."""
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
        in_row = rows.in_row(comment)
        for number, text in comment.texts.items():
            if number not in in_row:
                cells["revisions", f"{comment.id}:{number}"] = text
    since = None if comment.withdrawn else comment.waits_since
    if since is not None:
        cells["site.pending", f"{since.ms:015d} {since.n:012d} {thread} {comment.id} {author}"] = 0
    if comment.reports:
        since = comment.reports[0].position
        cells["site.reported", f"{since.ms:015d} {since.n:012d} {thread} {comment.id} {author}"] = 0
        cells["reports", comment.id] = comment.reports
    posted = comment.posted
    letter = _LETTERS[comment.status]
    time = f"{str(posted.ms).zfill(15)}{str(posted.n).zfill(12)}"
    cells["site.authors", f"{author} {time} {thread} {comment.id} {letter}"] = 0
    return cells


def of_thread(thread: ThreadState) -> dict[Cell, Value]:
    """The cells of a thread itself."""
    if thread.opened is None:
        return {}
    opened = thread.opened
    return {
        ("site.threads", thread.id): thread.position.ms,
        ("site.urls", f"{thread.url} {thread.id}"): 0,
        ("site.opened", f"{opened.ms:015d} {opened.n:012d} {thread.id}"): 0,
    }


def thread_of(view: str, member: str) -> str:
    """The thread that put a member into a view of its site; "" where none can have done that."""
    match view:
        case "threads":
            return member
        case "urls" | "opened":
            return member.rpartition(" ")[2]
        case _:
            # Two words in front: when it was judged, or whose it is and when it was posted.
            words = member.split(" ", 3)
            return words[2] if len(words) > 3 else ""  # noqa: PLR2004 - and the comment behind it


def top_score(comment: CommentState) -> int:
    """The score in `top`, where less is better; a tombstone counts 0."""
    return comment.down - comment.up if comment.published else 0


def row(comment: CommentState, thread: str, html: Html) -> bytes:
    """The stored row of a comment."""
    body = public_body(comment)
    return rows.store(comment, thread, None if body is None else html(body))


def public_body(comment: CommentState) -> str | None:
    """The text of a comment that its stored row holds as html; None where the row holds none."""
    return comment.texts[comment.standing or comment.latest].body if comment.published else None


def votes(comment: CommentState) -> bytes | None:
    """The tally of a comment; None where there is none to keep."""
    return b"%d %d" % (comment.up, comment.down) if comment.up or comment.down else None


def answers(comment: CommentState, thread: ThreadState) -> bytes | None:
    """What stands in `answers` for a comment; None where the page shows no answer to it.

    The number of them, then the first ones as orders name them: what a page needs of a comment, unless it shows more.
    """
    if not comment.answers:
        return None
    first = (thread.rows[answer].member for answer in comment.answers[:TOGETHER])
    return " ".join((str(len(comment.answers)), *first)).encode()


def ballot(comment: str, member: str, vote: tuple[int, int]) -> str:
    """A vote as a member of `ballots`."""
    value, revision = vote
    return f"{member} {comment} {value} {revision}"


def meta(thread: ThreadState) -> dict[str, bytes]:
    """The fields of `meta`."""
    public = {
        "id": thread.id,
        "site": thread.site,
        "url": thread.url,
        "title": thread.title,
        "status": thread.status,
        "comments": thread.comments,
        "position": str(thread.position),
    }
    return {"public": _JSON.encode(public), "source": _JSON.encode(msgspec.structs.replace(thread, rows={}))}


def encode(value: Value) -> bytes | int:
    """A value as the server keeps it: a score, or JSON."""
    return value if isinstance(value, int) else _JSON.encode(value)


def contents(thread: ThreadState, html: Html) -> Iterator[tuple[str, str, bytes | int]]:
    """Every cell that this thread should have: name, field, value."""
    yield from besides_rows(thread)
    for comment in thread.rows.values():
        yield "rows", comment.id, row(comment, thread.id, html)


def besides_rows(thread: ThreadState) -> Iterator[tuple[str, str, bytes | int]]:
    """Every cell but `rows`, which are dear to make."""
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
        for member, vote in comment.ballots.items():
            yield "ballots", ballot(comment.id, member, vote), 0
        for (name, field), kept in of_comment(comment, thread.id).items():
            yield name, field, encode(kept)


def of_site(thread: ThreadState) -> Iterator[tuple[str, str, bytes | int]]:
    """The cells that this thread adds to the views of its site: name, member, score."""
    for (name, field), score in of_thread(thread).items():
        yield name, field, encode(score)
    for comment in thread.rows.values():
        for (name, field), kept in of_comment(comment, thread.id).items():
            if name.startswith("site."):
                yield name, field, encode(kept)


_JSON: Final = msgspec.json.Encoder()
