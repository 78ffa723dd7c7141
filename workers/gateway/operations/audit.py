"""Reads of the log: the trail of one comment, and the audit of a site."""

from collections.abc import Mapping
from typing import Any, Final

from core import heads
from core.application.current_state import comment_of, policy_of, site_of
from core.caller import Caller
from core.domain.comment import Comment
from core.events.envelope import Envelope, Recorded, UnreadableEntry, envelope_of, read
from core.events.event import tag_of
from core.events.report_events import ReportFiled
from core.log.port import HeadWanted, Load
from core.moment import place_of
from core.partitions import partition_of
from core.position import START, Position
from core.refusals import NotAllowed
from projections.audit import merge
from projections.audit.records import (
    AuditRecord,
    UnreadableRecord,
    author_record_of,
    kept_from_author,
    record_of,
    redacted,
)
from projections.read import cursors
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, json
from workers.gateway.operations.inspections import record_inspection
from workers.gateway.operations.operation import COMMENT, ROOT, Access, Operation, Request
from workers.gateway.operations.reading import moment_of
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes.staff import AuditQuery

_Read = Recorded | UnreadableEntry

_PLACE: Final = r"([0-9]{1,15}-[0-9]{1,15})"
_SLACK_MS: Final = 60_000
"""Milliseconds after which the past is final, in spite of differences between the servers' clocks."""


async def read_trail(request: Request[shapes.TrailQuery, None]) -> Response:
    """Events of a comment in order, without votes."""
    services, caller, query = request.services, request.caller, request.query
    comment = await _comment(request, caller)
    partition = partition_of(request.site, request.thread, services.log.partitions)
    mark = cursors.mark("trail", request.site, request.thread, request.comment, caller.sees_all)
    after = START
    if query.cursor is not None:
        after = Position.parse(*cursors.read(query.cursor, mark, _PLACE))
    own: list[_Read]
    own, reported = await _own_events(request)
    horizon: Position | None = None
    if caller.sees_all and reported is not None and reported > after:
        begin = max(after, merge.before(own[0].position))
        reports, horizon = await _reports(request, partition, begin, reported)
        own = sorted([*own, *reports], key=lambda recorded: recorded.position)
    pending = [one for one in own if one.position > after and (horizon is None or one.position <= horizon)]
    page = pending[: query.limit]
    known = [one for one in page if isinstance(one, Recorded)]
    redactions = await redacted(services.log, known, cache=services.aggregate_cache)
    records: list[AuditRecord | UnreadableRecord]
    if caller.sees_all:
        records = [_record(one, partition, redactions) for one in page]
    else:
        policy = await policy_of(services.log, request.site, request.thread, cache=services.aggregate_cache)
        if policy.history == "staff":
            redactions = {request.comment: redactions.get(request.comment, frozenset()) | kept_from_author(comment)}
        records = [
            one
            for each in known
            if (one := author_record_of(each, partition, redactions, comment.author.id)) is not None
        ]
    place = page[-1].position if len(pending) > len(page) else horizon
    following = None if place is None else cursors.write(mark, place)
    return json({"events": records, "next": following, "more": following is not None})


async def read_audit(request: Request[AuditQuery, None]) -> Response:
    """Log of a site as recorded, votes included."""
    services, query = request.services, request.query
    log = services.log
    await site_of(log, request.site, cache=services.aggregate_cache)
    if query.actor is not None and (query.type is None or query.type.startswith(_OF_VOTES)):
        await record_inspection(request, query.actor)
    numbers = range(log.partitions)
    if query.thread is not None:
        only = partition_of(request.site, query.thread, log.partitions)
        numbers = range(only, only + 1)
    start = START if query.from_ is None else merge.before(_bound(query, "/from", query.from_))
    end = None if query.to is None else _bound(query, "/to", query.to)
    scope = (query.thread, query.comment, query.actor, query.type, query.from_, query.to)
    mark = cursors.mark("audit", request.site, log.partitions, *scope)
    places = [start] * len(numbers)
    if query.cursor is not None:
        places = merge.read_cursor(query.cursor, mark, len(numbers))

    def wanted(envelope: Envelope) -> bool:
        return (
            envelope.site == request.site
            and (query.thread is None or envelope.thread == query.thread)
            and (query.comment is None or envelope.comment == query.comment)
            and (query.actor is None or envelope.actor.id == query.actor)
            and (query.type is None or envelope.type == query.type)
        )

    merged = await merge.merge(log, dict(zip(numbers, places, strict=True)), end=end, wanted=wanted, limit=query.limit)
    events = [found.recorded for found in merged.found if isinstance(found.recorded, Recorded)]
    redactions = await redacted(log, events, cache=services.aggregate_cache)
    records = [_record(found.recorded, found.partition, redactions) for found in merged.found]
    past = end is not None and end.ms + _SLACK_MS < services.clock() * 1000
    ended = merged.done or (past and merged.dry)
    following = None if ended else merge.write_cursor(mark, merged.places)
    return json({"events": records, "next": following, "more": not merged.dry})


async def _comment(request: Request[shapes.TrailQuery, None], caller: Caller) -> Comment:
    """The comment in the path. Raises NotFound; NotAllowed for a caller that is neither its author nor staff."""
    services = request.services
    comment = await comment_of(
        services.log, request.site, request.thread, request.comment, caller=caller, cache=services.aggregate_cache
    )
    if not caller.sees_all and caller.id != comment.author.id:
        raise NotAllowed("only the author of the comment and staff may read its trail")
    return comment


def _record(found: _Read, partition: int, redactions: Mapping[str, frozenset[int]]) -> AuditRecord | UnreadableRecord:
    """The record of one log entry, as staff sees it."""
    if isinstance(found, UnreadableEntry):
        return UnreadableRecord(position=str(found.position))
    return record_of(found, partition, redactions)


async def _own_events(request: Request[Any, Any]) -> tuple[list[_Read], Position | None]:
    """Events of the comment itself and those that pin it, and the position of its last report."""
    field, last = heads.comment(request.comment), heads.reported(request.comment)
    loaded = await request.services.log.load(
        Load(
            site=request.site,
            thread=request.thread,
            heads=(HeadWanted(field), HeadWanted(heads.THREAD), HeadWanted(last, events=False)),
            reads=True,
        )
    )
    own = [read(*entry) for entry in loaded.events[field]]
    # Which comment is pinned is a fact of the thread, whose own events are few.
    of_thread = [read(*entry) for entry in loaded.events[heads.THREAD]]
    pins = [one for one in of_thread if one.envelope.comment == request.comment]
    return sorted([*own, *pins], key=lambda recorded: recorded.position), loaded.heads[last].position


async def _reports(
    request: Request[Any, Any], partition: int, after: Position, last: Position
) -> tuple[list[_Read], Position | None]:
    """Reports of the comment after a position, and the position that the search reached; None if it reached `last`.

    Reports are found only in the thread's order, so the partition is read from there, up to a bounded number of
    entries. An unreadable entry may be a report, and is included.
    """
    found: list[_Read] = []
    at = after
    for _ in range(merge.BUDGET // _STEP):
        entries = await request.services.log.read(partition, at, limit=_STEP, upto=last)
        for entry in entries:
            try:
                envelope = envelope_of(*entry)
            except UnreadableEntry as error:
                found.append(error)
                continue
            is_of_comment = (envelope.site, envelope.thread, envelope.comment) == (
                request.site,
                request.thread,
                request.comment,
            )
            if is_of_comment and envelope.type == _REPORTED:
                found.append(read(*entry))
        if len(entries) < _STEP:
            return found, None
        at = entries[-1].position
    return found, at


def _bound(query: AuditQuery, pointer: str, text: str) -> Position:
    """The position of a time, or a position itself where a thread is given. Raises BadRequest."""
    moment = moment_of(pointer, text)
    if isinstance(moment, Position) and query.thread is None:
        raise BadRequest.at(pointer, "a position needs a thread: positions are ordered only within a thread")
    return place_of(moment)


_OF_VOTES: Final = "vote."
_STEP: Final = 500
_REPORTED: Final = tag_of(ReportFiled)
_TAG: Final = "Record"
_EVENT: Final = {
    "position": "1698579000000-42",
    "partition": 7,
    "at": "2023-10-29T11:30:00.000Z",
    "occurred_at": "2023-10-29T11:30:00.000Z",
    "type": "comment.approved",
    "actor": {"kind": "staff", "id": "u-2"},
    "site": "unherd",
    "thread": "power-broker",
    "comment": "6ryvbaoxhpcsdxv3kqi3lz5k4m",
    "revision": 2,
    "data": {"note": "Checked with the desk."},
}

OPERATIONS: Final = (
    Operation(
        name="readTrail",
        method="GET",
        path=f"{COMMENT}/trail",
        access=Access.AUTHOR_OR_STAFF,
        tag=_TAG,
        summary="Read the trail of a comment: its events, in order",
        detail=(
            "Without votes. The author sees the texts, and the decisions with role, reason and rule; if `history` is "
            "`staff`, without earlier published texts. Redacted texts are absent for every caller. A page may be empty "
            "and still have `next`; `more` says whether more events exist now."
        ),
        handler=read_trail,
        query=shapes.TrailQuery,
        answer=shapes.Events,
        example={"events": [_EVENT], "next": None, "more": False},
        problems=("not-allowed", "bad-cursor"),
    ),
    Operation(
        name="readAudit",
        method="GET",
        path=f"{ROOT}/audit",
        access=Access.AUDITOR,
        required_role="auditor",
        tag=_TAG,
        summary="Read the log of a site as recorded, including votes",
        detail=(
            "Sorted by recorded time, then partition, then sequence. A page may be empty and still have `next`. That "
            "an auditor looks at the votes of one person (`actor`, unless `type` is none of votes) is recorded, as of "
            "`GET /moderation/votes`. "
            "`more` says whether more events exist now. Cursors never expire and miss nothing, so an exporter can poll "
            "with the last one. An unreadable entry is included, whatever the filter, as "
            '`{"position", "type": "unreadable"}`. If a whole partition cannot be read, the page ends before it, and '
            "the response for the next page is 503 and names the partition."
        ),
        handler=read_audit,
        query=AuditQuery,
        answer=shapes.Events,
        example={"events": [_EVENT], "next": "k3x7q2m4ab.eJw", "more": False},
        problems=("not-allowed", "bad-cursor"),
    ),
)
