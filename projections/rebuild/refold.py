"""Refold of one thread from its log alone, without snapshots or caches, replacing its views.

A refold repairs views that differ from their log, and brings back a thread whose projection stopped. Readers, writers
and the projector continue meanwhile. If the thread receives events, the fold catches up and tries again. A long thread
is folded in steps, so that other tasks of the process run in between.
"""

from typing import Final

from core.events.lost_content import WordsLost
from core.log.port import Log
from core.position import Position
from core.refusals import Unavailable
from core.text.render import rendered
from projections.thread.thread_replay import ThreadReplay
from projections.views.changes import Change
from projections.views.layout import Html
from projections.views.store import Done, Store

TRIES: Final = 20
"""Maximum number of attempts while the thread keeps receiving events."""


async def refold(
    log: Log, store: Store, site: str, thread: str, *changes: Change, html: Html = rendered
) -> Position | None:
    """Replace the served views of a thread by the fold of its log, apply `changes` with it, and unpark the thread.

    Returns the position of the new views, or None if there is no such thread. Raises `CannotApply`, `WordsLost`,
    `redis.exceptions.RedisError`, and `core.refusals.Unavailable` if the thread receives events at every attempt.
    """
    partition = store.keys.of(site, thread).number
    replay = ThreadReplay(log, site, thread)
    for _ in range(TRIES):
        state = await replay.at()
        if not state.events:
            return None
        if lost := replay.lost.texts():
            raise WordsLost(lost)
        served = await store.served(partition)
        if isinstance(await served.exchange(state, html, *changes), Done):
            return state.last
    raise Unavailable("the thread went on each time its views were ready")
