"""Commands about the removal of a superseded text: its author asks for it, and staff grant or refuse it.

While a removal is asked for, only the author and staff find the text. Redaction grants the removal
(`core.domain.moderation`); the author takes the request back, or a moderator refuses it.
"""

from typing import Final, assert_never

from core.domain.comment import Comment, DigestedRevision
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, comment_needs
from core.events.comment_events import RemovalCancelled, RemovalRefused, RemovalRequested
from core.events.event import Event
from core.position import Position
from core.refusals import NotAllowed, NotFound, RevisionIsPublished, RevisionIsRedacted


class RequestRemoval(Command, frozen=True, kw_only=True, tag="request-removal"):
    """Ask that a superseded text of one's own comment be removed."""

    comment: str
    revision: int


class EndRemovalRequest(Command, frozen=True, kw_only=True, tag="end-removal-request"):
    """Take back a removal request, as the author; or refuse it, as a moderator."""

    comment: str
    revision: int


RemovalCommand = RequestRemoval | EndRemovalRequest


def decide(command: RemovalCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a removal.

    Raises NotFound, NotAllowed, Suspended, RevisionIsPublished, RevisionIsRedacted.
    """
    comment: Comment = loaded.comment(command.comment)
    context.require_comment(comment)
    context.require_writer()
    own = comment.author.id == context.caller.id
    if not own and (isinstance(command, RequestRemoval) or not context.caller.moderates):
        raise NotAllowed("only the author of the comment may do this")
    text = comment.texts.get(command.revision)
    if text is None:
        raise NotFound("there is no such revision")
    match command:
        case RequestRemoval():
            return _request(command, comment, text)
        case EndRemovalRequest():
            if text.removal is None:
                return []
            if own:
                return [RemovalCancelled(comment=comment.id, revision=command.revision)]
            context.require_standing()
            return [RemovalRefused(comment=comment.id, revision=command.revision)]
        case _:
            assert_never(command)


def _request(command: RequestRemoval, comment: Comment, text: DigestedRevision) -> list[Event]:
    if text.redacted is not None:
        raise RevisionIsRedacted
    if command.revision in (comment.standing, comment.latest):
        raise RevisionIsPublished("the text is not superseded: edit or withdraw the comment")
    if text.removal is not None:
        return []
    return [RemovalRequested(comment=comment.id, revision=command.revision)]


def _unchanged_since(command: RemovalCommand, _: Context, loaded: Loaded) -> Position:
    comment: Comment = loaded.comment(command.comment)
    removal = comment.texts[command.revision].removal
    return removal or comment.changed_at(RemovalCancelled, RemovalRefused)


_HANDLER: Final = Handler(needs=comment_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {RequestRemoval: _HANDLER, EndRemovalRequest: _HANDLER}
