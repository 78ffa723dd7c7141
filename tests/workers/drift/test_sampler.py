"""Drift on real servers: what is wrong is found by looking round once, told, and mended; nothing else is."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from structlog.testing import capture_logs

from core.keys import ThreadViews
from projections.rebuild.refold import refold
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Name
from projections.verify.thread_check import ThreadCheck
from projections.verify.verifier import verify
from projections.views.listings.registry import LISTINGS
from tests.support.bounds import BOUND
from tests.support.discussions import BODIES, LEFT_EMPTY, PEOPLE, SITE, THREADS, Play, entries, played, stream
from tests.support.poisoning import poison, skip
from tests.support.projecting import Bench, bench, projecting
from workers.drift import sampler as sampler_module
from workers.drift.sampler import Sampler
from workers.projector.projector import Projector
from workers.roles import roles
from workers.runtime import metrics
from workers.runtime.process import Parts
from workers.runtime.settings import Settings

THREAD = THREADS[0]
ACROSS = {listing.name: listing for listing in LISTINGS if listing.name not in LEFT_EMPTY}
VIEWS = (*ThreadViews._fields, *ACROSS)


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh) as here:
        yield here


@pytest.fixture
async def level(here: Bench) -> AsyncIterator[tuple[Bench, Projector]]:
    """Two threads with something in every view, and a projector that keeps them."""
    await here.play(stream(37, 250, threads=2), threads=2)
    projector = here.projector()
    async with projecting(projector):
        await here.level()
        yield here, projector


def count(view: str) -> float:
    return float(metrics.DRIFT.labels(view)._value.get())


def found() -> dict[str, float]:
    return {view: count(view) for view in VIEWS}


def sampler(here: Bench, projector: Projector, **more: Any) -> Sampler:
    more |= {"budget": 1, "every": 0, "quiet_share": 1}
    return Sampler(here.deployment, here.log, held=lambda: projector.owned, **more)


@asynccontextmanager
async def looking(one: Sampler) -> AsyncIterator[None]:
    """It looks during the block."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        yield
        tasks.cancel_scope.cancel()


async def walked(times: int = 1) -> None:
    """So many walks have come to their end since this was asked."""
    upto = metrics.DRIFT_WALKS._value.get() + times
    await until(lambda: metrics.DRIFT_WALKS._value.get() >= upto)


async def until(happened: Callable[[], object]) -> None:
    with anyio.fail_after(BOUND):
        while not happened():
            await checkpoint()


async def differences(here: Bench) -> list[str]:
    deployment = here.deployment
    return [f"{one.key} {one.field}" async for one in verify(here.log, deployment.reads, deployment.keys)]


async def wrongly(*arguments: Any, html: object) -> object:
    """Mend, with a defect."""
    return await refold(*arguments, html=lambda text: f"<i>{len(text)}</i>")


def lines(said: list[Any], event: str) -> list[Any]:
    return [line for line in said if line["event"] == event]


async def spoil(here: Bench, view: str, thread: str = THREAD) -> tuple[str, str, str]:
    """Change a field of a view as no event did; the thread, its key, and the field."""
    keys = here.deployment.keys[0]
    across = ACROSS.get(view)
    key = keys.listing(1, SITE, view) if across else getattr(keys.thread_views(1, SITE, thread), view)
    if await here.call("TYPE", key) == b"hash":
        field = (await here.call("HKEYS", key))[0].decode()
        await here.call("HSET", key, field, f"secret {BODIES[0]}")
    else:
        field = (await here.call("ZRANGE", key, 0, -1))[0].decode()
        thread = across.thread_of(field) if across else thread
        await here.call("ZREM", key, field)
    return thread, key, field


async def test_a_field_changed_in_any_view_is_found_in_one_walk_and_mended_and_told_without_words(
    level: tuple[Bench, Projector], way: None
) -> None:
    here, projector = level
    people = {person.id for person in PEOPLE}
    for view in VIEWS:
        before, mended = found(), await here.views()
        thread, key, field = await spoil(here, view)
        with capture_logs() as said:
            async with looking(sampler(here, projector)):
                await walked()
        (line,) = lines(said, "drift_found")
        assert (line["log_level"], line["site"], line["thread"]) == ("error", SITE, thread)
        assert (line["view"], line["stored"], line["fields"]) == (view, key, 1)
        assert (line["field"] == field) is (view not in sampler_module.PERSONAL)
        assert line["expected"] != line["found"]
        told = json.dumps(said)
        # A member comes alone or first in a field; a digest, which begins with anything, has 16 characters.
        named = (f'"{name}{end}' for name in people for end in ('"', " "))
        assert not any(words in told for words in ("secret", *BODIES, *named))
        assert [one["fields"] for one in lines(said, "drift_mended")] == [1]
        assert found() == before | {view: before[view] + 1}
        assert await here.views() == mended
    assert metrics.DRIFT_QUARANTINED._value.get() == 0


async def test_members_too_many_in_a_view_of_the_site_are_found_by_walking(level: tuple[Bench, Projector]) -> None:
    here, projector = level
    right = await here.views()
    keys = here.deployment.keys[0]
    stray = {
        "authors": f"nobody 000 {THREAD} nothing p",
        "pending": f"000 000 {THREAD} nothing nobody",
        "reported": f"000 000 {THREAD} nothing nobody",
        "urls": f"https://nowhere.example/ {THREAD}",
        "opened": f"000 000 {THREAD}",
    }
    for view, member in stray.items():
        await here.call("ZADD", keys.listing(1, SITE, view), 0, member)
    with capture_logs() as said:
        async with looking(sampler(here, projector)):
            await walked()
    assert {line["view"] for line in lines(said, "drift_found")} == stray.keys()
    assert await here.views() == right


async def test_a_thread_whose_views_are_all_gone_is_found_by_its_log(level: tuple[Bench, Projector]) -> None:
    here, projector = level
    right = await here.views()
    await here.call("DEL", *here.deployment.keys[0].thread_views(1, SITE, THREAD))
    with capture_logs() as said:
        async with looking(sampler(here, projector)):
            await walked()
    first = lines(said, "drift_found")
    assert len(first) == sampler_module.MOST_REPORTED < first[0]["fields"]
    assert await here.views() == right


async def test_a_look_at_a_thread_is_counted_once(level: tuple[Bench, Projector]) -> None:
    here, projector = level
    before = metrics.DRIFT_CHECKED._value.get()
    await sampler(here, projector)._check((SITE, THREADS[0]), None)
    assert metrics.DRIFT_CHECKED._value.get() == before + 1


async def test_nothing_is_found_while_many_write(here: Bench, way: None) -> None:
    some = await entries(await played(stream(38, 700, threads=3), threads=3))
    before, checked = found(), metrics.DRIFT_CHECKED._value.get()
    one = here.projector()
    with capture_logs() as said:
        async with projecting(one), looking(sampler(here, one)):
            for at in range(0, len(some), 3):
                await here.pour(some[at : at + 3])
                if at % 60 == 0:
                    await walked()
            await here.level()
            await walked(2)
    assert found() == before
    assert metrics.DRIFT_CHECKED._value.get() > checked + 30
    assert [line for line in said if line["event"].startswith("drift")] == []
    assert await differences(here) == []


async def test_it_is_found_by_whoever_projects_after_a_restart(level: tuple[Bench, Projector]) -> None:
    here, projector = level
    async with looking(sampler(here, projector)):
        await walked()
    await projector.drain()
    await spoil(here, "votes")
    before = count("votes")
    another = here.projector("two")
    async with looking(sampler(here, another)):
        assert count("votes") == before  # who holds nothing looks at nothing
        async with projecting(another):
            await walked()
            assert count("votes") == before + 1
            assert await differences(here) == []


async def test_a_defect_that_mending_does_not_help_is_told_once_and_left_alone(
    level: tuple[Bench, Projector], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, projector = level
    await spoil(here, "rows")
    monkeypatch.setattr(sampler_module, "refold", wrongly)
    one = sampler(here, projector)
    with capture_logs() as said:
        async with looking(one):
            await until(lambda: lines(said, "drift_not_mended_by_folding"))
            before, checked = found(), metrics.DRIFT_CHECKED._value.get()
            await walked(3)
            assert found() == before
            assert metrics.DRIFT_CHECKED._value.get() >= checked + 3  # the other thread is looked at
            assert metrics.DRIFT_QUARANTINED._value.get() == 1
            (line,) = lines(said, "drift_not_mended_by_folding")
            assert (line["log_level"], line["thread"], line["view"]) == ("critical", THREAD, "rows")
            # The defect is mended, and the time is over.
            monkeypatch.setattr(sampler_module, "refold", refold)
            one._quarantine[SITE, THREAD] = 0.0
            await walked(2)
    assert metrics.DRIFT_QUARANTINED._value.get() == 0
    assert len(lines(said, "drift_not_mended_by_folding")) == 1
    assert await differences(here) == []


async def test_a_thread_that_cannot_be_folded_is_told_and_keeps_nobody_from_the_others(
    level: tuple[Bench, Projector],
) -> None:
    here, projector = level
    first = next(entry for entry in here.entries[0] if f'"thread":"{THREAD}"'.encode() in entry.e)
    later = here.folded(THREAD).rows
    gone = next(iter(later.values())).posted
    assert gone > first.position
    await here.call("XDEL", here.deployment.keys[0].log, str(gone))
    await spoil(here, "votes", THREADS[1])
    with capture_logs() as said:
        async with looking(sampler(here, projector)):
            await until(lambda: lines(said, "drift_mended") and lines(said, "drift_look_failed"))
            await walked(2)
    assert [line["thread"] for line in lines(said, "drift_look_failed")] == [THREAD]
    assert [line["thread"] for line in lines(said, "drift_found")] == [THREADS[1]]


async def test_without_a_budget_nothing_looks(here: Bench) -> None:
    watched: list[Any] = []

    class Noting(Parts):
        async def watch(self, part: Any, *args: object) -> None:
            watched.append((part, args))

    parts = Noting.__new__(Noting)
    one = here.projector()
    await roles.start_sampling(parts, here.deployment, one, Settings(drift_budget=0))
    assert watched == []
    await roles.start_sampling(parts, here.deployment, one, Settings())
    assert len(watched) == 1


async def test_a_parked_thread_is_held_to_what_was_before_its_bad_event(level: tuple[Bench, Projector]) -> None:
    here, projector = level
    await poison(here.log, THREAD)
    await here.level()
    with capture_logs() as said:
        async with looking(sampler(here, projector)):
            await walked(2)
            assert [line for line in said if line["event"].startswith("drift")] == []
            await spoil(here, "votes")
            await until(lambda: lines(said, "drift_not_mended_by_folding"))
    (line,) = lines(said, "drift_found")
    assert (line["thread"], line["view"]) == (THREAD, "votes")


async def test_a_thread_that_is_parked_or_comes_back_while_it_is_looked_at_is_no_drift(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    play, projector = Play(here.log), here.projector()
    await play.open(threads=2)
    for move in stream(41, 60, threads=2):
        await play.make(move)
    seen: list[bool] = []
    begin = ThreadCheck.begin

    async def late(look: ThreadCheck, name: Name, fold: ThreadReplay) -> None:
        """What happens as soon as a look at the thread has begun: it is parked, and at the next look comes back."""
        await begin(look, name, fold)
        found = look.parked
        if name == (SITE, THREAD) and len(seen) < 2:
            seen.append(found is not None)
            if found is None:
                await poison(here.log, THREAD)
                await here.level()
            else:
                await skip(here.log, found.position, THREAD)
                await here.level()
                assert await refold(here.log, here.store, SITE, THREAD)

    monkeypatch.setattr(ThreadCheck, "begin", late)
    before = found()
    with capture_logs() as said:
        async with projecting(projector), looking(sampler(here, projector)):
            await until(lambda: len(seen) == 2)
            await walked(2)
    assert seen == [False, True]
    assert [line for line in said if line["event"].startswith("drift")] == []
    assert found() == before
    assert await differences(here) == []
