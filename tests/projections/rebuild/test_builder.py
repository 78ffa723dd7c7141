"""Views built anew while everything goes on: whatever happens to it, what is served is the fold of the log."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import msgspec
import pytest
from anyio import CancelScope
from anyio.lowlevel import checkpoint
from msgspec.structs import replace

from core.events.comment_events import CommentPosted
from core.events.import_events import AuthorReassigned, VotesBrought
from core.keys import REBUILD
from core.policy import Policy
from core.position import START, Position
from core.redis.router import Router
from core.text.render import rendered
from core.throttle import Pace
from projections.read import pages
from projections.read.queries import PageQuery
from projections.read.served_generation import Served
from projections.rebuild import builder, comparison, refold
from projections.rebuild.builder import Interrupted, Rebuilding
from projections.rebuild.comparison import DifferingThread, part_of
from projections.rebuild.requeue import requeue
from projections.thread import fold, state
from projections.thread.fold import apply
from projections.thread.snapshots import kept
from projections.thread.thread_replay import ThreadReplay
from projections.thread.time_travel import thread_at
from projections.verify.verifier import Difference, verify
from projections.views import generations
from projections.views.changes import Commit
from projections.views.pointer import Pointer
from projections.views.store import Retired, Store
from projections.views.versions import LAYOUT, OWN, scope
from tests.support.bounds import BOUND
from tests.support.discussions import EVERY, SITE, THREADS, Move, Play, entries, events, played, stream
from tests.support.poisoning import poison, skip
from tests.support.projecting import Bench, bench, projecting
from workers.coordination import leased_work
from workers.coordination.leased_work import LeasedWork
from workers.coordination.leases import BUILDING, Leases
from workers.rebuild.partition_rebuild import Flipped
from workers.rebuild.rebuilder import Rebuilder
from workers.rebuild.status import standings
from workers.runtime.process import Failed

THREAD = THREADS[0]

OTHER_FOLD = replace(OWN, fold=OWN.fold + 1)
OTHER_RENDERER = replace(OWN, renderer=OWN.renderer + 1)
OTHER_ROWS = replace(OWN, layout={**LAYOUT, "rows": LAYOUT["rows"] + 1})


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh) as here:
        yield here


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done in few steps on a small log is done in many."""
    monkeypatch.setattr(builder, "READ", 20)
    monkeypatch.setattr(builder, "MOST_FOLDED", 800)
    monkeypatch.setattr(builder, "PART", 60)
    monkeypatch.setattr(comparison, "AT_ONCE", 7)


def rebuilder(here: Bench, flipped: list[Flipped] | None = None, worker: str = "one", **more: Any) -> Rebuilder:
    tell: Callable[[Flipped], object] = (lambda _: None) if flipped is None else flipped.append
    return Rebuilder(here.deployment, here.log, worker=worker, flipped=tell, **more)


async def differences(here: Bench) -> list[Difference]:
    deployment = here.deployment
    return [one async for one in verify(here.log, deployment.reads, deployment.keys)]


async def served(here: Bench, partition: int = 0) -> int:
    return (await generations.generations(here.deployment.reads, here.deployment.keys[partition])).served


async def there(here: Bench) -> set[int]:
    """The generations that any key is of."""
    viewed = [here.deployment.keys.viewed(key.decode()) for key in await here.call("KEYS", "*")]
    return {one[1] for one in viewed if one is not None}


async def building(here: Bench, generation: int, nonce: str = "n") -> Rebuilding:
    """The views of that generation being built by who has this nonce."""
    await here.call("HSET", here.deployment.keys[0].building, "nonce", nonce)
    calls, reads, keys = here.deployment.calls, here.deployment.reads, here.deployment.keys
    store = Store(calls, reads, keys, pointer=Pointer(generation), beside=True)
    return Rebuilding(here.log, store, here.store, 0, nonce, html=rendered, pace=Pace(1))


async def level(here: Bench, partition: int = 0) -> None:
    """Wait until the served views have taken in the log."""
    last = await here.log.last(partition)
    with (
        anyio.fail_after(BOUND),
        here.deployment.pubsub.on(here.deployment.keys[partition].view_channel) as subscription,
    ):
        while await (await here.store.served(partition)).cursor(partition) != last:
            await subscription.wait(0.2)


async def noticed(here: Bench) -> list[Position]:
    """The positions that the feed should have, by the log."""
    found, threads = [], dict[str, state.ThreadState]()
    for recorded in await events(here.log, None):
        thread = recorded.envelope.thread
        if thread and apply(threads.setdefault(thread, state.ThreadState(site=SITE, id=thread)), recorded).public:
            found.append(recorded.position)
    return found


@pytest.mark.parametrize("seed", [5, 6])
async def test_what_imports_brought_is_in_views_that_are_verified_and_built_anew_alike(here: Bench, seed: int) -> None:
    await here.play(stream(seed, 300, threads=2, deeds=EVERY), threads=2)
    brought = (CommentPosted, VotesBrought, AuthorReassigned)
    found = {type(one.event) for one in await events(here.log, None) if one.envelope.cause == "import"}
    assert found >= set(brought)
    async with projecting(here.projector()):
        await here.level()
        assert await differences(here) == []
        flipped: list[Flipped] = []
        await rebuilder(here, flipped).rebuild()
        assert [one.differing for one in flipped] == [()]
    assert await differences(here) == []


async def test_views_are_built_anew_while_writers_readers_and_the_projector_go_on(here: Bench) -> None:
    play, reading, done = Play(here.log), Served(here.deployment), anyio.Event()
    await play.open(threads=2)
    moves = iter(stream(41, 10_000, threads=2))
    for _ in range(150):
        await play.make(next(moves))

    async def write() -> None:
        while not done.is_set():
            await play.make(next(moves))

    async def read() -> None:
        while not done.is_set():
            page = await pages.page(reading, SITE, THREAD, PageQuery())
            assert page is not None
            assert msgspec.json.decode(page.body)["thread"]["id"] == THREAD

    async with projecting(here.projector()):
        await here.level()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            tasks.start_soon(read)
            for expected in range(2, 8):
                flipped: list[Flipped] = []
                await rebuilder(here, flipped).rebuild()
                assert [(one.generation, one.differing) for one in flipped] == [(expected, ())]
            done.set()
        await level(here)
    assert await served(here) == 7
    assert await differences(here) == []
    assert await there(here) == {6, 7}
    assert await here.feed() == await noticed(here), "the feed misses nothing and repeats nothing"


async def test_events_that_the_served_views_lack_are_told_by_the_flip(here: Bench) -> None:
    play = Play(here.log)
    await play.open()
    moves = stream(43, 120)
    for move in moves[:60]:
        await play.make(move)
    async with projecting(here.projector()):
        await here.level()
    before = await here.feed()
    for move in moves[60:]:
        await play.make(move)  # and nobody projects
    await rebuilder(here).rebuild()
    assert await (await here.store.served(0)).cursor(0) == await here.log.last(0)
    assert await differences(here) == []
    assert await here.feed() == await noticed(here) != before


@pytest.mark.parametrize("begin", range(3))
async def test_broken_off_at_any_call_it_goes_on_when_it_is_started_again(
    here: Bench, small_steps: None, monkeypatch: pytest.MonkeyPatch, begin: int
) -> None:
    await here.play(stream(44, 120, threads=2), threads=2)
    async with projecting(here.projector()):
        await here.level()
    asks, left = Router._execute, 0
    scopes = [CancelScope()]

    async def ask(own: Router, calls: list[Any]) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            scopes[-1].cancel()
        await asks(own, calls)

    monkeypatch.setattr(Router, "_execute", ask)
    torn = spy(monkeypatch, builder, "ThreadReplay")
    at = 1 + begin
    while True:
        number = await served(here)
        left = at
        scopes.append(CancelScope())
        with scopes[-1] as scope:
            await rebuilder(here).rebuild()
        left = 0
        assert await differences(here) == []
        if not scope.cancelled_caught:
            break
        assert await here.call("EXISTS", here.deployment.keys[0].building) == 0, "its lease is given back"
        flipped = await served(here) != number
        with monkeypatch.context() as patch:
            # In other steps, so that what was half written is not merely written once more.
            patch.setattr(builder, "MOST_FOLDED", 100_000)
            await rebuilder(here).rebuild()
        # Where all was done but to strike it off, it is; where even that was done, another is begun.
        assert await served(here) in ((number + 1, number + 2) if flipped else (number + 1,))
        assert await there(here) == {await served(here) - 1, await served(here)}
        assert await differences(here) == []
        at += 3
    assert at > 50, "it takes so many calls"
    assert torn, "some thread was half written"
    await rebuilder(here).clean()
    assert await there(here) == {await served(here)}
    assert await here.call("EXISTS", REBUILD) == 0


async def test_what_was_half_written_leaves_nothing_behind(here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [Move("post", who=number % 4, choice=number) for number in range(12)]
    approvals = [Move("decide", comment=number) for number in range(12)]
    some = await entries(await played([*posts, *approvals], policy=Policy(premoderation="all")))
    half = next(at for at, entry in enumerate(some) if b"comment.approved" in entry.e)
    monkeypatch.setattr(builder, "PART", 8)
    async with projecting(here.projector()):
        await here.pour(some[:half])
        await here.level()
        own = await building(here, 2)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "commit", _interrupted)
            with pytest.raises(Interrupted):
                await own.level()
        keys = here.deployment.keys[0]
        for key in (keys.thread_views(2, SITE, THREAD).waiting, keys.listing(2, SITE, "pending")):
            assert await here.call("EXISTS", key), "something was written that has to go"
        await here.pour(some[half:])
        await here.level()
        await (await building(here, 2)).flip()
    assert await served(here) == 2
    assert await differences(here) == []


async def _interrupted(*_: object) -> None:
    raise Interrupted


def spy(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[Any]:
    """What that function of a module is called with, which it still does."""
    original, called = getattr(module, name), list[Any]()

    def listening(*given: Any, **more: Any) -> Any:
        called.append(given)
        return original(*given, **more)

    monkeypatch.setattr(module, name, listening)
    return called


async def test_two_rebuilds_share_the_partitions(fresh: str) -> None:
    async with bench(fresh, partitions=6) as here:
        await here.play(stream(45, 300, threads=3), threads=3)
        async with projecting(here.projector()):
            await here.all_level()
            one, two = list[Flipped](), list[Flipped]()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(rebuilder(here, one, "one").rebuild)
                tasks.start_soon(rebuilder(here, two, "two").rebuild)
        assert sorted(each.partition for each in one + two) == list(range(6))
        assert {each.generation for each in one + two} == {2}
        assert await differences(here) == []
        assert await here.call("EXISTS", REBUILD) == 0


async def test_a_partition_whose_builder_is_gone_is_taken_over_when_its_lease_has_run_out(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.play(stream(46, 60))
    async with projecting(here.projector()):
        await here.level()
    keys = here.deployment.keys[0]
    await here.call("HSET", keys.building, "nonce", "gone", "worker", "gone", "until", 2**53)
    with monkeypatch.context() as patch, CancelScope() as scope:
        patch.setattr(anyio, "sleep", lambda _: _cancel(scope))
        await here.call("HSET", keys.building, "until", await _now(here) + 9000)
        await rebuilder(here).rebuild()
    assert scope.cancelled_caught
    assert await served(here) == 1
    with pytest.raises(Failed, match="A rebuild is running in 1 partitions"):
        await rebuilder(here).clean()
    with pytest.raises(Failed, match="A rebuild is running"):
        await rebuilder(here).back()
    await here.call("HSET", keys.building, "until", 0)
    await rebuilder(here).rebuild()
    assert await served(here) == 2


async def _cancel(scope: CancelScope) -> None:
    scope.cancel()
    await anyio.lowlevel.checkpoint()


async def _now(here: Bench) -> int:
    seconds, micros = await here.call("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


async def test_a_frozen_builder_writes_nothing_however_late(here: Bench) -> None:
    some = await entries(await played(stream(47, 200)))
    await here.pour(some)
    async with projecting(here.projector()):
        await here.level()
    late = await building(here, 2)
    await rebuilder(here, worker="other").clean()  # takes the lease, and gives it back
    before = await everything(here)
    with pytest.raises(Interrupted):
        await late.level()
    with pytest.raises(Interrupted):
        await late.flip()
    assert await everything(here) == before


async def everything(here: Bench) -> dict[bytes, bytes]:
    return {key: await here.call("DUMP", key) for key in await here.call("KEYS", "*:g*:*")}


async def test_a_frozen_projector_writes_nothing_after_the_flip(here: Bench) -> None:
    await here.play(stream(48, 60))
    async with projecting(here.projector()):
        await here.level()
    at = await here.store.cursor(0)
    await here.call("HSET", here.deployment.keys[0].lease, "nonce", "late")
    await rebuilder(here).rebuild()
    before = await everything(here)
    late = Commit(expected=at, cursor=Position(at.ms, at.n + 1), changes=[], feed=[])
    assert await here.store.commit(0, "late", late) == Retired(Pointer(2))
    assert await everything(here) == before


async def test_one_can_go_back_and_nothing_is_lost(here: Bench) -> None:
    some = await entries(await played(stream(49, 300)))
    third = len(some) // 3
    await here.pour(some[:third])
    async with projecting(here.projector()):
        await here.level()
        await rebuilder(here).rebuild()
        await here.pour(some[third : 2 * third])
        await level(here)
        flipped: list[Flipped] = []
        await rebuilder(here, flipped).back()
        assert [(one.generation, one.before) for one in flipped] == [(1, 2)]
        assert await differences(here) == []
        await rebuilder(here, flipped).back()
        assert len(flipped) == 1, "there is nothing before the first"
        await here.pour(some[2 * third :])
        await level(here)
        assert await differences(here) == []
        await rebuilder(here).rebuild()
    assert await served(here) == 3, "a number is given out once: it tells caches apart"
    assert await there(here) == {1, 3}
    assert await differences(here) == []


async def test_a_pointer_never_stands_for_two_states_of_a_page(here: Bench) -> None:
    await here.play(stream(68, 60))
    pointer = here.deployment.keys[0].generation
    async with projecting(here.projector()):
        await here.level()
        await refold.refold(here.log, here.store, SITE, THREAD)
        found = [await here.call("GET", pointer)]
        await rebuilder(here).rebuild()
        found.append(await here.call("GET", pointer))
        await rebuilder(here).back()
        found.append(await here.call("GET", pointer))
    assert found == [b"1.1", b"2.0", b"1.2"]


async def test_views_of_another_fold_are_not_gone_back_to(here: Bench) -> None:
    await here.play(stream(50, 60))
    async with projecting(here.projector()):
        await here.level()
    await rebuilder(here).rebuild()
    await rebuilder(here).rebuild()
    with pytest.raises(Failed, match=f"by fold version {state.FOLD}"):
        await rebuilder(here, versions=OTHER_FOLD).back()
    assert await served(here) == 3


async def test_what_was_served_wrong_is_told_and_right_afterwards(here: Bench, small_steps: None) -> None:
    await here.play(stream(51, 250, threads=2), threads=2)
    async with projecting(here.projector()):
        await here.level()
    keys = here.deployment.keys[0]
    views, other = keys.thread_views(1, SITE, THREAD), keys.thread_views(1, SITE, THREADS[1])
    comment = next(row.id for row in here.folded(THREAD).rows.values() if row.published)
    row = await here.call("HGET", views.rows, comment)
    await here.call("HSET", views.rows, comment, row.replace(b'"status":"published"', b'"status":"Published"', 1))
    await here.call("ZADD", views.ballots, 0, "nobody nothing 1 1")
    await here.call("DEL", other.roots)
    await here.call("SET", other.roots, "no sorted set")
    await here.call("ZADD", keys.listing(1, SITE, "authors"), 0, f"nobody 000 {THREAD} nothing p")
    await here.call("ZADD", keys.listing(1, SITE, "pending"), 0, "more")
    flipped: list[Flipped] = []
    await rebuilder(here, flipped).rebuild()
    (one,) = flipped
    found = {each.thread: set(each.views) for each in one.differing}
    assert found[THREAD] == {"rows", "ballots", "site.authors"}
    assert "roots" in found[THREADS[1]]
    assert found[None] == {"site.pending"}
    assert await differences(here) == []


async def test_nothing_is_told_where_nothing_was_wrong(here: Bench, small_steps: None) -> None:
    await here.play(stream(52, 250, threads=3), threads=3)
    async with projecting(here.projector()):
        await here.level()
    flipped: list[Flipped] = []
    await rebuilder(here, flipped).rebuild()
    assert [one.differing for one in flipped] == [()]
    assert (flipped[0].events, flipped[0].threads) == (len(here.entries[0]), 3)


@pytest.mark.parametrize("view", ["rows", "ballots", "meta"])
async def test_what_was_built_wrong_is_not_served(here: Bench, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    await here.play(stream(53, 120))
    async with projecting(here.projector()):
        await here.level()
    threads = Rebuilding.threads

    async def spoiled(own: Rebuilding) -> list[tuple[str, str]]:
        key = getattr(here.deployment.keys[0].thread_views(2, SITE, THREAD), view)
        await here.call(*(("ZADD", key, 0, "a b 1 1") if view == "ballots" else ("HSET", key, "more", "x")))
        return await threads(own)

    monkeypatch.setattr(Rebuilding, "threads", spoiled)
    with pytest.raises(Failed, match="differ from its log"):
        await rebuilder(here).rebuild()
    assert await served(here) == 1
    assert await differences(here) == []


async def test_a_thread_that_is_parked_stays_parked(here: Bench) -> None:
    play = Play(here.log)
    await play.open(threads=2)
    for move in stream(65, 60, threads=2):
        await play.make(move)
    bad = await poison(here.log, THREAD)
    async with projecting(here.projector()):
        await here.level()
        before = (await here.store.parked(0))[SITE, THREAD]
        assert before.position == bad
        flipped: list[Flipped] = []
        await rebuilder(here, flipped).rebuild()
        assert [one.differing for one in flipped] == [()]
        store = await here.store.served(0)
        assert (store.generation, set(await store.parked(0))) == (2, {(SITE, THREAD)})
        assert {one.parked is not None for one in await differences(here)} == {True}
        await skip(here.log, bad)
        await level(here)
        assert (await store.parked(0)).keys() == {(SITE, THREAD)}
        await rebuilder(here, flipped).rebuild()
        assert [one.thread for one in flipped[-1].differing] == [THREAD]
    assert await (await here.store.served(0)).parked(0) == {}
    assert await differences(here) == []


async def test_a_thread_that_only_this_version_cannot_fold_stops_it(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.play(stream(66, 120))
    async with projecting(here.projector()):
        await here.level()

    def failing(*_: object) -> None:
        raise ValueError("something new")

    handlers: dict[Any, Any] = fold._HANDLERS
    with monkeypatch.context() as patch:
        patch.setitem(handlers, CommentPosted, failing)
        with pytest.raises(Failed, match="cannot be folded to its end"):
            await rebuilder(here).rebuild()
    assert await served(here) == 1
    assert await differences(here) == []


async def test_an_event_that_was_skipped_while_views_were_built_parks_nothing_in_them(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = Play(here.log)
    await play.open(threads=2)
    for move in stream(67, 60, threads=2):
        await play.make(move)
    bad = await poison(here.log, THREAD)
    threads = Rebuilding.threads
    async with projecting(here.projector()):
        await here.level()

        async def meanwhile(own: Rebuilding) -> list[tuple[str, str]]:
            parked = (await here.store.parked(0)).get((SITE, THREAD))
            if parked is not None:
                await skip(here.log, bad)
                await requeue(here.log, here.store, Served(here.deployment), parked, now=1)
            return await threads(own)

        monkeypatch.setattr(Rebuilding, "threads", meanwhile)
        await rebuilder(here).rebuild()
        await level(here)
    assert await served(here) == 3, "what was built before was given up"
    assert await differences(here) == []


async def test_a_hole_in_the_log_stops_it(here: Bench) -> None:
    await here.play(stream(55, 60))
    async with projecting(here.projector()):
        await here.level()
    await here.call("XDEL", here.deployment.keys[0].log, str(here.entries[0][10].position))
    with pytest.raises(Failed, match=r"1 of 1 partitions could not be rebuilt.*is missing"):
        await rebuilder(here).rebuild()
    assert await served(here) == 1
    assert await here.call("EXISTS", here.deployment.keys[0].building) == 0


async def test_the_past_stays_what_it_was(here: Bench, small_steps: None) -> None:
    await here.play(stream(56, 900))
    async with projecting(here.projector()):
        await here.level()
    marks, before = await here.store.marks(SITE, THREAD), await past(here)
    assert marks
    own = await building(here, 2)
    await own.level()
    assert await past(here) == before
    assert await here.store.marks(SITE, THREAD) == marks
    await rebuilder(here).rebuild()
    assert await past(here) == before
    assert await here.store.marks(SITE, THREAD) == marks
    assert await differences(here) == []


async def past(here: Bench, store: Store | None = None) -> list[bytes]:
    """The thread as it was at many moments."""
    store = await (store or here.store).served(0)
    found = []
    for entry in here.entries[0][3::37]:
        then = await thread_at(here.log, store, SITE, THREAD, entry.position)
        assert then is not None
        found.append(msgspec.msgpack.encode(kept(then)))
    return found


async def test_another_fold_takes_snapshots_of_its_own(here: Bench) -> None:
    await here.play(stream(57, 900))
    async with projecting(here.projector()):
        await here.level()
    await rebuilder(here).rebuild()
    before = await past(here)
    other = Store(here.deployment.calls, here.deployment.reads, here.deployment.keys, versions=OTHER_FOLD)
    assert await other.marks(SITE, THREAD) == []
    await rebuilder(here, versions=OTHER_FOLD).rebuild()
    assert await other.marks(SITE, THREAD) != []
    assert await past(here, other) == before
    assert [
        one async for one in verify(here.log, here.deployment.reads, here.deployment.keys, versions=OTHER_FOLD)
    ] == []


async def test_another_renderer_is_no_difference(here: Bench) -> None:
    await here.play(stream(58, 120))
    async with projecting(here.projector()):
        await here.level()
    await rebuilder(here).rebuild()
    flipped: list[Flipped] = []
    await rebuilder(here, flipped, html=lambda body: f"<p>{len(body)}</p>").rebuild()
    await rebuilder(here, flipped, versions=OTHER_RENDERER).rebuild()
    same, other = [one.differing for one in flipped]
    assert same == (DifferingThread(SITE, THREAD, ("rows",)),), "the same renderer makes the same"
    assert other == ()
    assert await differences(here) == []


async def test_whatever_differs_but_the_html_is_told_where_the_renderer_is_another(here: Bench) -> None:
    await here.play(stream(58, 120))
    async with projecting(here.projector()):
        await here.level()
    await rebuilder(here).rebuild()
    keys = here.deployment.keys[0]
    views = keys.thread_views(2, SITE, THREAD)
    comment = next(row.id for row in here.folded(THREAD).rows.values() if row.published)
    row = await here.call("HGET", views.rows, comment)
    await here.call("HSET", views.rows, comment, row.replace(b'"status":"published"', b'"status":"Published"', 1))
    await here.call("HSET", views.votes, "nothing", "1 1")
    await here.call("ZADD", views.ballots, 0, "nobody nothing 1 1")
    await here.call("ZADD", keys.listing(2, SITE, "authors"), 0, f"nobody 000 {THREAD} nothing p")
    flipped: list[Flipped] = []
    await rebuilder(here, flipped, versions=OTHER_RENDERER, html=lambda body: f"<p>{len(body)}</p>").rebuild()
    ((one,),) = [one.differing for one in flipped]
    assert (one.thread, set(one.views)) == (THREAD, {"rows", "votes", "ballots", "site.authors"})


def test_what_rows_of_two_generations_must_agree_in_follows_from_who_wrote_into_them() -> None:
    assert part_of(scope(OWN, [])) == "all"
    assert part_of(scope(OWN, [OWN])) == "all"
    assert part_of(scope(OWN, [OWN, OTHER_RENDERER])) == "source"
    assert part_of(scope(OWN, [OTHER_ROWS])) == "ids"
    assert part_of(scope(OWN, [OTHER_FOLD])) == "ids"


async def test_views_of_a_log_that_was_replaced_are_replaced(here: Bench) -> None:
    play, log = Play(here.log), here.deployment.keys[0].log
    await play.open()
    moves = stream(59, 160)
    for move in moves[:60]:
        await play.make(move)
    backup = await here.call("DUMP", log)
    heads = {key: await here.call("DUMP", key) for key in await here.call("KEYS", "*:heads:*")}
    last = await here.log.last(0)
    for move in moves[60:120]:
        await play.make(move)
    async with projecting(here.projector()):
        await here.level()
    for key, dumped in {log: backup, **heads}.items():
        await here.call("RESTORE", key, 0, dumped, "REPLACE")
    await rebuilder(here).rebuild()
    assert await (await here.store.served(0)).cursor(0) == last
    assert await differences(here) == []
    assert await here.feed() == []
    assert await here.call("GET", here.deployment.keys[0].feed_trimmed) == str(last).encode()
    await play.make(Move("status"))
    for move in moves[120:]:
        await play.make(move._replace(deed="post"))
    async with projecting(here.projector()):
        await level(here)
    assert await differences(here) == []
    assert await here.feed() == [position for position in await noticed(here) if position > last] != []


async def test_the_lease_of_who_builds_is_renewed_for_as_long_as_it_takes(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leased_work, "RENEWED_S", 0.01)
    building = here.deployment.keys[0].building
    own = LeasedWork(Leases(here.deployment.calls, here.deployment.keys, "one", of=BUILDING), 1.0)

    async def work(*_asked: object) -> None:
        for _ in range(2):
            await here.call("HSET", building, "until", 0)
            with anyio.fail_after(BOUND):
                while await here.call("HGET", building, "until") == b"0":
                    await checkpoint()

    assert await own.running(lambda: own.each([0], work)) == []
    assert await here.call("EXISTS", building) == 0


async def test_keys_that_are_of_no_generation_are_swept(here: Bench) -> None:
    await here.play(stream(60, 60))
    async with projecting(here.projector()):
        await here.level()
    keys = here.deployment.keys[0]
    for number in range(1200):
        await here.call("HSET", keys.thread_views(7, SITE, f"t{number}").rows, "f", "v")
    other = {keys.log, keys.heads(SITE, THREAD), keys.generation, keys.feed, "hansard:{p09.9}:g7:x", "elsewhere:g7:x:y"}
    for key in other:
        await here.call("SETNX", key, "1")
    assert await rebuilder(here).clean() == 1200
    assert await there(here) == {1}
    assert await here.call("EXISTS", *other) == len(other)
    assert await differences(here) == []


async def test_progress_only_goes_up_and_ends_at_the_end(fresh: str) -> None:
    async with bench(fresh, partitions=3) as here:
        await here.play(stream(61, 200, threads=3), threads=3)
        async with projecting(here.projector()):
            await here.all_level()
        told: list[tuple[int, int]] = []
        await rebuilder(here, share=0.9, progress=lambda *now: told.append(now)).rebuild()
        last = sum([(await here.log.last(partition)).n for partition in range(3)])
        assert told[-1] == (last, last)
        assert told == sorted(told)


async def test_the_standing_of_every_generation_is_told(here: Bench) -> None:
    await here.play(stream(62, 60))
    last = str(await here.log.last(0))
    async with projecting(here.projector()):
        await here.level()
    (standing,) = await standings(here.deployment)
    assert (standing.served.generation, standing.served.cursor) == (1, last)
    assert (standing.served.fold, standing.served.versions) == (state.FOLD, (str(OWN),))
    await rebuilder(here).rebuild()
    (standing,) = await standings(here.deployment)
    assert (standing.served.generation, standing.served.fold) == (2, state.FOLD)
    assert [one.generation for one in standing.kept] == [1]
    assert standing.building == ()
    assert standing.builder is None


async def test_a_thread_that_went_on_while_it_was_compared_is_no_difference(
    here: Bench, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = await entries(await played(stream(63, 400)))
    half = len(some) // 2
    await here.pour(some[:half])
    rest = iter(some[half:])
    contrast = comparison.GenerationDiff._compare
    async with projecting(here.projector()):
        await here.level()

        async def one_more(own: comparison.GenerationDiff, asked: list[Any]) -> list[Any]:
            for entry in rest:
                await here.pour([entry])
                await level(here)
                break
            return await contrast(own, asked)

        monkeypatch.setattr(comparison.GenerationDiff, "_compare", one_more)
        flipped: list[Flipped] = []
        await rebuilder(here, flipped).rebuild()
    assert [one.differing for one in flipped] == [()]
    assert next(rest, None) is None or flipped[0].events > half


async def test_the_fold_up_to_a_position_leaves_out_what_came_later(here: Bench) -> None:
    await here.play(stream(64, 90))
    at = here.entries[0][20].position
    folded = await ThreadReplay(here.log, SITE, THREAD).at(at)
    assert folded == here.folded(THREAD, at)
    assert 0 < folded.events < len(here.entries[0])
    assert (await ThreadReplay(here.log, SITE, THREAD).at(START)).events == 0
