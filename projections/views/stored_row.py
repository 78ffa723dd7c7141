r"""The stored row of a comment: three lines, `HEADER\nPUBLIC\nSOURCE`. JSON has no raw newline.

- HEADER: `p <answered>` for a published comment (`answered` is empty if the comment is no reply), `t ` for a
  tombstone that the page shows, `- ` for a comment that the page does not show.
- PUBLIC: the row of the page as JSON, cut off before the fields that change on their own (`projections.views.rows`);
  empty if the page does not show the comment. The reader completes the row (`projections.read.page_json`).
- SOURCE: the JSON of the `CommentState` without the parts stored elsewhere (`projections.thread.state`). The words of
  the text that PUBLIC shows are in PUBLIC only.
"""

from typing import Final, Literal, NamedTuple

import msgspec

from projections.thread.state import CommentState, Gone
from projections.views import rows


class Stored(NamedTuple):
    """A stored row split into its parts, without parsing."""

    kind: Literal[b"p", b"t", b"-"]
    """Published, tombstone on the page, or not on the page."""
    answered: str
    """The comment that a published comment replies to, or ""."""
    public: bytes
    source: bytes


def split(stored: bytes) -> Stored:
    """Split a stored row into its parts."""
    header, public, source = stored.split(b"\n", 2)
    return Stored(header[:1], header[2:].decode(), public, source)  # type: ignore[arg-type] # written by `store`


def without_html(stored: bytes) -> bytes:
    """Replace the html of a stored row, if any, with an empty string. A malformed row is returned unchanged."""
    # No text can hold the delimiters of the html: within a JSON string every quote has a backslash before it.
    begin = stored.find(_HTML)
    end = stored.find(b',"posted_at":', begin)
    if begin < 0 or end < 0 or stored[begin + len(_HTML) : begin + len(_HTML) + 1] != b'"':
        return stored
    return b'%b""%b' % (stored[: begin + len(_HTML)], stored[end:])


def decode(public: bytes, source: bytes) -> CommentState:
    """Decode the comment of a stored row, without the parts in other keys."""
    comment = without_shown(source)
    if comment.published:
        standing = comment.standing or comment.latest
        # No text can hold the delimiters of the body: within a JSON string every quote has a backslash before it.
        begin = public.index(b',"body":') + 8
        body = _BODY.decode(public[begin : public.index(b',"html":', begin)])
        comment.texts[standing] = msgspec.structs.replace(comment.texts[standing], body=body)
    return comment


def without_shown(source: bytes) -> CommentState:
    """Decode the comment of a SOURCE line alone, without the words of the public text."""
    return _COMMENT.decode(source)


def gone(source: bytes) -> Gone | None:
    """By what the comment of a SOURCE line is gone; None if it is published."""
    return without_shown(source).gone


def store(comment: CommentState, thread: str, html: str | None) -> bytes:
    """The stored row of a comment. `html` is of the standing text, and used only for a published comment."""
    if comment.published:
        header, shown = f"p {comment.answered or ''}".encode(), rows.public(comment, thread, html)
    elif comment.answers:
        header, shown = b"t ", rows.stored_tombstone(comment, thread)
    else:
        header, shown = b"- ", b""
    return b"\n".join((header, shown, source(comment)))


def source(comment: CommentState) -> bytes:
    """The SOURCE line: the comment without the parts stored elsewhere."""
    texts = {n: comment.texts[n] for n in in_row(comment)}
    if comment.published:
        standing = comment.standing or comment.latest
        texts[standing] = msgspec.structs.replace(texts[standing], body=None)
    kept = msgspec.structs.replace(
        comment,
        texts=texts,
        answers=[],
        up=0,
        down=0,
        ballots={},
        voids={},
        reports=[],
        closed=[],
        decided_reports=[],
        notice_words={},
    )
    return _JSON.encode(kept)


def in_row(comment: CommentState) -> list[int]:
    """The revisions stored in a row, oldest first: the standing and the latest one."""
    if comment.standing is None or comment.standing == comment.latest:
        return [comment.latest]
    return [comment.standing, comment.latest]


_HTML: Final = b',"html":'
_JSON: Final = msgspec.json.Encoder()
_COMMENT: Final = msgspec.json.Decoder(CommentState)
_BODY: Final = msgspec.json.Decoder(str | None)
