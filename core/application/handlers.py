"""The table of command handlers, with the heads that each command expects.

    post                        expects the new comment's head (absent), the thread and the comment replied to
    edit, decision, withdrawal  expect the comment and the thread
    pin                         expects the comment and the thread, and advances the thread's head
    vote, report                expect the voter's (reporter's) own head, the comment and the thread
    thread, site, standing      expect themselves
    skip                        expects itself, and reads the skipped event

Of the others only the command's own head advances, so votes do not conflict with each other, and neither do posts.
"""

from typing import Final

from core.domain import authoring, member, moderation, report, site, skip, thread, vote
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded
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


def handler_of(command: Command) -> Handler:
    """Return the handler of a command."""
    return HANDLERS[type(command)]


def unchanged_since(command: Command, context: Context, loaded: Loaded) -> Position:
    """Position of the event that produced the current state, for a command that changes nothing."""
    position = handler_of(command).unchanged_since(command, context, loaded) or context.site_opened_at
    assert position is not None, "a command that changes nothing has the position of the event that set the state"
    return position
