"""Cache of published comment counts by thread. An entry is valid while the views of its partition are unchanged."""

from collections.abc import Sequence
from typing import Final

from core.lru import Lru
from core.partitions import partition_of
from projections.read.comments import PublishedCounts, counts_of
from projections.read.queries import PageAnswer
from projections.read.views import Views
from workers.gateway.http.view_states import PartitionStates
from workers.runtime import metrics

MOST_THREADS: Final = 50_000
"""Most threads with a cached count, 400 bytes each. The least recently used are evicted."""


class CountCache:
    """Counts of threads, in at most two round trips for any number of threads."""

    def __init__(
        self, views: Views, states: PartitionStates, *, partitions: int, most_threads: int = MOST_THREADS
    ) -> None:
        self._views = views
        self._states = states
        self._partitions = partitions
        self._kept = Lru[tuple[str, str], PublishedCounts](most_threads)
        metrics.COUNTED_THREADS.set_function(lambda: len(self._kept))

    async def of(self, site: str, threads: Sequence[str]) -> PageAnswer:
        """`{"counts": {thread: published comments}}`; an unknown thread counts 0. Raises Unavailable."""
        partitions = {thread: partition_of(site, thread, self._partitions) for thread in threads}
        states = {seen.partition: seen for seen in await self._states.of(sorted(set(partitions.values())))}
        found: dict[str, PublishedCounts] = {}
        for thread in threads:
            kept = self._kept.get((site, thread))
            if kept is not None and kept.seen == states[partitions[thread]]:
                found[thread] = kept
        missing = [thread for thread in threads if thread not in found]
        if missing:
            for thread, counted in (await self._views.counted(site, missing)).items():
                found[thread] = counted
                self._kept.put((site, thread), counted, 1)
        return counts_of({thread: found[thread] for thread in threads})
