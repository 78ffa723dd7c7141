"""One thread folded anew from its log, without anything that was kept on the way, and put in the place of its views.

It mends views that are not what their log says, and brings a thread back whose projection stopped. Readers, writers
and the projector go on meanwhile; where the thread goes on too, the fold goes after it and tries again. A long thread
is folded in legs, and whatever else runs in the process has its turn on the way.
"""

from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from core.envelope import read
from core.log.port import Entry, Log
from core.position import Position
from core.refusals import Unavailable
from core.text.markup import rendered
from projections.cells import Html
from projections.changes import Change
from projections.pacing import Pace
from projections.skipping import Skipped, passing, take_in
from projections.state import Thread
from projections.store import Done, Store

TRIES: Final = 20
"""How often a thread may go on while its views are written."""

LEG: Final = 1024
"""So many events are read at once."""
KEPT: Final = 8
"""So many legs are kept on the way back; what is beyond is read again on the way forth."""


async def fold_on(
    log: Log, state: Thread, skipped: Skipped = (), *, upto: Position | None = None, pace: Pace | None = None
) -> Thread:
    """`state` after what its log has beyond it, up to and with `upto`, changed in place.

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


async def refold(
    log: Log, store: Store, site: str, thread: str, *changes: Change, html: Html = rendered
) -> Position | None:
    """Exchange the served views of a thread for the fold of its log, and make `changes` with it: it is not parked then.

    Returns the position that they are of; None where there is no such thread. Raises `CannotApply`,
    `redis.exceptions.RedisError`, and `core.refusals.Unavailable` where the thread does not stand still.
    """
    partition = store.keys.of(site, thread).number

    async def once(skipped: Skipped) -> Position | None:
        state = Thread(site=site, id=thread)
        for _ in range(TRIES):
            await fold_on(log, state, skipped)
            if not state.events:
                return None
            served = await store.served(partition)
            if isinstance(await served.exchange(state, html, *changes), Done):
                return state.last
        raise Unavailable("the thread went on each time its views were ready")

    return await passing(log, once)


async def _legs(log: Log, state: Thread, last: Position) -> AsyncIterator[list[Entry]]:
    """The events of a thread beyond `state`, up to and with `last`, oldest first, a bounded number of them at a time.

    The log tells of each event the one before it. So the way back comes first, and where it began each leg is kept.
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
