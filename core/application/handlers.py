"""The table of command handlers, with the heads that each command expects.

    post                        expects the new comment's head (absent), the thread and the comment replied to
    edit, decision, withdrawal, removal request, statement, appeal, screening
                                expect the comment and the thread
    appeal against a suspension expects itself and the member's standing
    pin                         expects the comment and the thread, and advances the thread's head
    vote, report                expect the voter's (reporter's) own head, the comment and the thread
    voided vote                 expects the voter's head and the comment
    counted report              expects the last report of the comment, too
    thread, site, standing,
    word lists, import records,
    inspection                  expect themselves
    skip                        expects itself, and reads the skipped event

Of the others only the command's own head advances, so votes do not conflict with each other, and neither do posts.
"""

from typing import Final

from core.domain import (
    authoring,
    comment_appeal,
    import_record,
    inspection,
    member,
    moderation,
    notice,
    removal,
    report,
    screener_setup,
    screening,
    site,
    skip,
    standing,
    statement,
    suspension_appeal,
    thread,
    void,
    vote,
    word_lists,
)
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded
from core.position import Position

HANDLERS: Final[Handlers] = {
    **site.HANDLERS,
    **screener_setup.HANDLERS,
    **word_lists.HANDLERS,
    **member.HANDLERS,
    **standing.HANDLERS,
    **thread.HANDLERS,
    **authoring.HANDLERS,
    **moderation.HANDLERS,
    **removal.HANDLERS,
    **screening.HANDLERS,
    **statement.HANDLERS,
    **comment_appeal.HANDLERS,
    **suspension_appeal.HANDLERS,
    **notice.HANDLERS,
    **vote.HANDLERS,
    **void.HANDLERS,
    **import_record.HANDLERS,
    **inspection.HANDLERS,
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
