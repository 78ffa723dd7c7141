"""The projector on real servers: whatever happens to it, the views are the fold of the log."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.handler import Command
from core.domain.moderation import Decide
from core.log.port import Entry
from core.policy import Policy
from core.position import Position
from core.redis.errors import is_full
from projections.thread.snapshots import FIRST, kept, unpack
from projections.verify.verifier import verify
from projections.views.changes import Commit
from projections.views.store import COMMIT, Done, Fenced, Mismatch
from projections.views.stored_thread import PartialCommit, load_thread
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Play, entries, played, stream
from tests.support.logs import CLUSTER, serving
from tests.support.projecting import Bench, bench, projecting
from tests.support.proxy import Proxy
from tests.support.servers import client
from workers.embedded import server as embedded
from workers.projector import failures, partition_projector, projector
from workers.projector.projector import Projector
from workers.runtime import metrics

THREAD = THREADS[0]


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh) as here:
        yield here


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are looked at often, so that nobody waits for one."""
    monkeypatch.setattr(projector, "RENEWED_S", 0.02)


async def settled(here: Bench, *threads: str) -> None:
    """The views are what the log says."""
    await here.level()
    assert await here.views() == here.wanted(*threads or (THREAD,))


async def stopped(one: Projector) -> None:
    """A partition of it has stopped."""
    with anyio.fail_after(BOUND):
        while not one.stopped:
            await checkpoint()


async def test_the_views_are_the_fold_of_the_log_and_follow_it(here: Bench) -> None:
    some = await entries(await played(stream(1, 300, threads=2), threads=2))
    half = len(some) // 2
    await here.pour(some[:half])
    async with projecting(here.projector()):
        await settled(here, *THREADS[:2])
        await here.pour(some[half:])
        await settled(here, *THREADS[:2])
    assert await here.call("EXISTS", here.deployment.keys[0].lease) == 0


async def test_the_state_read_back_from_the_server_is_the_fold(here: Bench) -> None:
    await here.play(stream(2, 200))
    async with projecting(here.projector()):
        await here.level()
    there = await here.store.thread(SITE, THREAD)
    assert there == here.folded(THREAD)


async def test_restarting_at_any_time_changes_no_view(here: Bench) -> None:
    some = await entries(await played(stream(3, 150)))
    for at in range(0, len(some), 10):
        await here.pour(some[at : at + 10])
        async with projecting(here.projector()):
            await here.level()
    await settled(here)
    public = [entry.position for entry in some if entry.position in set(await here.feed())]
    assert await here.feed() == public


async def test_two_projectors_that_fight_over_a_partition_change_nothing(here: Bench, quick: None) -> None:
    some = await entries(await played(stream(4, 400)))
    lease = here.deployment.keys[0].lease
    async with projecting(here.projector("one"), here.projector("two"), here.projector("three")):
        for at in range(0, len(some), 20):
            # Whoever holds the lease loses it without being told, in the middle of its work.
            await here.call("DEL", lease)
            await here.pour(some[at : at + 20])
        await settled(here)
    assert len(set(await here.feed())) == len(await here.feed())


async def test_who_lost_the_lease_writes_nothing_however_late(here: Bench) -> None:
    await here.play(stream(5, 30))
    keys = here.deployment.keys[0]
    async with projecting(here.projector()):
        await here.level()
        nonce = (await here.call("HGET", keys.lease, "nonce")).decode()
    at = await here.store.cursor(0)
    late = Commit(expected=at, cursor=Position(at.ms, at.n + 1), changes=[], feed=[])
    assert await here.store.commit(0, nonce, late) == Fenced()
    await here.call("HSET", keys.lease, "nonce", "somebody's")
    assert await here.store.commit(0, nonce, late) == Fenced()
    assert await here.store.commit(0, "somebody's", late) == Done()
    assert await here.store.commit(0, "somebody's", late) == Done(again=True)
    elsewhere = Commit(expected=at, cursor=Position(at.ms, at.n + 2), changes=[], feed=[])
    assert await here.store.commit(0, "somebody's", elsewhere) == Mismatch(late.cursor)


async def test_a_cursor_that_goes_back_is_followed(here: Bench) -> None:
    some = await entries(await played(stream(6, 120)))
    half = len(some) // 2
    await here.pour(some[:half])
    async with projecting(here.projector()):
        await here.level()
        prefix = here.deployment.keys[0].cursor(1).removesuffix("cursor")
        gone = await here.call("KEYS", prefix.replace("{", "\\{") + "*")
        await here.call("DEL", *gone)  # a failover that lost all views, cursor included
        await here.pour(some[half:])
        await settled(here)


async def test_a_failover_that_takes_log_and_views_back_is_followed_on_the_other_branch(here: Bench) -> None:
    some = await entries(await played(stream(16, 120)))
    half = len(some) // 2
    await here.pour(some[:half])
    lost = metrics.LOST_BRANCHES._value.get()
    one = here.projector()
    async with projecting(one):
        await here.level()
        saved = await whole(here)
        await here.pour(some[half:])
        await here.level()
        # All that the promoted replica had not seen is gone, and others wrote, to exactly the same number.
        await restore(here, saved)
        here.entries[0] = some[:half]
        await here.pour(later(some[half:]))
        await settled(here)
        assert metrics.LOST_BRANCHES._value.get() > lost
        assert one.stopped == {}


@pytest.mark.parametrize("grown", [0, 1, 30])
async def test_a_log_that_is_older_than_its_views_stops_the_partition_and_says_so(here: Bench, grown: int) -> None:
    some = await entries(await played(stream(17, 200)))
    await here.pour(some[:60])
    async with projecting(here.projector()):
        await here.level()
    views = await here.views()
    await here.lose(20)
    await here.pour(later(some[40 : 40 + grown]))
    async with projecting(one := here.projector()):
        await stopped(one)
    last = some[59].position
    assert one.stopped[0].position == last
    assert (
        one.stopped[0].fault
        == f"OtherLog: the views have event {last}, their log lacks it: the log is older, or another one"
    )
    assert await here.store.cursor(0) == last
    assert await here.views() == views
    # The right one is put back: nothing is wrong any more.
    await here.call("DEL", here.deployment.keys[0].log)
    here.entries[0] = []
    await here.pour(some)
    async with projecting(here.projector()):
        await settled(here)


async def test_a_log_that_becomes_older_while_it_is_followed_stops_the_partition(here: Bench) -> None:
    some = await entries(await played(stream(18, 200)))
    await here.pour(some[:60])
    one = here.projector()
    async with projecting(one):
        await here.level()
        await here.lose(20)
        await here.pour(later(some[40:]))
        await stopped(one)
        assert one.stopped[0].fault.startswith("OtherLog: ")


async def whole(here: Bench) -> dict[bytes, bytes]:
    """Everything on the server, leases and who is alive aside."""
    keys = [key for key in await here.call("KEYS", "*") if not key.endswith((b":lease", b":workers"))]
    return {key: await here.call("DUMP", key) for key in keys}


async def restore(here: Bench, saved: dict[bytes, bytes]) -> None:
    """Be where that was saved, at one moment."""
    async with here.deployment.writing.pipeline(transaction=True) as pipe:
        for key in (await whole(here)).keys() - saved.keys():
            pipe.delete(key)
        for key, value in saved.items():
            pipe.restore(key, 0, value, replace=True)
        await pipe.execute()


def later(some: list[Entry]) -> list[Entry]:
    """The same, as others would have written it: a second later."""
    return [Entry(Position(position.ms + 1000, position.n), e, c) for position, e, c in some]


@pytest.mark.parametrize("batch", [256, 7])
async def test_a_commit_that_an_error_cut_half_way_is_found_and_repaired(
    here: Bench, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    some = await entries(await played(stream(7, 200, threads=2), threads=2))
    half = len(some) // 2
    await here.pour(some[:half])
    async with projecting(here.projector()):
        await here.level()
    views = here.deployment.keys[0].thread_views(1, SITE, THREAD)
    site = here.deployment.keys[0].listing(1, SITE, "authors")
    saved = await here.call("DUMP", site)
    await here.call("DEL", site)
    await here.call("SET", site, "no sorted set")
    await here.pour(some[half:])
    one = here.projector()
    async with projecting(one):
        await stopped(one)
    assert one.stopped[0].fault.startswith("WRONGTYPE")
    with pytest.raises(PartialCommit):
        await load_thread(here.deployment.reads, here.deployment.keys[0], 1, SITE, THREAD)
    await here.call("HSET", views.rows, "left over", "- \n\n{}")
    await here.call("RESTORE", site, 0, saved, "REPLACE")
    monkeypatch.setattr(partition_projector, "BATCH", batch)
    async with projecting(here.projector()):
        await settled(here, *THREADS[:2])


async def test_what_a_torn_commit_added_is_taken_back_by_what_came_after_it(here: Bench) -> None:
    async def do(caller: Caller, command: Command) -> None:
        await transact(here.log, command, site=SITE, thread=THREAD, caller=caller)

    await Play(here.log).open(policy=Policy(premoderation="all"))
    await do(PEOPLE[0], PostComment(comment="first", body="words"))
    async with projecting(here.projector()):
        await here.level()
    keys = here.deployment.keys[0]
    authors, pending = keys.listing(1, SITE, "authors"), keys.listing(1, SITE, "pending")
    saved = await here.call("DUMP", authors)
    await here.call("SET", authors, "no sorted set")
    await do(PEOPLE[1], PostComment(comment="second", body="words"))
    async with projecting(one := here.projector()):
        await stopped(one)
    assert await here.call("ZCARD", pending) == 2
    await here.call("RESTORE", authors, 0, saved, "REPLACE")
    # Folded together with what follows, the second comment was never pending between two commits.
    await do(MOD, Decide(comment="second", verdict="approve", revision=1))
    async with projecting(here.projector()):
        await here.level()
    assert await here.call("ZCARD", pending) == 1
    assert [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)] == []


async def test_a_hole_in_the_log_stops_the_partition_and_says_so(here: Bench) -> None:
    some = await entries(await played(stream(8, 60)))
    await here.pour(some[:20])
    before = metrics.STOPPED_PARTITIONS._value.get()
    one = here.projector()
    async with projecting(one):
        await here.level()
        await here.pour(some[21:])
        await stopped(one)
        assert await here.store.cursor(0) == some[19].position
        assert one.stopped[0].position == some[19].position
        assert one.stopped[0].fault.startswith("Hole: ")
        assert metrics.STOPPED_PARTITIONS._value.get() == before + 1


async def test_an_event_that_is_of_no_thread_stops_its_partition_and_no_other(fresh: str) -> None:
    async with bench(fresh, partitions=2) as here:
        await here.play(stream(9, 60, threads=3), threads=3)
        last = await here.log.last(0)
        await here.call("XADD", here.deployment.keys[0].log, f"{last.ms}-{last.n + 1}", "e", b"{}", "c", b"")
        one = here.projector()
        async with projecting(one):
            await stopped(one)
            await here.level(1)
            assert list(one.stopped) == [0]
            why = "cannot be read: ValidationError: Object missing required field"
            assert one.stopped[0].position == last
            assert one.stopped[0].fault.startswith(f"UnreadableEntry: the entry at {last.ms}-{last.n + 1} {why}")
            assert one.owned == {0, 1}


async def test_an_unknown_event_of_a_site_changes_no_view_and_is_counted(here: Bench) -> None:
    await here.play(stream(10, 20))
    last = await here.log.last(0)
    where = f'"site":"{SITE}","tp":"","ap":""}}'
    e = '{"v":1,"type":"comment.sung","actor":{"kind":"member","id":"ada"},' + where
    before = metrics.UNKNOWN_EVENTS._value.get()
    await here.pour([Entry(Position(last.ms, last.n + 1), e.encode(), b"")])
    async with projecting(here.projector()):
        await settled(here)
    assert metrics.UNKNOWN_EVENTS._value.get() == before + 1


async def test_what_happens_to_the_site_moves_the_cursor_and_changes_no_view(here: Bench) -> None:
    await here.play([], threads=0)
    async with projecting(here.projector()):
        await here.level()
    assert (await here.store.cursor(0)).n == 1
    assert await here.views() == {}


async def test_many_partitions_are_projected_side_by_side_and_lag_is_told(fresh: str) -> None:
    async with bench(fresh, partitions=64) as here:
        await here.play(stream(11, 200, threads=3), threads=3)
        one = here.projector()
        async with projecting(one):
            await here.all_level()
            for thread in THREADS:
                partition = here.deployment.keys.of(SITE, thread).number
                assert await here.views(partition) == here.wanted(thread)
            with anyio.fail_after(BOUND):
                while len(one.lags) < 64:
                    await checkpoint()
            assert one.owned == set(range(64))
            assert all(lag.events >= 0 for lag in one.lags.values())


async def test_snapshots_come_with_the_commits_and_go_with_a_redaction(here: Bench) -> None:
    some = await entries(await played(stream(12, 1600)))
    assert len(some) > 2 * FIRST
    await here.pour(some)
    async with projecting(here.projector()):
        await settled(here)
    redacted = here.folded(THREAD).redacted
    assert redacted
    marks = await here.store.marks(SITE, THREAD)
    assert marks
    last = max(one for one in (await _redactions(here)))
    assert all(mark.position >= last for mark in marks)
    for mark in marks:
        packed = await here.store.packed(SITE, THREAD, mark)
        assert packed is not None
        assert unpack(packed) == kept(here.folded(THREAD, mark.position))


async def _redactions(here: Bench) -> list[Position]:
    return [entry.position for entry in here.entries[0] if b'"revision.redacted"' in entry.e]


async def test_a_commit_whose_reply_is_lost_is_in_the_views_once(fresh: str, tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        proxy = Proxy(fresh, tmp_path)
        await tasks.start(proxy.run)
        async with bench(proxy.url) as here:
            some = await entries(await played(stream(13, 200)))
            half = len(some) // 2
            await here.pour(some[:half])
            async with projecting(here.projector()):
                await here.level()
                proxy.lose_the_reply_to(COMMIT.sha.encode())
                await here.pour(some[half:])
                await settled(here)
            assert proxy.lost == 1
            assert len(set(await here.feed())) == len(await here.feed())
        tasks.cancel_scope.cancel()


async def test_a_server_that_restarts_is_waited_for(tmp_path: Path) -> None:
    some = await entries(await played(stream(14, 100)))
    async with AsyncExitStack() as stack:
        async with embedded.running(tmp_path) as server:
            here = await stack.enter_async_context(bench(server.url))
            await here.pour(some[:30])
            one = here.projector()
            await stack.enter_async_context(projecting(one))
            await here.level()
        async with embedded.running(tmp_path):
            await here.pour(some[30:])
            await settled(here)
            assert one.stopped == {}
            await one.drain()


async def test_every_script_gets_the_keys_it_touches_all_of_one_slot() -> None:
    with serving(CLUSTER) as url:
        assert url is not None
        async with bench(url, partitions=2) as here:
            await here.play(stream(15, 300, threads=3), threads=3)
            async with projecting(here.projector()):
                await here.all_level()
                for partition in range(2):
                    names = [name for name in THREADS if here.deployment.keys.of(SITE, name).number == partition]
                    assert await here.views(partition) == here.wanted(*names)


async def test_a_commit_that_a_full_server_refuses_is_waited_for_and_stops_nothing(
    here: Bench, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = await entries(await played(stream(9, 200)))
    refused = anyio.Event()
    policy = failures.Failures.policy

    def watched(self: failures.Failures, error: Exception, *rest: Any) -> failures.FailurePolicy:
        if is_full(error):
            refused.set()
        return policy(self, error, *rest)

    monkeypatch.setattr(failures.Failures, "policy", watched)
    await here.pour(some[:100])
    one = here.projector()
    async with projecting(one):
        await here.level()
        async with here.deployment.writing.pipeline(transaction=True) as both:
            # In one transaction, so that the projector cannot come between.
            for position, e, c in some[100:]:
                both.xadd(here.deployment.keys[0].log, {"e": e, "c": c}, id=str(position))
            both.config_set("maxmemory", 1)
            await both.execute()
        here.entries[0] += some[100:]
        await here.call("SPUBLISH", here.deployment.keys[0].log_channel, "")
        with anyio.fail_after(BOUND):
            await refused.wait()
        before = await here.views()
        assert await here.store.cursor(0) == some[99].position
        assert not one.stopped
        assert await here.views() == before
        with client(fresh) as redis:
            redis.config_set("maxmemory", 0)
        await settled(here)
        assert not one.stopped
