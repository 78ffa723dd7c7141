"""Figures of a site's moderation: what waits, how long, where, and what was decided since a time."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from statistics import median
from typing import Any, Final, NamedTuple

from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from projections.read import listing
from projections.read.served_generation import Served
from projections.views.listings.appeals import APPEALS
from projections.views.listings.decisions import DECISIONS
from projections.views.listings.labelled import LABELLED
from projections.views.listings.listing import position_text
from projections.views.listings.notices import NOTICES
from projections.views.listings.pending import PENDING
from projections.views.listings.queue import NOBODY, QUEUE
from projections.views.listings.removals import REMOVALS
from projections.views.listings.reported import REPORTED

THREADS: Final = 20
"""Threads in a summary, those with the most first."""
EXAMINED: Final = 20_000
"""Maximum members of a listing and partition that one summary examines. Beyond them, threads and the decisions of a day
are counted from the oldest ones alone."""

_COUNTED: Final = (PENDING, REPORTED, DECISIONS, REMOVALS, APPEALS, NOTICES)
_SUMMARIZE: Final = Script("projections.read", "summarize_queue")


class WaitingThread(NamedTuple):
    """A thread with waiting or reported comments."""

    thread: str
    pending: int
    reported: int


class Summary(NamedTuple):
    """The figures of a moment, without words. Times are in milliseconds since 1970, waits in milliseconds."""

    pending: int
    reported: int
    legal: int
    oldest: int | None
    threads: list[WaitingThread]
    decided: Mapping[str, int]
    """Decisions by moderator."""
    median_wait: int | None
    removal: int = 0
    appeal: int = 0
    imported: int = 0
    """Comments in the queue for what imports brought, which no other figure counts."""

    def document(self, caller: str, now: int, titles: Mapping[str, str]) -> dict[str, Any]:
        """The summary for a moderator at `now`, in milliseconds since 1970, with `titles` by thread."""
        return {
            "pending": self.pending,
            "reported": self.reported,
            "removal": self.removal,
            "appeal": self.appeal,
            "legal": self.legal,
            "imported": self.imported,
            "oldest": None if self.oldest is None else max(0, now - self.oldest) // 1000,
            "threads": [{**one._asdict(), "title": titles.get(one.thread)} for one in self.threads],
            "today": {
                "decided": sum(self.decided.values()),
                "by_me": self.decided.get(caller, 0),
                "median_wait": None if self.median_wait is None else self.median_wait // 1000,
            },
        }


class _SummaryPart(NamedTuple):
    pending: int
    reported: int
    legal: int
    oldest: str
    threads: list[list[str]]
    decided: list[list[str]]
    removal: int
    appeal: int
    imported: int


async def summarize(
    served: Served, site: str, since: int, *, label: str | None = None, examined: int = EXAMINED
) -> Summary:
    """The summary of a site, with the decisions recorded since a time in milliseconds since 1970.

    With a label, that of the threads with the label: then everything is counted from the oldest `examined` alone.
    Raises `core.refusals.Unavailable` if older views have no labels.
    """

    async def part(partition: Partition) -> _SummaryPart:
        if label is not None:
            await listing.require(served, partition, LABELLED)
        reply = await served.partition(
            _SUMMARIZE,
            partition,
            lambda g: [partition.listing(g, site, one.name) for one in (*_COUNTED, LABELLED, QUEUE)],
            (f"[{position_text(max(since, 0), 0)}", THREADS, examined, label or ""),
        )
        pending, reported, oldest, threads, decided, removal, appeal, legal, imported = reply.parts
        return _SummaryPart(
            pending, reported, legal, oldest.decode(), _lines(threads), _lines(decided), removal, appeal, imported
        )

    parts = await gathered([partial(part, one) for one in served.keys])
    threads = sorted(
        ((thread, int(pending), int(reported)) for one in parts for thread, pending, reported in one.threads),
        key=lambda one: (-one[1] - one[2], one[0]),
    )[:THREADS]
    decided = [decision for one in parts for decision in one.decided]
    waits = [int(ms) - int(begun) for ms, _, begun in decided if begun != NOBODY]
    oldest = min((one.oldest for one in parts if one.oldest), default=None)
    return Summary(
        pending=sum(one.pending for one in parts),
        reported=sum(one.reported for one in parts),
        legal=sum(one.legal for one in parts),
        oldest=None if oldest is None else int(oldest),
        threads=[WaitingThread(*one) for one in threads],
        decided=Counter(by for _, by, _ in decided),
        median_wait=int(median(waits)) if waits else None,
        removal=sum(one.removal for one in parts),
        appeal=sum(one.appeal for one in parts),
        imported=sum(one.imported for one in parts),
    )


def _lines(reply: bytes) -> list[list[str]]:
    return [line.split(" ") for line in reply.decode().splitlines()]
