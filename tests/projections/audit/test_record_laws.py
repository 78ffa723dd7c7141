"""Laws of the record of a thread, over discussions made at random by the real deciders.

A record is a list; its pages, its strip and its search are of that list, whoever reads it.
"""

from functools import partial
from typing import Any, Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded
from core.events.import_events import AuthorReassigned, VotesBrought
from core.events.report_events import ReportFiled
from core.events.types import VOTE_EVENTS
from core.events.vote_events import VoteCast, VoteRestored, VoteVoided
from core.log.memory import MemoryLog
from core.policy import Policy
from core.text.word_search import searched_words
from core.throttle import Pace
from core.times import rfc3339
from projections.audit.public_events import read_public_events
from projections.audit.record_index import RecordIndex
from projections.audit.record_kinds import COUNTED, KINDS, Kind, counted
from projections.audit.record_page import RecordPage, RecordWalk, Show
from projections.audit.record_search import Wanted, searched
from projections.audit.records import AuditRecord
from projections.audit.shown_records import Reader, Shape, public_record, staff_record
from projections.audit.thread_events import ThreadEvents, read_thread_events
from projections.read.revisions import visible
from projections.thread.fold import apply, fold
from projections.thread.state import ThreadState
from projections.views.viewer import PUBLIC
from tests.support.discussions import BODIES, MIA, MOD, PEOPLE, SITE, THREADS, Move, Play, events, moves, played, stream

THREAD: Final = THREADS[0]
FEW: Final = settings(max_examples=40)
READERS: Final[tuple[Reader, ...]] = ("auditor", "moderator", "everyone")
PEOPLE_NAMED: Final = ("ada", "ben", "eve:2", "mod")
IDS: Final = ("parent", "answered", "anchor", "url", "rule", "by_policy", "by_standing", "entitlement", "avatar")
"""Facts that are no words of anybody."""
ASKED: Final = ("other", "FIRST wor", "üml", "c1", "spelling", "note", "ada", "ben", "law", "about the")

long = st.builds(
    stream, seed=st.integers(0, 10_000), length=st.sampled_from((50, 200)), comments=st.sampled_from((3, 30))
)
discussions = st.one_of(moves(most=60), long, long)
filters = st.builds(
    searched,
    st.sets(st.sampled_from(tuple(KINDS))),
    st.one_of(st.none(), st.sampled_from(PEOPLE_NAMED)),
    st.one_of(st.none(), st.sampled_from(ASKED)),
)
policies = st.sampled_from((None, Policy(premoderation="links"), Policy(premoderation="all")))


async def index_of(log: MemoryLog, reader: Reader) -> tuple[RecordIndex, Show]:
    whole = await read_thread_events(log, SITE, THREAD)
    assert whole is not None
    if reader == "everyone":
        public = await read_public_events(log, SITE, THREAD, whole, Pace())

        def show(found: Any, number: int) -> Shape:
            return public_record(found, 0, public.shown(number), public.tally(number))

        return public, show

    def staff(found: Any, number: int) -> Shape:
        return staff_record(found, 0, whole.redacted, whole.tally(number), voters=reader == "auditor")

    return whole, staff


async def record_of(log: MemoryLog, reader: Reader) -> list[AuditRecord]:
    """The record as one list."""
    index, show = await index_of(log, reader)
    page = await RecordWalk(log, 0, index, show, Wanted(), budget=1_000_000).after(0, 1_000_000)
    return [record for _, record in page.found if isinstance(record, AuditRecord)]


async def folded(log: MemoryLog) -> ThreadState:
    return fold(ThreadState(site=SITE, id=THREAD), await events(log))


@given(discussions, policies, st.sampled_from(READERS), filters, st.integers(1, 30), st.integers(1, 20))
@FEW
async def test_pages_walked_forwards_and_backwards_give_each_event_once(
    some: list[Move], policy: Policy | None, reader: Reader, wanted: Wanted, limit: int, budget: int
) -> None:
    log = await played(some, policy=policy)
    index, show = await index_of(log, reader)
    whole = await RecordWalk(log, 0, index, show, wanted, budget=1_000_000).after(0, 1_000_000)
    onwards: list[tuple[int, Shape]] = []
    back: list[tuple[int, Shape]] = []
    at = 0
    while at < len(index):
        page = await RecordWalk(log, 0, index, show, wanted, budget=budget).after(at, limit)
        assert at == page.start < page.end
        assert len(page.found) <= limit
        onwards += page.found
        at = page.end
    while at > 0:
        page = await RecordWalk(log, 0, index, show, wanted, budget=budget).before(at, limit)
        assert page.start < page.end == at
        assert len(page.found) <= limit
        back = page.found + back
        at = page.start
    assert onwards == back == whole.found


@given(discussions, st.sampled_from(READERS), filters, st.integers(1, 30), st.integers(0, 1000))
@FEW
async def test_a_page_around_an_event_holds_it_and_what_is_beside_it(
    some: list[Move], reader: Reader, wanted: Wanted, limit: int, which: int
) -> None:
    log = await played(some)
    index, show = await index_of(log, reader)
    number = which % len(index)
    page = await RecordWalk(log, 0, index, show, wanted).around(number, limit)
    whole = (await RecordWalk(log, 0, index, show, wanted).after(0, 1_000_000)).found
    assert page.start <= number < page.end
    assert page.found == [one for one in whole if page.start <= one[0] < page.end]
    assert len(page.found) == min(limit, len(whole))
    if not wanted.reads and not wanted.kinds:
        assert number in [one for one, _ in page.found]


@given(discussions, policies, st.sampled_from(READERS), st.integers(1, 300))
@FEW
async def test_the_counts_of_a_strip_add_up_to_the_record(
    some: list[Move], policy: Policy | None, reader: Reader, parts: int
) -> None:
    log = await played(some, policy=policy)
    index, _ = await index_of(log, reader)
    record = await record_of(log, reader)
    strip = index.strip(parts)
    assert len(strip) <= parts
    sizes = [sum(part.counts.values()) for part in strip]
    assert len({*sizes[:-1]}) <= 1
    assert sizes[-1] <= sizes[0]
    at = 0
    for part, size in zip(strip, sizes, strict=True):
        within = record[at : at + size]
        for one, event in ((within[0], part.first), (within[-1], part.last)):
            assert (one.position, one.occurred_at) == (str(event.position), rfc3339(event.occurred))
        kinds = [COUNTED[counted(one.type)] for one in within]
        assert part.counts == {name: kinds.count(name) for name in COUNTED}
        at += size
    assert at == len(record)


@given(discussions, policies, st.sampled_from(READERS), filters)
@FEW
async def test_a_search_finds_what_the_record_shows_the_same_reader_and_nothing_else(
    some: list[Move], policy: Policy | None, reader: Reader, wanted: Wanted
) -> None:
    log = await played(some, policy=policy)
    index, show = await index_of(log, reader)
    found = (await RecordWalk(log, 0, index, show, wanted).after(0, 1_000_000)).found
    assert [record for _, record in found] == [one for one in await record_of(log, reader) if matches(one, wanted)]


def matches(record: AuditRecord, wanted: Wanted) -> bool:
    """The rule of a search in the simplest form there is."""
    name = COUNTED[counted(record.type)]
    kinds: list[Kind] = [kind for kind in KINDS if name in KINDS[kind]]
    if wanted.kinds and not wanted.kinds & set(kinds):
        return False
    if wanted.actor is not None and (record.actor.id != wanted.actor or name == "votes"):
        return False
    values = [value for name, value in record.data.items() if isinstance(value, str) and name not in IDS]
    said = [word for value in values for word in searched_words(value)]
    return (
        not wanted.words
        or record.comment == wanted.comment
        or all(any(word.startswith(one) for word in said) for one in wanted.words)
    )


@given(discussions, st.integers(0, 60))
@FEW
async def test_an_index_that_is_extended_is_the_one_that_is_read_at_once(some: list[Move], cut: int) -> None:
    log = await played(some[:cut])
    known = await read_thread_events(log, SITE, THREAD)
    assert known is not None
    play = Play(log)
    play.comments[THREAD] = {}
    for move in some[cut:]:
        await play.make(move._replace(earlier=0))
    extended = await read_thread_events(log, SITE, THREAD, known)
    fresh = await read_thread_events(log, SITE, THREAD)
    assert extended is known
    assert fresh is not None
    assert told(extended) == told(fresh)
    assert [extended.position(number) for number in range(len(extended))] == [one.position for one in await events(log)]


def told(index: ThreadEvents) -> Any:
    numbers = range(len(index))
    return [(index.position(one), index.tally(one), index.counted[one]) for one in numbers], index.redacted


@given(discussions)
@FEW
async def test_auditors_read_every_event_and_moderators_all_but_who_voted(some: list[Move]) -> None:
    log = await played(some)
    happened = await events(log)
    whole_index = await read_thread_events(log, SITE, THREAD)
    assert whole_index is not None
    whole, masked = await record_of(log, "auditor"), await record_of(log, "moderator")
    assert (
        [one.position for one in whole] == [one.position for one in masked] == [str(one.position) for one in happened]
    )
    state = ThreadState(site=SITE, id=THREAD)
    for recorded, full, other in zip(happened, whole, masked, strict=True):
        apply(state, recorded)
        if isinstance(recorded.event, VotesBrought):
            row = state.rows[recorded.event.comment]
            assert whole_index.tally(whole_index.before(recorded.position)) == (row.up, row.down)
        assert full.actor.id == recorded.envelope.actor.id
        if not isinstance(recorded.event, VOTE_EVENTS):
            assert other == full
            continue
        row = state.rows[recorded.event.comment]
        if isinstance(recorded.event, VoteVoided | VoteRestored):
            assert other.actor == full.actor
            assert other.data.items() <= full.data.items() | {"up": row.up, "down": row.down}.items()
            assert not {"voter", "cast", "by_standing"} & other.data.keys()
            continue
        value = {"value": recorded.event.value} if isinstance(recorded.event, VoteCast) else {}
        assert (other.actor.kind, other.actor.id) == ("member", None)
        assert other.data == value | {"up": row.up, "down": row.down}


@given(discussions, policies)
@FEW
async def test_the_public_record_has_the_texts_that_everyone_may_read_now_and_no_others(
    some: list[Move], policy: Policy | None
) -> None:
    log = await played(some, policy=policy)
    state = await folded(log)
    allowed = {
        (comment.id, number): comment.texts[number].body
        for comment in state.rows.values()
        if comment.published
        for number in visible(comment, PUBLIC, "public")
        if comment.texts[number].body is not None
    }
    record = await record_of(log, "everyone")
    shown = {(one.comment, one.revision): one.data["body"] for one in record if "body" in one.data}
    assert shown == allowed
    authors = {row.id: {row.author.id} for row in state.rows.values() if row.published}
    for recorded in await events(log):
        event = recorded.event
        if isinstance(event, CommentPosted | AuthorReassigned) and event.comment in authors:
            # The record tells of each author that a comment had.
            author = event.author if isinstance(event, AuthorReassigned) else recorded.envelope.actor.id
            authors[event.comment].add(author)
    for one in record:
        if one.comment is not None and one.comment not in authors:
            assert one.actor.id in (None, "import")
            assert one.revision is None
            assert one.data.keys() <= {"parent", "anchor"}
        elif one.actor.id not in (None, "import"):
            assert one.comment is not None
            assert one.actor.id in authors[one.comment]
        assert not one.data.keys() & {"note", "match", "rule", "by_policy", "by_standing", "batch", "cause"}


@given(discussions, policies)
@FEW
async def test_the_public_record_has_no_event_that_readers_could_not_notice_but_texts_that_they_saw_later(
    some: list[Move], policy: Policy | None
) -> None:
    log = await played(some, policy=policy)
    happened = await events(log)
    record = {one.position: one for one in await record_of(log, "everyone")}
    state = ThreadState(site=SITE, id=THREAD)
    noticed: dict[str, Recorded] = {}
    for recorded in happened:
        if apply(state, recorded).public:
            noticed[str(recorded.position)] = recorded
    writes = {str(one.position) for one in happened if isinstance(one.event, CommentPosted | CommentEdited)}
    assert record.keys() <= noticed.keys() | writes
    assert not {str(one.position) for one in happened if isinstance(one.event, ReportFiled)} & record.keys()
    published = {row.id for row in state.rows.values() if row.published}
    for position, recorded in noticed.items():
        # Whatever was noticed of the thread itself, or of a comment that is still there, is in the record.
        if recorded.envelope.comment is None:
            assert position in record
        elif recorded.envelope.comment in published:
            text = None if recorded.revision is None else state.rows[recorded.envelope.comment].texts[recorded.revision]
            # But a text that readers never saw, though its comment's tombstone told that something waits.
            assert (position in record) == (text is None or text.seen or position not in writes)
            if text is not None and not text.seen and position in record:
                assert record[position].revision is None
    hidden = {row.id for row in state.rows.values() if not row.published and row.id not in published}
    words = msgspec.json.encode([one for one in record.values() if one.comment in hidden])
    assert not any(msgspec.json.encode(body)[1:-1] in words for body in BODIES)
    for person in (*PEOPLE, MOD, MIA):
        assert msgspec.json.encode(person.id) not in words


@given(discussions, st.integers(0, 1000))
@FEW
async def test_a_call_reads_no_more_events_than_its_bound(some: list[Move], which: int) -> None:
    log = await played(some)
    index, show = await index_of(log, "auditor")
    shown = 0

    def watched(found: Any, number: int) -> Shape:
        nonlocal shown
        shown += 1
        return show(found, number)

    for walk in ("after", "before", "around"):
        shown = 0
        given_ = RecordWalk(log, 0, index, watched, searched(q="no such word"), budget=7)
        page: RecordPage = await partial(getattr(given_, walk), which % len(index), 5)()
        assert page.found == []
        assert shown <= 7
