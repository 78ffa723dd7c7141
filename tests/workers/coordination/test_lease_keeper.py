"""The leases that a process holds: lost ones are told, passing faults are waited out, released ones stay released."""

from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ConnectionError, RedisError, ResponseError  # noqa: A004 - the name redis has

from core.redis.deployment import open_deployment
from workers.coordination.lease_keeper import LeaseKeeper
from workers.coordination.leases import Leases

pytestmark = pytest.mark.anyio


class Both:
    """Two workers at one deployment."""

    def __init__(self, one: Leases, other: Leases) -> None:
        self.leases = one, other
        self.one, self.other = LeaseKeeper(one), LeaseKeeper(other)


@pytest.fixture
async def both(fresh: str) -> AsyncIterator[Both]:
    async with open_deployment(fresh, partitions=4) as deployment:
        yield Both(*(Leases(deployment.calls, deployment.keys, name) for name in ("one", "other")))


async def test_a_lease_is_held_by_one_until_it_is_released(both: Both) -> None:
    nonce = await both.one.take(1)
    assert both.one.nonces == {1: nonce}
    assert await both.other.take(1) is None
    assert await both.one.renew() == {}
    assert await both.one.release(1) is True
    assert (both.one.nonces, await both.one.renew()) == ({}, {})
    assert await both.other.take(1) is not None


async def test_a_lease_that_another_worker_has_taken_is_told(both: Both) -> None:
    await both.one.take(1)
    await both.one.take(2)
    await both.leases[0].release(1, both.one.nonces[1])
    await both.other.take(1)
    assert await both.one.renew() == {1: None}
    assert await both.one.release(1) is False


@pytest.mark.parametrize(
    ("error", "told"),
    [(ConnectionError("away"), {}), (ResponseError("ERR odd"), {1: "ERR odd"})],
    ids=["passing", "not"],
)
async def test_a_fault_is_told_where_it_does_not_pass(
    both: Both, error: RedisError, told: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await both.one.take(1)

    async def failing(*_: object) -> object:
        return {1: error}

    async def refusing(*_: object) -> bool:
        raise error

    monkeypatch.setattr(both.leases[0], "renew_all", failing)
    assert {one: str(why) for one, why in (await both.one.renew()).items()} == told
    monkeypatch.setattr(both.leases[0], "release", refusing)
    assert await both.one.release(1) is None
    assert both.one.nonces == {}
