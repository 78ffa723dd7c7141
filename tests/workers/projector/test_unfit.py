"""A projector whose deployment is gone, another's, or of a format that it does not read."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from structlog.testing import capture_logs

from core.keys import DEPLOYMENT, WORKERS
from tests.support.bounds import BOUND
from tests.support.discussions import entries, played, stream
from tests.support.projecting import THREADS, Bench, bench, projecting
from workers.projector.projector import Projector

pytestmark = pytest.mark.anyio

SPOILS = [
    pytest.param(("DEL", DEPLOYMENT), id="gone"),
    pytest.param(("HSET", DEPLOYMENT, "id", "another"), id="foreign"),
    pytest.param(("HSET", DEPLOYMENT, "format", "9"), id="format"),
]


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh, partitions=2) as here:
        yield here


async def holds(one: Projector, partitions: set[int]) -> None:
    """Wait until the projector has these partitions."""
    with anyio.fail_after(BOUND):
        while one.owned != partitions:
            await checkpoint()


@pytest.mark.parametrize("spoil", SPOILS)
async def test_it_commits_nothing_in_any_partition_and_goes_on_when_the_record_is_right_again(
    here: Bench, spoil: tuple[Any, ...]
) -> None:
    logs = [
        await entries(await played(stream(7, 120, threads=3), threads=3, partitions=2), number) for number in (0, 1)
    ]
    for number, some in enumerate(logs):
        await here.pour(some[: len(some) // 2], number)
    one = here.projector()
    record = await here.call("HGETALL", DEPLOYMENT)
    async with projecting(one):
        await here.all_level()
        cursors = [await here.store.cursor(number) for number in (0, 1)]
        with capture_logs() as lines:
            await here.call(*spoil)
            await here.deployment.record.read()
            await holds(one, set())
            for number, some in enumerate(logs):
                await here.pour(some[len(some) // 2 :], number)
            await here.deployment.record.read()
        assert [await here.store.cursor(number) for number in (0, 1)] == cursors
        assert await here.call("EXISTS", WORKERS) == 0, "nobody waits for a partition of a projector that has none"
        assert [await here.call("EXISTS", keys.lease) for keys in here.deployment.keys] == [0, 0]
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["deployment_refused"]
        assert not one.stopped
        await here.call("HSET", DEPLOYMENT, *record)
        await here.deployment.record.read()
        await here.all_level()
        assert one.owned == {0, 1}
    for number in (0, 1):
        own = [thread for thread in THREADS if here.deployment.keys.of("kew", thread).number == number]
        assert await here.views(number) == here.wanted(*own)


async def test_where_it_was_unfit_from_the_start_it_takes_nothing(here: Bench) -> None:
    await here.play(stream(8, 20))
    await here.call("HSET", DEPLOYMENT, "format", "9")
    await here.deployment.record.read()
    one = here.projector()
    async with projecting(one):
        await here.call("HSET", DEPLOYMENT, "format", "1")
        assert one.owned == set()
        await here.deployment.record.read()
        await here.all_level()
