"""Rebuild of every view of a deployment while readers and writers continue: the run over all partitions.

A rebuild is recorded when it begins, and the record is deleted when it ends. A process that starts one in between
continues the recorded one: partitions already flipped are done, and a generation under construction is continued.
Several processes may work on one rebuild, each on the partitions whose lease it holds.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from secrets import token_hex
from typing import Any, Final, TypeVar

import anyio
import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.application.aggregates import was_skipped
from core.events.envelope import Read, read
from core.events.lost_content import WordsLost
from core.keys import REBUILD
from core.log.port import Log
from core.redis.command import Argument
from core.redis.deployment import Deployment
from core.redis.errors import retry
from core.text.render import rendered
from core.throttle import Pace
from projections.rebuild.builder import PATIENCE, Interrupted, Rebuilding
from projections.rebuild.comparison import DifferingThread, GenerationDiff
from projections.rebuild.sweep import sweep
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Superseded
from projections.verify.single_thread import ListingCounts, SingleThreadCheck
from projections.views import damage
from projections.views.damage import Damage
from projections.views.generations import Built, Generations, generations, note, scope_of
from projections.views.layout import Html
from projections.views.pointer import Pointer
from projections.views.store import Store
from projections.views.versions import OWN, Scope, Versions
from workers.coordination.leased_work import LeasedWork, Work
from workers.coordination.leases import Leases
from workers.rebuild.status import Run
from workers.runtime.process import Failed

BUILDING: Final = 0.75
"""Fraction of the work on a partition that is building. The rest is comparing."""
POLL_EVERY: Final = 1.0
"""Seconds until partitions held by another process are tried again."""

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


class Rebuilder:
    """Rebuilds a deployment, goes back to the previous views, or cleans up, under the name of `worker`.

    `progress` receives the events done and their total, `flipped` each partition that was flipped. `read` decodes the
    event shapes that this version knows. Every method may raise Failed, `CannotApply`, `core.refusals.Unavailable`,
    and can be called again after an interruption at any point.
    """

    def __init__(  # noqa: PLR0913 # the versions and shapes of the rebuilding program are keyword arguments
        self,
        deployment: Deployment,
        log: Log,
        *,
        worker: str,
        share: float = 1.0,
        progress: Callable[[int, int], object] = lambda _done, _of: None,
        flipped: Callable[[Flipped], object] = lambda _: None,
        html: Html = rendered,
        versions: Versions = OWN,
        read: Read = read,
    ) -> None:
        self._deployment = deployment
        self._keys = deployment.keys
        self._all = list(range(log.partitions))
        self._log = log
        self._leased = LeasedWork(Leases(deployment.calls, deployment.keys, worker, building=True), share)
        self._share = share
        self._progress = progress
        self._flipped = flipped
        self._html = html
        self._versions = versions
        self._read = read
        self._damaged: dict[int, Damage] = {}
        """Partitions that cannot be built because their log is damaged."""
        self._done: dict[int, float] = {}
        self._of: dict[int, int] = {}

    async def rebuild(self) -> None:
        """Build every view again, compare it with the served one, and serve it. The previous views are kept."""
        await self._leased.running(self._rebuild)

    async def back(self) -> None:
        """Serve the previous generation in every partition that has kept it, after it has caught up."""
        await self._leased.running(self._back)

    async def clean(self) -> int:
        """Delete every unserved generation and the remains of a rebuild. Returns the number of keys deleted."""
        return await self._leased.running(self._clean)

    async def _rebuild(self) -> None:
        run = await self._begun()
        await self._measure(run)
        partitions = self._all
        # Remove unused generations first, so that no newly assigned generation number has keys already.
        await self._leased.each(
            [one for one in partitions if self._left(await self._known(one), run)], partial(self._abandon, run)
        )
        await self._sweep()
        while partitions:
            held = await self._leased.each(partitions, self._spared(partial(self._build, run)))
            if held == partitions:
                _log.info("rebuild_delayed", partitions=len(held))
                await anyio.sleep(POLL_EVERY)
            partitions = held
        self._require_undamaged("rebuilt")
        if await self._recorded() == run:
            await self._ask("DEL", REBUILD)

    async def _back(self) -> None:
        await self._ask("DEL", REBUILD)
        held = await self._leased.each(self._all, self._spared(self._return))
        _require_none(held)
        self._require_undamaged("returned to their earlier views")

    def _spared(self, work: Work) -> Work:
        """Wrap `work` so that a damaged partition does not stop the work on the others."""

        async def spared(partition: int, nonce: str, pace: Pace) -> None:
            try:
                await work(partition, nonce, pace)
            except Exception as error:
                found = damage.of(error, partition)
                if found is None:
                    raise
                self._damaged[partition] = found
                where = None if found.position is None else str(found.position)
                _log.error("partition_damaged", partition=partition, position=where, fault=found.why)

        return spared

    def _require_undamaged(self, done: str) -> None:
        """Raise Failed if any partition is damaged. `done` names the operation that failed."""
        if self._damaged:
            named = "; ".join(map(str, self._damaged.values()))
            raise Failed(
                f"{len(self._damaged)} of {len(self._all)} partitions could not be {done}, and stay as they are: "
                f"{named}. All others were {done}"
            )

    async def _clean(self) -> int:
        await self._ask("DEL", REBUILD)
        held = await self._leased.each(self._all, self._clean_partition)
        gone = await self._sweep()
        _require_none(held)
        return gone

    async def _begun(self) -> Run:
        """Return the recorded rebuild if it builds the same versions, otherwise a new one."""
        found = await self._recorded()
        if found is not None and found.versions == self._versions:
            return found
        if found is not None:
            await self._ask("DEL", REBUILD)
        own = self._versions
        began = int(time.time() * 1000)
        run = Run(id=token_hex(4), began=began, fold=own.fold, renderer=own.renderer, layout=own.layout)
        await self._ask("SET", REBUILD, msgspec.json.encode(run), "NX")
        # Another process may have recorded its rebuild first.
        return await self._recorded() or run

    async def _recorded(self) -> Run | None:
        found = await self._ask("GET", REBUILD)
        return None if found is None else msgspec.json.decode(found, type=Run)

    async def _measure(self, run: Run) -> None:
        """Count the events of each partition, and those already done."""
        for number in self._all:
            known = await self._known(number)
            self._of[number] = (await self._retry(partial(self._store(Pointer(known.served)).cursor, number))).n
            self._count(number, self._of[number] if known.belongs(run.id) else 0)

    def _count(self, partition: int, done: float) -> None:
        self._done[partition] = done
        self._of[partition] = max(self._of.get(partition, 0), int(done))
        self._progress(int(sum(self._done.values())), sum(self._of.values()))

    async def _sweep(self) -> int:
        gone = await sweep(self._deployment.calls, self._deployment.reads, self._keys, Pace(self._share))
        if gone:
            _log.info("views_removed", count=gone)
        return gone

    async def _abandon(self, run: Run, partition: int, nonce: str, _pace: Pace) -> None:
        """Remove the generations that this rebuild does not need from the list. None is removed once it is done."""
        known = await self._known(partition)
        needed = known.built.keys() - self._left(known, run)
        await self._note(partition, nonce, known, {one: known.of(one) for one in needed})

    def _left(self, known: Generations, run: Run) -> set[int]:
        """Generations of a partition that this rebuild does not need."""
        needed = known.built.keys() if known.belongs(run.id) else {known.served, known.begun(run.id)}
        return {one for one in known.built if one not in needed}

    async def _build(self, run: Run, partition: int, nonce: str, pace: Pace) -> None:
        known = await self._known(partition)
        if known.belongs(run.id):
            return
        begun = known.begun(run.id)
        target = begun or known.last + 1
        built = {
            known.served: replace(known.of(known.served), served=True),
            target: Built(rebuild=run.id, began=run.began),
        }
        await self._note(partition, nonce, known, built)
        store, served = self._store(known.pointer_to(target), beside=True), self._store(Pointer(known.served))
        own = Rebuilding(self._log, store, served, partition, nonce, html=self._html, pace=pace, read=self._read)
        own.new = begun is None
        own.snapshots = not (await self._scope(partition, known.served)).fold
        own.progressed = lambda events: self._count(partition, events * BUILDING)
        await own.level()
        threads = await own.threads()
        if lost := own.lost.texts():
            raise Failed(str(WordsLost(lost)))
        events = self._of[partition]
        own.progressed = lambda _: None
        share = events * (1 - BUILDING) / max(1, len(threads))

        def compared(threads: int) -> None:
            self._count(partition, events * BUILDING + threads * share)

        while True:
            scope = await self._scope(partition, known.served)
            contrast = GenerationDiff(
                self._deployment.reads,
                self._keys[partition],
                known.served,
                target,
                scope=scope,
                level=own.level,
                pace=pace,
            )
            differing = await contrast.run(threads, compared)
            # Another version that wrote into the served views meanwhile may be the cause of the difference.
            if not differing or (await self._scope(partition, known.served)).entries == scope.entries:
                break
        await self._require_whole(partition, nonce, target, own)
        if differing:
            await self._judge(partition, known.served, target, differing, pace)
        at = await own.flip()
        self._count(partition, at.n)
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
                known = await self._known(partition)
                kept = {one: built for one, built in known.built.items() if one != target}
                await self._note(partition, nonce, known, kept)
                raise Interrupted("the event that had parked a thread was skipped")
            raise Failed(
                f"{parked.site}/{parked.thread} cannot be folded to its end ({parked}): the served views stay as "
                "they are. See `hansard parked`"
            )

    async def _return(self, partition: int, nonce: str, pace: Pace) -> None:
        known = await self._known(partition)
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
        store, served = self._store(known.pointer_to(target), beside=True), self._store(Pointer(known.served))
        own = Rebuilding(self._log, store, served, partition, nonce, html=self._html, pace=pace, read=self._read)
        at = await own.flip()
        _log.debug("views_flipped", partition=partition, generation=target, position=str(at))
        cut = _cut(own, partition)
        self._flipped(
            Flipped(partition=partition, generation=target, before=known.served, events=at.n, threads=0, cut=cut)
        )

    async def _clean_partition(self, partition: int, nonce: str, _pace: Pace) -> None:
        known = await self._known(partition)
        await self._note(partition, nonce, known, {known.served: known.of(known.served)})

    async def _note(self, partition: int, nonce: str, known: Generations, built: Mapping[int, Built]) -> None:
        """Record these generations, and remove all others from the list."""
        own, struck = self._keys[partition], known.built.keys() - built.keys()
        calls = self._deployment.calls
        if not await self._retry(lambda: note(calls, own, nonce, known, built=built, struck=struck)):
            raise Interrupted("the lease or the served generation has changed")

    def _store(self, pointer: Pointer, *, beside: bool = False) -> Store:
        deployment = self._deployment
        return Store(
            deployment.calls, deployment.reads, self._keys, pointer=pointer, beside=beside, versions=self._versions
        )

    async def _scope(self, partition: int, generation: int) -> Scope:
        reads, keys = self._deployment.reads, self._keys[partition]
        return await self._retry(lambda: scope_of(reads, keys, generation, self._versions))

    async def _known(self, partition: int) -> Generations:
        return await self._retry(lambda: generations(self._deployment.reads, self._keys[partition]))

    async def _ask(self, *command: Argument) -> Any:
        return await self._retry(lambda: self._deployment.calls.call(*command))

    async def _retry(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        return await retry(ask, "rebuild", patience=PATIENCE)


def _cut(own: Rebuilding, partition: int) -> str | None:
    found = None if own.cut is None else damage.of(own.cut, partition)
    return None if found is None else str(found)


def _require_none(held: list[int]) -> None:
    if held:
        raise Failed(f"A rebuild is running in {len(held)} partitions: wait for its end, or stop it, and try again")
