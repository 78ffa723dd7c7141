"""The fold of events into a thread. Pure: shared by live views, replay, time travel and verification.

`apply` changes the thread in place (`projections.thread.state`) and returns the public changes. The state
shared with the deciders (`core.domain.moderated_comment`) decides standing text and status. Everything that spans a
page (counts, tombstones, tallies) is decided here.

A `ChangeListener` is called before each comment and vote changes, so that a commit writes only differences.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from core.error_summary import fault
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.skip_events import EventSkipped, UnknownEvent, UnreadableEvent
from core.events.thread_events import ThreadOpened
from core.events.types import COMMENT_EVENTS, REPORT_EVENTS, SKIP_EVENTS, THREAD_EVENTS, VOTE_EVENTS
from core.events.vote_events import VoteRestored, VoteVoided
from projections.thread import comments, figure_marks, lifecycle, reports, voids, votes
from projections.thread.effects import (
    NO_LISTENER,
    NOTHING_PUBLIC,
    CannotApply,
    ChangeListener,
    Effects,
    Hole,
    PublicChange,
    PublicChanges,
    UnknownShape,
)
from projections.thread.state import ThreadState

__all__ = [
    "CannotApply",
    "ChangeListener",
    "Effects",
    "Hole",
    "PublicChange",
    "PublicChanges",
    "UnknownShape",
    "apply",
    "fold",
    "pass_over",
]


def apply(thread: ThreadState, recorded: Recorded, listener: ChangeListener = NO_LISTENER) -> Effects:
    """Apply the next event of `thread` in place. Raises `CannotApply`."""
    position, event = recorded.position, recorded.event
    if position <= thread.last:
        raise CannotApply(recorded, f"the thread is already at {thread.last}")
    if isinstance(event, UnreadableEvent):
        raise CannotApply(recorded, event.fault)
    if isinstance(event, UnknownEvent):
        raise UnknownShape(recorded, event.fault)
    handle = _HANDLERS.get(type(event))
    if handle is None:
        raise CannotApply(recorded, "it is not about a thread")
    if thread.opened is None and type(event) not in _UNOPENED:
        raise CannotApply(recorded, "the thread was never opened")
    try:
        make = figure_marks.KINDS.get(type(event))
        marked = None if make is None else figure_marks.mark(make, thread, recorded)
        effects = handle(thread, recorded, event, listener)
        if marked is not None:
            figure_marks.add(thread, recorded, marked)
    except Exception as error:
        raise CannotApply(recorded, fault(error)) from error
    pass_over(thread, recorded)
    if effects.public:
        thread.position = position
    return effects


def pass_over(thread: ThreadState, recorded: Recorded) -> Effects:
    """Count the next event of `thread` without any other change."""
    thread.last = recorded.position
    thread.events += 1
    at = recorded.occurred_at
    if at > thread.now or thread.events == 1:  # max() would cost as much as the rest of this function, per vote
        thread.now = at
    return NOTHING_PUBLIC


def fold(thread: ThreadState, events: Iterable[Recorded]) -> ThreadState:
    """Apply these events to `thread` in place and return `thread`. Raises `CannotApply`."""
    for recorded in events:
        apply(thread, recorded)
    return thread


def _skipped(thread: ThreadState, recorded: Recorded, event: EventSkipped, listener: ChangeListener) -> Effects:
    # The skip refers to an earlier event. A fold that came this far has already passed over that event.
    del thread, recorded, event, listener
    return NOTHING_PUBLIC


_UNOPENED: Final = (ThreadOpened, EventSkipped)
"""Event types that are valid before the thread is opened."""

_HANDLERS: Final[dict[type[Event], Callable[[ThreadState, Recorded, Any, ChangeListener], Effects]]] = {
    **dict.fromkeys(VOTE_EVENTS, votes.apply),
    **dict.fromkeys((VoteVoided, VoteRestored), voids.apply),
    **dict.fromkeys(REPORT_EVENTS, reports.apply),
    **dict.fromkeys(COMMENT_EVENTS, comments.apply),
    **dict.fromkeys(THREAD_EVENTS, lifecycle.apply),
    **dict.fromkeys(SKIP_EVENTS, _skipped),
}
"""Fold of each aggregate, by event type."""
