"""Comparison of two generations of one partition's views, while the served one advances.

The server compares part of a thread at a time, and only where both generations have applied the same events. So little
data is transferred, and other clients are not delayed for long. Where the two differ, the log decides which is right
(`projections.verify.single_thread`).
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple

from redis.exceptions import ResponseError

from core.keys import Partition
from core.redis.command import ScriptArguments
from core.redis.errors import retry
from core.redis.router import Router
from core.redis.script import Script
from core.throttle import Pace
from projections.views import layout
from projections.views.listings import registry
from projections.views.listings.listing import Listing
from projections.views.stored_thread import together
from projections.views.versions import Scope

CONTRAST: Final = Script("projections.rebuild", "compare")

Part = Literal["all", "source", "ids"]
"""The part of rows that must be equal: everything, everything except the HTML, or only the comment ids."""
Name = tuple[str, str]

AT_ONCE: Final = 500
"""Approximate number of elements compared per step, at full speed."""
ABREAST: Final = 16
"""Threads whose comparison starts in one step, at full speed."""
TRIES: Final = 50
"""Maximum number of times that the served views may have advanced while part of a thread is compared."""


def part_of(scope: Scope) -> Part:
    """Return the part of rows in which two generations must agree, given what is comparable in them.

    Another renderer changes only the HTML in rows. Another fold may derive any state from the same events, and another
    layout may change any field of a row, but a posted comment always has a row.
    """
    if not scope.covers("rows"):
        return "ids"
    return "all" if scope.html else "source"


class DifferingThread(NamedTuple):
    """A thread whose views differ between the generations. `thread` is None where the thread is unknown."""

    site: str
    thread: str | None
    views: tuple[str, ...]


class _Pair(NamedTuple):
    """The same views in both generations, and for each generation the key that holds their position."""

    about: Literal["thread", "cursor"]
    marks: tuple[str, str]
    names: tuple[str, ...]
    served: tuple[str, ...]
    other: tuple[str, ...]

    def asked(self, part: Part, most: int, view: int = 1, where: bytes | int = 0) -> ScriptArguments:
        """Keys and arguments of the script, to compare `most` elements starting at `view` and `where`."""
        kinds = "".join("h" if name in layout.HASHES else "z" for name in self.names)
        rows = self.names.index("rows") + 1 if "rows" in self.names else 0
        return [*self.marks, *self.served, *self.other], [kinds, self.about, part, rows, view, where, most]


class GenerationDiff:
    """Compares the generation `other`, which has no other writer, with the served one.

    `scope` is what is comparable in both. `level` advances `other` to the cursor of the served views. Raises
    `core.refusals.Unavailable`.
    """

    def __init__(
        self,
        reads: Router,
        keys: Partition,
        served: int,
        other: int,
        *,
        scope: Scope,
        level: Callable[[], Awaitable[None]],
        pace: Pace,
    ) -> None:
        self._reads = reads
        self._keys = keys
        self._served = served
        self._other = other
        self._scope = scope
        self._part = part_of(scope)
        self._level = level
        self._pace = pace
        self._most = pace.at_once(AT_ONCE)

    async def run(self, names: Sequence[Name], report: Callable[[int], None]) -> list[DifferingThread]:
        """Differences in these threads and in the views of their sites. `report` receives how many are compared."""
        views: dict[tuple[str, str | None], tuple[str, ...]] = {}
        of_sites = await self._sites(sorted({site for site, _ in names}))
        for one in await self._threads(names, report) + of_sites:
            views[one.site, one.thread] = views.get((one.site, one.thread), ()) + one.views
        return [DifferingThread(*name, some) for name, some in views.items()]

    async def _threads(self, names: Sequence[Name], report: Callable[[int], None]) -> list[DifferingThread]:
        found = []
        abreast = self._pace.at_once(ABREAST)
        for start in range(0, len(names), abreast):
            pairs = [self._of_thread(name) for name in names[start : start + abreast]]
            replies = await self._compare([pair.asked(self._part, self._most) for pair in pairs])
            for name, pair, reply in zip(names[start:], pairs, replies, strict=False):
                views = await self._all_of(pair, reply)
                if views:
                    found.append(DifferingThread(*name, views))
            report(start + len(pairs))
            await self._pace.rest()
        return found

    async def _sites(self, sites: Iterable[str]) -> list[DifferingThread]:
        """Differences in the views of sites, grouped by the thread that wrote the member."""
        found: dict[tuple[str, str | None], set[str]] = {}
        listings = [listing for listing in registry.LISTINGS if self._scope.covers(listing.name)]
        for site in sites if listings else ():
            pair = self._of_site(site, listings)
            (reply,) = await self._compare([pair.asked(self._part, self._most)])
            for name in await self._all_of(pair, reply):
                at = pair.names.index(name)
                for member in await self._members(pair.served[at], pair.other[at]):
                    thread = listings[at].thread_of(member) or None
                    found.setdefault((site, thread), set()).add(name)
        return [DifferingThread(*name, tuple(sorted(views))) for name, views in found.items()]

    async def _all_of(self, pair: _Pair, reply: list[Any] | None) -> tuple[str, ...]:
        """The views that differ, from the first reply and those that follow. All views if they cannot be compared."""
        numbers: set[int] = set()
        view, where, tries = 1, b"0", 0
        while reply is not None and tries <= TRIES:
            if reply[0] == b"APART":
                tries += 1
                await self._level()
            else:
                view, where, *differing = reply
                numbers |= set(differing)
                if view == 0:
                    return tuple(name for number, name in enumerate(pair.names, 1) if number in numbers)
            await self._pace.rest()
            (reply,) = await self._compare([pair.asked(self._part, self._most, view, where)])
        return pair.names

    def _of_thread(self, name: Name) -> _Pair:
        served, other = (self._keys.thread_views(one, *name) for one in (self._served, self._other))
        every = (*layout.THREAD_HASHES, *layout.THREAD_SETS)
        names = tuple(view for view in every if view == "rows" or self._scope.covers(view))
        keys = (tuple(getattr(views, name) for name in names) for views in (served, other))
        if "meta" in self._scope.apart:
            # The position of a thread cannot be read in both generations.
            return _Pair("cursor", self._cursors(), names, *keys)
        return _Pair("thread", (served.meta, other.meta), names, *keys)

    def _of_site(self, site: str, listings: Sequence[Listing]) -> _Pair:
        both = (self._served, self._other)
        keys = (tuple(self._keys.listing(one, site, listing.name) for listing in listings) for one in both)
        return _Pair("cursor", self._cursors(), tuple(listing.cell for listing in listings), *keys)

    def _cursors(self) -> tuple[str, str]:
        return self._keys.cursor(self._served), self._keys.cursor(self._other)

    async def _compare(self, asked: list[ScriptArguments]) -> list[list[Any] | None]:
        """Replies of the script. A reply is None where a key that should be a hash or a sorted set is not."""
        try:
            replies: list[list[Any] | None] = await retry(lambda: self._reads.run_all(CONTRAST, asked), "rebuild")
        except ResponseError:
            if len(asked) == 1:
                return [None]
            return [(await self._compare([one]))[0] for one in asked]
        return replies

    async def _members(self, served: str, other: str) -> Collection[str]:
        """Names of the members that only one of two sorted sets has, or whose scores differ.

        Both sets are first brought to the same position of the log.
        """
        differing: set[str] | None = None
        for _ in range(TRIES):
            first, one, two, last = await retry(
                lambda: together(
                    self._reads,
                    [
                        ("GET", self._keys.cursor(self._served)),
                        ("ZRANGE", served, 0, -1, "WITHSCORES"),
                        ("ZRANGE", other, 0, -1, "WITHSCORES"),
                        ("GET", self._keys.cursor(self._served)),
                    ],
                ),
                "rebuild",
            )
            pairs = [set(zip(flat[::2], flat[1::2], strict=True)) for flat in (one, two)]
            now = {member.decode(errors="replace") for member, _ in pairs[0] ^ pairs[1]}
            # A member that differed before and is equal now had only not been written yet.
            differing = now if differing is None else differing & now
            if not differing or first == last == await self._cursor():
                break
            await self._level()
        return differing or ()

    async def _cursor(self) -> bytes | None:
        found: bytes | None = await retry(lambda: self._reads.call("GET", self._keys.cursor(self._other)), "rebuild")
        return found
