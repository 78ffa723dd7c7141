"""The one rule by which an event that cannot be applied is passed over: somebody skipped it.

The event comes before its skip in the log, so nobody who folds knows of it in time. Whoever fails at an event looks up
once whether it was skipped, and folds again from a clean state, because the failure may have left half of it behind:
now that event counts as one of the thread's and changes nothing else. Whoever never fails never asks.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TypeVar

from core.application.aggregates import was_skipped
from core.events.envelope import Recorded, read
from core.log.port import Entry, Log
from core.position import Position
from projections.thread.effects import DEAF, ChangeListener
from projections.thread.fold import CannotApply, Effects, Hole, apply, pass_over
from projections.thread.state import ThreadState

Skipped = Collection[Position]
"""Positions, in one partition, of events to pass over."""

_Fold = TypeVar("_Fold")


def take_in(thread: ThreadState, recorded: Recorded, skipped: Skipped, watch: ChangeListener = DEAF) -> Effects:
    """Change `thread` by the next event of it, or pass over that, where it is among `skipped`. Raises `CannotApply`."""
    if skipped and recorded.position in skipped:
        return pass_over(thread, recorded)
    return apply(thread, recorded, watch)


async def is_skipped(log: Log, recorded: Recorded) -> bool:
    """Whether an event that cannot be applied was skipped. Raises `core.refusals.Unavailable`."""
    envelope = recorded.envelope
    return await was_skipped(log, envelope.site, envelope.thread, recorded.position)


async def passing(log: Log, fold: Callable[[Skipped], Awaitable[_Fold]]) -> _Fold:
    """What `fold` gives, which begins anew at each call and passes over the events that it is called with.

    Raises `CannotApply` for one that was not skipped, `core.refusals.Unavailable`.
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
    """`state` after these entries of its thread, while they are `within`; changed in place. Raises `CannotApply`."""
    for entry in entries:
        recorded = read(*entry)
        if not within(recorded):
            break
        take_in(state, recorded, skipped)
    return state


async def before(log: Log, recorded: Recorded) -> ThreadState:
    """The thread of an event as it was before that, from its log alone. Raises as `passing`, and `BrokenChain`."""
    envelope = recorded.envelope
    entries: list[Entry] = []
    if envelope.tp:
        entries = (await log.chain(envelope.site, envelope.thread, Position.parse(envelope.tp)))[::-1]

    async def fold(skipped: Skipped) -> ThreadState:
        return go_on(ThreadState(site=envelope.site, id=envelope.thread), entries, skipped)

    return await passing(log, fold)
