"""Automatic requeues: threads that an earlier version parked at an event which this version knows.

Such a thread needs no operator. The projector that holds its partition checks if its own version knows the event, and
if so folds the thread again, as `hansard parked requeue` does.
"""

import time
from collections.abc import Iterable

import anyio
import structlog

from core.events.envelope import Read, read
from core.events.skip_events import UnknownEvent
from core.log.port import Log
from core.redis.errors import is_passing
from core.refusals import Unavailable
from core.text.render import rendered
from projections.read.served_generation import Served
from projections.rebuild.requeue import requeue
from projections.thread.effects import CannotApply
from projections.views.layout import Html
from projections.views.parking import Name, Parked
from projections.views.store import Store

_log = structlog.get_logger(__name__)

_Place = tuple[Name, str]
"""Thread, and position of the event that the thread is parked at."""


class Requeues:
    """Requeues threads, one at a time. `html` is the renderer. `read` decodes the event shapes of this version."""

    def __init__(self, log: Log, store: Store, served: Served, *, html: Html = rendered, read: Read = read) -> None:
        self._log = log
        self._store = store
        self._served = served
        self._html = html
        self._read = read
        self._waiting: dict[_Place, Parked] = {}
        self._offered = anyio.Event()
        self._rejected: dict[int, frozenset[_Place]] = {}
        """By partition, the parked threads that this version cannot requeue."""

    def offer(self, partition: int, parked: Iterable[Parked]) -> None:
        """Offer the parked threads of a held partition for a requeue. Called at every measurement."""
        unknown = {_place(one): one for one in parked if one.unknown}
        rejected = self._rejected[partition] = self._rejected.get(partition, frozenset()) & unknown.keys()
        new = {place: one for place, one in unknown.items() if place not in rejected}
        if new.keys() - self._waiting.keys():
            self._waiting |= new
            self._offered.set()

    def forget(self, partition: int) -> None:
        """Forget a partition that this process no longer holds."""
        self._rejected.pop(partition, None)

    async def run(self) -> None:
        """Requeue the offered threads, until cancelled."""
        while True:
            await self._offered.wait()
            self._offered = anyio.Event()
            while self._waiting:
                place, one = next(iter(self._waiting.items()))
                try:
                    await self._requeue(one)
                except Exception as error:  # noqa: BLE001 - one thread must not stop the projector
                    passing = is_passing(error) or isinstance(error, Unavailable | CannotApply)
                    if not passing:
                        self._reject(self._store.keys.of(one.site, one.thread).number, one)
                    # After a passing error, the thread is offered again while it is parked.
                    _log.warning(
                        "thread_not_requeued",
                        site=one.site,
                        thread=one.thread,
                        fault=type(error).__name__,
                        exc_info=None if passing else error,
                    )
                finally:
                    del self._waiting[place]

    async def _requeue(self, parked: Parked) -> None:
        partition = self._store.keys.of(parked.site, parked.thread).number
        entry = await self._log.entry(partition, parked.position)
        if entry is None or isinstance(self._read(*entry).event, UnknownEvent):
            self._reject(partition, parked)
            return
        still = await requeue(
            self._log, self._store, self._served, parked, now=time.time_ns() // 1_000_000, html=self._html
        )
        if still is None:
            _log.info("thread_requeued", site=parked.site, thread=parked.thread)
            return
        if still.position == parked.position:
            self._reject(partition, parked)
        _log.error(
            "thread_parked",
            partition=partition,
            site=still.site,
            thread=still.thread,
            position=str(still.position),
            type=still.type,
            fault=still.fault,
        )

    def _reject(self, partition: int, one: Parked) -> None:
        self._rejected[partition] = self._rejected.get(partition, frozenset()) | {_place(one)}


def _place(one: Parked) -> _Place:
    return (one.site, one.thread), str(one.position)
