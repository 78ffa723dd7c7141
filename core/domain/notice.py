"""The command to file a notice: a statement that a comment is illegal (Digital Services Act, Article 16).

A notice needs no account. Who filed it is not in the log: its actor is `FILER`, unless a moderator files it of their
own initiative. A notice is open until a moderator's approval or rejection names it (`core.domain.moderation`).
"""

from typing import Final

from core.caller import Caller
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, comment_needs
from core.events.event import Event
from core.events.report_events import NoticeFiled, NoticeFiler
from core.position import Position
from core.refusals import BadField, NotFound, TooManyNotices
from core.text.unicode import words_or_none

FILER: Final = "guest:notice"
"""Id of the actor of notices. It is no token's: those of guests are longer, and no other begins like it."""

MOST_OPEN: Final = 20
"""Open notices per comment. Staff have enough to decide on, and every further one would say the same."""


class FileNotice(Command, frozen=True, kw_only=True, tag="file-notice"):
    """File a notice about a published comment. `by` is the kind of caller who filed it."""

    comment: str
    reference: str
    explanation: str
    law: str | None = None
    by: NoticeFiler = "anyone"


def filer(caller: Caller | None) -> tuple[Caller, NoticeFiler]:
    """Return the caller under which a notice is filed, without a member's id, and the kind of the real caller."""
    if caller is None:
        return Caller(id=FILER, name="", kind="guest"), "anyone"
    if caller.moderates:
        return caller, "staff"
    by: NoticeFiler = "staff" if caller.roles else "guest" if caller.is_guest else "member"
    return Caller(id=FILER, name="", kind="guest", badges=caller.badges), by


def decide(command: FileNotice, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a notice. Raises NotFound, Suspended, BadField, TooManyNotices."""
    comment: Comment = loaded.comment(command.comment)
    context.require_thread()
    if not comment.exists or not comment.published or comment.standing is None:
        raise NotFound("there is no such comment")
    if context.caller.moderates:
        context.require_standing()
    explanation = words_or_none(command.explanation)
    if explanation is None:
        raise BadField("/explanation", "nothing in the explanation is visible")
    if command.reference in comment.notices:
        return []
    if comment.open_notices >= MOST_OPEN:
        raise TooManyNotices
    trusted = context.policy.trusted_by
    notice = NoticeFiled(
        comment=comment.id,
        revision=comment.standing,
        reference=command.reference,
        by=command.by,
        flagger=any(badge in trusted for badge in context.caller.badges),
        explanation=explanation,
        law=words_or_none(command.law),
    )
    return [notice]


def _unchanged_since(command: FileNotice, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    return comment.notices[command.reference].filed


HANDLERS: Final[Handlers] = {FileNotice: Handler(needs=comment_needs, decide=decide, unchanged_since=_unchanged_since)}
