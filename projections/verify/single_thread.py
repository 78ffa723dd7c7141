"""Check of one thread, independent of all others: its log is folded and compared with its views."""

from collections import Counter
from collections.abc import AsyncIterator

from msgspec import Struct
from msgspec.structs import replace
from redis.exceptions import ResponseError

from core.position import Position
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference, Name
from projections.verify.thread_check import ThreadCheck
from projections.views import layout, parking
from projections.views.listings import registry
from projections.views.parking import Parked
from projections.views.versions import ALL

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


class SingleThreadCheck(ThreadCheck):
    """Checks threads of one partition, one at a time, in one generation of the views. `scope` may be empty."""

    async def differences(self, fold: ThreadReplay, counts: ListingCounts | None = None) -> AsyncIterator[Difference]:
        """Yield the differences in the views of a thread, and in its entries in the listings.

        `fold` is the replay of the thread, which moves to where the views are. The last difference is that the thread
        is parked, or that it cannot be folded to its end; it is compared up to that event. Without `counts`, members of
        listings that the thread should not have are not searched for.

        Raises as `ThreadCheck`, whose `Superseded` voids nothing that was yielded.
        """
        name = (fold.state.site, fold.state.id)
        if not self.scope.fold:
            self.left[ALL] += 1
            return
        if not fold.state.events:
            await self.begin(name, fold)
        async for difference in self.thread(name, fold):
            yield difference
        async for difference in self.site(name, fold):
            yield difference
        if counts is not None:
            async for difference in self.strays(fold, counts):
                yield difference
        parked = self._stopped(fold)
        if parked is not None:
            key = self.keys.parked(self.generation)
            yield replace(self.difference(name, key, "/".join(name), None, None), parked=parked)

    async def strays(self, fold: ThreadReplay, counts: ListingCounts) -> AsyncIterator[Difference]:
        """Yield the members of listings that name a thread but are not in its fold. Raises as `differences`."""
        name = (fold.state.site, fold.state.id)
        if not fold.state.events:
            await self.begin(name, fold)
        counted, keys = await counts.of(self, name[0]), self.listing_keys(name[0])
        if counted.unreadable:
            async for difference in self.wrong_kinds(None, keys):
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
        for listing in self.listings():
            cell = listing.cell
            if cell not in counted.unreadable and (moved or counted.members[cell, name[1]] > len(own[cell])):
                async for page in self.scan(keys[cell], cell):
                    members = {member for member, _ in page if listing.thread_of(member) == name[1]}
                    found.setdefault(cell, set()).update(members - own[cell])
        async for difference in self.members(name, fold, found):
            yield difference

    def _stopped(self, fold: ThreadReplay) -> Parked | None:
        if self.parked is not None or fold.failed is None:
            return self.parked
        return parking.parked(fold.failed.recorded, fold.failed.why, _HERE)
