"""The one definition of a row, for the public page, the author and staff, in the present and in the past.

A whole row has the fields of `FeedRow`, then `replies`; for its author then `reason`, for staff `reason` and
`moderation`. A row is built in two steps: the fields that only events of the comment change (`BegunRow`), and the
fields that change on their own. Everything here is pure; `html` is an argument, because rendering is expensive and
callers cache it.
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from core.domain.moderated_comment import Status
from core.policy import Ground
from core.times import TimeText, rfc3339
from projections.thread.state import CommentState, Gone, Text
from projections.views.viewer import Viewer

LAYOUT: Final = 7
"""Version of the stored rows (`projections.views.versions`): raised by every change in their fields."""

EMPTY_REPLIES: Final = b'{"count":0,"comments":[],"next":null}'


PINNED: Final = b',"pinned":true'
"""End of a begun row of the pinned comment. Other rows say nothing of it until they are completed: no row grows, and
rows of versions without pinned comments are right as they are."""

_NOT_PINNED: Final = b',"pinned":false'
_TALLY: Final = _NOT_PINNED + b',"votes":{"up":%d,"down":%d,"score":%d}'

USUAL: Final = _TALLY % (0, 0, 0)
"""The fields `pinned` and `votes` of a comment that is not pinned and has no votes."""


class Author(Struct, frozen=True, kw_only=True, gc=False):
    """The author, as named by the token that posted the comment."""

    id: Annotated[str | None, Meta(description="Null if the comment was erased.")]
    name: str
    avatar: str | None
    badges: tuple[str, ...]


class EditedBy(Struct, frozen=True, kw_only=True, gc=False):
    """The author of the edit."""

    name: str


class Edited(Struct, frozen=True, kw_only=True, gc=False):
    """Time and author of the text shown, if it is not the first."""

    at: TimeText
    by: EditedBy


class InReplyTo(Struct, frozen=True, kw_only=True, gc=False):
    """The comment replied to; `name` is null unless that comment is published."""

    comment: str
    revision: int
    name: str | None


class Votes(Struct, frozen=True, kw_only=True, gc=False):
    """The tally: `score` is `up` minus `down`."""

    up: int
    down: int
    score: int


class Moderation(Struct, frozen=True, kw_only=True, gc=False):
    """The decision about the text shown, for staff."""

    reason: str | None
    code: str | None
    ground: Ground | None
    spam: bool
    note: str | None
    rule: str | None
    match: str | None
    by: str | None
    at: TimeText | None


class BegunRow(Struct, frozen=True, kw_only=True, gc=False):
    """The beginning of a row, before the fields that change on their own. In a tombstone most fields are null.

    A struct, because one is built per text and a dict costs twice as much.
    """

    id: str
    thread: str
    parent: str | None
    author: Author | None
    status: Status
    revision: int | None
    body: str | None
    html: str | None
    posted_at: TimeText
    edited: Edited | None
    anchor: str | None
    featured: bool | None
    unknown: (
        Annotated[
            bool,
            Meta(
                description="True if an import brought the text without its words, which nobody knows: `body` and "
                "`html` are null. Otherwise absent."
            ),
        ]
        | UnsetType
    ) = UNSET
    in_reply_to: InReplyTo | None


class FeedRow(BegunRow, frozen=True, kw_only=True, gc=False):
    """A comment as visible to everyone, without its replies. In a tombstone most fields are null."""

    pinned: Annotated[bool | None, Meta(description="True for the comment that comes first on the page.")]
    votes: Votes | None
    gone: (
        Annotated[Gone, Meta(description="In a tombstone: by what the comment is gone, as far as is known now.")]
        | UnsetType
    ) = UNSET


def public(comment: CommentState, thread: str, html: str | None) -> bytes:
    """The public row of a published comment, with its standing text.

    The row ends with `"in_reply_to":null` or, for a reply, with
    `"in_reply_to":{"comment":"x","revision":1,"name":`, and that of the pinned comment with `PINNED`.
    """
    standing = comment.standing or comment.latest
    return _begin(comment, thread, standing, comment.status, html)


def tombstone(comment: CommentState, thread: str, gone: Gone | None = None) -> bytes:
    """The row of an unpublished comment, up to its replies. `gone` is by what it is gone now; by default, as stored."""
    return stored_tombstone(comment, thread) + left(gone or comment.gone)


def stored_tombstone(comment: CommentState, thread: str) -> bytes:
    """The stored part of a tombstone. `left` completes it: by what a comment is gone follows from its stored state."""
    row = BegunRow(
        id=comment.id,
        thread=thread,
        parent=comment.parent,
        author=None,
        status=comment.status,
        revision=None,
        body=None,
        html=None,
        posted_at=rfc3339(comment.posted_at),
        edited=None,
        anchor=comment.anchor,
        featured=None,
        in_reply_to=None,
    )
    return _JSON.encode(row)[:-1] + _NULL_VOTES


def left(gone: Gone | None) -> bytes:
    """The part of a tombstone between its stored part and `replies`."""
    return b',"pinned":null,"gone":"%b"' % (gone or "unknown").encode()


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
    """Complete a row begun by `public` with the fields that change on their own.

    With None for `replies` the row has no such field, as in the feed.
    """
    parts = [begun, ending(begun, name, votes)]
    if replies is not None:
        parts += (b',"replies":', replies)
    parts += (more, b"}")
    return b"".join(parts)


def ending(begun: bytes, name: bytes, votes: tuple[int, int]) -> bytes:
    """The part of a row between its beginning and `replies`, as in `finish`."""
    tally = tallied(*votes)
    if begun.endswith(PINNED):
        return after_pinned(*votes)
    return b"%b}%b" % (name, tally) if begun.endswith(b'"name":') else tally


def tallied(up: int, down: int) -> bytes:
    """The fields `pinned` and `votes` of a comment that is not pinned, with a leading comma."""
    return _TALLY % (up, down, up - down) if up or down else USUAL


def after_pinned(up: int, down: int) -> bytes:
    """The field `votes` of the pinned comment, with a leading comma: the beginning of its row has `pinned` already."""
    return tallied(up, down).removeprefix(_NOT_PINNED)


def moderation(text: Text) -> Moderation:
    """The `moderation` field for staff.

    Every field is null, and `spam` false, if no rule held the text and no decision was made.
    """
    decision = text.decision
    return Moderation(
        reason=decision.reason if decision else None,
        code=decision.code if decision else None,
        ground=decision.ground if decision else None,
        spam=decision is not None and decision.spam,
        note=decision.note if decision else None,
        rule=text.rule,
        match=text.match,
        by=decision.by if decision else None,
        at=rfc3339(decision.at) if decision else None,
    )


def _begin(comment: CommentState, thread: str, revision: int, status: Status, html: str | None) -> bytes:
    text = comment.texts[revision]
    author = comment.author
    edited = answered = None
    if revision > max(1, comment.graced):
        name = text.name if text.name is not None else author.name
        edited = Edited(at=rfc3339(text.at), by=EditedBy(name=name))  # type: ignore[arg-type] # null if destroyed
    if comment.answered is not None:
        answered = InReplyTo(comment=comment.answered, revision=comment.answered_revision, name=None)  # type: ignore[arg-type] # set with `answered`
    row = _JSON.encode(
        BegunRow(
            id=comment.id,
            thread=thread,
            parent=comment.parent,
            author=Author(id=author.id, name=author.name, avatar=author.avatar, badges=author.badges),  # type: ignore[arg-type] # as above
            status=status,
            revision=revision,
            body=text.body,
            html=None if text.body is None else html,
            posted_at=rfc3339(comment.posted_at),
            edited=edited,
            anchor=comment.anchor,
            featured=comment.featured,
            unknown=text.served_status == "unknown" or UNSET,
            in_reply_to=answered,
        )
    )
    if answered is not None:
        return row[: -len(b"null}}")]
    return row[:-1] + PINNED if comment.pinned else row[:-1]


def _more(text: Text, viewer: Viewer) -> bytes:
    more: dict[str, Any] = {"reason": text.decision.reason if text.decision else None}
    if viewer.staff:
        more["moderation"] = moderation(text)
    return b"," + _JSON.encode(more)[1:-1]


_NULL_VOTES: Final = b',"votes":null'
_JSON: Final = msgspec.json.Encoder()
