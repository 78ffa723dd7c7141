"""One thread folded anew from its log, without anything that was kept on the way, and put in the place of its views.

It mends views that are not what their log says, and brings a thread back whose projection stopped. Readers, writers
and the projector go on meanwhile; where the thread goes on too, the fold goes after it and tries again. A long thread
is folded in legs, and whatever else runs in the process has its turn on the way.
"""

from typing import Final

from core.log.port import Log
from core.position import Position
from core.refusals import Unavailable
from core.text.render import rendered
from projections.thread.skip_rule import Skipped, passing
from projections.thread.state import ThreadState
from projections.thread.thread_replay import fold_on
from projections.views.changes import Change
from projections.views.layout import Html
from projections.views.store import Done, Store

TRIES: Final = 20
"""How often a thread may go on while its views are written."""


async def refold(
    log: Log, store: Store, site: str, thread: str, *changes: Change, html: Html = rendered
) -> Position | None:
    """Exchange the served views of a thread for the fold of its log, and make `changes` with it: it is not parked then.

    Returns the position that they are of; None where there is no such thread. Raises `CannotApply`,
    `redis.exceptions.RedisError`, and `core.refusals.Unavailable` where the thread does not stand still.
    """
    partition = store.keys.of(site, thread).number

    async def once(skipped: Skipped) -> Position | None:
        state = ThreadState(site=site, id=thread)
        for _ in range(TRIES):
            await fold_on(log, state, skipped)
            if not state.events:
                return None
            served = await store.served(partition)
            if isinstance(await served.exchange(state, html, *changes), Done):
                return state.last
        raise Unavailable("the thread went on each time its views were ready")

    return await passing(log, once)
