"""Check of one thread, independent of all others: its log is folded and compared with its views."""

from collections import Counter
from collections.abc import AsyncIterator

from msgspec import Struct
from msgspec.structs import replace
from redis.exceptions import ResponseError

from core.keys import Partition
from core.position import Position
from core.throttle import Pace
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference, Name
from projections.verify.thread_check import ThreadCheck
from projections.views import layout, parking
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.parking import Parked
from projections.views.stored_thread import Reads
from projections.views.versions import ALL, Scope

_HERE = 0
"""The `since` of a thread that only this check parks, not the views."""


class ListingCount(Struct, frozen=True):
    """Number of members by cell and thread in a site's listings, counted when the views were at `since`."""

    since: Position
    members: Counter[tuple[str, str]]
    unreadable: frozenset[str]
    """The cells of the listings that are not sorted sets."""


class ListingCounts:
    """Counts the members of a partition's listings once, to avoid a search per thread.

    Of a thread that has gone on since, the count says nothing. With `defers`, such a thread is not searched for but
    added to `deferred`, for another count.
    """

    def __init__(self, *, defers: bool = False) -> None:
        self.deferred: list[Name] = []
        self.defers = defers
        self._counted: dict[tuple[int, str], ListingCount] = {}

    async def of(self, check: ThreadCheck, site: str) -> ListingCount:
        """The count of a site in the generation of `check`, taken at the first call."""
        place = (check.generation, site)
        if place not in self._counted:
            since = await check.cursor()
            members: Counter[tuple[str, str]] = Counter()
            unreadable: set[str] = set()
            keys = check.listing_keys(site)
            for listing in check.listings():
                try:
                    async for page in check.scan(keys[listing.cell], listing.cell):
                        members.update((listing.cell, listing.thread_of(member)) for member, _ in page)
                except ResponseError:
                    unreadable.add(listing.cell)  # `SingleThreadCheck.strays` reports it
            self._counted[place] = ListingCount(since, members, frozenset(unreadable))
        return self._counted[place]


class SingleThreadCheck:
    """Checks threads of one partition, one at a time, in one generation of the views.

    `scope` is the comparable part of the views; `left` counts what was not compared, by part. `call` names the reads in
    logs and metrics; `served` is the served generation, if these views are not served.
    """

    def __init__(
        self,
        reads: Reads,
        keys: Partition,
        generation: int,
        html: Html,
        *,
        scope: Scope,
        pace: Pace,
        call: str,
        served: int | None = None,
    ) -> None:
        self.views = ThreadCheck(reads, keys, generation, html, scope=scope, pace=pace, call=call, served=served)
        self._keys = keys
        self._pace = pace

    @property
    def left(self) -> Counter[str]:
        """Counts of what was not compared, by part."""
        return self.views.left

    async def differences(self, fold: ThreadReplay, counts: ListingCounts | None = None) -> AsyncIterator[Difference]:
        """Yield the differences in the views of a thread, and in its entries in the listings.

        `fold` is the replay of the thread, which moves to where the views are. The last difference is that the thread
        is parked, or that it cannot be folded to its end; it is compared up to that event. Without `counts`, members of
        listings that the thread should not have are not searched for.

        Raises as `ThreadCheck`, whose `Superseded` voids nothing that was yielded.
        """
        name = (fold.state.site, fold.state.id)
        if not self.views.scope.fold:
            self.left[ALL] += 1
            return
        if not fold.state.events:
            await self.views.begin(name, fold)
        async for difference in self.views.thread(name, fold):
            yield difference
        async for difference in self.views.site(name, fold):
            yield difference
        if counts is not None:
            async for difference in self.strays(fold, counts):
                yield difference
        parked = self._stopped(fold)
        if parked is not None:
            key = self._keys.parked(self.views.generation)
            yield replace(self.views.difference(name, key, "/".join(name), None, None), parked=parked)

    async def strays(self, fold: ThreadReplay, counts: ListingCounts) -> AsyncIterator[Difference]:
        """Yield the members of listings that name a thread but are not in its fold. Raises as `differences`."""
        name = (fold.state.site, fold.state.id)
        if not fold.state.events:
            await self.views.begin(name, fold)
        counted, keys = await counts.of(self.views, name[0]), self.views.listing_keys(name[0])
        if counted.unreadable:
            async for difference in self.views.wrong_kinds(None, keys):
                yield difference
        moved = fold.state.last > counted.since
        if moved and counts.defers:
            counts.deferred.append(name)
            return
        own: dict[str, set[str]] = {listing.cell: set() for listing in registry.LISTINGS}
        for cell, member, _ in layout.of_site(fold.state):
            own[cell].add(member)
            if self._pace.due:
                await self._pace.rest()
        found: dict[str, set[str]] = {}
        for listing in self.views.listings():
            cell = listing.cell
            if cell not in counted.unreadable and (moved or counted.members[cell, name[1]] > len(own[cell])):
                async for page in self.views.scan(keys[cell], cell):
                    members = {member for member, _ in page if listing.thread_of(member) == name[1]}
                    found.setdefault(cell, set()).update(members - own[cell])
        async for difference in self.views.strays(name, fold, found):
            yield difference

    def _stopped(self, fold: ThreadReplay) -> Parked | None:
        if self.views.parked is not None or fold.failed is None:
            return self.views.parked
        return parking.parked(fold.failed.recorded, fold.failed.why, _HERE)
