"""Fold of thread events: lifecycle, policy overrides and anchors."""

from typing import assert_never

from core.domain.context import ThreadStatus
from core.events.envelope import Recorded
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadLabelled,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from projections.thread.effects import THREAD, ChangeListener, Effects
from projections.thread.state import AnchorState, ThreadState

ThreadEvent = (
    ThreadOpened
    | ThreadRetitled
    | ThreadLabelled
    | ThreadClosed
    | ThreadReopened
    | ThreadArchived
    | PolicyOverridden
    | AnchorOpened
    | AnchorReworded
    | AnchorClosed
    | AnchorReopened
)


def apply(thread: ThreadState, recorded: Recorded, event: ThreadEvent, listener: ChangeListener) -> Effects:
    """Apply an event of the thread itself or of its inline questions."""
    del listener
    match event:
        case ThreadOpened():
            if thread.opened is not None:
                raise ValueError("the thread was opened before")
            thread.opened = recorded.position
            thread.opened_at, thread.opened_by = recorded.envelope.at, recorded.envelope.actor
            thread.url, thread.title, thread.unverified = event.url or "", event.title or "", event.unverified
            thread.labels = list(event.labels)
        case ThreadRetitled():
            thread.url, thread.title, thread.unverified = event.url or "", event.title or "", False
        case ThreadLabelled():
            thread.labels = list(event.labels)
        case ThreadClosed():
            _turn(thread, "closed", recorded)
        case ThreadReopened():
            _turn(thread, "open", recorded)
        case ThreadArchived():
            _turn(thread, "archived", recorded)
        case PolicyOverridden():
            thread.overrides = event.overrides
        case AnchorOpened() | AnchorReworded() | AnchorClosed() | AnchorReopened():
            _apply_to_anchor(thread, event)
        case _:
            assert_never(event)
    return THREAD


def _turn(thread: ThreadState, status: ThreadStatus, recorded: Recorded) -> None:
    thread.status, thread.status_at = status, recorded.occurred_at


def _apply_to_anchor(thread: ThreadState, event: AnchorOpened | AnchorReworded | AnchorClosed | AnchorReopened) -> None:
    match event:
        case AnchorOpened():
            thread.anchors[event.anchor] = AnchorState()
            _word(thread.anchors[event.anchor], event)
        case AnchorReworded():
            _word(thread.anchors[event.anchor], event)
        case AnchorClosed():
            thread.anchors[event.anchor].status = "closed"
        case AnchorReopened():
            thread.anchors[event.anchor].status = "open"
        case _:
            assert_never(event)


def _word(anchor: AnchorState, event: AnchorOpened | AnchorReworded) -> None:
    anchor.exact, anchor.prefix, anchor.suffix = event.exact, event.prefix, event.suffix
    anchor.prompt = event.prompt
