"""Inline questions across threads, by the last search for their passages."""

from collections.abc import Sequence
from typing import Any, Final

from core.sightings import Quotation, Sighted
from core.times import rfc3339
from projections.read import cursors, threads
from projections.read.comments import anchor_fields, answer
from projections.read.queries import PageAnswer, SightedQuery
from projections.read.served_generation import Served
from projections.thread.state import AnchorState, ThreadState

_PLACE: Final = rf"{cursors.NUMBER}\.{cursors.THREAD} {cursors.THREAD}"


async def sighted_anchors(served: Served, site: str, sighted: Sequence[Sighted], query: SightedQuery) -> PageAnswer:
    """A page of questions with their sightings, the latest first. Raises BadCursor.

    `sighted` are the sightings of the site in that order. Those of another wording than the question has now are left
    out.
    """
    mark = cursors.mark("sightings", site, query.found, query.limit)
    if query.cursor is not None:
        ms, thread, anchor = cursors.read(query.cursor, mark, _PLACE)
        after = -int(ms), thread, anchor
        sighted = [one for one in sighted if _place(one) > after]
    if query.found is not None:
        sighted = [one for one in sighted if one.sighting.found == query.found]
    items: list[dict[str, Any]] = []
    last: Sighted | None = None
    for start in range(0, len(sighted), query.limit):
        chunk = sighted[start : start + query.limit]
        states = await threads.states(served, site, list(dict.fromkeys(one.thread for one in chunk)))
        for one in chunk:
            if len(items) == query.limit:
                assert last is not None
                place = f"{last.sighting.seen_at}.{last.thread} {last.anchor}"
                return answer({"anchors": items, "next": cursors.write(mark, place)})
            last = one
            state = states.get(one.thread)
            anchor_state = None if state is None else state.anchors.get(one.anchor)
            if state is not None and anchor_state is not None and _digest(anchor_state) == one.sighting.quote:
                items.append(_item(one, state, anchor_state))
    return answer({"anchors": items, "next": None})


def _place(one: Sighted) -> tuple[int, str, str]:
    return -one.sighting.seen_at, one.thread, one.anchor


def _digest(anchor: AnchorState) -> str:
    return Quotation(exact=anchor.exact or "", prefix=anchor.prefix, suffix=anchor.suffix).digest


def _item(one: Sighted, thread: ThreadState, anchor: AnchorState) -> dict[str, Any]:
    return {
        **anchor_fields(one.anchor, anchor),
        "thread": threads.staff_thread(thread),
        "found": one.sighting.found,
        "seen_at": rfc3339(one.sighting.seen_at),
        "proposal": one.sighting.proposal,
    }
