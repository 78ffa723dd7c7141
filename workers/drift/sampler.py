"""Continuous drift detection: threads are folded from their log alone and compared with the served views.

The sampler runs in every process that projects. It checks the partitions that the process holds, at a share of one
core's time, and changes nothing where the views are right. A difference is logged, counted and repaired: the thread is
quarantined and its views are replaced by the fold. If it differs again, the code is wrong and not the data: that is
logged once, and the thread is not checked for a long time. None of this is stored: the next owner of the partition
starts without it.

A text that is missing from the log, though no event took it out, is logged and never repaired: the views may have the
only copy.

Where several versions have written into the views of a partition, only the parts that all of them write alike are
compared. The other parts are counted, and logged once per partition.
"""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

import anyio
import structlog
from msgspec import Struct, field

from core.events.lost_content import LostContent
from core.log.port import Log
from core.redis.deployment import Deployment
from core.redis.errors import is_passing
from core.refusals import Unavailable
from core.text.render import rendered
from core.throttle import Pace
from projections.rebuild.refold import refold
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference, Name, Superseded
from projections.verify.single_thread import ListingCounts, SingleThreadCheck
from projections.views.layout import Html
from projections.views.listings.registry import LISTINGS
from projections.views.store import Store
from projections.views.versions import OWN, Scope, Versions
from workers.drift.thread_walk import QUIET_SHARE, WALK_S, ThreadWalk
from workers.runtime import metrics

AWAY_S: Final = 1.0
"""Seconds to wait after a failure before the sampler continues."""
AGAIN_S: Final = 60.0
"""Seconds until the retry of a repair that failed with a passing error."""
QUARANTINE_S: Final = 24 * 3600.0
"""Seconds for which a thread is not checked after a repair did not help."""
MOST_REPORTED: Final = 10
"""Maximum number of differing fields logged individually per thread."""

PERSONAL: Final = frozenset(
    {"ballots", "waiting", "filed"} | {listing.name for listing in LISTINGS if listing.personal}
)
"""Views whose members name a member or an address."""
_IDS: Final = re.compile(
    r"(?:[\w.~-]{1,120} (?=\d{12}:)|\d{15} \d{12} )?(?:\d{12}:)?[\w.~-]{1,120}(?::\d+)?"
    r"(?: [\w-]{1,64} [pqrw] (?:\*|[\w.-]{1,80}))?"
    r"|[\w-]{1,64} [\w.~-]{1,120} [\w-]{1,64}",
    re.ASCII,
)
"""Pattern of field names in the other views: ids, positions, ages, revision numbers, statuses, rules, and batches."""

_EVERYTHING: Final = Scope()

_log = structlog.get_logger(__name__)


class _Found(Struct):
    """Differences in one thread: the first fields, and the total count."""

    first: list[Difference] = field(default_factory=list)
    views: Counter[str] = field(default_factory=Counter)
    """Number of differing fields, by view."""
    lost: list[LostContent] = field(default_factory=list)
    """The texts that are missing from the log."""

    @property
    def count(self) -> int:
        """Total number of differing fields."""
        return self.views.total()

    def add(self, difference: Difference) -> None:
        """Record one more difference."""
        self.views[_view(difference)] += 1
        if len(self.first) < MOST_REPORTED:
            self.first.append(difference)


class Sampler:
    """Checks threads of the partitions returned by `held`, without end. `budget` is the share of one core's time."""

    def __init__(
        self,
        deployment: Deployment,
        log: Log,
        *,
        budget: float,
        held: Callable[[], Collection[int]],
        html: Html = rendered,
        versions: Versions = OWN,
        every: float = WALK_S,
        quiet_share: float = QUIET_SHARE,
    ) -> None:
        """`every` and `quiet_share` are those of `ThreadWalk`."""
        self._log = log
        self._reads = deployment.reads
        self._store = Store(deployment.calls, deployment.reads, deployment.keys, versions=versions)
        self._held = held
        self._html = html
        self._pace = Pace(budget)
        self._rounds = ThreadWalk(log, held, self._pace, every=every, quiet_share=quiet_share)
        self._secret = token_bytes(16)
        self._counted = 0.0
        """Seconds of work already added to the metric."""
        self._quarantine: dict[Name, float] = {}
        """Threads under repair, or that a repair did not help, with the time of their next check."""
        self._scopes: dict[int, Scope] = {}
        """The scope of comparison that was last logged, by partition."""

    async def run(self) -> None:
        """Check threads until cancelled. A failure here never stops the projector."""
        while True:
            try:
                async with aclosing(self._rounds.walk()) as walk:
                    await self._along(walk)
            except Exception as error:  # noqa: BLE001 - an error that is not passing is logged with its traceback
                if _is_passing(error):
                    _log.warning("drift_look_postponed", fault=type(error).__name__)
                else:
                    _log.error("drift_look_failed", exc_info=error)
            await anyio.sleep(AWAY_S)
            self._pace.begin()

    async def _along(self, walk: AsyncGenerator[tuple[Name, ListingCounts], None]) -> None:
        """Check the threads of the walk, and randomly drawn threads for an equal amount of time."""
        walked = drawn = 0.0
        begun = self._pace.spent
        async for name, counts in walk:
            await self._check(name, counts)
            walked += self._pace.spent - begun
            begun = self._pace.spent
            while drawn < walked and (by_chance := await self._rounds.draw()):
                await self._check(by_chance, None)
                drawn += self._pace.spent - begun
                begun = self._pace.spent
            await self._check_quarantined()
            begun = self._pace.spent

    async def _check_quarantined(self) -> None:
        """Check the threads whose quarantine is over, and forget those of partitions no longer held."""
        for name, due in list(self._quarantine.items()):
            held = self._store.keys.of(*name).number in self._held()
            if not held or due <= anyio.current_time():
                self._release(name)
                if held:
                    await self._check(name, None)

    async def _check(self, name: Name, counts: ListingCounts | None) -> None:
        """Check one thread, and repair it if it differs."""
        if name not in self._quarantine:
            try:
                await self._judge(name, counts)
            except Exception as error:
                if _is_passing(error):
                    raise
                # A thread that cannot be checked must not keep the others from being checked.
                self._quarantine_for(name, QUARANTINE_S)
                _log.error("drift_look_failed", site=name[0], thread=name[1], exc_info=error)
        await self._rest()

    async def _judge(self, name: Name, counts: ListingCounts | None) -> None:
        found = await self._differences(name, counts)
        if found.lost:
            self._alarm(name, found.lost)
        elif found.count:
            for view, fields in found.views.items():
                metrics.DRIFT.labels(view).inc(fields)
            await self._mend(name, found)

    async def _differences(self, name: Name, counts: ListingCounts | None = None) -> _Found:
        partition = self._store.keys.of(*name)
        while True:
            store = await self._store.served(partition.number)
            scope = await store.scope(partition.number)
            check = SingleThreadCheck(
                self._reads, partition, store.generation, self._html, scope=scope, pace=self._pace, call="drift"
            )
            fold = ThreadReplay(self._log, *name, pace=self._pace)
            found = _Found()
            try:
                async for difference in check.differences(fold, counts):
                    if difference.parked is None:
                        found.add(difference)
            except Superseded:
                continue
            found.lost = fold.lost.texts()
            self._count(partition.number, store.generation, scope, check.left)
            return found

    def _count(self, partition: int, generation: int, scope: Scope, left: Counter[str]) -> None:
        """Count the parts of a thread that were not compared, and log them once per partition."""
        if scope.fold:
            metrics.DRIFT_CHECKED.inc()
        for part, number in left.items():
            metrics.DRIFT_UNCOMPARED.labels(part).inc(number)
        if scope.parts != self._scopes.get(partition, _EVERYTHING).parts:
            self._scopes[partition] = scope
            if not scope.whole:
                _log.info(
                    "views_not_compared",
                    partition=partition,
                    generation=generation,
                    parts=scope.parts,
                    versions=sorted(map(str, scope.versions)),
                )

    async def _mend(self, name: Name, found: _Found) -> None:
        """Log the differences, replace the views by the fold, and check again."""
        self._quarantine_for(name, AGAIN_S)
        self._report(name, found)
        left, fault = found, None
        try:
            await refold(self._log, self._store, *name, html=self._html)
            left = await self._differences(name)
        except Exception as error:  # noqa: BLE001 - the error that prevented the repair is logged with the thread
            if _is_passing(error):
                # The thread kept receiving events, or the server was unavailable: the repair is retried soon.
                _log.warning("drift_not_mended", site=name[0], thread=name[1], fault=type(error).__name__)
                return
            fault = error
        if left.count:
            self._quarantine_for(name, QUARANTINE_S)
            first = left.first[0]
            _log.critical(
                "drift_not_mended_by_folding",
                partition=first.partition,
                site=name[0],
                thread=name[1],
                view=_view(first),
                field=self._field(first),
                fields=left.count,
                exc_info=fault,
            )
        else:
            self._release(name)
            _log.info("drift_mended", site=name[0], thread=name[1], fields=found.count)

    def _alarm(self, name: Name, lost: list[LostContent]) -> None:
        """Report texts that the log lost. The views stay as they are."""
        self._quarantine_for(name, QUARANTINE_S)
        metrics.WORDS_LOST.inc(len(lost))
        for one in lost[:MOST_REPORTED]:
            _log.critical(
                "words_lost",
                partition=self._store.keys.of(*name).number,
                site=name[0],
                thread=name[1],
                comment=one.comment,
                revision=one.revision,
                position=str(one.position),
                lost=len(lost),
            )

    def _report(self, name: Name, found: _Found) -> None:
        for difference in found.first:
            _log.error(
                "drift_found",
                partition=difference.partition,
                site=name[0],
                thread=name[1],
                view=_view(difference),
                stored=difference.key,
                field=self._field(difference),
                expected=self._value(difference.expected),
                found=self._value(difference.found),
                fields=found.count,
            )

    def _field(self, difference: Difference) -> str | None:
        """Field name as it may be logged: the name itself if it consists of ids, otherwise its digest."""
        name = difference.field
        if name is None or (_view(difference) not in PERSONAL and _IDS.fullmatch(name)):
            return name
        return self._digest(name.encode())

    def _value(self, value: bytes | int | None) -> str | int | None:
        return self._digest(value) if isinstance(value, bytes) else value

    def _digest(self, value: bytes) -> str:
        """Keyed digest of a value. It distinguishes values and cannot be reversed outside this process."""
        return blake2b(value, digest_size=8, key=self._secret).hexdigest()

    def _quarantine_for(self, name: Name, seconds: float) -> None:
        self._quarantine[name] = anyio.current_time() + seconds
        metrics.DRIFT_QUARANTINED.set(len(self._quarantine))

    def _release(self, name: Name) -> None:
        del self._quarantine[name]
        metrics.DRIFT_QUARANTINED.set(len(self._quarantine))

    async def _rest(self) -> None:
        await self._pace.rest()
        metrics.DRIFT_SECONDS.inc(self._pace.spent - self._counted)
        self._counted = self._pace.spent


def _view(difference: Difference) -> str:
    return difference.key.rpartition(":")[2]


def _is_passing(error: Exception) -> bool:
    return isinstance(error, Unavailable) or is_passing(error)
