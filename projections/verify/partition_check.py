"""Comparison of one partition's views with the fold of its log."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple
from zlib import crc32

from msgspec.structs import replace
from redis.exceptions import ResponseError

from core.events.envelope import Recorded, read
from core.events.types import CommentPosted
from core.keys import Partition
from core.log.port import Log
from core.position import START, Position
from core.redis.errors import retry
from core.refusals import UnreadablePartition
from core.throttle import Pace
from projections.thread.fold import Hole
from projections.thread.state import ThreadState
from projections.verify.difference import Content, Difference, Name
from projections.verify.parked import ParkedThreads
from projections.verify.snapshots import SnapshotCheck
from projections.verify.stored_keys import StoredKeys
from projections.verify.thread import ThreadCheck
from projections.views import layout
from projections.views.damage import Damage
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.listings.listing import Listing
from projections.views.parking import Parked
from projections.views.stored_thread import Reads
from projections.views.versions import ALL, Scope

READ: Final = 1000
"""Events per read."""
MOST: Final = 2_000_000
"""Maximum items in memory per partition, about 200 bytes each; a larger partition is folded in shares."""
POSTED: Final = 10
"""Items per comment; any other event counts 1."""


async def asked(reads: Reads, *command: bytes | str | int) -> Any:
    """The reply to one command, retried while the server is unreachable. Raises `core.refusals.Unavailable`."""
    return await retry(lambda: reads.call(*command), "verify")


class _Ahead(Exception):
    """The views are ahead of the log: nothing can be compared with them."""

    def __init__(self, cursor: Position) -> None:
        super().__init__(f"the views are at {cursor}, beyond the log")
        self.cursor = cursor


class _Share(NamedTuple):
    """A share of a partition's threads: those whose digest modulo `of` is `rest`."""

    rest: int
    of: int

    def has(self, name: Name) -> bool:
        return crc32("/".join(name).encode()) % self.of == self.rest


class _Fold:
    """The fold of one thread, advanced together with the other threads of its partition."""

    def __init__(self, find: Callable[[], ThreadState | None], go_to: Callable[[Position], Awaitable[None]]) -> None:
        self._find = find
        self._go_to = go_to

    @property
    def thread(self) -> ThreadState | None:
        """The thread as far as all threads were folded."""
        return self._find()

    async def at(self, cursor: Position) -> ThreadState | None:
        """The thread after all threads were folded up to `cursor`."""
        await self._go_to(cursor)
        return self.thread


class PartitionCheck:
    """Check of one partition. `at` is the position folded up to; `left` counts what was not compared, by part.

    Only the parts in `scope` are compared. If `scope` is empty, because another fold version wrote into the views, the
    log is still read to its end, and its threads are counted.

    A partition with more than `most` items is folded in shares, one after another: each reads the whole log, and keeps
    some of the threads.
    """

    def __init__(
        self,
        log: Log,
        reads: Reads,
        keys: Partition,
        generation: int,
        html: Html,
        *,
        scope: Scope,
        most: int | None = None,
    ) -> None:
        self.at = START
        self.keys = keys
        self.generation = generation
        self.scope = scope
        self._log = log
        self._reads = reads
        self._look = ThreadCheck(reads, keys, generation, html, scope=scope, pace=Pace())
        self._most = MOST if most is None else most
        self._threads: dict[Name, ThreadState] = {}
        self._sites: set[str] = set()
        """The sites of all threads, including those of other shares."""
        self._halts = ParkedThreads(log, reads, keys, generation)
        self._parked: dict[Name, Parked] = {}
        self._kept = 0
        self._share = _Share(0, 1)
        self._waiting: list[_Share] = []
        self._comparing = False
        self._before = 0
        """Events folded for the previous shares."""
        self._compared = 0
        self._frozen = SnapshotCheck(reads, keys)

    @property
    def left(self) -> Counter[str]:
        """Counts of what was not compared, by part."""
        return self._look.left

    async def cursor(self) -> Position:
        """The cursor of the views."""
        return await self._look.cursor()

    async def run(self, existing: StoredKeys, tell: Callable[[int, int, int], None]) -> AsyncIterator[Difference]:
        """Yield all differences; `existing` are the keys found by a preceding scan.

        `tell` receives the number of events folded, their approximate total, and the number of threads compared. Raises
        `Hole`, and `Superseded` if meanwhile another generation is served or another version writes into this one.
        """
        self._waiting = [_Share(0, 1)]
        try:
            if not self.scope.fold:
                async for difference in self._uncompared(tell):
                    yield difference
                return
            while self._waiting:
                self._share = self._waiting.pop()
                self.at, self._threads, self._kept = START, {}, 0
                async for difference in self._all(existing, tell):
                    yield difference
                self._before += self.at.n
            async for difference in self._strays(existing):
                yield difference
        except _Ahead as ahead:
            key = self.keys.cursor(self.generation)
            yield self._look.difference(None, key, None, str(self.at).encode(), str(ahead.cursor).encode())

    async def _uncompared(self, tell: Callable[[int, int, int], None]) -> AsyncIterator[Difference]:
        """Read the log and count its threads; parked threads are reported, whichever projector parked them."""
        cursor = await self.cursor()
        names: set[Name] = set()
        while self.at < cursor:
            for recorded in await self._next(cursor):
                if recorded.envelope.thread:
                    names.add((recorded.envelope.site, recorded.envelope.thread))
            self._told(tell)
        self.left[ALL] = len(names)
        await self._halts.begin()
        for name, parked in sorted(self._halts.parked.items()):
            yield self._parked_at(name, parked)

    async def _all(self, existing: StoredKeys, tell: Callable[[int, int, int], None]) -> AsyncIterator[Difference]:
        await self._frozen.begin(filter(self._share.has, existing.snapshots))
        await self._halts.begin()
        self._comparing = False
        await self._go_to(await self.cursor(), tell)
        self._comparing = True
        compared: set[Name] = set()
        while rest := [name for name in self._threads if name not in compared]:
            for name in rest:
                compared.add(name)
                fold = _Fold(partial(self._find, name), partial(self._settle, name, tell))
                async for difference in self._look.thread(name, fold):
                    yield difference
                if name in self._parked:
                    yield self._parked_at(name, self._parked[name])
                if (damaged := await self._headless(name)) is not None:
                    yield damaged
                self._compared += 1
                self._told(tell)
        for site in sorted(self._sites):
            async for difference in self._site(site, tell):
                yield difference
        async for difference in self._frozen.differences(self._look, self._threads):
            yield difference
        for name, keys in existing.by_thread():
            if self._share.has(name) and name not in self._threads:
                async for difference in self._unexplained(keys):
                    yield difference

    def _parked_at(self, name: Name, parked: Parked) -> Difference:
        place = self._look.difference(name, self._halts.key, "/".join(name), None, None)
        return replace(place, parked=parked)

    async def _headless(self, name: Name) -> Difference | None:
        """The damage that blocks writes to a thread whose log is readable: invalid heads. None if there is none."""
        try:
            await self._log.thread_last(*name)
        except UnreadablePartition as error:
            place = self._look.difference(name, self.keys.heads(*name), None, None, None)
            return replace(place, damage=Damage(partition=self.keys.number, why=error.why))
        return None

    async def _next(self, cursor: Position) -> list[Recorded]:
        """Read at least one event, up to `cursor`, and advance `at` to the last of them."""
        entries = await self._log.read(self.keys.number, self.at, limit=READ, upto=cursor)
        if not entries:
            raise _Ahead(cursor)
        found = []
        for entry in entries:
            found.append(read(*entry))
            if entry.position.n != self.at.n + 1:
                raise Hole(found[-1], self.at)
            self.at = entry.position
        return found

    async def _go_to(self, cursor: Position, tell: Callable[[int, int, int], None]) -> None:
        """Fold on to `cursor`, or from the beginning if the views went back."""
        if cursor < self.at:
            self.at, self._threads, self._kept = START, {}, 0
            await self._halts.begin()
        while self.at < cursor:
            for recorded in await self._next(cursor):
                name = (recorded.envelope.site, recorded.envelope.thread)
                if not recorded.envelope.thread:
                    continue
                self._sites.add(name[0])
                if self._share.of == 1 or self._share.has(name):
                    if name not in self._threads:
                        self._threads[name] = ThreadState(site=name[0], id=name[1])
                    failed = self._halts.take_in(self._threads[name], name, recorded)
                    if failed is not None:
                        self._threads[name] = await self._halts.halt(failed)
                    self._frozen.freeze(name, self._threads[name])
                    self._kept += POSTED if type(recorded.event) is CommentPosted else 1
            # No split once the comparison has begun: from then on only concurrent events add items.
            while self._kept > self._most and len(self._threads) > 1 and not self._comparing:
                self._halve()
            self._told(tell)

    async def _settle(self, name: Name, tell: Callable[[int, int, int], None], cursor: Position) -> None:
        """Fold on to `cursor`, and update the parked record of the thread."""
        await self._go_to(cursor, tell)
        parked = await self._halts.of(self._threads, name, self.at)
        if parked is None:
            self._parked.pop(name, None)
        else:
            self._parked[name] = parked

    def _find(self, name: Name) -> ThreadState | None:
        return self._threads.get(name)

    def _halve(self) -> None:
        """Keep half of the threads of this share, and queue the others as a new share."""
        rest, of = self._share
        self._share = _Share(rest, of * 2)
        self._waiting.append(_Share(rest + of, of * 2))
        self._threads = {name: thread for name, thread in self._threads.items() if self._share.has(name)}
        self._frozen.keep(self._share.has)
        comments = sum(len(thread.rows) for thread in self._threads.values())
        events = sum(thread.events for thread in self._threads.values())
        self._kept = events + (POSTED - 1) * comments

    def _told(self, tell: Callable[[int, int, int], None]) -> None:
        done = self._before + self.at.n
        tell(done, done + len(self._waiting) * self.at.n, self._compared)

    async def _site(self, site: str, tell: Callable[[int, int, int], None]) -> AsyncIterator[Difference]:
        compared = self._look.listings()
        wanted: dict[str, dict[str, bytes | int]] = {listing.cell: {} for listing in registry.LISTINGS}
        for name, thread in self._threads.items():
            if name[0] == site:
                for cell, member, score in layout.of_site(thread):
                    wanted[cell][member] = score
        for listing in registry.LISTINGS:
            if listing not in compared:
                self._leave(listing.name, len(wanted[listing.cell]))
        try:
            for listing in compared:
                doubtful = await self._doubtful(site, listing, wanted.pop(listing.cell))
                ask = partial(self._members, site, listing, tell)
                key = self._look.listing_key(site, listing)
                async for difference in self._look.confirmed(key, listing.cell, doubtful, ask):
                    yield difference
        except ResponseError:
            keys = {listing.cell: self._look.listing_key(site, listing) for listing in compared}
            async for difference in self._look.wrong_kinds(None, keys):
                yield difference

    async def _doubtful(self, site: str, listing: Listing, wanted: Content) -> set[str]:
        """The members on which a listing of a site and the threads of this share disagree."""
        doubtful: set[str] = set()
        seen: set[str] = set()
        async for page in self._look.scan(self._look.listing_key(site, listing), listing.cell):
            for member, score in page:
                if member in wanted:
                    seen.add(member)
                if wanted.get(member) != int(float(score)) and self._share.has((site, listing.thread_of(member))):
                    doubtful.add(member)
        return doubtful | (wanted.keys() - seen)

    async def _members(
        self, site: str, listing: Listing, tell: Callable[[int, int, int], None], cursor: Position, members: set[str]
    ) -> Content:
        """The given members that the threads of this share should have in a listing of a site at a cursor."""
        await self._go_to(cursor, tell)
        names = {(site, listing.thread_of(member)) for member in members} & self._threads.keys()
        there = (cell for name in names for cell in layout.of_site(self._threads[name]))
        return {member: score for at, member, score in there if at == listing.cell and member in members}

    async def _strays(self, existing: StoredKeys) -> AsyncIterator[Difference]:
        """Keys, other than those of threads, that the log does not explain."""
        known = {self.keys.cursor(self.generation), self.keys.versions(self.generation), self._halts.key}
        for site in self._sites:
            known |= {self._look.listing_key(site, listing) for listing in registry.LISTINGS}
        async for difference in self._unexplained(sorted(existing.others - known)):
            yield difference

    async def _unexplained(self, keys: Iterable[str]) -> AsyncIterator[Difference]:
        for key in keys:
            view = key.rpartition(":")[2]
            if not self.scope.covers(view):
                self._leave(view, 1)
                continue
            kind = await asked(self._reads, "TYPE", key)
            if kind != b"none":
                yield self._look.difference(None, key, None, None, kind)

    def _leave(self, view: str, fields: int) -> None:
        """Count fields that are not compared, if any."""
        if fields:
            self.left[view] += fields
