"""The record of a thread: its events in order, as far as the caller may know them."""

from contextlib import nullcontext
from functools import partial
from typing import Final

from core.caller import Caller
from core.domain.context import Context
from core.events.envelope import Recorded, UnreadableEntry
from core.log.port import BrokenChain
from core.partitions import partition_of
from core.position import START, Position
from core.refusals import HistoryNotPublic, NotYetOpened, Unavailable
from core.times import rfc3339
from projections.audit.public_events import PublicEvents
from projections.audit.record_index import Part, RecordIndex
from projections.audit.record_page import RecordPage, RecordWalk, Show
from projections.audit.record_search import Wanted, searched
from projections.audit.shown_records import Reader, Shape, public_record, staff_record
from projections.audit.thread_events import ThreadEvents
from projections.read import cursors
from workers.gateway.http.refusals import BadRequest, UnknownPosition
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import THREAD, Access, Operation, Request
from workers.gateway.operations.reading import context_of, position_of
from workers.gateway.shapes import record as shapes

_PLACE: Final = r"(after|before)\.([0-9]{1,15}-[0-9]{1,15})"
_END: Final = Position(10**15 - 1, 10**15 - 1)
"""A position after every event, as a cursor can name it."""


async def read_record(request: Request[shapes.RecordQuery, None]) -> Response:
    """Events of a thread in order, or their counts. Raises NotFound, HistoryNotPublic, BadRequest, BadCursor."""
    services, query = request.services, request.query
    context = await context_of(request)
    reader = _reader(request.token)
    if reader == "everyone" and context.policy.history != "public":
        raise HistoryNotPublic
    if query.strip is not None:
        _require_alone(query)
    wanted = _wanted(query)
    mark = cursors.mark("record", request.site, request.thread, reader, sorted(wanted.kinds), query.actor, query.q)
    # The slot in the read gate is free for others meanwhile: making an index has a bound of its own.
    with request.gate.released():
        index, show = await _index(request, reader)
    if query.strip is not None:
        parts = [_part(one) for one in index.strip(query.strip)]
        return json({"strip": parts, "events": len(index), "position": None if index.last is None else str(index.last)})
    partition = partition_of(request.site, request.thread, services.log.partitions)
    with request.gate.released() if wanted.reads else nullcontext():
        async with services.records.walk(searches=wanted.reads) as pace:
            walk = RecordWalk(services.log, partition, index, show, wanted, pace=pace)
            try:
                page, more = await _page(query, walk, index, mark, context, exact=reader != "everyone")
            except BrokenChain as error:
                raise Unavailable("the record of this thread cannot be read") from error
    return json(
        {
            "events": [record for _, record in page.found],
            "next": cursors.write(mark, "after", index.position(page.end - 1) if page.end else START),
            "previous": None if page.start == 0 else cursors.write(mark, "before", _place(index, page.start)),
            "more": more,
            "before": page.found[0][0] if page.found else page.start,
            "total": page.total,
        }
    )


def _reader(token: Caller | None) -> Reader:
    if token is None or not token.sees_all:
        return "everyone"
    return "auditor" if "auditor" in token.roles else "moderator"


def _require_alone(query: shapes.RecordQuery) -> None:
    """Raise BadRequest for a parameter that `strip` excludes."""
    for name in ("cursor", "around", "kind", "actor", "q"):
        if getattr(query, name):
            raise BadRequest.at("/strip", f"strip counts the whole record: it excludes {name}")


def _wanted(query: shapes.RecordQuery) -> Wanted:
    if query.cursor is not None and query.around is not None:
        raise BadRequest.at("/around", "cursor and around exclude each other")
    try:
        return searched(query.kind, query.actor, query.q)
    except ValueError as error:
        raise BadRequest.at("/q", str(error)) from None


async def _index(request: Request[shapes.RecordQuery, None], reader: Reader) -> tuple[RecordIndex, Show]:
    """The index of the events that a reader may know of, and the function that makes the record of each."""
    records, name = request.services.records, (request.site, request.thread)
    partition = partition_of(*name, request.services.log.partitions)
    if reader == "everyone":
        public = await records.public(*name)
        return public, partial(_public, public, name, partition)
    whole = await records.whole(*name)
    return whole, partial(_whole, whole, partition, reader)


def _public(
    index: PublicEvents, name: tuple[str, str], partition: int, found: Recorded | UnreadableEntry, number: int
) -> Shape:
    if isinstance(found, UnreadableEntry) or (found.envelope.site, found.envelope.thread) != name:
        # The log was replaced since the index was made.
        raise BrokenChain(f"no public event at {found.position}", found.position)
    return public_record(found, partition, index.shown(number), index.tally(number))


def _whole(
    index: ThreadEvents,
    partition: int,
    reader: Reader,
    found: Recorded | UnreadableEntry,
    number: int,
) -> Shape:
    return staff_record(found, partition, index.redacted, index.tally(number), voters=reader == "auditor")


async def _page(
    query: shapes.RecordQuery, walk: RecordWalk, index: RecordIndex, mark: str, context: Context, *, exact: bool
) -> tuple[RecordPage, bool]:
    """The page asked for, and whether there is more to read in its direction."""
    if query.around is not None:
        number = _number(index, position_of("/around", query.around), context.now, exact=exact)
        page = await walk.around(number, query.limit)
        return page, page.end < page.total
    way, place = ("after", str(START)) if query.cursor is None else cursors.read(query.cursor, mark, _PLACE)
    if way == "before":
        page = await walk.before(min(index.before(Position.parse(place)), walk.total), query.limit)
        return page, page.start > 0
    page = await walk.after(min(index.upto(Position.parse(place)), walk.total), query.limit)
    return page, page.end < page.total


def _number(index: RecordIndex, position: Position, now: int, *, exact: bool) -> int:
    """The number of the event at a position; unless `exact`, of the last one up to it.

    Raises NotYetOpened for a position before all events, UnknownPosition for one in the future, and with `exact` for
    one that is of no event of the thread. Without `exact` no caller learns where there is an event, as with `at=`.
    """
    if position.ms > now:
        raise UnknownPosition("the position is in the future")
    number = index.upto(position) - 1
    if number < 0:
        raise NotYetOpened
    if exact and index.position(number) != position:
        raise UnknownPosition
    return number


def _part(part: Part) -> shapes.StripPart:
    first, last = part.first, part.last
    return shapes.StripPart(
        from_=str(first.position),
        to=str(last.position),
        from_at=rfc3339(first.occurred),
        to_at=rfc3339(last.occurred),
        counts=shapes.StripCounts(**part.counts),
    )


def _place(index: RecordIndex, number: int) -> Position:
    """The position before which the events up to `number`, exclusive, are."""
    return index.position(number) if number < len(index) else _END


_TAG: Final = "Record"
_EXAMPLE: Final = {
    "position": "1698579000000-42",
    "partition": 7,
    "at": "2023-10-29T11:30:00.000Z",
    "occurred_at": "2023-10-29T11:30:00.000Z",
    "type": "vote.cast",
    "actor": {"kind": "member", "id": None},
    "site": "unherd",
    "thread": "power-broker",
    "comment": "6ryvbaoxhpcsdxv3kqi3lz5k4m",
    "revision": 2,
    "data": {"value": 1, "up": 9, "down": 2},
}

OPERATIONS: Final = (
    Operation(
        name="readRecord",
        method="GET",
        path=f"{THREAD}/record",
        access=Access.ANYONE,
        tag=_TAG,
        summary="Read the events of a thread, in order",
        detail=(
            "Auditors read every event whole. Moderators read the same, but a vote names no voter and has the tally of "
            "its comment after it. Everyone else, if `history` is `public`, reads the public part of what was public "
            "and still is; of a comment that is not published now, what its tombstone shows. Redacted texts are absent "
            "for every caller. Without `cursor` and `around`, the page starts with the first event. A request reads at "
            "most 1,000 events, so a page may be empty without being the last; `more` says whether there is more to "
            "read. Cursors never expire, so a client can poll with the last `next`. With `strip`, the response has the "
            "counts of the whole record instead: `strip`, `events` and `position`."
        ),
        handler=read_record,
        query=shapes.RecordQuery,
        answer=shapes.ThreadRecord,
        example={
            "events": [_EXAMPLE],
            "next": "k3x7q2m4ab.after.1698579000000-42",
            "previous": "k3x7q2m4ab.before.1698579000000-42",
            "more": True,
            "before": 37,
            "total": 76,
        },
        problems=("bad-cursor", "unknown-position", "history-not-public", "not-yet-opened"),
    ),
)
