"""Replay of one thread from its log in bounded reads ("legs"), yielding to other tasks of the process."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from core.events.envelope import read
from core.log.port import Entry, Log
from core.position import Position
from core.throttle import Pace
from projections.thread.skip_rule import Skipped, take_in
from projections.thread.state import ThreadState

LEG: Final = 1024
"""Events per read."""
KEPT: Final = 8
"""Legs kept in memory during the backward walk; earlier ones are read again going forward."""


async def fold_on(
    log: Log, state: ThreadState, skipped: Skipped = (), *, upto: Position | None = None, pace: Pace | None = None
) -> ThreadState:
    """Apply the events of the log after `state`, up to and including `upto`, in place.

    Raises `CannotApply`, `core.log.port.BrokenChain`, `core.refusals.Unavailable`.
    """
    pace = pace or Pace()
    last = await log.thread_last(state.site, state.id)
    if last is None or last <= state.last:
        return state
    async for leg in _legs(log, state, last):
        for entry in leg:
            if upto is not None and entry.position > upto:
                return state
            take_in(state, read(*entry), skipped)
            if pace.due:
                await pace.rest()
    return state


async def _legs(log: Log, state: ThreadState, last: Position) -> AsyncIterator[list[Entry]]:
    """The events of a thread after `state`, up to and including `last`, oldest first, in bounded lists.

    In the log each event names its predecessor. The walk therefore runs backward first and keeps the start of each leg.
    """
    until = state.last if state.events else None
    begun: list[Position] = []
    kept: deque[list[Entry]] = deque(maxlen=KEPT)
    at: Position | None = last
    while at is not None and at != until:
        begun.append(at)
        kept.append(await log.chain(state.site, state.id, at, until=until, limit=LEG))
        before = read(*kept[-1][-1]).envelope.tp
        at = Position.parse(before) if before else None
    while begun:
        start = begun.pop()
        leg = kept.pop() if kept else await log.chain(state.site, state.id, start, until=until, limit=LEG)
        yield leg[::-1]
