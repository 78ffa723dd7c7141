"""Check of one thread, independent of all others: its log is folded and compared with its views."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from msgspec import Struct

from core.keys import Partition
from core.log.port import Log
from core.position import Position
from core.redis.errors import retry
from core.throttle import Pace
from projections.thread.fold import CannotApply
from projections.thread.state import ThreadState
from projections.thread.thread_replay import NEWEST, ThreadReplay
from projections.verify.difference import Difference, Name, Superseded
from projections.verify.thread import ThreadCheck
from projections.views import layout, parking
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.parking import Parked
from projections.views.pointer import Pointer
from projections.views.stored_thread import Reads
from projections.views.versions import ALL, Scope


class MemberCount(Struct, frozen=True):
    """Number of members by cell and thread in a site's listings, counted when the views were at `since`."""

    since: Position
    members: Counter[tuple[str, str]]


class MemberCounts:
    """Counts the members of a partition's listings once, to avoid a search per thread."""

    def __init__(self) -> None:
        self._counted: dict[tuple[int, str], MemberCount] = {}

    async def of(self, look: ThreadCheck, site: str) -> MemberCount:
        """The count of a site in the generation of `look`, taken at the first call."""
        place = (look.generation, site)
        if place not in self._counted:
            since = await look.cursor()
            members: Counter[tuple[str, str]] = Counter()
            for listing in look.listings():
                async for page in look.scan(look.listing_key(site, listing), listing.cell):
                    members.update((listing.cell, listing.thread_of(member)) for member, _ in page)
            self._counted[place] = MemberCount(since, members)
        return self._counted[place]


class _Expected:
    """The fold of one thread from its own events, up to where it is parked (an `ExpectedThread`)."""

    def __init__(self, replay: ThreadReplay, parked: Parked | None) -> None:
        self._replay = replay
        self._before = NEWEST if parked is None else parked.position

    @property
    def thread(self) -> ThreadState | None:
        """The thread as far as it was folded; None if it has no events."""
        return self._replay.state if self._replay.state.events else None

    async def at(self, cursor: Position) -> ThreadState | None:
        """The thread after exactly its events up to `cursor`, or to its parked position. Raises as `ThreadReplay`."""
        await self._replay.at(cursor, before=self._before)
        return self.thread


class SingleThreadCheck:
    """Checks threads of one partition, one at a time, in the views that a pointer names.

    `scope` is the comparable part of the views; `left` counts what was not compared, by part.
    """

    def __init__(
        self, log: Log, reads: Reads, keys: Partition, pointer: Pointer, html: Html, *, scope: Scope, pace: Pace
    ) -> None:
        self._log = log
        self._reads = reads
        self._keys = keys
        self._pointer = pointer
        self._pace = pace
        self._scope = scope
        self._look = ThreadCheck(reads, keys, pointer.generation, html, scope=scope, pace=pace, call="drift")

    @property
    def left(self) -> Counter[str]:
        """Counts of what was not compared, by part."""
        return self._look.left

    async def differences(self, name: Name, member_counts: MemberCounts | None = None) -> AsyncIterator[Difference]:
        """Yield the differences in the views of a thread, and in its entries in the listings.

        Without `member_counts`, members of listings that the thread should not have are not searched for. A parked
        thread is compared up to its parked position.

        Raises as `projections.verify.thread.ThreadCheck`, `CannotApply`, `core.log.port.BrokenChain`. After
        `Superseded`, which can also be raised at the end, all yielded differences are void: meanwhile the thread was
        parked, views were exchanged, or another version wrote into them.
        """
        if not self._scope.fold:
            self.left[ALL] += 1
            return
        parked = await self._parked(name)
        fold = _Expected(ThreadReplay(self._log, *name, pace=self._pace), parked)
        try:
            await fold.at(await self._look.cursor())
            async for difference in self._look.thread(name, fold):
                yield difference
            stray = {} if member_counts is None else await self._stray(name, fold, member_counts)
            async for difference in self._look.site(name, fold, stray):
                yield difference
        except CannotApply as error:
            if await self._parked(name) != parked:
                raise Superseded from error
            raise
        if Pointer.read(await self._ask("GET", self._keys.generation)) != self._pointer:
            raise Superseded

    async def _parked(self, name: Name) -> Parked | None:
        stored = await self._ask("HGET", self._keys.parked(self._pointer.generation), parking.field(*name))
        return None if stored is None else parking.decode(stored)

    async def _ask(self, *command: str) -> Any:
        return await retry(lambda: self._reads.call(*command), "drift")

    async def _stray(self, name: Name, fold: _Expected, member_counts: MemberCounts) -> dict[str, set[str]]:
        """Members of listings, by cell, that name this thread but are not in its fold."""
        counted = await member_counts.of(self._look, name[0])
        own: dict[str, set[str]] = {listing.cell: set() for listing in registry.LISTINGS}
        for cell, member, _ in () if fold.thread is None else layout.of_site(fold.thread):
            own[cell].add(member)
            if self._pace.due:
                await self._pace.rest()
        moved = fold.thread is not None and fold.thread.last > counted.since
        stray: dict[str, set[str]] = {}
        for listing in self._look.listings():
            cell = listing.cell
            if moved or counted.members[cell, name[1]] > len(own[cell]):
                async for page in self._look.scan(self._look.listing_key(name[0], listing), cell):
                    members = {member for member, _ in page if listing.thread_of(member) == name[1]}
                    stray.setdefault(cell, set()).update(members - own[cell])
        return stray
