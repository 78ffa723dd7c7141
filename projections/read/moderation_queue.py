"""The moderation queue: pending and reported comments, with everything that a decision needs."""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Raw

from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from core.throttle import Pace
from core.times import rfc3339
from projections.read import comments, cursors, listing, viewer_rows
from projections.read.comments import answer
from projections.read.listing import Listed, Place
from projections.read.members import lines_of, name
from projections.read.page_json import PageLine
from projections.read.queries import PageAnswer, QueueQuery
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.thread.state import CommentState, ReportState
from projections.views.listings.listing import BY_POSITION, CommentListing
from projections.views.listings.pending import PENDING
from projections.views.listings.reported import REPORTED
from projections.views.viewer import Viewer

_LISTINGS: Final[dict[str, CommentListing]] = {"pending": PENDING, "reported": REPORTED}
_QUEUE: Final = Script("projections.read", "queue")
_REPORTS: Final = msgspec.json.Decoder(list[ReportState])
_STAFF: Final = Viewer(staff=True)


async def queue(served: Served, site: str, query: QueueQuery) -> PageAnswer:
    """A page of the queue, oldest first over all partitions. Raises BadCursor.

    The order is of one moment per partition, the rows of a later moment per thread. Comments decided in between are
    left out, so a response may hold fewer than `limit` items and still have `next`.
    """
    mark = cursors.mark("queue", site, query.state, query.thread, query.member, query.limit)
    after = listing.place(_LISTINGS[query.state], query.cursor, mark)
    partitions = list(served.keys) if query.thread is None else [served.keys.of(site, query.thread)]
    parts = await gathered([partial(_part, served, partition, site, query, after) for partition in partitions])
    listed, more = listing.merged([listed for _, listed in parts], after, query.limit, oldest_first=True)
    items = await _items(served, site, listed, query)
    following = cursors.write(mark, *listed[-1].place) if more else None
    return answer({"items": items, "total": sum(total for total, _ in parts), "next": following})


async def _part(
    served: Served, partition: Partition, site: str, query: QueueQuery, after: Place | None
) -> tuple[int, list[Listed]]:
    start = listing.start(BY_POSITION, partition, after, oldest_first=True)
    reply = await served.partition(
        _QUEUE,
        partition,
        lambda g: [partition.listing(g, site, query.state)],
        (start, query.limit + 1, query.thread or "", query.member or ""),
    )
    total, members = reply.parts
    of = _LISTINGS[query.state]
    return int(total), [listing.listed(of, partition, member) for member in members.decode().splitlines()]


async def _items(served: Served, site: str, listed: list[Listed], query: QueueQuery) -> list[dict[str, Any]]:
    names = [name(_LISTINGS[query.state], one) for one in listed]
    lines = await lines_of(served, site, names)
    states = {key: viewer_rows.comment(line) for key, line in lines.items()}
    parents = await lines_of(
        served,
        site,
        [(one[0], comment.parent) for one in names if (comment := states.get(one)) and comment.parent is not None],
    )
    heads = await comments.heads(served, site, [thread for thread, _ in names])
    reports = await gathered([partial(_reports, served, site, *one) for one in names])
    items = []
    pace = Pace()
    for one, (thread, id_), filed in zip(listed, names, reports, strict=True):
        if pace.due:
            await pace.rest()
        line = lines.get((thread, id_))
        comment = states.get((thread, id_))
        if line is None or comment is None:
            continue
        revision = comment.waiting if query.state == "pending" else comment.standing or comment.latest
        if revision is None or (query.state == "reported" and not filed):
            continue
        parent = None if comment.parent is None else parents.get((thread, comment.parent))
        head = heads[thread]
        row = viewer_rows.with_text(line, thread, _STAFF, revision, Onward(site, thread))
        if pace.due:
            await pace.rest()
        items.append(
            {
                "comment": Raw(row),
                "revision": revision,
                "thread": {"id": head.id, "title": head.title, "url": head.url},
                "parent": None if parent is None else _row(parent, site, thread),
                "published": _published(comment),
                "since": rfc3339(one.place[0]),
                "held_by": _held_by(comment, revision, query.state),
                "reports": [
                    {"reason": report.reason, "note": report.note, "at": rfc3339(report.at), "by": report.by}
                    for report in filed
                ],
            }
        )
    return items


async def _reports(served: Served, site: str, thread: str, comment: str) -> list[ReportState]:
    partition = served.keys.of(site, thread)
    reply = await served.commands(
        partition, lambda g: [("HGET", partition.thread_views(g, site, thread).reports, comment)]
    )
    return [] if reply.parts[0] is None else _REPORTS.decode(reply.parts[0])


def _row(line: PageLine, site: str, thread: str) -> Raw | None:
    row = viewer_rows.row(line, thread, _STAFF, Onward(site, thread))
    return None if row is None else Raw(row)


def _published(comment: CommentState) -> dict[str, Any] | None:
    """The revision and body that readers see now; None if the comment is not published."""
    if not comment.published or comment.standing is None:
        return None
    return {"revision": comment.standing, "body": comment.texts[comment.standing].body}


def _held_by(comment: CommentState, revision: int, state: str) -> dict[str, Any]:
    """The reason for the queue entry: reports, a moderator, or a rule with its match."""
    if state == "reported":
        return {"kind": "reports", "name": None}
    text = comment.texts[revision]
    if text.decision is not None and text.decision.kind != "system":
        return {"kind": "staff", "name": text.decision.by}
    held = {"kind": "rule", "name": text.rule}
    return held if text.match is None else {**held, "match": text.match}
