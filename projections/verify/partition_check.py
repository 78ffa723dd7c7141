"""Comparison of one partition's views with its log: one pass over the log, then one thread after the other."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable

from msgspec.structs import replace

from core.keys import Partition
from core.log.port import Log
from core.position import Position
from core.redis.errors import retry
from core.refusals import UnreadablePartition
from core.throttle import Pace
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference, Name
from projections.verify.log_index import LogIndex, ViewsAhead
from projections.verify.single_thread import ListingCounts, SingleThreadCheck
from projections.verify.snapshots import SnapshotCheck
from projections.verify.stored_keys import StoredKeys
from projections.verify.thread_check import asked
from projections.views.damage import Damage
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.listings.listing import Listing
from projections.views.parked_threads import read_parked
from projections.views.stored_thread import Reads
from projections.views.versions import ALL, Scope

Report = Callable[[int, int, int], None]


class PartitionCheck:
    """Check of one partition. `left` counts what was not compared, by part.

    Only the parts in `scope` are compared. If `scope` is empty, because another fold version wrote into the views, the
    log is still read to its end, and its threads are counted. One thread at a time is in memory.
    """

    def __init__(self, log: Log, reads: Reads, keys: Partition, generation: int, html: Html, *, scope: Scope) -> None:
        self.keys = keys
        self.generation = generation
        self.scope = scope
        self._log = log
        self._reads = reads
        self._pace = Pace()
        self._index = LogIndex(log, keys.number)
        self._check = SingleThreadCheck(reads, keys, generation, html, scope=scope, pace=self._pace, call="verify")
        self._counts = ListingCounts(defers=True)
        self._compared: set[Name] = set()
        self._folded = 0
        """Events of the threads that were compared."""

    @property
    def at(self) -> Position:
        """The position verified up to."""
        return self._index.at

    @property
    def left(self) -> Counter[str]:
        """Counts of what was not compared, by part."""
        return self._check.left

    async def run(self, existing: StoredKeys, report: Report) -> AsyncIterator[Difference]:
        """Yield all differences; `existing` are the keys found by a preceding scan.

        After each thread, `report` gets the number of events folded, their total, and the number of threads compared.
        Raises as `LogIndex`, and `Superseded` if meanwhile another generation is served or another version writes into
        this one.
        """
        try:
            await self._index.go_to(await self._check.cursor())
            async for difference in self._all(existing, report) if self.scope.fold else self._uncompared():
                yield difference
            for name, fault in self._index.content_faults():
                place = self._check.difference(
                    name if name[1] else None, self.keys.log, str(fault.position), None, None
                )
                yield replace(place, content=fault)
            report(self.at.n, self.at.n, len(self._compared))
        except ViewsAhead as ahead:
            key = self.keys.cursor(self.generation)
            yield self._check.difference(None, key, None, str(self.at).encode(), str(ahead.cursor).encode())

    async def _uncompared(self) -> AsyncIterator[Difference]:
        """Count the threads; parked threads are reported, whichever projector parked them."""
        self.left[ALL] = len(self._index.threads)
        key = self.keys.parked(self.generation)
        parked = await retry(lambda: read_parked(self._reads, self.keys, self.generation), "verify")
        for name, record in sorted(parked.items()):
            yield replace(self._check.difference(name, key, "/".join(name), None, None), parked=record)

    async def _all(self, existing: StoredKeys, report: Report) -> AsyncIterator[Difference]:
        while rest := [name for name in self._index.threads if name not in self._compared]:
            for name in rest:
                self._compared.add(name)
                async for difference in self._thread(name, has_snapshots=name in existing.snapshots):
                    yield difference
                report(self._folded, self.at.n, len(self._compared))
        counts = ListingCounts()
        for name in self._counts.deferred:
            async for difference in self._check.strays(self._replay(name), counts):
                yield difference
        for site in sorted(self._index.sites):
            async for difference in self._strangers(site):
                yield difference
        for name, keys in existing.by_thread():
            if name not in self._index.threads:
                async for difference in self._unexplained(keys):
                    yield difference
        async for difference in self._strays(existing):
            yield difference

    async def _thread(self, name: Name, *, has_snapshots: bool) -> AsyncIterator[Difference]:
        snapshots = SnapshotCheck(self._reads, self.keys, name)
        if has_snapshots:
            await snapshots.begin()
        fold = self._replay(name, snapshots.freeze if has_snapshots else None)
        await fold.at(self.at)
        async for difference in self._check.differences(fold, self._counts):
            yield difference
        if (damaged := await self._headless(name)) is not None:
            yield damaged
        async for difference in snapshots.differences(self._check, fold.state):
            yield difference
        self._folded += fold.state.events

    def _replay(self, name: Name, passed: Callable[[ThreadState], None] | None = None) -> ThreadReplay:
        last = self._index.last(name)
        return ThreadReplay(self._log, *name, stops=True, last=last, passed=passed, pace=self._pace)

    async def _headless(self, name: Name) -> Difference | None:
        """The damage that blocks writes to a thread whose log is readable: invalid heads. None if there is none."""
        try:
            await self._log.thread_last(*name)
        except UnreadablePartition as error:
            place = self._check.difference(name, self.keys.heads(*name), None, None, None)
            return replace(place, damage=Damage(partition=self.keys.number, why=error.why))
        return None

    async def _strangers(self, site: str) -> AsyncIterator[Difference]:
        """Members of a site's listings of which the log has no thread."""
        counted = await self._counts.of(self._check, site)
        keys = self._check.listing_keys(site)
        cells = {cell for cell, thread in counted.members if (site, thread) not in self._index.threads}
        for listing in self._check.listings():
            if listing.cell in cells:
                key = keys[listing.cell]
                async for page in self._check.scan(key, listing.cell):
                    async for difference in self._unknown(site, listing, key, [member for member, _ in page]):
                        yield difference

    async def _unknown(self, site: str, listing: Listing, key: str, members: list[str]) -> AsyncIterator[Difference]:
        def unknown(member: str) -> bool:
            return (site, listing.thread_of(member)) not in self._index.threads

        if some := sorted(filter(unknown, members)):
            moment = await self._check.at_one_moment(("ZMSCORE", key, *some))
            await self._index.go_to(moment.cursor)
            for member, score in zip(some, moment.replies[0], strict=True):
                if score is not None and unknown(member):
                    yield self._check.difference(None, key, member, None, int(float(score)))

    async def _strays(self, existing: StoredKeys) -> AsyncIterator[Difference]:
        """Keys, other than those of threads, that the log does not explain."""
        known = {self.keys.cursor(self.generation), self.keys.versions(self.generation)}
        known.add(self.keys.parked(self.generation))
        for site in self._index.sites:
            known |= {self.keys.listing(self.generation, site, listing.name) for listing in registry.LISTINGS}
        async for difference in self._unexplained(sorted(existing.others - known)):
            yield difference

    async def _unexplained(self, keys: Iterable[str]) -> AsyncIterator[Difference]:
        for key in keys:
            view = key.rpartition(":")[2]
            if not self.scope.covers(view):
                self.left[view] += 1
                continue
            kind = await asked(self._reads, "TYPE", key)
            if kind != b"none":
                yield self._check.difference(None, key, None, None, kind)
