"""Requeue of a parked thread: it is folded again, its views are replaced and it is unparked, in one script.

If the same event or another one cannot be applied, the thread is shown up to that event and stays parked.
"""

from msgspec.structs import replace

from core.events.lost_content import WordsLost
from core.log.port import Log
from core.refusals import Unavailable
from core.text.render import rendered
from projections.read.progress import passed
from projections.read.served_generation import Served
from projections.rebuild.refold import TRIES
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.views import parking
from projections.views.changes import Change
from projections.views.layout import Html
from projections.views.parking import Parked
from projections.views.store import Done, Store

VIEWS_WITHIN = 5.0
"""Seconds within which the projector must reach the last event of the thread, even if it passes over the event."""


async def requeue(
    log: Log, store: Store, served: Served, was: Parked, *, now: int, html: Html = rendered
) -> Parked | None:
    """Requeue a parked thread. Returns the event that it is parked at now, or None if it is no longer parked.

    Raises `CannotApply` if nothing of the thread can be shown, `WordsLost`, `redis.exceptions.RedisError`, and
    `core.refusals.Unavailable` if no projector reaches its last event or the thread keeps receiving events.
    """
    site, thread = was.site, was.thread
    for _ in range(TRIES):
        last = await log.thread_last(site, thread)
        if last is None or not await passed(served, site, thread, last, within=VIEWS_WITHIN):
            raise Unavailable("the views do not come to the last event of the thread: does a projector run?")
        replay = await _replay(log, site, thread)
        if lost := replay.lost.texts():
            raise WordsLost(lost)
        state, still = replay.state, _stopped(replay, now)
        if still is not None and still.position == was.position:
            return replace(still, since=was.since)
        live = await store.served(store.keys.of(site, thread).number)
        changes = [] if still is None else [_parks(live, still)]
        if isinstance(await live.exchange(state, html, *changes, last=last), Done):
            return still
    raise Unavailable("the thread went on each time its views were ready")


async def foldable(log: Log, site: str, thread: str, now: int) -> tuple[ThreadState, Parked | None]:
    """Fold a thread up to the first event that cannot be applied.

    Returns the thread before that event, and the event as parked; the whole thread and None without one. Raises
    `core.refusals.Unavailable` if the log cannot be read.
    """
    replay = await _replay(log, site, thread)
    return replay.state, _stopped(replay, now)


async def _replay(log: Log, site: str, thread: str) -> ThreadReplay:
    """The thread, folded up to the first event that cannot be applied."""
    replay = ThreadReplay(log, site, thread, stops=True)
    await replay.at()
    return replay


def _stopped(replay: ThreadReplay, now: int) -> Parked | None:
    """The event that stopped a fold, as parked."""
    failed = replay.failed
    return None if failed is None else parking.parked(failed.recorded, failed.why, now)


def _parks(store: Store, parked: Parked) -> Change:
    key = store.keys.of(parked.site, parked.thread).parked(store.generation)
    return Change("HSET", key, [parking.field(parked.site, parked.thread), parking.encode(parked)])
