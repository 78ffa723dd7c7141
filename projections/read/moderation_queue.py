"""The moderation queue: comments that wait, are reported or appealed, with everything that a decision needs."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from core.concurrency import gathered
from core.domain.statement import open_appeal
from core.keys import Partition
from core.position import Position
from core.redis.script import Script
from core.refusals import Unavailable
from core.throttle import Pace
from core.times import rfc3339
from projections.read import cursors, listing, threads, viewer_rows
from projections.read.comments import answer
from projections.read.listing import Listed, Place
from projections.read.match_spans import spans
from projections.read.members import Name, latest_names, lines_of, name
from projections.read.page_json import PageLine
from projections.read.queries import PageAnswer, QueueQuery
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.thread.state import CommentState, NoticeWords, ReportState
from projections.views import layout
from projections.views.listings.appeals import APPEALS
from projections.views.listings.imported import import_of_member, waits_since
from projections.views.listings.labelled import LABELLED
from projections.views.listings.listing import BY_POSITION, CommentListing
from projections.views.listings.notices import NOTICES, reference_of
from projections.views.listings.pending import PENDING
from projections.views.listings.queue import QUEUE
from projections.views.listings.removals import REMOVALS, revision_of
from projections.views.listings.reported import REPORTED
from projections.views.viewer import Viewer

_LISTINGS: Final[dict[str | None, CommentListing]] = {
    "pending": PENDING,
    "reported": REPORTED,
    "removal": REMOVALS,
    "appeal": APPEALS,
    "legal": NOTICES,
    None: QUEUE,
}
_STATES: Final[dict[str | None, str]] = {"pending": "pb", "reported": "rb", None: ""}
"""Letters in QUEUE of the comments in each state."""
_QUEUE: Final = Script("projections.read", "queue")
_REPORTS: Final = msgspec.json.Decoder(list[ReportState])
_NOTICES: Final = msgspec.json.Decoder(dict[str, NoticeWords])
_STAFF: Final = Viewer(staff=True)


class Hand(NamedTuple):
    """A moderator's claim to be reading an item, and its beginning in milliseconds since 1970."""

    by: str
    since: int


Hands = Mapping[Name, Hand]
"""Hands by thread and comment."""
NO_HANDS: Final[Hands] = {}


class _QueuePart(NamedTuple):
    """A partition's part of a page. `merged` is set if two listings were read, because the views have no QUEUE."""

    total: int
    listed: list[Listed]
    merged: bool = False


class SuspensionAppeals(NamedTuple):
    """The appeals against suspensions that belong to a queue: by position, the member; and what makes an item of one.

    They are in the site's own log, and in no view. `item` gives None if the appeal was decided meanwhile.
    """

    waiting: Mapping[Position, str]
    item: Callable[[str], Awaitable[dict[str, Any] | None]]


async def queue(
    served: Served, site: str, query: QueueQuery, hands: Hands = NO_HANDS, appeals: SuspensionAppeals | None = None
) -> PageAnswer:
    """A page of the queue, oldest first over all partitions, and then what imports brought.

    Raises BadCursor, and Unavailable for `by` in older views.

    The order is of one moment per partition, the rows of a later moment per thread. Comments decided in between are
    left out, so a response may hold fewer than `limit` items and still have `next`.
    """
    filters = query.state, query.thread, query.member, query.by, query.limit
    later = (query.label,) if query.import_ is None else (query.label, query.import_)
    mark = cursors.mark("queue", site, *filters, *(() if later == (None,) else later))
    after = listing.place(QUEUE, query.cursor, mark)
    partitions = list(served.keys) if query.thread is None else [served.keys.of(site, query.thread)]
    parts = await gathered([partial(_part, served, partition, site, query, after) for partition in partitions])
    own = served.keys.of(site).number
    members = {} if appeals is None else {(*at, own): member for at, member in appeals.waiting.items()}
    of_members = sorted(Listed(place, member) for place, member in members.items())
    listed, more = listing.merged([*(part.listed for part in parts), of_members], after, query.limit, oldest_first=True)
    merged = {one.number for one, part in zip(partitions, parts, strict=True) if part.merged}
    of_comments = [one for one in listed if one.place not in members]
    items = await _items(served, site, of_comments, query, hands, merged)
    for one in listed:
        if appeals is not None and one.place in members:
            item = await appeals.item(one.member)
            items += [] if item is None else [(one.place, item)]
    following = cursors.write(mark, *listed[-1].place) if more else None
    total = sum(part.total for part in parts) + len(members)
    return answer({"items": [item for _, item in sorted(items, key=_place)], "total": total, "next": following})


def _place(item: tuple[Place, dict[str, Any]]) -> Place:
    return item[0]


async def _part(served: Served, partition: Partition, site: str, query: QueueQuery, after: Place | None) -> _QueuePart:
    if query.label is not None:
        await listing.require(served, partition, LABELLED)
    if query.state in _CASES:
        await listing.require(served, partition, _LISTINGS[query.state])
    if query.state is not None and (query.by is None or query.state in _CASES):
        return await _listed(served, partition, site, query, _LISTINGS[query.state], after)
    if await listing.is_kept(served, partition, QUEUE):
        return await _listed(served, partition, site, query, QUEUE, after)
    if query.by is not None:
        raise Unavailable("an earlier version made these views, without who held what: run `hansard rebuild`")
    # A comment in both counts twice, and `_items` leaves out its later place.
    parts = [await _listed(served, partition, site, query, one, after) for one in (PENDING, REPORTED)]
    listed = sorted(one for part in parts for one in part.listed)
    return _QueuePart(sum(part.total for part in parts), listed, merged=True)


async def _listed(
    served: Served, partition: Partition, site: str, query: QueueQuery, of: CommentListing, after: Place | None
) -> _QueuePart:
    start = listing.start(BY_POSITION, partition, after, oldest_first=True)
    states = _STATES[query.state] if of is QUEUE else ""
    filters = query.thread or "", query.member or "", query.by or "", states, query.label or "", query.import_ or ""
    reply = await served.partition(
        _QUEUE,
        partition,
        lambda g: [partition.listing(g, site, one.name) for one in (of, LABELLED)],
        (start, query.limit + 1, *filters),
    )
    total, members = reply.parts
    return _QueuePart(int(total), [listing.listed(of, partition, member) for member in members.decode().splitlines()])


async def _items(
    served: Served, site: str, listed: list[Listed], query: QueueQuery, hands: Hands, merged: set[int]
) -> list[tuple[Place, dict[str, Any]]]:
    names = [name(QUEUE, one) for one in listed]
    lines = await lines_of(served, site, names)
    states = {key: viewer_rows.comment(line) for key, line in lines.items()}
    parents = await lines_of(
        served,
        site,
        [(one[0], comment.parent) for one in names if (comment := states.get(one)) and comment.parent is not None],
    )
    states_of = await threads.states(served, site, [thread for thread, _ in names])
    reports = await gathered([partial(reports_of, served, site, *one) for one in names])
    words = await _notices_of(served, site, names) if query.state == "legal" else {}
    known = await latest_names(served, site, [hands[one].by for one in names if one in hands])
    items: list[tuple[Place, dict[str, Any]]] = []
    pace = Pace()
    for one, (thread, id_), filed in zip(listed, names, reports, strict=True):
        if pace.due:
            await pace.rest()
        line = lines.get((thread, id_))
        comment = states.get((thread, id_))
        if line is None or comment is None:
            continue
        comment.reports, comment.notice_words = filed, words.get((thread, id_), {})
        ms, n, number = one.place
        make = _CASES.get(query.state)
        case = _waiting(comment, query) if make is None else make(comment, one.member)
        since = waits_since(ms)
        if case is None or (number in merged and comment.queued_since != Position(since, n)):
            continue
        parent = None if comment.parent is None else parents.get((thread, comment.parent))
        row = viewer_rows.with_text(line, thread, _STAFF, case.revision, Onward(site, thread))
        if pace.due:
            await pace.rest()
        hand = hands.get((thread, id_))
        item = {
            "comment": Raw(row),
            "revision": case.revision,
            "thread": threads.staff_thread(states_of[thread]),
            "parent": None if parent is None else _row(parent, site, thread),
            "published": _published(comment),
            "since": rfc3339(since),
            "import": import_of_member(ms, one.member),
            "held_by": case.held_by,
            "reports": [
                {"reason": report.reason, "note": report.note, "at": rfc3339(report.at), "by": report.by}
                for report in filed
            ],
            "in_hand": None if hand is None else _in_hand(hand, known),
            **case.more,
        }
        items.append((one.place, item))
    return items


class _Case(NamedTuple):
    """Subject of an item of the queue: the revision shown, what holds it, and the fields of its kind alone."""

    revision: int
    held_by: dict[str, Any] | None
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed


def _waiting(comment: CommentState, query: QueueQuery) -> _Case | None:
    """A text that waits, or that is reported; None if the comment is not in this queue any more.

    Without a state the revision that waits comes first: its decision settles the reports, too.
    """
    revision = None
    if query.state != "reported" and comment.waiting is not None:
        revision = comment.waiting
    elif query.state != "pending" and comment.reports:
        revision = comment.standing or comment.latest
    return None if revision is None else _Case(revision, _held_by(comment, revision, query.state))


def _removal(comment: CommentState, member: str) -> _Case | None:
    """A superseded text whose removal its author asks for, beside the current one; None if that is settled."""
    revision = revision_of(member)
    asked = comment.removals.get(revision)
    if asked is None:
        return None
    shown = comment.standing or comment.latest
    return _Case(shown, None, {"removal": {"revision": revision, "at": rfc3339(asked.ms)}})


def _appeal(comment: CommentState, member: str) -> _Case | None:
    """An open appeal, and the decision that it is against; None if it was decided, or is against nothing any more."""
    del member  # a comment has one open appeal
    found = open_appeal(comment)
    if found is None:
        return None
    revision, decision, appeal = found
    given = {
        "verdict": decision.verdict,
        "reason": decision.reason,
        "code": decision.code,
        "ground": decision.ground,
        "automated": decision.automated,
        "by": decision.by,
        "at": rfc3339(decision.at),
    }
    return _Case(revision, None, {"appeal": {"text": appeal.text, "at": rfc3339(appeal.filed.ms), "decision": given}})


def _noticed(comment: CommentState, member: str) -> _Case | None:
    """A comment that a notice says is illegal; None if the notice is closed."""
    reference = reference_of(member)
    notice = comment.notices.get(reference)
    if notice is None or notice.outcome is not None:
        return None
    said = comment.notice_words.get(reference, NoticeWords())
    told = {"reference": reference, "explanation": said.explanation, "law": said.law, "at": rfc3339(notice.at)}
    return _Case(comment.standing or comment.latest, None, {"notice": told})


_CASES: Final[dict[str | None, Callable[[CommentState, str], _Case | None]]] = {
    "removal": _removal,
    "appeal": _appeal,
    "legal": _noticed,
}
"""States that do not depend on who holds a text: the case of a comment, by the member of the listing."""


async def _notices_of(served: Served, site: str, names: list[Name]) -> dict[Name, dict[str, NoticeWords]]:
    """The words of the notices about comments, by comment and reference."""

    async def one(name: Name) -> dict[str, NoticeWords]:
        thread, comment = name
        partition = served.keys.of(site, thread)
        reply = await served.commands(
            partition,
            lambda g: [("HGET", partition.thread_views(g, site, thread).reports, layout.notices(comment))],
        )
        return {} if reply.parts[0] is None else _NOTICES.decode(reply.parts[0])

    several = list(dict.fromkeys(names))
    return dict(zip(several, await gathered([partial(one, name) for name in several]), strict=True))


async def in_hand(served: Served, site: str, hand: Hand) -> dict[str, Any]:
    """A hand as an item of the queue has it."""
    return _in_hand(hand, await latest_names(served, site, [hand.by]))


def _in_hand(hand: Hand, names: Mapping[str, str | None]) -> dict[str, Any]:
    return {"by": {"id": hand.by, "name": names[hand.by]}, "since": rfc3339(hand.since)}


async def reports_of(served: Served, site: str, thread: str, comment: str) -> list[ReportState]:
    """The open reports of a comment, oldest first."""
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


def _held_by(comment: CommentState, revision: int, state: str | None) -> dict[str, Any]:
    """The reason for the queue entry: reports, a moderator, the screener, or a rule with its match and its places."""
    if state == "reported" or comment.waiting is None:
        return {"kind": "reports", "name": None}
    text = comment.texts[revision]
    if text.decision is not None and not text.decision.automated:
        return {"kind": "staff", "name": text.decision.by}
    if text.held_by_screening is not None:
        return {"kind": "screening", "name": text.held_by_screening}
    held: dict[str, Any] = {"kind": "rule", "name": text.held_by_rule}
    told = text.tells if text.decision is None else text.decision.reason
    if told is not None:
        held["reason"] = told
    if text.decision is not None:
        return held  # a rule took down what was published: nothing of the text matched
    if text.match is not None:
        held["match"] = text.match
    places = text.spans or (spans(text.body, text.match) if text.body is not None and text.match is not None else ())
    return {**held, "spans": places} if places else held
