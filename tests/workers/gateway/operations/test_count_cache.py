"""Counts of many threads cost two round trips at most, and are remembered while nothing changes."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from core.redis.deployment import open_deployment
from projections.read import progress
from projections.read.queries import ViewState
from projections.read.served_generation import PartitionCommands, Served, ServedReply
from tests.support.house import ADA, BEN, SITE, THREAD, House, problem
from tests.support.proxy import Proxy
from workers.gateway.http.response_cache import ResponseCache
from workers.gateway.http.view_states import PartitionStates
from workers.gateway.operations.count_cache import CountCache

UNKNOWN = [f"unknown-{number}" for number in range(99)]


def path(*threads: str) -> str:
    return "counts?" + "&".join(f"thread={thread}" for thread in threads)


async def counts(house: House, *threads: str) -> dict[str, int]:
    answer = await house.get(path(*threads))
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()["counts"]
    return found


class Asked(Served):
    """The views of a house, counting what they are asked for."""

    def __init__(self, house: House) -> None:
        super().__init__(house.deployment)
        self.states_of: list[int] = []
        self.counted_of: list[int] = []

    async def states(self, partitions: Sequence[int]) -> list[ViewState]:
        self.states_of.append(len(partitions))
        return await progress.states(self, partitions)

    async def commands_of(self, asked: Sequence[PartitionCommands]) -> list[ServedReply]:
        counts = [len(one.commands(1)) - 1 for one in asked]  # the first command of each is for the state
        if any(counts):
            self.counted_of.append(sum(counts))
        return await super().commands_of(asked)


def counting(house: House, fresh: float = 0, **more: Any) -> tuple[Asked, CountCache]:
    asked = Asked(house)
    return asked, CountCache(asked, PartitionStates(asked.states, fresh=fresh), **more)


async def test_a_count_follows_its_thread(house: House) -> None:
    assert await counts(house, THREAD, "unknown") == {THREAD: 0, "unknown": 0}
    comment = await house.post(ADA)
    await house.open_thread("temperate-house")
    await house.post(BEN, thread="temperate-house")
    await house.post(BEN)
    assert await counts(house, "temperate-house", THREAD) == {"temperate-house": 1, THREAD: 2}
    decided = await house.decide(comment, "reject")
    await house.settled(decided.json()["position"])
    assert await counts(house, THREAD, "temperate-house") == {THREAD: 1, "temperate-house": 1}
    problem(await house.get(f"/v1/sites/nowhere/{path(THREAD)}"), 404, "not-found")


async def test_counts_are_the_same_answer_until_one_of_their_threads_has_another(house: House) -> None:
    await house.post(ADA)
    asked = path(THREAD, *UNKNOWN)
    first, again = await house.get(asked), await house.get(asked)
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    assert (await house.get(asked, If_None_Match=first.headers["etag"])).status_code == 304
    await house.post(BEN)
    changed = await house.get(asked)
    assert changed.json()["counts"][THREAD] == 2
    assert changed.headers["etag"] != first.headers["etag"]


async def test_the_whole_answer_is_kept_ready_though_it_is_of_many_partitions(house: House) -> None:
    asked = Asked(house)
    ready = ResponseCache(asked.states, fresh=3600)
    house.serve(replace(house.services, response_cache=ready, counts=CountCache(asked, ready.states)))
    for _ in range(5):
        assert await counts(house, THREAD, *UNKNOWN) == {THREAD: 0, **dict.fromkeys(UNKNOWN, 0)}
    assert asked.counted_of == [100]
    assert asked.states_of == [3]
    (kept,) = ready._entries.values()
    assert len(kept.states) == 3


async def test_a_count_is_read_again_only_where_its_partition_changed(house: House) -> None:
    asked, one = counting(house)
    threads = [THREAD, *UNKNOWN]
    await one.of(SITE, threads)
    await one.of(SITE, threads[::-1])
    await one.of(SITE, threads[:50])
    assert asked.counted_of == [100]
    await house.post(ADA)
    partition = house.deployment.keys.of(SITE, THREAD)
    beside = [name for name in threads if house.deployment.keys.of(SITE, name) == partition]
    assert (await one.of(SITE, threads)).body.startswith(b'{"counts":{"palm-house":1,')
    assert asked.counted_of == [100, len(beside)]
    assert asked.states_of == [3, 3, 3, 3]


async def test_the_states_of_all_partitions_are_asked_for_once_by_all_who_count_at_the_same_time(house: House) -> None:
    asked, one = counting(house, fresh=3600)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(one.of, SITE, [THREAD, *UNKNOWN])
    await one.of(SITE, [THREAD])
    assert asked.states_of == [3]


async def test_only_so_many_threads_are_remembered(house: House) -> None:
    asked, one = counting(house, most_threads=10)
    await one.of(SITE, UNKNOWN[:20])
    assert len(one._entries) == 10
    await one.of(SITE, UNKNOWN[10:20])
    assert asked.counted_of == [20]
    await one.of(SITE, UNKNOWN[9:20])
    assert asked.counted_of == [20, 1]


@pytest.fixture
async def counted(fresh: str, tmp_path: Path) -> AsyncIterator[tuple[Proxy, Served]]:
    proxy = Proxy(fresh, tmp_path)
    async with anyio.create_task_group() as tasks:
        await tasks.start(proxy.run)
        async with open_deployment(proxy.url, partitions=64) as deployment:
            yield proxy, Served(deployment)
        tasks.cancel_scope.cancel()


async def test_a_hundred_threads_in_all_partitions_are_two_round_trips_and_then_one(
    counted: tuple[Proxy, Served],
) -> None:
    proxy, served = counted
    one = CountCache(served, PartitionStates(partial(progress.states, served), fresh=0))
    threads = [f"t{number}" for number in range(100)]
    await one.of(SITE, ["other"])  # the connection is there
    before = len(proxy.pipelines)
    await one.of(SITE, threads)
    assert len(proxy.pipelines) == before + 2
    await one.of(SITE, threads)
    assert len(proxy.pipelines) == before + 3
