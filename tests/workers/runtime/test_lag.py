"""What is told of a partition's lag, and until when."""

from collections.abc import Iterator, Sequence

import anyio
import pytest
from anyio.lowlevel import checkpoint
from prometheus_client import REGISTRY

from core.position import Position
from tests.support.bounds import BOUND
from tests.support.projecting import Bench, bench, projecting
from workers.projector import projector


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are looked at often, so that nobody waits for one."""
    monkeypatch.setattr(projector, "RENEWED_S", 0.02)


def told() -> Iterator[float | None]:
    for name in ("events", "seconds"):
        yield REGISTRY.get_sample_value(f"hansard_projection_lag_{name}", {"partition": "0"})


async def stolen(here: Bench, one: projector.Projector) -> None:
    """Another worker has the partition now, and this one knows."""
    await here.call("HSET", here.deployment.keys[0].lease, "nonce", "somebody's")
    while one.owned:
        await checkpoint()


async def test_who_lost_a_partition_tells_no_lag_of_it_any_more(fresh: str) -> None:
    async with bench(fresh) as here:
        one = here.projector()
        async with projecting(one):
            with anyio.fail_after(BOUND):
                while None in told():
                    await checkpoint()
                await stolen(here, one)
            assert list(told()) == [None, None]
            assert one.lags == {}


async def test_a_lag_that_was_asked_for_before_the_loss_is_not_told_after_it(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, lost, answered = anyio.Event(), anyio.Event(), anyio.Event()
    async with bench(fresh) as here:
        lasts = here.log.lasts

        async def late(partitions: Sequence[int]) -> list[Position]:
            asked.set()
            await lost.wait()
            found = await lasts(partitions)
            answered.set()
            return found

        monkeypatch.setattr(here.log, "lasts", late)
        one = here.projector()
        async with projecting(one):
            with anyio.fail_after(BOUND):
                await asked.wait()
                await stolen(here, one)
                lost.set()
                await answered.wait()
            await checkpoint()
            assert list(told()) == [None, None]
            assert one.lags == {}
