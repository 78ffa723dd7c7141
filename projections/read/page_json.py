"""Assembly of page JSON from stored rows by joining bytes; no row is parsed.

The row sources (`scripts/walk.lua` for the views, `projections.read.tree` for a fold) return rows flat, in display
order, each with its level. This module nests them into JSON, with a cursor wherever replies were left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from projections.views import rows, stored_row

_NOTHING: Final = (b"", b"", b"")
_ID: Final = len('{"id":"')
"""Offset of the id in PUBLIC: every row begins with it."""
_NONE: Final = (0, 0)
_NAME: Final = b',"name":'
_AVATAR: Final = b',"avatar":'
_PUBLISHED: Final = ord("p")
_NO_ANSWER: Final = len(b"p ")
"""Length of the HEADER of a row that is not a reply."""
_REPLIES: Final = b',"replies":{"count":%d,"comments":['
_NO_REPLIES: Final = _REPLIES % 0
_PINNED_LEVEL: Final = 1
"""Level of a pinned row: only top-level comments are pinned."""
_END: Final = b'],"next":null}}'
BEFORE_ANSWERS: Final = b"0" * 12
"""The `cut` of a row shown without its replies: before the age of the first reply."""


class PageLine(NamedTuple):
    """One row as returned by the scripts."""

    level: int
    direct: int
    """Number of direct replies on the page."""
    votes: tuple[int, int]
    cut: str | None
    """Age of the last direct reply returned, if some were left out."""
    name: bytes
    """The JSON of the parent author's name; null if the parent is not published."""
    header: bytes
    """HEADER of the stored row; empty if the comment does not exist."""
    public: bytes
    source: bytes


class Cell(NamedTuple):
    """A row at its place: `row` is the row up to its replies, `more` the fields after them."""

    level: int
    direct: int
    cut: bytes | None
    """The JSON of the cursor to the replies that were left out."""
    row: bytes
    more: bytes = b""
    """The fields after the replies, for the author and for staff."""


class Inconsistent(Exception):
    """The views contradict each other: an order names a row that does not exist. A defect, or a changed database."""


def read(reply: Sequence[Any]) -> Iterator[PageLine]:
    """Parse the rows of a script's reply."""
    if not reply:
        return
    levels, direct, cuts, tallies, names, stored = reply
    parts = [_NOTHING if row is None else row.split(b"\n", 2) for row in stored]
    for level, count, cut, voted, name, (header, public, source) in zip(
        levels, direct, cuts or [None] * len(parts), tallies, _answered(names, stored), parts, strict=True
    ):
        yield PageLine(level, count, tally(voted), cut and cut.decode(), name, header, public, source)


def page(reply: Sequence[Any], cursor: Callable[[str, str], str]) -> bytes:
    """Build the public rows of a page from a walk, equal to the result of `nested`; `cursor` as for `cut`."""
    # `read`, `cell` and `nested` in one pass, without the fields that a page does not need: every uncached page is
    # made here, and parsing its rows into objects took longer than joining them.
    if not reply:
        return b""
    levels, direct, cuts, tallies, names, stored = reply
    if None in stored:
        raise Inconsistent("the page lists a comment without a row")
    nothing = [None] * len(stored)
    out: list[bytes] = []
    ends: list[bytes] = []
    above: list[tuple[bytes, bytes] | None] = []
    here = _Names(stored)
    for level, count, age, voted, given, row in zip(
        levels, direct, cuts or nothing, tallies, names or nothing, stored, strict=True
    ):
        header = row.index(b"\n")
        public = row[header + 1 : row.index(b"\n", header + 1)]
        if not public:
            raise Inconsistent("the page lists a comment that it does not show")
        if len(ends) >= level:
            while len(ends) >= level:
                out.append(ends.pop())
                above.pop()
            out.append(b",")
        out.append(public)
        is_published = row[0] == _PUBLISHED
        if is_published:
            if header > _NO_ANSWER:
                answered = row[2:header]
                # Nearly always the parent is the enclosing row.
                parent = above[-1] if above else None
                out.append(given or (parent[1] if parent and parent[0] == answered else here.of(answered)))
                out.append(b"}")
            if level == _PINNED_LEVEL and public.endswith(rows.PINNED):
                out.append(rows.after_pinned(*tally(voted)))
            else:
                out.append(rows.USUAL if voted is None else rows.tallied(*tally(voted)))
        else:
            out.append(rows.left(stored_row.gone(row[header + len(public) + 2 :])))
        out.append(_REPLIES % count if count else _NO_REPLIES)
        above.append((_id(public), _name(public)) if count and is_published else None)
        ends.append(_END if age is None else b'],"next":%b}}' % quoted(cursor(_id(public).decode(), age.decode())))
    ends.reverse()
    return b"".join(out + ends)


def alone(stored: bytes, name: bytes | None, votes: tuple[int, int], answers: int, next_: str | None) -> bytes:
    """One public stored row without its replies, as `page` returns it; `next_` is the cursor to the replies."""
    header = stored.index(b"\n")
    public = stored[header + 1 : stored.index(b"\n", header + 1)]
    return b"%b%b%b%b" % (
        public,
        rows.ending(public, name or b"null", votes),
        _REPLIES % answers if answers else _NO_REPLIES,
        _END if next_ is None else b'],"next":%b}}' % quoted(next_),
    )


def cell(line: PageLine, cursor: Callable[[str, str], str]) -> Cell:
    """A row of the page, at its place."""
    return Cell(line.level, line.direct, cut(line, cursor), begun(line))


def begun(line: PageLine) -> bytes:
    """The public row without its replies and its closing brace."""
    if line.header[:1] == b"t":
        return line.public + rows.left(stored_row.gone(line.source))
    return line.public + rows.ending(line.public, line.name, line.votes)


def cut(line: PageLine, cursor: Callable[[str, str], str]) -> bytes | None:
    """The JSON of the cursor to the replies left out below a row."""
    return None if line.cut is None else quoted(cursor(_id(line.public).decode(), line.cut))


def tally(stored: bytes | None) -> tuple[int, int]:
    """Parse a stored tally into (up, down)."""
    if stored is None:
        return _NONE
    up, down = stored.split()
    return int(up), int(down)


def _answered(names: Sequence[bytes | None] | None, stored: Sequence[bytes | None]) -> Iterator[bytes]:
    """The parent authors' names: from the script if given, else from the rows of this reply."""
    here = _Names(stored)
    for name, row in zip(names or [None] * len(stored), stored, strict=True):
        if name is not None:
            yield name
        elif row is None or (header := row.index(b"\n")) <= _NO_ANSWER:
            yield b"null"
        else:
            yield here.of(row[2:header])


class _Names:
    """The author names of the rows of one reply."""

    def __init__(self, stored: Sequence[bytes | None]) -> None:
        self._stored = stored
        self._published: dict[bytes, bytes] | None = None

    def of(self, comment: bytes) -> bytes:
        """The JSON of the author's name of a comment; null if the comment is not published."""
        if self._published is None:
            parts = (row.split(b"\n", 2) for row in self._stored if row is not None and row.startswith(b"p"))
            self._published = {_id(public): public for _, public, _ in parts}
        public = self._published.get(comment)
        return b"null" if public is None else _name(public)


def _id(public: bytes) -> bytes:
    # No id contains a quote.
    return public[_ID : public.index(b'"', _ID)]


def _name(public: bytes) -> bytes:
    # No text can contain these bytes: within a JSON string every quote is escaped.
    start = public.index(_NAME) + len(_NAME)
    return public[start : public.index(_AVATAR, start)]


def quoted(cursor: str) -> bytes:
    """The JSON of a cursor, whose characters need no escape."""
    return b'"%b"' % cursor.encode()


def replies(direct: int, cut: bytes | None) -> bytes:
    """The `replies` field of a row shown without its replies."""
    return b'{"count":%d,"comments":[],"next":%b}' % (direct, cut or b"null")


def nested(cells: Iterable[Cell]) -> bytes:
    """The rows of a JSON list, without its brackets."""
    out: list[bytes] = []
    ends: list[bytes] = []
    for cell in cells:
        if len(ends) >= cell.level:
            while len(ends) >= cell.level:
                out.append(ends.pop())
            out.append(b",")
        out.append(cell.row)
        out.append(_REPLIES % cell.direct)
        ends.append(b'],"next":%b}%b}' % (cell.cut or b"null", cell.more) if cell.cut or cell.more else _END)
    while ends:
        out.append(ends.pop())
    return b"".join(out)
