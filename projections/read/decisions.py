"""Decisions of moderators, newest first: found in the views, and read from the log with their words."""

from collections import defaultdict
from functools import partial
from typing import Any

from core.concurrency import gathered
from core.events.envelope import Recorded, read_or_error
from core.log.port import Log
from core.position import Position
from core.times import rfc3339
from projections.read import cursors, listing
from projections.read.comments import answer
from projections.read.queries import DecisionsQuery, PageAnswer
from projections.read.searching import ListingSearch, search
from projections.read.served_generation import Served
from projections.views.listings.decisions import DECISIONS, ListedDecision, decision_of

_VERDICT, _BY, _AUTHOR = 6, 7, 8
"""Numbers of the words in the members of DECISIONS."""


async def decisions(
    served: Served, log: Log, site: str, query: DecisionsQuery, begin: int | None, end: int | None
) -> PageAnswer:
    """A page of decisions. Raises BadCursor, and Unavailable if older views have no such list.

    `begin` and `end` are the times that the query names, in milliseconds since 1970. A call does bounded work: a page
    may have fewer than `limit`, or none, and still have `next`.
    """
    scope = query.by, query.from_, query.to, query.verdict, query.member, query.limit
    mark = cursors.mark("decisions", site, *scope, *(() if query.label is None else (query.label,)))
    after = listing.place(DECISIONS, query.cursor, mark)
    wanted = {_VERDICT: query.verdict, _BY: query.by, _AUTHOR: query.member}
    words = {number: word for number, word in wanted.items() if word is not None}
    searched = ListingSearch(DECISIONS, words, begin=begin, end=end, label=query.label)
    found = await search(served, site, searched, after, query.limit)
    listed = [(one.place[2], decision_of(one.member)) for one in found.listed]
    recorded = await _events(log, listed)
    items = [_item(one, recorded.get((partition, one.position))) for partition, one in listed]
    following = None if found.following is None else cursors.write(mark, *found.following)
    return answer({"decisions": items, "next": following, "more": following is not None})


async def _events(log: Log, listed: list[tuple[int, ListedDecision]]) -> dict[tuple[int, Position], Recorded]:
    """The events of decisions by partition and position. Those that cannot be read are absent."""
    by_partition: defaultdict[int, list[Position]] = defaultdict(list)
    for partition, one in listed:
        by_partition[partition].append(one.position)
    entries = await gathered([partial(log.entries, number, places) for number, places in by_partition.items()])
    found = {}
    for number, some in zip(by_partition, entries, strict=True):
        for entry in some:
            recorded = read_or_error(*entry)
            if isinstance(recorded, Recorded):
                found[number, recorded.position] = recorded
    return found


def _item(one: ListedDecision, recorded: Recorded | None) -> dict[str, Any]:
    event = None if recorded is None else recorded.event
    return {
        "thread": one.thread,
        "comment": one.comment,
        "revision": one.revision,
        "verdict": one.verdict,
        "by": one.by,
        "at": rfc3339(one.position.ms if recorded is None else recorded.occurred_at),
        "reason": getattr(event, "reason", None),
        "note": getattr(event, "note", None),
        "code": getattr(event, "code", None),
        "batch": None if recorded is None else recorded.envelope.batch,
    }
