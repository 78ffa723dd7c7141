"""Rows filtered for one viewer: public rows are spliced, rows for author and staff are built from SOURCE."""

from collections.abc import Callable

from core.text.render import rendered
from projections.read import page_json
from projections.read.page_json import Cell, PageLine
from projections.thread.state import CommentState
from projections.views import rows, stored_row
from projections.views.viewer import Viewer

_REPLIES: bytes = b"\0"
"""Placeholder for the replies while a row is built; no JSON contains it."""


def comment(line: PageLine) -> CommentState:
    """The comment of a line with SOURCE, with its tally."""
    found = stored_row.decode(line.public, line.source)
    found.up, found.down = line.votes
    return found


def cell(line: PageLine, thread: str, viewer: Viewer, cursor: Callable[[str, str], str]) -> Cell | None:
    """A row at its place as the viewer may see it, else its tombstone if the page has one, else None.

    The line must have SOURCE, unless the viewer is anonymous.
    """
    if not line.header:
        return None
    if not viewer.staff and (viewer.member is None or line.header[:1] == b"p"):
        return _public(line, cursor)
    of = comment(line)
    found = made(of, thread, viewer, line.name)
    if found is None:
        return _public(line, cursor)
    row, more = found
    return Cell(line.level, line.direct, _cut(of.id, line, cursor), row, more)


def place(line: PageLine, thread: str, viewer: Viewer, cursor: Callable[[str, str], str]) -> Cell:
    """A row at a place that the viewer may know: as the viewer may see it, or a tombstone."""
    found = cell(line, thread, viewer, cursor)
    if found is not None:
        return found
    of = comment(line)
    return Cell(line.level, line.direct, _cut(of.id, line, cursor), rows.tombstone(of, thread))


def is_tombstone(found: Cell) -> bool:
    """True if the cell is a tombstone, for a row that the viewer may not see."""
    # No text can contain these bytes: within a JSON string every quote is escaped.
    return b',"votes":null,"pinned":null,"gone":"' in found.row


def row(line: PageLine, thread: str, viewer: Viewer, cursor: Callable[[str, str], str]) -> bytes | None:
    """A whole row as the viewer may see it, without its replies; None if the viewer may not see it."""
    if line.header[:1] != b"p" and viewer.member is None and not viewer.staff:
        return None
    found = cell(line, thread, viewer, cursor)
    if found is None or is_tombstone(found):
        return None
    return page_json.nested([found])


def with_text(line: PageLine, thread: str, viewer: Viewer, revision: int, cursor: Callable[[str, str], str]) -> bytes:
    """A whole row with one of its texts, for its author or staff, without its replies."""
    of = comment(line)
    answers = page_json.replies(line.direct, _cut(of.id, line, cursor))
    html = _html(of, revision)
    return rows.row_of(of, thread, revision, viewer, html=html, name=line.name, replies=answers)


def _public(line: PageLine, cursor: Callable[[str, str], str]) -> Cell | None:
    return page_json.cell(line, cursor) if line.public else None


def made(
    of: CommentState, thread: str, viewer: Viewer, name: bytes, html: Callable[[str], str] = rendered
) -> tuple[bytes, bytes] | None:
    """A row up to its replies, without its closing brace, and the fields after them; None if hidden from the viewer."""
    revision = rows.shown_revision(of, viewer)
    if revision is None:
        return None
    body = of.texts[revision].body
    shown = None if body is None else html(body)
    encoded = rows.row_for(of, thread, viewer, html=shown, name=name, replies=_REPLIES)
    if encoded is None:
        return None
    row, more = encoded[:-1].split(b',"replies":' + _REPLIES)
    return row, more


def _html(of: CommentState, revision: int) -> str | None:
    body = of.texts[revision].body
    return None if body is None else rendered(body)


def _cut(name: str, line: PageLine, cursor: Callable[[str, str], str]) -> bytes | None:
    return None if line.cut is None else page_json.quoted(cursor(name, line.cut))
