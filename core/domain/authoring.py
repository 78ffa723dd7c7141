"""Commands of authors, and their deciders: post, edit, withdraw and restore a comment."""

from collections.abc import Sequence
from typing import Final, assert_never

from core import heads
from core.domain.comment import UNPOSTED, Comment, digest
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.rules import premoderation
from core.domain.rules.table import hold_by_rules
from core.domain.thread import Thread, opening
from core.events.types import FIRST, CommentEdited, CommentPosted, CommentRestored, CommentWithdrawn, Event
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
    NotEntitled,
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


LONGEST_NAME: Final = 100
LONGEST_BADGE: Final = 40
LONGEST_REASON: Final = 500

OwnCommand = EditComment | WithdrawComment | RestoreComment
AuthorCommand = PostComment | OwnCommand


def check_commenting(context: Context) -> None:
    """Raise the reason for which the caller may not post in this thread.

    Raises NotAllowed, Suspended, NotEntitled, ThreadIsClosed, ThreadIsArchived.
    """
    context.require_writer()
    _entitlement(context)
    context.require_open()


def post(command: PostComment, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a post.

    If the comment exists, the same command was executed before, and there are no events. Raises NotFound,
    UnknownParent, NotAllowed, Suspended, NotEntitled, ThreadNotOpened, UrlNotAllowed, ThreadIsClosed,
    ThreadIsArchived, ParentNotPublished, AnchorIsClosed, StaleRevision, BadField, BodyEmpty, BodyTooLong,
    IdempotencyKeyReused.
    """
    comment: Comment = loaded.comment(command.comment)
    line: Sequence[Comment] = () if command.parent is None else loaded.ancestors(command.parent)
    context.require_site()
    if comment.exists:
        return _again(command, comment, context)
    answered = _answered(command, context, line)
    context.require_writer()
    entitlement = _entitlement(context)
    # Url and title only matter to the comment that opens the thread: articles move, and clients send old addresses.
    opened = None if context.thread_exists else opening(command.url, command.title, context)
    policy = context.policy
    parent, depth = (None, 0) if answered is None else hang(line, policy.max_depth)
    context.require_open()
    if answered is not None and not answered.published:
        raise ParentNotPublished
    anchor = _anchor(command, answered, loaded.thread)
    answered_revision = None if answered is None else answered.revision_meant(command.parent_revision)
    body = _body(command.body, policy.max_body)
    caller = context.caller
    hold = _hold(context, body)
    badges = dict.fromkeys(one_line(badge, LONGEST_BADGE) for badge in caller.badges)
    posted = CommentPosted(
        comment=command.comment,
        revision=1,
        parent=parent,
        depth=depth,
        answered=None if answered is None else answered.id,
        answered_revision=answered_revision,
        anchor=anchor,
        entitlement=entitlement,
        rule=None if hold is None else hold.rule,
        body=body,
        name=_name(context),
        avatar=caller.avatar,
        badges=tuple(badge for badge in badges if badge),
        match=None if hold is None else hold.match,
    )
    return [posted] if opened is None else [opened, posted]


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
    CommentIsWithdrawn, StaleEdit, BodyEmpty, BodyTooLong.
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
            context.require_open()
            return [CommentRestored(comment=comment.id)] if comment.withdrawn else []
        case _:
            assert_never(command)


def _post_needs(command: PostComment, _: str) -> Needs:
    names = (command.comment,) if command.parent is None else (command.comment, command.parent)
    fields = (heads.THREAD, *dict.fromkeys(map(heads.comment, names)))
    return Needs(folded=fields, expected=fields)


def _own_needs(command: OwnCommand, _: str) -> Needs:
    fields = heads.THREAD, heads.comment(command.comment)
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
    entitlement = _entitlement(context)
    policy = context.policy
    if policy.edit_window is not None and context.now - comment.posted_at >= policy.edit_window * 1000:
        raise EditWindowOver
    context.require_open()
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
    hold = _hold(context, body)
    if hold is None and (comment.holds_edits or _was_kept_back(text, comment)):
        hold = premoderation.Hold(premoderation.UNDER_REVIEW)
    reason = None if command.reason is None else one_line(command.reason, LONGEST_REASON) or None
    name = _name(context)
    edited = CommentEdited(
        comment=comment.id,
        revision=comment.latest + 1,
        entitlement=entitlement,
        rule=None if hold is None else hold.rule,
        body=body,
        name=None if name == comment.author.name else name,
        reason=reason,
        match=None if hold is None else hold.match,
    )
    return [edited]


def _hold(context: Context, body: str) -> premoderation.Hold | None:
    """The hold that the policy in force puts on a body by the caller. Staff are exempt."""
    if context.caller.is_staff:
        return None
    held = premoderation.hold(context.policy, body)
    return hold_by_rules(body, context) if held is None else held


def _was_kept_back(text: bytes, comment: Comment) -> bool:
    # A later text may have been approved, so that edits are no longer held; this text was not approved.
    return any(one.digest == text and one.verdict_status != "published" for one in comment.texts.values())


def _entitlement(context: Context) -> str | None:
    """The entitlement by which the caller may write here; None if none is required.

    Raises NotAllowed, Suspended, NotEntitled.
    """
    context.require_standing()
    policy = context.policy
    if policy.comment == "anyone":
        return None
    context.require_member()
    if policy.comment == "member":
        return None
    if policy.entitlement in context.caller.entitlements:
        return policy.entitlement
    if context.caller.is_staff:
        return None
    raise NotEntitled(needs=policy.entitlement)


def _body(text: str, limit: int) -> str:
    body = normalise(text)
    if not body:
        raise BodyEmpty
    if len(body) > limit:
        raise BodyTooLong(limit=limit)
    return body


def _name(context: Context) -> str:
    return one_line(context.caller.name, LONGEST_NAME) or context.caller.id


_OWN: Final = Handler(needs=_own_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {
    PostComment: Handler(needs=_post_needs, decide=post, unchanged_since=_unchanged_since, missing=_missing),
    EditComment: _OWN,
    WithdrawComment: _OWN,
    RestoreComment: _OWN,
}
