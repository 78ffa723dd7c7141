"""Commands of authors, and their deciders: post, edit, withdraw and restore a comment."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, assert_never

from msgspec.structs import replace

from core import heads
from core.domain.comment import UNPOSTED, Comment, digest
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs, comment_needs
from core.domain.judging import PASSED, Judgement, judge
from core.domain.rights import require_text
from core.domain.thread import Thread, confirmed, opening
from core.events.comment_events import CommentEdited, CommentPosted, CommentRestored, CommentWithdrawn
from core.events.event import FIRST, Event
from core.position import Position
from core.refusals import (
    AnchorIsClosed,
    BadField,
    BodyEmpty,
    BodyTooLong,
    CommentIsWithdrawn,
    EditWindowOver,
    IdempotencyKeyReused,
    NotAllowed,
    ParentNotPublished,
    StaleEdit,
    UnknownParent,
)
from core.text.unicode import normalise, one_line


class PostComment(Command, frozen=True, kw_only=True, tag="post-comment"):
    """Post a comment. `url` and `title` let a first comment open its thread."""

    comment: str
    body: str
    parent: str | None = None
    parent_revision: int | None = None
    anchor: str | None = None
    url: str | None = None
    title: str | None = None


class EditComment(Command, frozen=True, kw_only=True, tag="edit-comment"):
    """Add a revision. `revision` is the latest one that the client saw, or several candidates in ascending order."""

    comment: str
    revision: int | tuple[int, ...]
    body: str
    reason: str | None = None


class WithdrawComment(Command, frozen=True, kw_only=True, tag="withdraw-comment"):
    """Withdraw one's own comment."""

    comment: str


class RestoreComment(Command, frozen=True, kw_only=True, tag="restore-comment"):
    """Restore one's own withdrawn comment."""

    comment: str


LONGEST_BADGE: Final = 40
LONGEST_REASON: Final = 500

OwnCommand = EditComment | WithdrawComment | RestoreComment
AuthorCommand = PostComment | OwnCommand


def check_commenting(context: Context) -> None:
    """Raise the reason for which the caller may not post in this thread.

    Raises NotAllowed, Suspended, NotEntitled, ThreadIsClosed, ThreadIsArchived.
    """
    context.require_writer()
    require_text(context, reply=False)
    context.require_open(reply=False)


def post(command: PostComment, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a post.

    If the comment exists, the same command was executed before, and there are no events. Raises NotFound,
    UnknownParent, NotAllowed, Suspended, NotEntitled, ThreadNotOpened, UrlNotAllowed, ThreadIsClosed,
    ThreadIsArchived, ParentNotPublished, AnchorIsClosed, StaleRevision, BadField, BodyEmpty, BodyTooLong,
    IdempotencyKeyReused, NameNotAllowed.
    """
    comment: Comment = loaded.comment(command.comment)
    line: Sequence[Comment] = () if command.parent is None else loaded.ancestors(command.parent)
    context.require_site()
    if comment.exists:
        return _again(command, comment, context)
    answered = _answered(command, context, line)
    context.require_writer()
    reply = command.parent is not None
    entitlement = require_text(context, reply=reply)
    # Url and title only matter to the comment that opens the thread: articles move, and clients send old addresses.
    opened = None if context.thread_exists else opening(command.url, command.title, context)
    policy = context.policy
    parent, depth = (None, 0) if answered is None else hang(line, policy.max_depth)
    context.require_open(reply=reply)
    if answered is not None and not answered.published:
        raise ParentNotPublished
    anchor = _anchor(command, answered, loaded.thread)
    answered_revision = None if answered is None else answered.revision_meant(command.parent_revision)
    body = _body(command.body, policy.max_body)
    caller = context.caller
    judged = judge(body, context, command.comment)
    posted = CommentPosted(
        comment=command.comment,
        revision=1,
        parent=parent,
        depth=depth,
        answered=None if answered is None else answered.id,
        answered_revision=answered_revision,
        anchor=anchor,
        entitlement=entitlement,
        body=body,
        name=context.author_name,
        avatar=caller.avatar,
        badges=shown_badges(caller.badges),
        **_recorded(judged),
    )
    first = confirmed(loaded.thread, context) if opened is None else [opened]
    return [*first, posted]


def shown_badges(badges: Iterable[str]) -> tuple[str, ...]:
    """Return badges as they are stored: each once, without those that cannot be seen."""
    kept = dict.fromkeys(one_line(badge, LONGEST_BADGE) for badge in badges)
    return tuple(badge for badge in kept if badge)


def edit_reason(reason: str | None) -> str | None:
    """Return the reason of an edit as it is stored; None if it has no visible character."""
    return None if reason is None else one_line(reason, LONGEST_REASON) or None


def hang(line: Sequence[Comment], max_depth: int) -> tuple[str, int]:
    """Return the parent and the depth of a reply: the deepest position that `max_depth` allows.

    `line` is the comment replied to, then its ancestors upwards. Raises NotAllowed if replies are disabled
    (`max_depth` is 0).
    """
    if max_depth == 0:
        raise NotAllowed("the policy allows no replies here")
    for comment in line:
        if comment.depth < max_depth:
            return comment.id, comment.depth + 1
        if comment.depth == max_depth and comment.parent is not None:
            return comment.parent, max_depth
    raise LookupError("the ancestors do not reach the allowed depth")


def decide(command: OwnCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command of an author about their own comment.

    Raises NotFound, NotAllowed, Suspended, NotEntitled, EditWindowOver, ThreadIsClosed, ThreadIsArchived,
    CommentIsWithdrawn, StaleEdit, BodyEmpty, BodyTooLong, NameNotAllowed.
    """
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    context.require_writer()
    if comment.author.id != context.caller.id:
        raise NotAllowed("only the author of the comment may do this")
    match command:
        case EditComment():
            return _edit(command, comment, context)
        case WithdrawComment():
            # Withdrawal is always allowed: neither a suspension nor a closed or archived thread prevents it.
            return [] if comment.withdrawn else [CommentWithdrawn(comment=comment.id)]
        case RestoreComment():
            context.require_standing()
            context.require_open(reply=comment.answered is not None)
            return [CommentRestored(comment=comment.id)] if comment.withdrawn else []
        case _:
            assert_never(command)


def _post_needs(command: PostComment, _: str) -> Needs:
    names = (command.comment,) if command.parent is None else (command.comment, command.parent)
    fields = (heads.THREAD, *dict.fromkeys(map(heads.comment, names)))
    return Needs(folded=fields, expected=fields)


def _missing(command: PostComment, context: Context, loaded: Loaded) -> str | None:
    """The next ancestor to load before `hang` can determine the parent of the reply."""
    if command.parent is None:
        return None
    last: Comment = loaded.ancestors(command.parent)[-1]
    return last.parent if last.depth > context.policy.max_depth > 0 else None


def _unchanged_since(command: AuthorCommand, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    match command:
        case PostComment():
            return comment.posted
        case EditComment():
            return comment.last.position
        case WithdrawComment() | RestoreComment():
            return comment.changed_at(CommentWithdrawn, CommentRestored)
        case _:
            assert_never(command)


def _again(command: PostComment, comment: Comment, context: Context) -> list[Event]:
    first = comment.texts[FIRST]
    # A destroyed body cannot be compared; the key alone then identifies the command.
    same = first.digest in (b"", digest(normalise(command.body)))
    if comment.author.id != context.caller.id or not same:
        raise IdempotencyKeyReused
    return []


def _answered(command: PostComment, context: Context, line: Sequence[Comment]) -> Comment | None:
    if command.parent is None:
        if command.parent_revision is not None:
            raise BadField("/parent_revision", "a revision of the parent needs a parent")
        return None
    answered = line[0] if line else UNPOSTED
    if not answered.visible_to(context.caller):
        raise UnknownParent
    return answered


def _anchor(command: PostComment, answered: Comment | None, thread: Thread) -> str | None:
    name = command.anchor
    if answered is not None:
        if name is not None and name != answered.anchor:
            raise BadField("/anchor", "a reply has the anchor of its parent")
        name = answered.anchor
    if name is None:
        return None
    anchor = thread.anchors.get(name)
    if anchor is None:
        raise BadField("/anchor", "there is no such anchor in this thread")
    if anchor.closed:
        raise AnchorIsClosed
    return name


def _edit(command: EditComment, comment: Comment, context: Context) -> list[Event]:
    reply = comment.answered is not None
    entitlement = require_text(context, reply=reply)
    policy = context.policy
    if policy.edit_window is not None and context.now - comment.posted_at >= policy.edit_window * 1000:
        raise EditWindowOver
    context.require_open(reply=reply)
    if comment.withdrawn:
        raise CommentIsWithdrawn
    last = comment.last
    named = (command.revision,) if isinstance(command.revision, int) else command.revision
    if comment.latest not in named:
        raise StaleEdit(current=comment.latest)
    body = _body(command.body, policy.max_body)
    text = digest(body)
    if text == last.digest and last.redacted is None:
        return []
    judged = judge(body, context, comment.id, is_edit=True)
    if not judged.is_held and (comment.holds_edits or _was_kept_back(text, comment)):
        judged = judged.under_review()
    name = context.author_name
    edited = CommentEdited(
        comment=comment.id,
        revision=comment.latest + 1,
        entitlement=entitlement,
        grace=context.now - comment.posted_at < policy.grace * 1000,
        body=body,
        name=None if name == comment.author.name else name,
        reason=edit_reason(command.reason),
        **_recorded(judged),
    )
    return [edited]


def _recorded(judged: Judgement) -> dict[str, Any]:
    """The fields of the event of a text that say how it was judged."""
    if judged is PASSED:
        return {}
    hold = judged.hold
    if hold is None:
        return {"facts": judged.facts, "screening": judged.screening}
    return {
        "rule": hold.rule,
        "rejected": judged.rejected,
        "list": hold.list,
        "facts": judged.facts,
        "match": hold.match,
        "spans": hold.spans,
        "tells": judged.tells,
        "screening": judged.screening,
    }


def _was_kept_back(text: bytes, comment: Comment) -> bool:
    # A later text may have been approved, so that edits are no longer held; this text was not approved.
    return any(
        one.digest == text and one.verdict_status != "published" and not one.awaits_screening
        for one in comment.texts.values()
    )


def _body(text: str, limit: int) -> str:
    body = normalise(text)
    if not body:
        raise BodyEmpty
    if len(body) > limit:
        raise BodyTooLong(limit=limit)
    return body


_OWN: Final = Handler(needs=comment_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {
    PostComment: Handler(
        needs=_post_needs, decide=post, unchanged_since=_unchanged_since, missing=_missing, judges=True
    ),
    EditComment: replace(_OWN, judges=True),
    WithdrawComment: _OWN,
    RestoreComment: _OWN,
}
