"""Rebuild of every view of a deployment while readers and writers continue: the run over all partitions.

A rebuild is recorded when it begins, and the record is deleted when it ends. A process that starts one in between
continues the recorded one: partitions already flipped are done, and a generation under construction is continued.
Several processes may work on one rebuild, each on the partitions whose lease it holds.
"""

import time
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from typing import Any, Final

import anyio
import msgspec
import structlog

from core.events.envelope import Read, read
from core.keys import REBUILD
from core.log.port import Log
from core.redis.command import Argument
from core.redis.deployment import Deployment
from core.text.render import rendered
from core.throttle import Pace
from projections.rebuild.sweep import sweep
from projections.views import damage
from projections.views.damage import Damage
from projections.views.layout import Html
from projections.views.pointer import Pointer
from projections.views.versions import OWN, Versions
from workers.coordination.leased_work import LeasedWork, Work
from workers.coordination.leases import BUILDING, Leases
from workers.rebuild.partition_rebuild import Flipped, PartitionRebuild, retried
from workers.rebuild.rebuild_progress import RebuildProgress
from workers.rebuild.status import Run
from workers.runtime.process import Failed

POLL_EVERY: Final = 1.0
"""Seconds until partitions held by another process are tried again."""

_log = structlog.get_logger(__name__)


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
        self._leased = LeasedWork(Leases(deployment.calls, deployment.keys, worker, of=BUILDING), share)
        self._share = share
        self._progress = RebuildProgress(progress)
        self._partitions = PartitionRebuild(
            deployment, log, self._progress, flipped=flipped, html=html, versions=versions, read=read
        )
        self._versions = versions
        self._damaged: dict[int, Damage] = {}
        """Partitions that cannot be built because their log is damaged."""

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
            [one for one in partitions if self._partitions.left(await self._partitions.known(one), run)],
            partial(self._partitions.abandon, run),
        )
        await self._sweep()
        while partitions:
            held = await self._leased.each(partitions, self._spared(partial(self._partitions.build, run)))
            if held == partitions:
                _log.info("rebuild_delayed", partitions=len(held))
                await anyio.sleep(POLL_EVERY)
            partitions = held
        self._require_undamaged("rebuilt")
        if await self._recorded() == run:
            await self._ask("DEL", REBUILD)

    async def _back(self) -> None:
        await self._ask("DEL", REBUILD)
        held = await self._leased.each(self._all, self._spared(self._partitions.back))
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
        held = await self._leased.each(self._all, self._partitions.clean)
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
            known = await self._partitions.known(number)
            events = (await retried(partial(self._partitions.store(Pointer(known.served)).cursor, number))).n
            self._progress.begin(number, events, events if known.belongs(run.id) else 0)

    async def _sweep(self) -> int:
        gone = await sweep(self._deployment.calls, self._deployment.reads, self._keys, Pace(self._share))
        if gone:
            _log.info("views_removed", count=gone)
        return gone

    async def _ask(self, *command: Argument) -> Any:
        return await retried(lambda: self._deployment.calls.call(*command))


def _require_none(held: list[int]) -> None:
    if held:
        raise Failed(f"A rebuild is running in {len(held)} partitions: wait for its end, or stop it, and try again")
