"""Rows put together as the page shows them: bytes joined to bytes, nothing parsed.

What gives rows (`scripts/walk.lua` from the views, `projections.tree` from a fold) gives them flat, in display order,
each with its level. Here they become nested JSON, with a cursor wherever answers were left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from projections import rows

_NOTHING: Final = (b"", b"", b"")
_NONE: Final = (0, 0)
_NAME: Final = b',"name":'
_AVATAR: Final = b',"avatar":'
_END: Final = b'],"next":null}}'


class Line(NamedTuple):
    """One row as the scripts give it."""

    level: int
    direct: int
    """How many direct answers the page shows."""
    votes: tuple[int, int]
    cut: str | None
    """Where direct answers were left out: the age of the last one given."""
    name: bytes
    """The JSON of the name of who is answered; null where that comment is not published."""
    header: bytes
    """As in a stored row; empty where there is no such comment."""
    public: bytes
    source: bytes


class Cell(NamedTuple):
    """A row in its place: `row` is all of it but its answers and what follows them."""

    level: int
    direct: int
    cut: bytes | None
    """The JSON of the cursor to the answers that were left out."""
    row: bytes
    more: bytes = b""
    """What follows the answers: fields for the author and for staff."""


class Inconsistent(Exception):
    """The views contradict each other: an order names a row that does not exist. A defect, or a changed database."""


def read(reply: Sequence[Any]) -> Iterator[Line]:
    """The rows of a script's reply."""
    if not reply:
        return
    levels, direct, cuts, tallies, names, stored = reply
    parts = [_NOTHING if row is None else row.split(b"\n", 2) for row in stored]
    for level, count, cut, tally, name, (header, public, source) in zip(
        levels, direct, cuts or [None] * len(parts), tallies, _answered(names, parts), parts, strict=True
    ):
        yield Line(level, count, _votes(tally), cut and cut.decode(), name, header, public, source)


def shown(reply: Sequence[Any], cursor: Callable[[str, str], str]) -> Iterator[Cell]:
    """The rows of a walk over the page, as everyone sees them. `cursor` makes one of a comment and an age."""
    if not reply:
        return
    levels, direct, cuts, tallies, names, stored = reply
    if None in stored:
        raise Inconsistent("the page lists a comment that it has no row for")
    # As `read` and `cell` together, without what a page has no use for: most of what a page costs is here.
    parts = [row.split(b"\n", 2) for row in stored]
    for level, count, age, tally, name, (_, public, _) in zip(
        levels, direct, cuts or [None] * len(parts), tallies, _answered(names, parts), parts, strict=True
    ):
        if not public:
            raise Inconsistent("the page lists a comment that it does not show")
        left = None if age is None else quoted(cursor(_id(public).decode(), age.decode()))
        yield Cell(level, count, left, public + rows.ending(public, name, _votes(tally)))


def cell(line: Line, cursor: Callable[[str, str], str]) -> Cell:
    """A row that the page shows, in its place."""
    return Cell(line.level, line.direct, cut(line, cursor), begun(line))


def begun(line: Line) -> bytes:
    """The row as everyone sees it, without its answers and its closing brace."""
    return line.public + rows.ending(line.public, line.name, line.votes)


def cut(line: Line, cursor: Callable[[str, str], str]) -> bytes | None:
    """The JSON of the cursor to what was left out below a row."""
    return None if line.cut is None else quoted(cursor(_id(line.public).decode(), line.cut))


def _votes(tally: bytes | None) -> tuple[int, int]:
    if tally is None:
        return _NONE
    up, down = tally.split()
    return int(up), int(down)


def _answered(names: Sequence[bytes | None] | None, parts: Sequence[Sequence[bytes]]) -> Iterator[bytes]:
    """The names of who is answered: as the script tells them, else as the rows that are here do."""
    published: dict[bytes, bytes] | None = None
    for name, (header, _, _) in zip(names or [None] * len(parts), parts, strict=True):
        if name is not None:
            yield name
        elif len(header) <= len(b"p "):
            yield b"null"
        else:
            if published is None:
                published = {_id(public): public for header, public, _ in parts if header.startswith(b"p")}
            answered = published.get(header[2:])
            yield b"null" if answered is None else _name(answered)


def _id(public: bytes) -> bytes:
    # `{"id":"…",` is how every row begins, and no id holds a quote.
    return public[7 : public.index(b'"', 7)]


def _name(public: bytes) -> bytes:
    # No text can hold these bytes: within a JSON string every quote has a backslash before it.
    start = public.index(_NAME) + len(_NAME)
    return public[start : public.index(_AVATAR, start)]


def quoted(cursor: str) -> bytes:
    """The JSON of a cursor, whose characters need no escape."""
    return b'"%b"' % cursor.encode()


def replies(direct: int, cut: bytes | None) -> bytes:
    """The `replies` of a row that is shown without them."""
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
        out.append(b',"replies":{"count":%d,"comments":[' % cell.direct)
        ends.append(b'],"next":%b}%b}' % (cell.cut or b"null", cell.more) if cell.cut or cell.more else _END)
    while ends:
        out.append(ends.pop())
    return b"".join(out)
