"""The table of handlers: every command, with what it needs and who decides it.

    post                        expects the comment (not there), the thread, what is answered
    edit, decision, withdrawal  expect the comment and the thread
    vote, report                expect the voter's (reporter's) own head, the comment and the thread
    thread, site, standing      expect themselves
    skip                        expects itself, and reads the event that it is about

Only the command's own head advances, so neither voters nor posts are in each other's way.
"""

from typing import Final

from core.domain import authoring, member, moderation, report, site, skip, thread, vote
from core.domain.commands import AnyCommand
from core.domain.context import Context
from core.domain.handler import Handler, Handlers, Loaded
from core.position import Position

HANDLERS: Final[Handlers] = {
    **site.HANDLERS,
    **member.HANDLERS,
    **thread.HANDLERS,
    **authoring.HANDLERS,
    **moderation.HANDLERS,
    **vote.HANDLERS,
    **report.HANDLERS,
    **skip.HANDLERS,
}


def handler_of(command: AnyCommand) -> Handler:
    """The handler of a command."""
    return HANDLERS[type(command)]


def unchanged_since(command: AnyCommand, context: Context, loaded: Loaded) -> Position:
    """Position of what made it so already, where a command changes nothing."""
    position = handler_of(command).unchanged_since(command, context, loaded) or context.site_opened_at
    assert position is not None, "what changes nothing was made so by something"
    return position
