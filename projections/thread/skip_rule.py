"""The one rule for passing over an event that cannot be applied: an operator has skipped the event.

In the log the event precedes its skip, so a fold meets the event first. A fold that fails at an event looks up once
whether the event was skipped. The fold then restarts from a clean state, because the failure may have left a partial
change. In the second run the skipped event is counted and changes nothing else. A fold that never fails never looks up.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from core.application.aggregates import was_skipped
from core.events.envelope import Recorded
from core.log.port import Log
from core.position import Position
from projections.thread.effects import NO_LISTENER, ChangeListener
from projections.thread.fold import CannotApply, Effects, apply, pass_over
from projections.thread.state import ThreadState

Skipped = Collection[Position]
"""Positions of the events to pass over, all in one partition."""

_Fold = TypeVar("_Fold")


def take_in(
    thread: ThreadState, recorded: Recorded, skipped: Skipped, listener: ChangeListener = NO_LISTENER
) -> Effects:
    """Apply the next event of `thread` in place; an event in `skipped` is only counted. Raises `CannotApply`."""
    if skipped and recorded.position in skipped:
        return pass_over(thread, recorded)
    return apply(thread, recorded, listener)


async def learn(log: Log, skipped: set[Position], failed: Recorded) -> bool:
    """Look up whether an event that cannot be applied was skipped by an operator, and add its position to `skipped`.

    False if it was not skipped, or is in `skipped` already. Raises `core.refusals.Unavailable` if the log
    cannot be read.
    """
    envelope = failed.envelope
    if failed.position in skipped or not await was_skipped(log, envelope.site, envelope.thread, failed.position):
        return False
    skipped.add(failed.position)
    return True


async def passing(log: Log, fold: Callable[[Skipped], Awaitable[_Fold]]) -> _Fold:
    """Run `fold` until no skipped event fails. Each call starts from a clean state with the positions to pass over.

    Raises `CannotApply` for an event that was not skipped, `core.refusals.Unavailable`.
    """
    skipped: set[Position] = set()
    while True:
        try:
            return await fold(skipped)
        except CannotApply as error:
            if not await learn(log, skipped, error.recorded):
                raise
