"""Laws of the fold and of what it writes, over discussions made at random by the real deciders."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import comment as machine
from core.domain.moderated_comment import Ruled
from core.events.comment_events import DecisionReversed
from core.events.envelope import Recorded
from core.position import START, Position
from core.throttle import Pace
from projections.thread import paced_replay
from projections.thread.fold import apply, fold
from projections.thread.snapshots import due, field, kept, marks, pack, unpack
from projections.thread.state import ThreadState
from projections.views import projection as partition
from projections.views.projection import Projection
from projections.views.thread_cache import ThreadCache, size_of
from tests.support.discussions import SITE, THREADS, Move, events, moves, played, stream
from tests.support.folded import KEYS, Shelf, expected, loaded

THREAD = THREADS[0]

few = settings(max_examples=25)
"""The deciders take a millisecond a move."""


def html(body: str) -> str:
    return f"<p>{len(body)}</p>"


def folded(recorded: Sequence[Recorded], thread: str = THREAD) -> ThreadState:
    return fold(ThreadState(site=SITE, id=thread), [one for one in recorded if one.envelope.thread == thread])


def project(recorded: Sequence[Recorded], cuts: Sequence[int], *, restart: bool = False) -> Shelf:
    """What the views hold after commits at these cuts; with `restart`, each one starts from what is stored."""
    source = Shelf()
    projection = Projection(KEYS, 1, START, html=html)
    for at, one in enumerate(recorded, 1):
        if projection.misses(one):
            projection.hold(loaded(source, SITE, one.envelope.thread))
        projection.apply(one)
        if at in cuts or at == len(recorded):
            commit = projection.take()
            assert commit is not None
            source.write(commit.changes)
            if restart:
                projection = Projection(KEYS, 1, projection.cursor, html=html)
    return source


def views_only(source: Shelf) -> dict[str, dict[str, object]]:
    return {key: there for key, there in source.keys.items() if ":snapshots:" not in key}


@few
@given(moves(imports=True))
async def test_counts_are_the_numbers_of_published_rows(some: list[Move]) -> None:
    thread = folded(await events(await played(some)))
    published = [row for row in thread.rows.values() if row.published]
    assert thread.comments == len(published)
    for name, anchor in thread.anchors.items():
        assert anchor.comments == sum(row.anchor == name for row in published)
    for row in thread.rows.values():
        up, down = row.tally or (0, 0)
        assert row.up == up + sum(value == 1 for value, _ in row.ballots.values())
        assert row.down == down + sum(value == -1 for value, _ in row.ballots.values())


@few
@given(moves())
async def test_a_row_is_on_the_page_if_and_only_if_something_below_it_or_itself_is_published(
    some: list[Move],
) -> None:
    thread = folded(await events(await played(some)))

    def lives(name: str) -> bool:
        return thread.rows[name].published or any(lives(row.id) for row in thread.rows.values() if row.parent == name)

    for name, row in thread.rows.items():
        assert row.on_page == lives(name)
        answers = sorted(
            (other for other in thread.rows.values() if other.parent == name), key=lambda other: other.posted.n
        )
        assert row.answers == [other.id for other in answers if lives(other.id)]


@few
@given(moves())
async def test_comments_are_what_the_deciders_think_they_are(some: list[Move]) -> None:
    recorded = await events(await played(some))
    thread = folded(recorded)
    states: dict[str, machine.Comment] = {}
    for one in recorded:
        name = one.envelope.comment
        if name is not None:
            states[name] = machine.evolve(states.get(name, machine.UNPOSTED), one)
    assert list(thread.rows) == list(states)
    for name, state in states.items():
        row = thread.rows[name]
        assert (row.status, row.standing, row.latest) == (state.status, state.standing, state.latest)
        assert (row.seen, row.featured) == (state.seen, state.featured)
        for number, revision in state.texts.items():
            text = row.texts[number]
            said = "redacted" if revision.redacted is not None else revision.verdict_status
            assert (text.status, text.seen, text.guarded) == (said, revision.seen, revision.guarded)


@few
@given(moves(), st.lists(st.integers(1, 60), max_size=10), st.booleans())
async def test_views_are_the_same_however_commits_are_cut_and_whoever_restarts(
    some: list[Move], cuts: list[int], restart: bool
) -> None:
    recorded = await events(await played(some, threads=2), None)
    source = project(recorded, cuts, restart=restart)
    views: dict[str, dict[str, object]] = {}
    for name in THREADS[:2]:
        for key, there in expected(KEYS, folded(recorded, name), html).items():
            views.setdefault(key, {}).update(there)
    assert views_only(source) == views


@few
@given(moves())
async def test_the_state_read_back_from_its_views_is_the_state_that_wrote_them(some: list[Move]) -> None:
    recorded = await events(await played(some), None)
    there = loaded(project(recorded, []), SITE, THREAD)
    thread = folded(recorded)
    assert there == thread
    assert list(there.rows) == list(thread.rows)


@few
@given(moves())
async def test_writing_a_torn_thread_whole_leaves_nothing_of_what_was_there(some: list[Move]) -> None:
    recorded = await events(await played(some), None)
    straight = project(recorded, [])
    half = len(recorded) // 2
    torn = project(recorded, [half])
    for key, there in torn.keys.items():
        if ":site:" not in key:
            there["left over"] = b"from a commit that was cut"
    before = [one for one in recorded[:half] if one.envelope.thread]
    projection = Projection(KEYS, 1, recorded[half - 1].position, html=html)
    projection.hold(folded(before), rewrite=True)
    for one in recorded[half:]:
        projection.apply(one)
    commit = projection.take()
    if commit is not None:
        torn.write(commit.changes)
        for there in torn.keys.values():
            # A hash that was never deleted is `meta`, of which every field is written anew.
            there.pop("left over", None) if "public" in there else None
        assert torn.keys == straight.keys


@few
@given(moves())
async def test_what_readers_notice_is_what_moves_the_position_of_the_page(some: list[Move]) -> None:
    thread = ThreadState(site=SITE, id=THREAD)
    for one in await events(await played(some)):
        before = page(thread)
        kinds = apply(thread, one).public
        if page(thread) != before:
            assert kinds
        assert (thread.position == one.position) == bool(kinds)
        for name in changed(before, page(thread)):
            assert name in {comment for _, comment in kinds}


def page(thread: ThreadState) -> dict[str, object]:
    """The rows that readers see, and with no name what they see of the thread; answers and their counts aside."""
    return {"": (thread.url, thread.title, thread.status)} | {
        row.id: (row.status, row.texts[row.standing or 1].body, row.featured, row.up, row.down)
        if row.published
        else row.status
        for row in thread.rows.values()
        if row.on_page
    }


def changed(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if name and before.get(name) != after.get(name)}


@few
@given(moves(most=60, imports=True))
async def test_what_waits_waits_since_the_event_that_made_it_wait(some: list[Move]) -> None:
    thread = ThreadState(site=SITE, id=THREAD)
    begun: dict[str, Position] = {}
    decided: dict[str, Position | None] = {}
    """Since when a comment had waited before its last decision, which a reversal brings back."""
    for one in await events(await played(some)):
        if one.envelope.thread != THREAD:
            continue
        apply(thread, one)
        name = one.envelope.comment or ""
        before = begun.get(name)
        undecided = {row.id for row in thread.rows.values() if row.undecided is not None}
        begun = {name: begun.get(name, one.position) for name in undecided}
        if isinstance(one.event, Ruled):
            decided[name] = before
        elif isinstance(one.event, DecisionReversed) and name in begun:
            begun[name] = decided[name] or one.position
        assert {row.id: row.waits_since for row in thread.rows.values() if row.waits_since} == begun


@few
@given(moves())
async def test_a_snapshot_is_the_thread(some: list[Move]) -> None:
    thread = folded(await events(await played(some)))
    assert unpack(pack(thread)) == kept(thread)
    assert await paced_replay.unpack(pack(thread), Pace()) == kept(thread)
    assert marks([field(thread).encode(), b"1-1 5 0"]) == [(thread.last, thread.now)]


def test_snapshots_get_rarer_as_a_thread_grows() -> None:
    taken = [events for events in range(1, 20_000) if due(events - 1, events)]
    assert taken[:7] == [256, 512, 768, 1024, 1280, 1600, 2000]
    assert len(taken) < 20
    assert due(255, 5000)
    assert not due(256, 511)


async def test_what_threads_take_is_counted_as_they_grow() -> None:
    cache = ThreadCache()
    projection = Projection(KEYS, 1, START, html=html, cache=cache)
    threads: dict[str, ThreadState] = {}
    recorded = await events(await played(stream(7, 1500, threads=2), threads=2), None)
    assert len({one.envelope.type for one in recorded}) > 8, "of every kind"
    for at, one in enumerate(recorded):
        if projection.misses(one):
            name = one.envelope.thread
            threads[name] = ThreadState(site=SITE, id=name)
            projection.hold(threads[name])
        projection.apply(one)
        if at % 3 == 0:
            projection.take()
            assert cache.bytes == sum(map(size_of, threads.values())), one.envelope.type
    projection.close()
    assert cache.bytes == 0


async def test_a_thread_is_let_go_of_when_there_are_too_many_rows() -> None:
    recorded = await events(await played(stream(2, 300, threads=3), threads=3), None)
    projection = Projection(KEYS, 1, START, html=html, cache=ThreadCache(1))
    source = Shelf()
    loads = 0
    for one in recorded:
        if projection.misses(one):
            loads += 1
            projection.hold(loaded(source, SITE, one.envelope.thread))
        projection.apply(one)
        commit = projection.take()
        assert commit is not None
        source.write(commit.changes)
    assert loads > len(THREADS)
    assert views_only(source) == views_only(project(recorded, []))


async def test_a_commit_is_full_before_it_has_more_arguments_than_a_script_takes() -> None:
    recorded = await events(await played(stream(3, 5000)), None)
    projection = Projection(KEYS, 1, START, html=html)
    projection.hold(ThreadState(site=SITE, id=THREAD))
    sizes = []
    for one in recorded:
        projection.apply(one)
        if projection.full:
            commit = projection.take()
            assert commit is not None
            sizes.append(sum(len(change.arguments) + 3 for change in commit.changes) + len(commit.feed))
    assert sizes
    assert max(sizes) <= 7000
    assert min(sizes) > partition.MOST_ARGUMENTS / 6
