"""The standings of sites: folded once, kept, and extended by what is appended. They hold no words."""

from collections.abc import Awaitable, Callable
from typing import Final

from core.log.port import BrokenChain, Log
from core.lru import Lru
from core.refusals import Unavailable
from core.singleflight import SingleFlight
from projections.audit.site_standings import SiteStandings, read_site_standings
from workers.gateway.operations.bounded_work import BoundedWork

MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of kept standings; the least recently used are evicted."""
_TRIES: Final = 3
"""Times that standings are read for one call, until they have every event that the site had when the call began."""


class StandingsCache:
    """Folds and keeps the standings of sites. `work` bounds the folding: its cost grows with a site's own events."""

    def __init__(self, log: Log, work: BoundedWork, *, most_bytes: int = MOST_BYTES) -> None:
        self._log = log
        self._work = work
        self._kept = Lru[str, SiteStandings](most_bytes)
        self._reads: SingleFlight[str, SiteStandings] = SingleFlight()

    async def of(self, site: str) -> SiteStandings:
        """The standings of a site by now. Raises Unavailable."""
        last = await self._log.thread_last(site, "")
        found = self._kept.get(site)
        if found is not None and found.last == last:
            return found
        for _ in range(_TRIES):
            found = await self._reads.get(site, self._reading(site))
            if last is None or (found.last is not None and found.last >= last):
                return found
            # The reading had begun before the last event was appended.
        raise Unavailable("the standings of this site cannot be read now")

    def _reading(self, site: str) -> Callable[[], Awaitable[SiteStandings]]:
        async def made() -> SiteStandings:
            async with self._work.place() as pace:
                try:
                    found = await read_site_standings(self._log, site, self._kept.get(site), pace)
                except BrokenChain as error:
                    raise Unavailable("the standings of this site cannot be read") from error
            self._kept.put(site, found, found.bytes)
            return found

        return made
