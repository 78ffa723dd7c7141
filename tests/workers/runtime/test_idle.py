"""A process with nothing to do: what it asks a server for does not grow with its partitions."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import anyio
import pytest

from core.domain.authoring import PostComment
from core.log.redis import RedisLog
from core.position import Position
from core.redis.deployment import Deployment, open_deployment
from core.throttle import Pace
from projections.read.lag import lags
from projections.read.served_generation import Served
from tests.support.bounds import BOUND
from tests.support.newsroom import Newsroom
from tests.support.proxy import Proxy
from workers.coordination.leases import Leases
from workers.drift.thread_walk import ThreadWalk
from workers.projector.projector import Projector

PARTITIONS = 64


class Counted:
    """A deployment behind a proxy that counts the packets to the server, each of which is a pipeline."""

    def __init__(self, deployment: Deployment, proxy: Proxy) -> None:
        self.deployment = deployment
        self._proxy = proxy
        self._before = 0

    def begin(self) -> None:
        self._before = len(self._proxy.pipelines)

    @property
    def packets(self) -> int:
        return len(self._proxy.pipelines) - self._before


@pytest.fixture
async def idle(fresh: str, tmp_path: Path) -> AsyncIterator[Counted]:
    proxy = Proxy(fresh, tmp_path)
    async with anyio.create_task_group() as tasks:
        await tasks.start(proxy.run)
        async with open_deployment(proxy.url, partitions=PARTITIONS) as deployment:
            # The connections are there, and the pointers known, before anything is counted.
            await deployment.calls.call("GET", deployment.keys[0].lease)
            await deployment.reads.call("GET", deployment.keys[0].lease)
            yield Counted(deployment, proxy)
        tasks.cancel_scope.cancel()


async def test_how_far_all_partitions_are_takes_three_round_trips(idle: Counted) -> None:
    served, log = Served(idle.deployment), RedisLog(idle.deployment)
    idle.begin()
    assert await lags(served, log) == []
    # The cursors, the ends of the logs, and whether those that are empty are there.
    assert idle.packets <= 3


async def test_all_leases_are_renewed_in_one_round_trip_and_each_by_itself(idle: Counted) -> None:
    leases = Leases(idle.deployment.calls, idle.deployment.keys, "w")
    nonces = {partition: await leases.take(partition) or "" for partition in range(PARTITIONS)}
    await leases.renew_all({0: nonces[0]})  # from now on the server knows the script
    await idle.deployment.calls.call("HSET", idle.deployment.keys[3].lease, "nonce", "another's")
    await idle.deployment.calls.call("SET", idle.deployment.keys[5].lease, "no hash")
    idle.begin()
    renewed = await leases.renew_all(nonces)
    assert idle.packets == 1
    assert renewed[3] is False
    assert isinstance(renewed[5], Exception)
    assert [ours for partition, ours in renewed.items() if partition not in (3, 5)] == [True] * (PARTITIONS - 2)


async def test_a_projector_measures_all_its_partitions_in_three_round_trips(idle: Counted) -> None:
    projector = Projector(idle.deployment, RedisLog(idle.deployment), worker="w")
    async with anyio.create_task_group() as tasks:
        await tasks.start(projector.run)
        with anyio.fail_after(BOUND):
            while len(projector.lags) < PARTITIONS:
                await anyio.lowlevel.checkpoint()
        idle.begin()
        await projector._measure_held()
        packets = idle.packets
        await projector.drain()
        tasks.cancel_scope.cancel()
    assert packets <= 3 + 1, "beside them, a lease may be renewed"


async def test_drift_is_looked_for_once_a_minute_where_there_is_little_to_look_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = (await Newsroom().opened()).log
    lasts, asked = log.lasts, []

    async def counted(partitions: Sequence[int]) -> list[Position]:
        asked.append(partitions)
        return await lasts(partitions)

    monkeypatch.setattr(log, "lasts", counted)
    rounds = ThreadWalk(log, lambda: range(log.partitions), Pace(1), every=3600)
    met = []
    with anyio.move_on_after(0.05):
        async for name, _ in rounds.walk():
            met.append(name)
    assert len(met) == 1
    assert len(asked) == 1


async def test_a_walk_where_nothing_was_appended_since_the_last_goes_slowly_until_something_is() -> None:
    room, pace = await Newsroom().opened(), Pace(1)
    shares = []
    rounds = ThreadWalk(room.log, lambda: range(room.log.partitions), pace, every=0, quiet_share=0.25)
    async for _ in rounds.walk():
        shares.append(pace.share)
        if len(shares) == 3:
            await room.ask(PostComment(comment="a", body="words"))
        if len(shares) == 5:
            break
    assert shares == [1, 0.25, 0.25, 1, 0.25]
