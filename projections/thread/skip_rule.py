"""The one rule for passing over an event that cannot be applied: an operator has skipped the event.

In the log the event precedes its skip, so a fold meets the event first. A fold that fails at an event looks up once
whether the event was skipped. The fold then restarts from a clean state, because the failure may have left a partial
change. In the second run the skipped event is counted and changes nothing else. A fold that never fails never looks up.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TypeVar

from core.application.aggregates import was_skipped
from core.events.envelope import Recorded, read
from core.log.port import Entry, Log
from core.position import Position
from projections.thread.effects import NO_LISTENER, ChangeListener
from projections.thread.fold import CannotApply, Effects, Hole, apply, pass_over
from projections.thread.state import ThreadState

Skipped = Collection[Position]
"""Positions of the events to pass over, all in one partition."""

_Fold = TypeVar("_Fold")


def take_in(thread: ThreadState, recorded: Recorded, skipped: Skipped, watch: ChangeListener = NO_LISTENER) -> Effects:
    """Apply the next event of `thread` in place; an event in `skipped` is only counted. Raises `CannotApply`."""
    if skipped and recorded.position in skipped:
        return pass_over(thread, recorded)
    return apply(thread, recorded, watch)


async def is_skipped(log: Log, recorded: Recorded) -> bool:
    """True if an event that cannot be applied was skipped. Raises `core.refusals.Unavailable`."""
    envelope = recorded.envelope
    return await was_skipped(log, envelope.site, envelope.thread, recorded.position)


async def passing(log: Log, fold: Callable[[Skipped], Awaitable[_Fold]]) -> _Fold:
    """Run `fold` until no skipped event fails. Each call starts from a clean state with the positions to pass over.

    Raises `CannotApply` for an event that was not skipped, `core.refusals.Unavailable`.
    """
    skipped: set[Position] = set()
    while True:
        try:
            return await fold(skipped)
        except Hole:
            raise
        except CannotApply as error:
            if error.position in skipped or not await is_skipped(log, error.recorded):
                raise
            skipped.add(error.position)


def go_on(
    state: ThreadState, entries: Iterable[Entry], skipped: Skipped, within: Callable[[Recorded], bool] = lambda _: True
) -> ThreadState:
    """Apply entries of the thread to `state` in place, before the first for which `within` is false; return `state`.

    Raises `CannotApply` at an event that cannot be applied and is not in `skipped`.
    """
    for entry in entries:
        recorded = read(*entry)
        if not within(recorded):
            break
        take_in(state, recorded, skipped)
    return state


async def before(log: Log, recorded: Recorded) -> ThreadState:
    """The state of an event's thread before the event, from the log alone. Raises as `passing`, and `BrokenChain`."""
    envelope = recorded.envelope
    entries: list[Entry] = []
    if envelope.tp:
        entries = (await log.chain(envelope.site, envelope.thread, Position.parse(envelope.tp)))[::-1]

    async def fold(skipped: Skipped) -> ThreadState:
        return go_on(ThreadState(site=envelope.site, id=envelope.thread), entries, skipped)

    return await passing(log, fold)
