"""Cache of published comment counts by thread. An entry is valid while the views of its partition are unchanged."""

from collections.abc import Sequence
from typing import Final

from core.lru import Lru
from projections.read.comments import PublishedCounts, counts_of, read_counts
from projections.read.queries import PageAnswer
from projections.read.served_generation import Served
from workers.gateway.http.view_states import PartitionStates
from workers.runtime import metrics

MOST_THREADS: Final = 50_000
"""Most threads with a cached count, 400 bytes each. The least recently used are evicted."""


class CountCache:
    """Counts of threads, in at most two round trips for any number of threads."""

    def __init__(self, served: Served, states: PartitionStates, *, most_threads: int = MOST_THREADS) -> None:
        self._served = served
        self._states = states
        self._entries = Lru[tuple[str, str], PublishedCounts](most_threads)
        metrics.COUNTED_THREADS.set_function(lambda: len(self._entries))

    async def of(self, site: str, threads: Sequence[str]) -> PageAnswer:
        """`{"counts": {thread: published comments}}`; an unknown thread counts 0. Raises Unavailable."""
        partitions = {thread: self._served.keys.of(site, thread).number for thread in threads}
        states = {state.partition: state for state in await self._states.of(sorted(set(partitions.values())))}
        found: dict[str, PublishedCounts] = {}
        for thread in threads:
            entry = self._entries.get((site, thread))
            if entry is not None and entry.state == states[partitions[thread]]:
                found[thread] = entry
        missing = [thread for thread in threads if thread not in found]
        if missing:
            for thread, count in (await read_counts(self._served, site, missing)).items():
                found[thread] = count
                self._entries.put((site, thread), count, 1)
        return counts_of({thread: found[thread] for thread in threads})
