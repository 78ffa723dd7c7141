"""An event that cannot be applied parks its thread and nothing else, and an operator brings the thread back."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.handler import Command
from core.domain.moderation import FeatureComment
from core.domain.thread import OverridePolicy, SetThreadStatus
from core.domain.vote import CastVote
from core.events.comment_events import CommentFeatured, CommentPosted
from core.events.envelope import read
from core.log.port import Log, NewEvent
from core.policy import PolicyChanges
from core.position import Position
from core.refusals import Unavailable
from core.text.render import rendered
from projections.read import pages, progress
from projections.read.parked import all_parked
from projections.read.queries import PageQuery
from projections.read.served_generation import Served
from projections.rebuild.refold import refold
from projections.rebuild.requeue import requeue
from projections.thread import fold
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.thread.time_travel import thread_at
from projections.verify.verifier import Difference, verify
from projections.views.parking import Parked
from projections.views.viewer import PUBLIC, Viewer
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Play, stream
from tests.support.folded import expected
from tests.support.poisoning import garble, poison, put, skip
from tests.support.projecting import Bench, bench, projecting
from tests.support.viewing import page_at
from workers.projector import projector
from workers.runtime import metrics

BAD, GOOD, OTHER = THREADS
ADA, BEN = PEOPLE[:2]
NOW = 1_800_000_000_000
HANDLERS: dict[Any, Any] = fold._HANDLERS


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    """Three threads in one partition, in each of which some of what people do has happened."""
    async with bench(fresh) as here:
        play = Play(here.log)
        await play.open(threads=3)
        for move in stream(145, 90, threads=3):
            await play.make(move)
        for thread in THREADS:
            await do(here, thread, OverridePolicy(overrides=PolicyChanges()), MOD)
            await do(here, thread, SetThreadStatus(status="open"), MOD)
        yield here


async def do(here: Bench, thread: str, command: Command, by: Caller = ADA) -> Position:
    return (await transact(here.log, command, site=SITE, thread=thread, caller=by)).position


async def differences(here: Bench) -> list[Difference]:
    deployment = here.deployment
    return [one async for one in verify(here.log, deployment.reads, deployment.keys)]


async def parked(here: Bench) -> dict[str, Parked]:
    return {one.thread: one for one in await all_parked(Served(here.deployment))}


async def thread_before(here: Bench, position: Position) -> ThreadState:
    """The thread of an event as it was before it."""
    entry = await here.log.entry(0, position)
    assert entry is not None
    return await ThreadReplay(here.log, SITE, read(*entry).envelope.thread).at(before=position)


async def shown(here: Bench, thread: str) -> dict[str, dict[str, Any]]:
    """What the views of one thread hold."""
    keys = here.deployment.keys[0].thread_views(1, SITE, thread)
    return {key: there for key, there in (await here.views()).items() if key in keys}


async def is_shown_as_before(here: Bench, position: Position, thread: str = BAD) -> None:
    keys = here.deployment.keys[0]
    wanted = expected(keys, await thread_before(here, position), rendered)
    own = keys.thread_views(1, SITE, thread)
    assert await shown(here, thread) == {key: wanted[key] for key in own if key in wanted}


async def brought_back(here: Bench, thread: str = BAD) -> Parked | None:
    one = (await parked(here))[thread]
    return await requeue(here.log, here.store, Served(here.deployment), one, now=NOW)


Poisoning = Callable[[Log, str], Awaitable[Position]]


@pytest.mark.parametrize(
    ("poisoning", "type_", "fault"),
    [
        (poison, "comment.edited", "KeyError"),
        (garble, "vote.cast", "ValidationError: Expected `int`, got `str` - at `$.value`"),
    ],
)
async def test_an_event_that_cannot_be_applied_parks_its_thread_and_nothing_else(
    here: Bench, poisoning: Poisoning, type_: str, fault: str
) -> None:
    # All of it in one batch: what came before the bad event is committed, also in its own thread.
    last = await do(here, BAD, PostComment(comment="before", body="words"))
    began = time.time_ns() // 1_000_000
    bad = await poisoning(here.log, BAD)
    await do(here, BAD, PostComment(comment="after", body="words"))
    await do(here, GOOD, PostComment(comment="beside", body="words"))
    one = here.projector()
    async with projecting(one):
        await here.level()
        assert one.stopped == {}
    await is_shown_as_before(here, bad)
    rows = here.deployment.keys[0].thread_views(1, SITE, BAD).rows
    assert await here.call("HEXISTS", rows, "before") == 1
    assert await here.call("HEXISTS", rows, "after") == 0
    assert (await here.store.thread(SITE, BAD)).last == last
    there = await parked(here)
    assert list(there) == [BAD]
    assert (there[BAD].position, there[BAD].type, there[BAD].fault) == (bad, type_, fault)
    assert began <= there[BAD].since <= time.time_ns() // 1_000_000
    (found,) = await differences(here)
    assert (found.thread, found.parked) == (f"{SITE}/{BAD}", there[BAD])


async def test_a_restart_keeps_what_is_parked_and_passes_over_what_comes_there(here: Bench) -> None:
    bad = await poison(here.log, BAD)
    async with projecting(here.projector()):
        await here.level()
    there = await parked(here)
    await do(here, BAD, PostComment(comment="after", body="words"))
    await do(here, GOOD, PostComment(comment="beside", body="words"))
    async with projecting(here.projector("another")):
        await here.level()
        await do(here, BAD, CastVote(comment="after", value=1), BEN)
        await here.level()
    assert await parked(here) == there
    await is_shown_as_before(here, bad)
    assert [one.parked for one in await differences(here)] == [there[BAD]]


async def test_two_bad_threads_are_parked_each_at_its_own_event(here: Bench) -> None:
    first, second = await poison(here.log, BAD), await garble(here.log, OTHER)
    await poison(here.log, BAD)
    await do(here, GOOD, PostComment(comment="beside", body="words"))
    async with projecting(here.projector()):
        await here.level()
    assert {name: one.position for name, one in (await parked(here)).items()} == {BAD: first, OTHER: second}
    assert {one.thread for one in await differences(here)} == {f"{SITE}/{BAD}", f"{SITE}/{OTHER}"}


async def test_a_thread_whose_first_event_cannot_be_applied_is_not_there(here: Bench) -> None:
    bad = await poison(here.log, "never-opened", CommentPosted(comment="c", revision=1, body="words"))
    async with projecting(here.projector()):
        await here.level()
        assert await shown(here, "never-opened") == {}
        assert (await parked(here))["never-opened"].position == bad
        assert [one.parked is not None for one in await differences(here)] == [True]
        await skip(here.log, bad, "never-opened")
        assert await brought_back(here, "never-opened") is None
        assert await differences(here) == []


async def test_what_fails_once_is_tried_again_and_parks_nothing(here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = 0

    def once(*given: Any) -> Any:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise RuntimeError
        return feature(*given)

    feature = HANDLERS[CommentFeatured]
    monkeypatch.setitem(HANDLERS, CommentFeatured, once)
    await do(here, BAD, PostComment(comment="c", body="words"))
    await do(here, BAD, FeatureComment(comment="c", featured=True), MOD)
    async with projecting(here.projector()):
        await here.level()
    assert failed > 1
    assert await parked(here) == {}
    assert await differences(here) == []


async def test_once_the_code_was_mended_the_thread_is_requeued(here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await do(here, BAD, PostComment(comment="c", body="words"))
    with monkeypatch.context() as patch:
        patch.setitem(HANDLERS, CommentFeatured, _fail)
        bad = await do(here, BAD, FeatureComment(comment="c", featured=True), MOD)
        await do(here, BAD, PostComment(comment="after", body="words"))
        async with projecting(here.projector()):
            await here.level()
        there = (await parked(here))[BAD]
        assert (there.position, there.fault) == (bad, "RuntimeError")
        async with projecting(here.projector()):
            assert await brought_back(here) == there
        await is_shown_as_before(here, bad)
    async with projecting(here.projector()):
        # Mended, but not requeued: what the log says could be folded, and readers do not see it.
        assert [one.parked for one in await differences(here)] == [there]
        assert await brought_back(here) is None
        assert await parked(here) == {}
        assert await differences(here) == []
        await do(here, BAD, CastVote(comment="after", value=1), BEN)
        await here.level()
        assert await differences(here) == []


def _fail(*given: Any) -> Any:
    del given
    raise RuntimeError("nobody knows what this says")


async def test_a_skipped_event_is_passed_over_by_everybody_who_folds(here: Bench) -> None:
    bad = await poison(here.log, BAD)
    last = await do(here, BAD, PostComment(comment="after", body="words"))
    async with projecting(here.projector()):
        await here.level()
        skipped = await skip(here.log, bad)
        assert await brought_back(here) is None
        assert await parked(here) == {}
        assert await differences(here) == []  # verify, and the views that were folded by themselves
        await do(here, BAD, CastVote(comment="after", value=1), BEN)
        await here.level()
        assert await differences(here) == []  # and the projector went on from there
        for at in (bad, last, skipped):
            state = await thread_at(here.log, here.store, SITE, BAD, at)
            assert state is not None
            assert state.last == at
            assert ("after" in state.rows) is (at != bad)
        assert await refold(here.log, here.store, SITE, BAD) is not None
        assert await differences(here) == []
    # All views from the beginning: the bad event comes again before anybody knows that it was skipped.
    prefix = here.deployment.keys[0].views_prefix(1)
    await here.call("DEL", *await here.call("KEYS", prefix.replace("{", "\\{") + "*"))
    async with projecting(here.projector()):
        await here.level()
    assert await parked(here) == {}
    assert await differences(here) == []


async def test_the_next_bad_event_parks_the_thread_again_and_is_told(here: Bench) -> None:
    first = await poison(here.log, BAD)
    await do(here, BAD, PostComment(comment="between", body="words"))
    second = await garble(here.log, BAD)
    await do(here, BAD, PostComment(comment="after", body="words"))
    async with projecting(here.projector()):
        await here.level()
        await skip(here.log, first)
        still = await brought_back(here)
        assert still is not None
        assert (still.position, still.type, still.since) == (second, "vote.cast", NOW)
        assert await parked(here) == {BAD: still}
        await is_shown_as_before(here, second)
        assert [one.parked for one in await differences(here)] == [still]
        await skip(here.log, second)
        assert await brought_back(here) is None
        assert await differences(here) == []


async def test_a_thread_that_goes_on_while_it_is_requeued_is_gone_after(here: Bench) -> None:
    bad = await poison(here.log, BAD)
    async with projecting(here.projector()), anyio.create_task_group() as tasks:
        await here.level()
        await skip(here.log, bad)

        async def go_on() -> None:
            for number in range(10):
                await do(here, BAD, PostComment(comment=f"more{number}", body="words"))

        tasks.start_soon(go_on)
        assert await brought_back(here) is None
    async with projecting(here.projector()):
        await here.level()
    assert await differences(here) == []


async def test_without_a_projector_nothing_is_requeued(here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.rebuild.requeue.VIEWS_WITHIN", 0.0)
    bad = await poison(here.log, BAD)
    async with projecting(here.projector()):
        await here.level()
    await skip(here.log, bad)
    with pytest.raises(Unavailable, match="does a projector run"):
        await brought_back(here)
    assert list(await parked(here)) == [BAD]


async def test_what_cannot_be_shown_parks_its_thread_and_nothing_else(here: Bench) -> None:
    def html(body: str) -> str:
        if body == "what no renderer takes":
            raise RecursionError(body)
        return rendered(body)

    await do(here, BAD, PostComment(comment="before", body="words"))
    bad = await do(here, BAD, PostComment(comment="bad", body="what no renderer takes"))
    await do(here, BAD, PostComment(comment="after", body="words"))
    await do(here, GOOD, PostComment(comment="beside", body="words"))
    async with projecting(one := here.projector(html=html)):
        await here.level()
        assert one.stopped == {}
    there = await parked(here)
    assert {name: (one.position, one.fault) for name, one in there.items()} == {BAD: (bad, "RecursionError")}
    await is_shown_as_before(here, bad)
    async with projecting(here.projector()):
        assert await brought_back(here) is None
        assert await differences(here) == []


async def test_an_envelope_that_cannot_be_read_stops_the_partition(here: Bench) -> None:
    async with projecting(one := here.projector()):
        await here.level()
        last = await here.log.last(0)
        await here.call("XADD", here.deployment.keys[0].log, f"{last.ms}-{last.n + 1}", "e", "rot", "c", "")
        await here.call("SPUBLISH", here.deployment.keys[0].log_channel, "")
        with anyio.fail_after(BOUND):
            while not one.stopped:
                await checkpoint()
        assert one.stopped[0].position == last
    assert await parked(here) == {}


async def test_what_is_unreadable_about_the_site_stops_the_partition(here: Bench) -> None:
    e = f'{{"v":1,"type":"site.rekeyed","actor":{{"kind":"staff","id":"op"}},"site":"{SITE}","kind":"none","number":1'
    await put(here.log, "", NewEvent(head="site", e=e.encode(), c=b""))
    async with projecting(one := here.projector()):
        with anyio.fail_after(BOUND):
            while not one.stopped:
                await checkpoint()
        assert one.stopped[0].fault.startswith("CannotApply: site.rekeyed at ")
    assert await parked(here) == {}


async def test_the_past_of_a_parked_thread_is_told_up_to_there_and_no_further(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = await do(here, BAD, PostComment(comment="c", body="words"))
    served = Served(here.deployment)
    with monkeypatch.context() as patch:
        patch.setitem(HANDLERS, CommentFeatured, _fail)
        bad = await do(here, BAD, FeatureComment(comment="c", featured=True), MOD)
        after = await do(here, BAD, PostComment(comment="after", body="words"))
        async with projecting(here.projector()):
            await here.level()
        for viewer in (PUBLIC, Viewer(staff=True)):
            answer = await page_at(served, here.log, SITE, BAD, last, PageQuery(), viewer)
            assert b'"id":"c"' in answer.body
            for at in (bad, after, after.ms + 1):
                with pytest.raises(Unavailable):
                    await page_at(served, here.log, SITE, BAD, at, PageQuery(), viewer)
    # Now it could be folded, but who says what of it is public now are views that do not know it.
    with pytest.raises(Unavailable):
        await page_at(served, here.log, SITE, BAD, after, PageQuery(), PUBLIC)
    assert not await progress.reached(served, SITE, BAD, bad, within=BOUND)
    assert await progress.reached(served, SITE, BAD, last, within=0)
    assert await pages.page(served, SITE, BAD, PageQuery()) is not None


async def test_parked_threads_are_counted_while_the_partition_is_ours(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "RENEWED_S", 0.02)
    value = metrics.PARKED_THREADS._value.get
    before = value()
    bad = await poison(here.log, BAD)
    await garble(here.log, OTHER)

    async def counted(number: int) -> None:
        with anyio.fail_after(BOUND):
            while value() != before + number:
                await checkpoint()

    async with projecting(here.projector()):
        await counted(2)
        await skip(here.log, bad)
        assert await brought_back(here) is None
        await counted(1)
    assert value() == before
