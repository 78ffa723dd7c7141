r"""The one definition of a row, for the public page, the author and staff, in the present and in the past.

A stored row is three lines, `HEADER\nPUBLIC\nSOURCE`; JSON has no raw newline.
- HEADER: `p <answered>` for a published comment (`answered` is empty if the comment is no reply), `t ` for a
  tombstone that the page shows, `- ` for a comment that the page does not show.
- PUBLIC: the row of the page as JSON, cut off before the fields that change on their own (`public`, `tombstone`);
  empty if the page does not show the comment. `finish` or the reading script completes the row.
- SOURCE: the JSON of the `CommentState` without the parts stored elsewhere (`projections.thread.state`). The words of
  the text that PUBLIC shows are in PUBLIC only.

A whole row has the fields id, thread, parent, author, status, revision, body, html, posted_at, edited,
anchor, featured, in_reply_to, votes, replies, in this order; for its author then `reason`, for staff `reason`
and `moderation`. Everything here is pure; `html` is an argument, because rendering is expensive and callers cache it.
"""

from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from core.domain.moderated_comment import Status
from core.times import rfc3339
from projections.thread.state import CommentState, Text
from projections.views.viewer import Viewer

EMPTY_REPLIES: Final = b'{"count":0,"comments":[],"next":null}'


NO_VOTES: Final = b',"votes":{"up":0,"down":0,"score":0}'
"""The field `votes` without any votes."""


class _Author(Struct, gc=False):
    id: str
    name: str | None
    avatar: str | None
    badges: tuple[str, ...]


class _Name(Struct, gc=False):
    name: str | None


class _Edited(Struct, gc=False):
    at: str
    by: _Name


class _Answered(Struct, gc=False):
    comment: str
    revision: int | None
    name: None = None


class _Row(Struct, gc=False):
    """The part of a row before `finish`. A struct, because one is built per text and a dict costs twice as much."""

    id: str
    thread: str
    parent: str | None
    author: _Author
    status: Status
    revision: int
    body: str | None
    html: str | None
    posted_at: str
    edited: _Edited | None
    anchor: str | None
    featured: bool
    in_reply_to: _Answered | None


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


def store(comment: CommentState, thread: str, html: str | None) -> bytes:
    """The stored row of a comment. `html` is of the standing text, and used only for a published comment."""
    if comment.published:
        header, shown = f"p {comment.answered or ''}".encode(), public(comment, thread, html)
    elif comment.answers:
        header, shown = b"t ", tombstone(comment, thread)
    else:
        header, shown = b"- ", b""
    return b"\n".join((header, shown, source(comment)))


def source(comment: CommentState) -> bytes:
    """The SOURCE line: the comment without the parts stored elsewhere."""
    texts = {n: comment.texts[n] for n in in_row(comment)}
    if comment.published:
        standing = comment.standing or comment.latest
        texts[standing] = msgspec.structs.replace(texts[standing], body=None)
    kept = msgspec.structs.replace(comment, texts=texts, answers=[], up=0, down=0, ballots={}, reports=[])
    return _JSON.encode(kept)


def in_row(comment: CommentState) -> list[int]:
    """The revisions stored in a row, oldest first: the standing and the latest one."""
    if comment.standing is None or comment.standing == comment.latest:
        return [comment.latest]
    return [comment.standing, comment.latest]


def public(comment: CommentState, thread: str, html: str | None) -> bytes:
    """The public row of a published comment, with its standing text.

    The row ends with `"in_reply_to":null` or, for a reply, with
    `"in_reply_to":{"comment":"x","revision":1,"name":`.
    """
    standing = comment.standing or comment.latest
    return _begin(comment, thread, standing, comment.status, html)


def tombstone(comment: CommentState, thread: str) -> bytes:
    """The row of an unpublished comment above a published reply. The row ends with `"votes":null`."""
    row = {
        "id": comment.id,
        "thread": thread,
        "parent": comment.parent,
        "author": None,
        "status": comment.status,
        "revision": None,
        "body": None,
        "html": None,
        "posted_at": rfc3339(comment.posted_at),
        "edited": None,
        "anchor": comment.anchor,
        "featured": None,
        "in_reply_to": None,
        "votes": None,
    }
    return _JSON.encode(row)[:-1]


def shown_revision(comment: CommentState, viewer: Viewer) -> int | None:
    """The revision of a comment in the viewer's row; None if the viewer may not see the row.

    For a published comment every viewer sees the standing text. Otherwise the author and staff see the latest text.
    """
    if comment.published:
        return comment.standing or comment.latest
    if viewer.staff or viewer.member == comment.author.id:
        return comment.latest
    return None


def row_for(
    comment: CommentState,
    thread: str,
    viewer: Viewer,
    *,
    html: str | None,
    name: bytes = b"null",
    replies: bytes = EMPTY_REPLIES,
) -> bytes | None:
    """The whole row for a viewer; None if the viewer may not see the comment. Never a tombstone.

    `html` is of the text of `shown_revision`. `name` is the JSON of the name of the author replied to, while that
    comment is published. `replies` is the JSON of `{"count", "comments", "next"}`. Author and staff get `reason`
    (the author not for a published comment), staff also `moderation` as of `moderation()`.
    """
    revision = shown_revision(comment, viewer)
    if revision is None:
        return None
    begun = _begin(comment, thread, revision, comment.status, html)
    more = b""
    if viewer.staff or not comment.published:
        more = _more(comment.texts[revision], viewer)
    return finish(begun, name=name, votes=(comment.up, comment.down), replies=replies, more=more)


def row_of(
    comment: CommentState,
    thread: str,
    revision: int,
    viewer: Viewer,
    *,
    html: str | None,
    name: bytes = b"null",
    replies: bytes = EMPTY_REPLIES,
) -> bytes:
    """The whole row with a given text and that text's own status, for the author or staff.

    This shows a waiting or rejected edit of a published comment. A redacted text has the comment's status.
    """
    text = comment.texts[revision]
    status: Status = comment.status
    if not comment.withdrawn and text.status != "redacted":
        status = text.status
    begun = _begin(comment, thread, revision, status, html)
    return finish(begun, name=name, votes=(comment.up, comment.down), replies=replies, more=_more(text, viewer))


def finish(
    begun: bytes,
    *,
    name: bytes = b"null",
    votes: tuple[int, int] = (0, 0),
    replies: bytes | None = EMPTY_REPLIES,
    more: bytes = b"",
) -> bytes:
    """Complete a row begun by `public` or `tombstone` with the fields that change on their own.

    With None for `replies` the row has no such field, as in the feed. A tombstone has no name and no votes.
    """
    parts = [begun, ending(begun, name, votes)]
    if replies is not None:
        parts += (b',"replies":', replies)
    parts += (more, b"}")
    return b"".join(parts)


def ending(begun: bytes, name: bytes, votes: tuple[int, int]) -> bytes:
    """The part of a row between its beginning and `replies`, as in `finish`."""
    if begun.endswith(b'"votes":null'):
        return b""
    tally = tallied(*votes)
    return b"%b}%b" % (name, tally) if begun.endswith(b'"name":') else tally


def tallied(up: int, down: int) -> bytes:
    """The field `votes`, with a leading comma."""
    return b',"votes":{"up":%d,"down":%d,"score":%d}' % (up, down, up - down) if up or down else NO_VOTES


def moderation(text: Text) -> dict[str, Any]:
    """The `moderation` field for staff. Every field is null if no rule held the text and no decision was made."""
    decision = text.decision
    return {
        "reason": decision.reason if decision else None,
        "note": decision.note if decision else None,
        "rule": text.rule,
        "match": text.match,
        "by": decision.by if decision else None,
        "at": rfc3339(decision.at) if decision else None,
    }


def _begin(comment: CommentState, thread: str, revision: int, status: Status, html: str | None) -> bytes:
    text = comment.texts[revision]
    author = comment.author
    edited = answered = None
    if revision > 1:
        edited = _Edited(rfc3339(text.at), _Name(text.name if text.name is not None else author.name))
    if comment.answered is not None:
        answered = _Answered(comment.answered, comment.answered_revision)
    row = _JSON.encode(
        _Row(
            id=comment.id,
            thread=thread,
            parent=comment.parent,
            author=_Author(author.id, author.name, author.avatar, author.badges),
            status=status,
            revision=revision,
            body=text.body,
            html=None if text.body is None else html,
            posted_at=rfc3339(comment.posted_at),
            edited=edited,
            anchor=comment.anchor,
            featured=comment.featured,
            in_reply_to=answered,
        )
    )
    return row[:-1] if answered is None else row[: -len(b"null}}")]


def _more(text: Text, viewer: Viewer) -> bytes:
    more: dict[str, Any] = {"reason": text.decision.reason if text.decision else None}
    if viewer.staff:
        more["moderation"] = moderation(text)
    return b"," + _JSON.encode(more)[1:-1]


_HTML: Final = b',"html":'
_JSON: Final = msgspec.json.Encoder()
_COMMENT: Final = msgspec.json.Decoder(CommentState)
_BODY: Final = msgspec.json.Decoder(str | None)
