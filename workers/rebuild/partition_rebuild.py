"""Rebuild of the views of one partition: build a generation beside the served one, judge it, and switch to it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.application.aggregates import was_skipped
from core.events.envelope import Read
from core.events.lost_content import WordsLost
from core.log.port import Log
from core.redis.deployment import Deployment
from core.redis.errors import retry
from core.throttle import Pace
from projections.rebuild.builder import PATIENCE, Interrupted, Rebuilding
from projections.rebuild.comparison import DifferingThread, GenerationDiff
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Superseded
from projections.verify.single_thread import ListingCounts, SingleThreadCheck
from projections.views import damage
from projections.views.generations import Built, Generations, generations, note, scope_of
from projections.views.layout import Html
from projections.views.pointer import Pointer
from projections.views.store import Store
from projections.views.versions import Scope, Versions
from workers.rebuild.rebuild_progress import RebuildProgress
from workers.rebuild.status import Run
from workers.runtime.process import Failed

BUILDING: Final = 0.75
"""Fraction of the work on a partition that is building. The rest is comparing."""

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


class Flipped(Struct, frozen=True, kw_only=True):
    """A partition that now serves another generation of views."""

    partition: int
    generation: int
    before: int
    """The generation served until now. It is kept."""
    events: int
    threads: int
    differing: tuple[DifferingThread, ...] = ()
    """Threads whose views were served wrong until now, according to the log."""
    cut: str | None = None
    """Position and reason of the damage that stops these views, and stopped the previous ones."""


class PartitionRebuild:
    """Does the work of a rebuild in one partition at a time, whose lease the caller holds under `nonce`.

    `flipped` receives each partition that was switched. Every method may raise Failed, Interrupted, `CannotApply`,
    `core.refusals.Unavailable`, and can be called again after an interruption at any point.
    """

    def __init__(  # the versions and shapes of the rebuilding program are keyword arguments
        self,
        deployment: Deployment,
        log: Log,
        progress: RebuildProgress,
        *,
        flipped: Callable[[Flipped], object],
        html: Html,
        versions: Versions,
        read: Read,
    ) -> None:
        self._deployment = deployment
        self._keys = deployment.keys
        self._log = log
        self._progress = progress
        self._flipped = flipped
        self._html = html
        self._versions = versions
        self._read = read

    async def abandon(self, run: Run, partition: int, nonce: str, _pace: Pace) -> None:
        """Remove the generations that this rebuild does not need from the list. None is removed once it is done."""
        known = await self.known(partition)
        needed = known.built.keys() - self.left(known, run)
        await self._note(partition, nonce, known, {one: known.of(one) for one in needed})

    def left(self, known: Generations, run: Run) -> set[int]:
        """Generations of a partition that this rebuild does not need."""
        needed = known.built.keys() if known.belongs(run.id) else {known.served, known.begun(run.id)}
        return {one for one in known.built if one not in needed}

    async def build(self, run: Run, partition: int, nonce: str, pace: Pace) -> None:
        """Build the views again, compare them with the served ones, and serve them. Does nothing if that is done."""
        known = await self.known(partition)
        if known.belongs(run.id):
            return
        begun = known.begun(run.id)
        target = begun or known.last + 1
        built = {
            known.served: replace(known.of(known.served), served=True),
            target: Built(rebuild=run.id, began=run.began),
        }
        await self._note(partition, nonce, known, built)
        store, served = self.store(known.pointer_to(target), beside=True), self.store(Pointer(known.served))
        own = Rebuilding(self._log, store, served, partition, nonce, html=self._html, pace=pace, read=self._read)
        own.new = begun is None
        own.snapshots = not (await self._scope(partition, known.served)).fold
        own.progressed = lambda events: self._progress.count(partition, events * BUILDING)
        await own.level()
        threads = await own.threads()
        if lost := own.lost.texts():
            raise Failed(str(WordsLost(lost)))
        events = self._progress.total(partition)
        own.progressed = lambda _: None
        share = events * (1 - BUILDING) / max(1, len(threads))

        def compared(threads: int) -> None:
            self._progress.count(partition, events * BUILDING + threads * share)

        while True:
            scope = await self._scope(partition, known.served)
            diff = GenerationDiff(
                self._deployment.reads,
                self._keys[partition],
                known.served,
                target,
                scope=scope,
                level=own.level,
                pace=pace,
            )
            differing = await diff.run(threads, compared)
            # Another version that wrote into the served views meanwhile may be the cause of the difference.
            if not differing or (await self._scope(partition, known.served)).entries == scope.entries:
                break
        await self._require_whole(partition, nonce, target, own)
        if differing:
            await self._judge(partition, known.served, target, differing, pace)
        at = await own.flip()
        self._progress.count(partition, at.n)
        _log.debug("views_flipped", partition=partition, generation=target, position=str(at))
        self._flipped(
            Flipped(
                partition=partition,
                generation=target,
                before=known.served,
                events=at.n,
                threads=len(threads),
                differing=tuple(differing),
                cut=_cut(own, partition),
            )
        )

    async def _judge(
        self, partition: int, served: int, target: int, differing: list[DifferingThread], pace: Pace
    ) -> None:
        """Check the built views of differing threads against the log. Raises Failed if the built views are wrong."""
        keys, reads = self._keys[partition], self._deployment.reads
        scope, counts = await self._scope(partition, target), ListingCounts()
        check = SingleThreadCheck(
            reads, keys, target, self._html, scope=scope, pace=pace, call="rebuild", served=served
        )
        for one in differing:
            wrong = 0
            if one.thread is not None:
                fold = ThreadReplay(self._log, one.site, one.thread, stops=True, pace=pace)
                try:
                    async for difference in check.differences(fold, counts):
                        wrong += difference.parked is None
                except Superseded as error:
                    raise Interrupted("other views are served, or others wrote into those that were built") from error
            if wrong:
                _log.error("rebuild_refused", partition=partition, site=one.site, thread=one.thread, views=one.views)
                raise Failed(
                    f"The views built for {one.site}/{one.thread} differ from its log, and are not served: this is a "
                    "defect in Hansard"
                )
            _log.warning("views_differed", partition=partition, site=one.site, thread=one.thread, views=one.views)

    async def _require_whole(self, partition: int, nonce: str, target: int, own: Rebuilding) -> None:
        """Raise Failed if a thread is parked in the built views but not in the served ones."""
        for parked in (await own.parked()).values():
            if await was_skipped(self._log, parked.site, parked.thread, parked.position):
                # The skip came after the fold had passed the event. The build starts again under another number.
                known = await self.known(partition)
                kept = {one: built for one, built in known.built.items() if one != target}
                await self._note(partition, nonce, known, kept)
                raise Interrupted("the event that had parked a thread was skipped")
            raise Failed(
                f"{parked.site}/{parked.thread} cannot be folded to its end ({parked}): the served views stay as "
                "they are. See `hansard parked`"
            )

    async def back(self, partition: int, nonce: str, pace: Pace) -> None:
        """Serve the previous generation, if one is kept, after it has caught up."""
        known = await self.known(partition)
        target = known.before
        if target is None:
            return
        scope = await self._scope(partition, target)
        if not scope.fold:
            folds = " and ".join(map(str, sorted({one.fold for one in scope.versions})))
            raise Failed(
                f"The earlier views were written by fold version {folds}, this program has fold version "
                f"{self._versions.fold}: go back with the version of Hansard that wrote them"
            )
        await self._note(partition, nonce, known, {known.served: replace(known.of(known.served), served=True)})
        store, served = self.store(known.pointer_to(target), beside=True), self.store(Pointer(known.served))
        own = Rebuilding(self._log, store, served, partition, nonce, html=self._html, pace=pace, read=self._read)
        at = await own.flip()
        _log.debug("views_flipped", partition=partition, generation=target, position=str(at))
        cut = _cut(own, partition)
        self._flipped(
            Flipped(partition=partition, generation=target, before=known.served, events=at.n, threads=0, cut=cut)
        )

    async def clean(self, partition: int, nonce: str, _pace: Pace) -> None:
        """Remove every unserved generation from the list."""
        known = await self.known(partition)
        await self._note(partition, nonce, known, {known.served: known.of(known.served)})

    async def _note(self, partition: int, nonce: str, known: Generations, built: Mapping[int, Built]) -> None:
        """Record these generations, and remove all others from the list."""
        own, struck = self._keys[partition], known.built.keys() - built.keys()
        calls = self._deployment.calls
        if not await retried(lambda: note(calls, own, nonce, known, built=built, struck=struck)):
            raise Interrupted("the lease or the served generation has changed")

    def store(self, pointer: Pointer, *, beside: bool = False) -> Store:
        """The store of one generation; `beside` if it is not the served one."""
        deployment = self._deployment
        return Store(
            deployment.calls, deployment.reads, self._keys, pointer=pointer, beside=beside, versions=self._versions
        )

    async def _scope(self, partition: int, generation: int) -> Scope:
        reads, keys = self._deployment.reads, self._keys[partition]
        return await retried(lambda: scope_of(reads, keys, generation, self._versions))

    async def known(self, partition: int) -> Generations:
        """The generations of a partition, as recorded."""
        return await retried(lambda: generations(self._deployment.reads, self._keys[partition]))


async def retried(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Return the result of `ask`, retried while the server is unreachable. Raises `core.refusals.Unavailable`."""
    return await retry(ask, "rebuild", patience=PATIENCE)


def _cut(own: Rebuilding, partition: int) -> str | None:
    found = None if own.cut is None else damage.of(own.cut, partition)
    return None if found is None else str(found)
