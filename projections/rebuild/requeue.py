"""A parked thread brought back: folded anew, put in the place of its views, and parked no more, in one script.

Where another event cannot be applied, or the same one still, the thread is shown up to there and stays parked.
"""

from msgspec.structs import replace

from core.log.port import Log
from core.refusals import Unavailable
from core.text.render import rendered
from projections.read.progress import passed
from projections.read.served_generation import Served
from projections.rebuild.refold import TRIES
from projections.thread.fold import CannotApply, Hole
from projections.thread.skip_rule import Skipped, before, passing
from projections.thread.state import ThreadState
from projections.thread.thread_replay import fold_on
from projections.views import parking
from projections.views.changes import Change
from projections.views.layout import Html
from projections.views.parking import Parked
from projections.views.store import Done, Store

VIEWS_WITHIN = 5.0
"""Seconds in which the projector has to come to the last event of the thread, if only to pass over it."""


async def requeue(
    log: Log, store: Store, served: Served, was: Parked, *, now: int, html: Html = rendered
) -> Parked | None:
    """Bring back a thread that was parked; where it is parked now, None where it is not.

    Raises `CannotApply` where nothing of the thread can be shown, `redis.exceptions.RedisError`, and
    `core.refusals.Unavailable` where no projector comes to its last event or the thread does not stand still.
    """
    site, thread = was.site, was.thread
    for _ in range(TRIES):
        last = await log.thread_last(site, thread)
        if last is None or not await passed(served, site, thread, last, within=VIEWS_WITHIN):
            raise Unavailable("the views do not come to the last event of the thread: does a projector run?")
        state, still = await foldable(log, site, thread, now)
        if still is not None and still.position == was.position:
            return replace(still, since=was.since)
        live = await store.served(store.keys.of(site, thread).number)
        changes = [] if still is None else [_parks(live, still)]
        if isinstance(await live.exchange(state, html, *changes, last=last), Done):
            return still
    raise Unavailable("the thread went on each time its views were ready")


async def foldable(log: Log, site: str, thread: str, now: int) -> tuple[ThreadState, Parked | None]:
    """The thread as far as it can be folded, and what it stops at. Raises `core.refusals.Unavailable`."""

    async def fold(skipped: Skipped) -> ThreadState:
        return await fold_on(log, ThreadState(site=site, id=thread), skipped)

    try:
        return await passing(log, fold), None
    except Hole:
        raise
    except CannotApply as error:
        return await before(log, error.recorded), parking.parked(error.recorded, error.why, now)


def _parks(store: Store, parked: Parked) -> Change:
    key = store.keys.of(parked.site, parked.thread).parked(store.generation)
    return Change("HSET", key, [parking.field(parked.site, parked.thread), parking.encode(parked)])
