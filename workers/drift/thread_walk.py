"""Source of threads to check: a walk through all of them, and random draws (`workers.drift.sampling`)."""

import random
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from typing import Final

import anyio

from core.log.port import Log
from core.position import START, Position
from core.throttle import Pace
from projections.verify.difference import Name
from projections.verify.single_thread import ListingCounts
from workers.drift import sampling
from workers.drift.sampling import Search, Stretch
from workers.runtime import metrics

PAGE: Final = 256
"""Events per read of a walk."""
IDLE_S: Final = 1.0
"""Seconds between checks for held partitions while none is held."""
WALK_S: Final = 60.0
"""Minimum seconds between the starts of two walks, so that a small deployment is not walked all the time."""
QUIET_SHARE: Final = 0.25
"""Fraction of the pace for a walk if nothing was appended since the previous walk began."""


class ThreadWalk:
    """Chooses threads of the partitions returned by `held`. Every method may raise `core.refusals.Unavailable`."""

    def __init__(
        self,
        log: Log,
        held: Callable[[], Collection[int]],
        pace: Pace,
        *,
        every: float = WALK_S,
        quiet_share: float = QUIET_SHARE,
    ) -> None:
        """`every` is in seconds. A walk changes the share of `pace`."""
        self._log = log
        self._held = held
        self._pace = pace
        self._every = every
        self._share = pace.share
        self._quiet_share = quiet_share * pace.share
        self._dice = random.Random()  # noqa: S311 - it chooses the threads to check
        self._lasts: dict[int, Position] = {}
        """Last position in the log of each held partition, at the start of the latest walk."""

    async def walk(self) -> AsyncGenerator[tuple[Name, ListingCounts], None]:
        """Yield every thread of every held partition, one partition after another, without end."""
        while True:
            begun = anyio.current_time()
            partitions = list(self._held())
            before, ends = self._lasts, await self._log.lasts(partitions)
            self._lasts = dict(zip(partitions, ends, strict=True))
            self._set_pace(busy=self._lasts != before)
            self._dice.shuffle(partitions)
            for number in partitions:
                if not self._lasts[number].n:
                    continue
                if self._pace.share < self._share and await self._log.last(number) != self._lasts[number]:
                    self._set_pace(busy=True)
                counts = ListingCounts()
                stretches = sampling.round_trip(await self._anywhere(number), self._lasts[number])
                for stretch in stretches:
                    async with aclosing(self._stretch(number, stretch)) as names:
                        async for name in names:
                            yield name, counts
                if stretches and number in self._held():
                    metrics.DRIFT_WALKS.inc()
            await self._idle(begun + self._every if partitions else begun + IDLE_S)

    def _set_pace(self, *, busy: bool) -> None:
        self._pace.share = self._share if busy else self._quiet_share

    async def _stretch(self, number: int, stretch: Stretch) -> AsyncGenerator[Name, None]:
        at = stretch.after
        while at < stretch.upto and number in self._held():
            entries = await self._log.read(number, at, limit=PAGE, upto=stretch.upto)
            if not entries:
                return
            for name in sampling.begun(entries):
                yield name
            at = entries[-1].position
            if self._pace.due:
                await self._pace.rest()

    async def draw(self) -> Name | None:
        """The thread of an event drawn from all held partitions. None if the event is one of a site."""
        lengths = {number: last.n for number, last in self._lasts.items() if last.n and number in self._held()}
        if not lengths:
            return None
        number = sampling.drawn(self._dice, lengths)
        at = await self._anywhere(number)
        entry = await self._log.entry(number, at)
        return None if entry is None else sampling.thread_of(entry)

    async def _anywhere(self, number: int) -> Position:
        """Position of an event of a partition, drawn uniformly. `START` if there is none."""
        last = self._lasts[number]
        first = await self._log.read(number, START, limit=1)
        if not first or first[0].position >= last:
            return last
        search = Search(first[0].position, last, self._dice.randint(first[0].position.n, last.n))
        while not search.near:
            found = await self._log.read(number, search.ask(), limit=1)
            search.hear(found[0].position if found else last)
        at = search.low
        while at.n < search.number:
            entries = await self._log.read(number, at, limit=min(PAGE, search.number - at.n))
            if not entries:
                break  # the events are gone: a failover
            at = entries[-1].position
        return at

    async def _idle(self, until: float) -> None:
        """Sleep until this time of the event loop's clock."""
        await anyio.sleep_until(until)
        self._pace.begin()
