"""Whether two logs have the same discussion: pages, histories, tallies, queue and decisions, without positions.

The events of both logs correspond one to one. So a position is told by its number among the events of its thread, and
times are those at which things occurred.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.domain.member import Member
from core.domain.member import evolve as evolve_member
from core.domain.moderated_comment import ModeratedComment, Revision
from core.domain.suspension_appeal import SuspensionCase
from core.domain.suspension_appeal import evolve as evolve_case
from core.events.envelope import Recorded, decode
from core.events.import_events import VotesBrought
from core.events.member_events import NoteAdded
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.log.port import Log
from core.partitions import partition_of
from core.position import START, Position, is_position
from projections.read import past
from projections.read.pages import page_mark
from projections.read.past import OnwardThen, Past
from projections.read.queries import PageQuery
from projections.read.revisions import visible
from projections.read.walk import Onward
from projections.thread.comments import NO_TALLY
from projections.thread.state import CommentState, Text, ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.views.viewer import PUBLIC, Viewer
from workers.exporters.left_out import LEFT_OUT

OF_IMPORTS: Final = frozenset({"imported", "waited_by_import", "decisions", "figures", "unknown", "age"})
"""Fields of which an import is known: no figure counts what it brought, and its texts are not what moderators here did.

Whether a text that is not there is unknown or destroyed is told by its redaction.
"""
QUERIES: Final = tuple(
    PageQuery(sort=sort, limit=200, depth=50, replies=200, featured=featured)
    for sort in ("newest", "oldest", "top")
    for featured in (False, True)
)


class _Live(Past):
    """Makes the cursors of the live page."""

    def __init__(self, state: ThreadState, query: PageQuery) -> None:
        self.page = page_mark(state.site, state.id, query)
        self.onward = OnwardThen(state.site, state.id, 0)
        self.onward.mark = Onward(state.site, state.id).mark


async def threads_of(log: Log, site: str) -> dict[str, ThreadState]:
    """The threads of a site, folded."""
    names = {recorded.envelope.thread for recorded in await _events(log) if recorded.envelope.site == site}
    found = {}
    for name in sorted(names - {""}):
        state = await ThreadReplay(log, site, name).at()
        if state.opened is not None:
            found[name] = state
    return found


async def told(log: Log, site: str) -> dict[str, Any]:
    """Everything that the threads and the members of a site show, to compare with that of another log."""
    found: dict[str, Any] = {}
    for name, state in (await threads_of(log, site)).items():
        numbers = await _numbers(log, site, name)
        found[name] = {
            "state": canonical(state, numbers),
            "histories": {one.id: [*_history(one)] for one in state.rows.values()},
            "queue": [*_queue(state, numbers)],
            "pages": {str(viewer): [*pages(state, viewer)] for viewer in viewers(state)},
        }
    found[""] = await _members(log, site)
    return found


def viewers(state: ThreadState) -> tuple[Viewer, ...]:
    """Everyone who may see something of their own on a page."""
    authors = sorted({comment.author.id for comment in state.rows.values()})
    return (PUBLIC, Viewer("some-staff", staff=True), *(Viewer(author) for author in authors))


def pages(state: ThreadState, viewer: Viewer) -> Iterator[Any]:
    """The pages of a thread for a viewer, without positions and cursors."""
    for query in QUERIES:
        cursor = _Live(state, query)
        _, after = cursor.place(query)
        page = past.page(state, query, past.walked(state, query, None, after), viewer, None, cursor)
        yield without_positions(msgspec.json.decode(page))


def canonical(value: Any, numbers: Mapping[Position, int]) -> Any:
    """A value as data in which positions are numbers of events, and times are those of occurrence."""
    match value:
        case Position():
            return None if value == START else numbers.get(value, value)
        case Struct():
            return {**_fields(value, numbers), **_times(value)}
        case Mapping():
            return [[canonical(key, numbers), canonical(one, numbers)] for key, one in value.items()]
        case str() if is_position(value):
            return numbers.get(Position.parse(value), value)
        case list() | tuple():
            return [canonical(one, numbers) for one in value]
        case frozenset() | set():
            return sorted(canonical(one, numbers) for one in value)
        case _:
            return value


def _fields(value: Struct, numbers: Mapping[Position, int]) -> dict[str, Any]:
    skipped = OF_IMPORTS | ({"at", "occurred", "opened_at"} if isinstance(value, _OF_TIMES) else set())
    if isinstance(value, ThreadState):
        skipped |= {"last", "position", "events", "now"}
    if getattr(value, "tally", None) == NO_TALLY:
        skipped |= {"tally"}
    named = ((name, getattr(value, name)) for name in value.__struct_fields__ if name not in skipped)
    return {name: canonical(one, numbers) for name, one in named}


def _times(value: Struct) -> dict[str, Any]:
    match value:
        case Revision():
            return {"at": value.at}
        case ModeratedComment():
            return {"at": value.posted_at, "gone": getattr(value, "gone", None)}
        case ThreadState():
            return {
                "opened": value.opened.ms if value.opened is not None and value.opened_at is None else value.opened_at
            }
        case _:
            return {}


_OF_TIMES: Final = (Revision, ModeratedComment, ThreadState)


def _history(comment: CommentState) -> Iterator[Any]:
    for viewer in (PUBLIC, Viewer(comment.author.id), Viewer("some-staff", staff=True)):
        for history in ("public", "author", "staff"):
            yield [(number, *_text(comment, comment.texts[number])) for number in visible(comment, viewer, history)]


def _text(comment: CommentState, text: Text) -> tuple[Any, ...]:
    number = next(number for number, one in comment.texts.items() if one is text)
    return text.at, text.body, text.name, text.reason, text.served_status, comment.votes_then(number)


def _queue(state: ThreadState, numbers: Mapping[Position, int]) -> Iterator[tuple[str, int]]:
    for comment in state.rows.values():
        if comment.queued_since is not None:
            yield comment.id, numbers[comment.queued_since]


async def _members(log: Log, site: str) -> dict[str, Any]:
    numbers = await _numbers(log, site, "")
    members: dict[str, Member] = {}
    cases: dict[str, SuspensionCase] = {}
    notes: dict[str, list[Any]] = {}
    for recorded in await _events(log):
        member: str | None = getattr(recorded.event, "member", None)
        if recorded.envelope.site != site or recorded.envelope.thread or member is None:
            continue
        members[member] = evolve_member(members.get(member, Member()), recorded)
        if isinstance(recorded.event, StatementTold | AppealFiled | AppealDecided):
            cases[member] = evolve_case(cases.get(member, SuspensionCase()), recorded)
        if isinstance(recorded.event, NoteAdded):
            note = (recorded.occurred_at, recorded.envelope.actor.id, recorded.event.text)
            notes.setdefault(member, []).append(note)
    return {name: canonical(found, numbers) for name, found in (("m", members), ("c", cases), ("n", notes))}


async def _events(log: Log) -> list[Recorded]:
    found = []
    for partition in range(log.partitions):
        found += [decode(*entry) for entry in await log.read(partition, START, limit=1_000_000)]
    return found


async def _numbers(log: Log, site: str, thread: str) -> dict[Position, int]:
    """Numbers of the events of a thread, or of those about members."""
    partition = partition_of(site, thread, log.partitions)
    entries = await log.read(partition, START, limit=1_000_000)
    own = [recorded for entry in entries if _is_of((recorded := decode(*entry)), site, thread)]
    skipped = {one.event.position for one in own if isinstance(one.event, EventSkipped)}
    own = [one for one in own if type(one.event) not in (*LEFT_OUT, VotesBrought) and str(one.position) not in skipped]
    return {recorded.position: number for number, recorded in enumerate(own)}


def _is_of(recorded: Recorded, site: str, thread: str) -> bool:
    envelope = recorded.envelope
    is_there = (envelope.site, envelope.thread) == (site, thread)
    return is_there and (thread != "" or getattr(recorded.event, "member", None) is not None)


def without_positions(value: Any) -> Any:
    """A document without positions; a cursor is only told to be there."""
    match value:
        case dict():
            kept = {name: without_positions(one) for name, one in value.items() if name != "position"}
            return kept | {"next": kept["next"] is not None} if "next" in kept else kept
        case list():
            return [without_positions(one) for one in value]
        case _:
            return value


def differences(one: Any, other: Any, at: str = "") -> Iterable[str]:
    """Where two values differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys(), key=str):
            yield from differences(one.get(name), other.get(name), f"{at}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{at}[{number}]")
    elif one != other:
        yield f"{at}: {one!r} != {other!r}"
