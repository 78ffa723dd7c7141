"""One thread folded anew and put in the place of its views, while everything goes on."""

from collections.abc import AsyncIterator

import anyio
import pytest

from core.position import Position
from projections.read import pages
from projections.read.queries import PageQuery
from projections.read.served_generation import Served
from projections.rebuild.refold import refold
from projections.thread import thread_replay
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.verify.verifier import verify
from projections.views.pointer import Pointer
from projections.views.store import Moved, Retired
from tests.support.discussions import SITE, THREADS, entries, played, stream
from tests.support.projecting import Bench, bench, projecting
from workers.runtime import metrics

THREAD, OTHER = THREADS[:2]


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh) as here:
        yield here


async def differences(here: Bench) -> list[str]:
    deployment = here.deployment
    return [str(one) async for one in verify(here.log, deployment.reads, deployment.keys)]


async def spoil(here: Bench) -> None:
    """Change, drop and add something in every view of the thread, and in those of its site."""
    keys = here.deployment.keys[0]
    views = keys.thread_views(1, SITE, THREAD)
    await here.call("HSET", views.meta, "public", "{}")
    await here.call("DEL", views.rows, views.top)
    await here.call("HSET", views.votes, "nobody", "1 1")
    await here.call("ZADD", views.ballots, 0, "nobody nothing 1 1")
    authors = keys.listing(1, SITE, "authors")
    own = [member for member in await here.call("ZRANGE", authors, 0, -1) if f" {THREAD} ".encode() in member]
    await here.call("ZREM", authors, *own[:3])
    await here.call("ZADD", authors, 0, f"nobody 000 {THREAD} nothing p")
    await here.call("ZADD", keys.listing(1, SITE, "threads"), -5, THREAD)


async def test_whatever_was_changed_in_the_views_of_a_thread_is_mended(here: Bench) -> None:
    await here.play(stream(32, 250, threads=2), threads=2)
    async with projecting(here.projector()):
        await here.level()
        await spoil(here)
        assert await differences(here) != []
        assert await refold(here.log, here.store, SITE, THREAD) == here.folded(THREAD).last
        assert await differences(here) == []
        assert await here.call("KEYS", "*staged*") == []
    assert await refold(here.log, here.store, SITE, "unknown") is None


async def test_a_projector_that_had_the_thread_in_memory_goes_on_from_what_was_exchanged(here: Bench) -> None:
    some = await entries(await played(stream(32, 300, threads=2), threads=2))
    half = len(some) // 2
    await here.pour(some[:half])
    before = metrics.PROJECTION_COMMITS.labels("mismatch")._value.get()
    async with projecting(here.projector()):
        await here.level()
        await spoil(here)
        await refold(here.log, here.store, SITE, THREAD)
        await here.pour(some[half:])
        await here.level()
        assert await differences(here) == []
    assert metrics.PROJECTION_COMMITS.labels("mismatch")._value.get() == before + 1


async def test_a_page_that_was_mended_has_another_tag(here: Bench) -> None:
    await here.play(stream(35, 100))
    served = Served(here.deployment)
    async with projecting(here.projector()):
        await here.level()
        before = await pages.page(served, SITE, THREAD, PageQuery())
        await refold(here.log, here.store, SITE, THREAD)
        after = await pages.page(served, SITE, THREAD, PageQuery())
    assert before is not None
    assert after is not None
    assert before.body == after.body
    assert before.tag != after.tag


async def test_a_thread_that_goes_on_meanwhile_is_gone_after(here: Bench) -> None:
    some = await entries(await played(stream(33, 300)))
    async with projecting(here.projector()), anyio.create_task_group() as tasks:
        await here.pour(some[:100])
        await here.level()

        async def go_on() -> None:
            for entry in some[100:]:
                await here.pour([entry])

        tasks.start_soon(go_on)
        await refold(here.log, here.store, SITE, THREAD)
    async with projecting(here.projector()):
        await here.level()
    assert await differences(here) == []


async def test_nothing_is_exchanged_for_what_is_not_the_last_word(here: Bench) -> None:
    await here.play(stream(34, 60))
    state = here.folded(THREAD)
    assert await here.store.exchange(state, str) == Moved()  # the views have not come to it
    async with projecting(here.projector()):
        await here.level()
    before = await here.views()
    older = here.folded(THREAD, here.entries[0][-2].position)
    assert await here.store.exchange(older, str) == Moved()
    await here.call("SET", here.deployment.keys[0].generation, "2.0")
    assert await here.store.exchange(state, str) == Retired(Pointer(2))
    assert await here.views() == before
    assert await here.call("KEYS", "*staged*") == []


async def test_views_that_were_never_exchanged_go_by_themselves(here: Bench) -> None:
    staged = here.deployment.keys[0].staged("n", SITE, THREAD)
    await here.store._stage(staged.rows, "rows", {"a": b"1"})
    assert 0 < await here.call("TTL", staged.rows) <= 3600
    assert ThreadState(site=SITE, id=THREAD).last < Position(1, 1)


@pytest.mark.parametrize("kept", [1, 2, 1000])
async def test_a_long_thread_is_folded_in_legs_up_to_wherever_it_is_asked_for(
    here: Bench, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(thread_replay, "CHUNK", 7)
    monkeypatch.setattr(thread_replay, "KEPT", kept)
    await here.play(stream(35, 120, threads=2), threads=2)
    replay = ThreadReplay(here.log, SITE, THREAD)
    for position, _, _ in here.entries[0][::11]:
        assert await replay.at(position) == here.folded(THREAD, position)
    assert await replay.at() == here.folded(THREAD)
