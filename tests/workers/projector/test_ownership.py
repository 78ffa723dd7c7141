"""Several projectors at the same time, on one server and in one loop: who has what, and what the views hold then."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from redis.exceptions import RedisError

from core.application.transact import transact
from core.domain.authoring import PostComment
from core.domain.thread import OpenThread
from core.keys import WORKERS
from core.log.memory import MemoryLog
from core.log.port import Entry
from core.log.redis import RedisLog
from core.partitions import partition_of
from core.position import Position
from core.redis.deployment import open_deployment
from projections.verify.verifier import verify
from projections.views.changes import Commit
from projections.views.store import Done, Outcome, Store
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, Play, entries, played, stream
from tests.support.projecting import Bench, bench, projecting
from tests.support.proxy import Proxy
from workers.coordination import membership
from workers.coordination.leases import Leases
from workers.coordination.membership import owner
from workers.projector import partition_projector, projector
from workers.projector.projector import Projector
from workers.runtime import metrics

PARTITIONS = 16
BACKLOGS = 64

NOT_AN_EVENT = b"no event"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases, and who is alive, are looked at often, so that nobody waits for one."""
    monkeypatch.setattr(projector, "RENEWED_S", 0.02)


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh, partitions=PARTITIONS) as here:
        yield here


def due(one: Projector, *all_of_them: Projector) -> set[int]:
    """What belongs to one of several projectors."""
    names = [each.ownership.worker for each in all_of_them]
    return {partition for partition in range(PARTITIONS) if owner(partition, names) == one.ownership.worker}


async def shared(*some: Projector) -> None:
    """Every partition has one owner, and that is the one that it belongs to."""
    with anyio.fail_after(BOUND):
        for one in some:
            while one.owned != due(one, *some):
                await checkpoint()


async def until(holds: Callable[[], object]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await checkpoint()


async def settled(here: Bench) -> None:
    """The views are what the log says."""
    await here.all_level()
    assert [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)] == []


async def test_the_partitions_are_shared_among_whoever_comes_and_goes(here: Bench) -> None:
    one, two, three = (here.projector(name) for name in ("one", "two", "three"))
    given = metrics.HANDOVERS.labels("given")._value.get()
    seen = metrics.REBALANCES._value.get()
    async with projecting(one):
        await shared(one)
        async with projecting(two):
            await shared(one, two)
            await here.play(stream(1, 200, threads=3), threads=3)
            async with projecting(three):
                await shared(one, two, three)
                assert one.owned | two.owned | three.owned == set(range(PARTITIONS))
                await settled(here)
            await shared(one, two)
        await shared(one)
    assert metrics.HANDOVERS.labels("given")._value.get() >= given + PARTITIONS
    assert metrics.REBALANCES._value.get() >= seen + 3
    assert await here.call("EXISTS", WORKERS, *(keys.lease for keys in here.deployment.keys)) == 0


async def test_views_are_the_fold_however_often_partitions_change_hands(here: Bench) -> None:
    log = await played(stream(2, 300, threads=3), threads=3, partitions=PARTITIONS)
    left = [await entries(log, partition) for partition in range(PARTITIONS)]
    fenced = metrics.PROJECTION_COMMITS.labels("fenced")._value.get()
    lost = metrics.HANDOVERS.labels("lost")._value.get()
    async with projecting(here.projector("one")):
        for number in range(12):
            async with projecting(here.projector(f"brief {number}"), here.projector(f"short {number}")):
                for partition in range(PARTITIONS):
                    await here.pour(left[partition][:15], partition)
                    left[partition] = left[partition][15:]
        for partition in range(PARTITIONS):
            await here.pour(left[partition], partition)
        await settled(here)
    for partition in range(PARTITIONS):
        feed = await here.feed(partition)
        assert len(set(feed)) == len(feed)
    # They were handed over, not fought for.
    assert metrics.PROJECTION_COMMITS.labels("fenced")._value.get() == fenced
    assert metrics.HANDOVERS.labels("lost")._value.get() == lost


async def test_who_gives_a_partition_up_finishes_the_commit_in_hand(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = here.projector("one"), here.projector("two")
    partition = min(due(two, one, two))
    began, go_on = anyio.Event(), anyio.Event()
    outcomes: list[tuple[str, Outcome]] = []
    commit = Store.commit

    async def late(store: Store, of: int, nonce: str, some: Commit, *, last: Entry) -> Outcome:
        if of == partition and not began.is_set():
            began.set()
            await go_on.wait()
        outcome = await commit(store, of, nonce, some, last=last)
        outcomes.append((nonce, outcome))
        return outcome

    monkeypatch.setattr(Store, "commit", late)
    log = await played(stream(3, 50, threads=3), threads=3, partitions=PARTITIONS)
    async with projecting(one):
        await shared(one)
        first, *_ = await entries(log, here.deployment.keys.of("kew").number)
        await here.pour([first], partition)
        with anyio.fail_after(BOUND):
            await began.wait()
        nonce = one.ownership.nonce(partition)
        async with projecting(two):
            await until(lambda: one.ownership.is_ending(partition))
            assert partition in one.owned
            go_on.set()
            await shared(one, two)
            assert outcomes == [(nonce, Done())]
            assert await here.store.cursor(partition) == first.position


async def test_a_partition_that_stopped_is_unready_in_one_worker_only_and_goes_where_it_belongs(here: Bench) -> None:
    one, two = here.projector("one"), here.projector("two")
    partition = min(due(two, one, two))
    before = metrics.STOPPED_PARTITIONS._value.get()
    await here.call("XADD", here.deployment.keys[partition].log, str(Position(5, 1)), "e", NOT_AN_EVENT, "c", b"")
    async with projecting(one):
        await until(lambda: partition in one.stopped)
        assert one.owned == set(range(PARTITIONS))
        async with projecting(two):
            await until(lambda: partition in two.stopped)
            assert one.stopped == {}
            assert metrics.STOPPED_PARTITIONS._value.get() == before + 1
            # Nobody else tries it while that one holds it.
            await shared(one, two)
        await until(lambda: partition in one.stopped)
        # What a projector that ended says of itself is what it said last.
        assert list(two.stopped) == [partition]


async def test_who_cannot_ask_who_is_alive_keeps_what_it_has(fresh: str, tmp_path: Path) -> None:
    async with bench(fresh, partitions=PARTITIONS) as here, anyio.create_task_group() as tasks:
        proxy = Proxy(fresh, tmp_path)
        await tasks.start(proxy.run)
        async with open_deployment(proxy.url, partitions=PARTITIONS) as apart:
            cut_off = Projector(apart, RedisLog(apart), worker="cut off")
            other = here.projector("other")
            async with projecting(cut_off):
                await shared(cut_off)
                proxy.lose_the_reply_to(membership._ROSTER.sha.encode(), always=True)
                async with projecting(other):
                    lost = proxy.lost
                    await until(lambda: proxy.lost > lost + 5)
                    assert cut_off.owned == set(range(PARTITIONS))
                    assert other.owned == set()
                    proxy.lose_nothing()
                    await shared(cut_off, other)
        tasks.cancel_scope.cancel()


async def test_who_cannot_ask_who_is_alive_takes_nothing(fresh: str, tmp_path: Path) -> None:
    async with bench(fresh, partitions=PARTITIONS) as here, anyio.create_task_group() as tasks:
        proxy = Proxy(fresh, tmp_path)
        await tasks.start(proxy.run)
        proxy.lose_the_reply_to(membership._ROSTER.sha.encode(), always=True)
        async with open_deployment(proxy.url, partitions=PARTITIONS) as apart:
            cut_off = Projector(apart, RedisLog(apart), worker="cut off")
            async with projecting(cut_off):
                await until(lambda: proxy.lost > 3)
                assert await here.call("EXISTS", *(keys.lease for keys in here.deployment.keys)) == 0
                proxy.lose_nothing()
                await shared(cut_off)
        tasks.cancel_scope.cancel()


async def everywhere(here: Bench) -> None:
    """A thread with a few comments in every partition."""
    partitions = here.log.partitions
    names = {partition_of(SITE, name, partitions): name for name in (f"t{n}" for n in range(20 * partitions))}
    log = MemoryLog(partitions)
    await Play(log).open(threads=0)
    for thread in names.values():
        opening = OpenThread(url=f"https://kew.example/{thread}", title=thread)
        await transact(log, opening, site=SITE, thread=thread, caller=MOD)
        for number in range(20):
            post = PostComment(comment=f"c{number}", body="words")
            await transact(log, post, site=SITE, thread=thread, caller=PEOPLE[0])
    for partition in range(partitions):
        await here.pour(await entries(log, partition), partition)


async def test_only_a_few_partitions_take_in_at_once_and_all_leases_are_renewed_meanwhile(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(fresh, partitions=BACKLOGS) as here:
        await everywhere(here)
        one = here.projector("one")
        inside: set[int] = set()
        most = 0
        renewed: set[int] = set()
        go_on = anyio.Event()
        commit, renew_all = Store.commit, Leases.renew_all

        async def slow(store: Store, of: int, *rest: Any, **more: Any) -> Outcome:
            nonlocal most
            inside.add(of)
            most = max(most, len(inside))
            await go_on.wait()
            outcome = await commit(store, of, *rest, **more)
            inside.remove(of)
            return outcome

        async def noted(leases: Leases, nonces: Mapping[int, str]) -> dict[int, bool | RedisError]:
            found = await renew_all(leases, nonces)
            if inside:
                renewed.update(of for of, ours in found.items() if ours is True)
            return found

        monkeypatch.setattr(projector, "RENEWED_S", 0.3)  # or 64 leases would keep it busy
        monkeypatch.setattr(partition_projector, "BATCH", 7)
        monkeypatch.setattr(Store, "commit", slow)
        monkeypatch.setattr(Leases, "renew_all", noted)
        async with projecting(one):
            # Every partition either takes in what came or waits for its turn.
            await until(lambda: len(inside) + one._projectors[0]._slots.statistics().tasks_waiting == BACKLOGS)
            await until(lambda: renewed == set(range(BACKLOGS)))
            go_on.set()
            await settled(here)
    assert most == projector.AT_ONCE
    assert projector.AT_ONCE <= BACKLOGS // 8
