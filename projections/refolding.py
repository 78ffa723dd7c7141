"""One thread folded anew from its log, without anything that was kept on the way, and put in the place of its views.

It mends views that are not what their log says, and brings a thread back whose projection stopped. Readers, writers
and the projector go on meanwhile; where the thread goes on too, the fold goes after it and tries again.
"""

from typing import Final

from core.envelope import decode
from core.log.port import Log
from core.position import Position
from core.refusals import Unavailable
from core.text.markup import rendered
from projections.cells import Html
from projections.changes import Change
from projections.fold import apply
from projections.state import Thread
from projections.store import Done, Store

TRIES: Final = 20
"""How often a thread may go on while its views are written."""


async def fold_on(log: Log, state: Thread) -> Thread:
    """`state` after what its log has beyond it, changed in place. Raises `CannotApply`, `core.refusals.Unavailable`."""
    last = await log.thread_last(state.site, state.id)
    if last is not None and last > state.last:
        until = state.last if state.events else None
        for entry in reversed(await log.chain(state.site, state.id, last, until=until)):
            apply(state, decode(*entry))
    return state


async def refold(
    log: Log, store: Store, site: str, thread: str, *changes: Change, html: Html = rendered
) -> Position | None:
    """Exchange the served views of a thread for the fold of its log, and make `changes` with it.

    Returns the position that they are of; None where there is no such thread. Raises `CannotApply`,
    `redis.exceptions.RedisError`, and `core.refusals.Unavailable` where the thread does not stand still.
    """
    state = Thread(site=site, id=thread)
    partition = store.keys.of(site, thread).number
    for _ in range(TRIES):
        await fold_on(log, state)
        if not state.events:
            return None
        served = await store.served(partition)
        if isinstance(await served.exchange(state, html, *changes), Done):
            return state.last
    raise Unavailable("the thread went on each time its views were ready")
