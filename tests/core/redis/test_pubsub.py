"""Being woken by what happens, and never missing it for good."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import redis
from anyio.lowlevel import checkpoint
from redis.asyncio import Redis

import core.redis.pubsub
from core.position import START
from core.redis import subscriber
from core.redis.client import connect
from core.redis.metrics import LOSSES
from core.redis.pubsub import MOST_PAYLOADS, POLL_EVERY, POLL_SELDOM, PubSub, Subscription
from core.redis.topology import find_servers
from tests.support.bounds import BOUND
from tests.support.full import EVERYSEC, no_disk
from tests.support.logs import HERE, RedisPlace, append, event, keys, opened
from tests.support.proxy import Proxy
from tests.support.servers import client, engines, started

NEVER = 3600.0
"""Longer than the test may take: only a bell ends this wait."""


@pytest.fixture
async def reading(fresh: str) -> AsyncIterator[Redis]:
    async with connect(fresh, writing=False) as client:
        yield client


@pytest.fixture
async def wakes(fresh: str) -> AsyncIterator[PubSub]:
    async with anyio.create_task_group() as tasks, find_servers(fresh) as topology:
        wakes = PubSub(topology)
        await tasks.start(wakes.run)
        yield wakes
        tasks.cancel_scope.cancel()


async def rings(subscription: Subscription) -> bool:
    with anyio.fail_after(BOUND):
        return await subscription.wait(NEVER)


async def listening(subscription: Subscription) -> None:
    """Wait until the server has taken the subscription: that rings, as something may have come before."""
    assert await rings(subscription)


async def test_a_message_rings_the_bell_of_its_channel(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p}:log") as subscription:
        await listening(subscription)
        await reading.spublish("{p}:log", "")
        assert await rings(subscription)


async def test_a_bell_keeps_what_was_said_until_it_is_asked(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p}:view") as subscription:
        await listening(subscription)
        for words in ("one", "", "two"):
            await reading.spublish("{p}:view", words)
        heard: list[bytes] = []
        while len(heard) < 2:
            assert await rings(subscription)
            heard += subscription.payloads()
        assert heard == [b"one", b"two"]


def test_a_bell_that_nobody_asks_keeps_no_more_than_a_few_messages() -> None:
    subscription = Subscription()
    for number in range(100):
        subscription.notify(b"%d" % number)
    assert len(subscription.payloads()) == MOST_PAYLOADS
    assert subscription.payloads() == []


async def test_everybody_on_a_channel_is_woken_and_nobody_else(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p}:log") as one, wakes.on("{p}:log") as two, wakes.on("{p}:view") as other:
        for subscription in (one, two, other):
            await listening(subscription)
        await reading.spublish("{p}:log", "")
        assert await rings(one)
        assert await rings(two)
        assert not await other.wait(0)


async def test_one_bell_may_listen_to_many_channels(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p1}:view", "{p2}:view", "{p3}:view") as subscription:
        for number in (1, 2, 3):
            while await reading.pubsub_shardnumsub(f"{{p{number}}}:view") != [(f"{{p{number}}}:view".encode(), 1)]:
                await listening(subscription)
        for number in (3, 1, 2):
            await reading.spublish(f"{{p{number}}}:view", "")
            assert await rings(subscription)


async def test_asking_twice_for_one_channel_is_asking_once(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p}:log", "{p}:log") as subscription:
        await listening(subscription)
        await reading.spublish("{p}:log", "")
        assert await rings(subscription)


async def test_what_happens_between_two_waits_is_not_missed() -> None:
    subscription = Subscription()
    subscription.notify()
    subscription.notify()
    assert await subscription.wait(NEVER)
    assert not await subscription.wait(0)


async def test_who_has_gone_is_no_longer_listened_for(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p}:log") as first:
        await listening(first)
        with wakes.on("{p}:view") as second:
            await listening(second)
    with wakes.on("{q}:log") as third:
        await listening(third)
        assert await reading.pubsub_shardchannels() == [b"{q}:log"]


async def test_losing_the_subscription_wakes_everybody_and_is_repaired(wakes: PubSub, reading: Redis) -> None:
    with wakes.on("{p}:log") as subscription, wakes.on("{p}:view") as other:
        await listening(subscription)
        await listening(other)
        await reading.client_kill_filter(_type="pubsub")
        assert await rings(subscription)
        assert await rings(other)
        while not await reading.spublish("{p}:log", ""):
            await rings(other)
        assert await rings(subscription)


async def test_without_messages_a_waiter_looks_all_the_same() -> None:
    assert not await Subscription().wait(0.001)


async def test_an_append_rings_for_its_partition_alone(fresh: str, reading: Redis, wakes: PubSub) -> None:
    async with opened(fresh) as place:
        with wakes.on(keys()[HERE].log_channel) as here, wakes.on(keys()[1 - HERE].log_channel) as there:
            await listening(here)
            await listening(there)
            await append(place.log, event())
            assert await rings(here)
            assert not await there.wait(0)


async def test_a_follower_listens_on_the_channel_of_its_partition(fresh: str, reading: Redis) -> None:
    async with opened(fresh) as place, anyio.create_task_group() as tasks:

        async def follow() -> None:
            async for _ in place.log.follow(HERE, START):
                pass

        tasks.start_soon(follow)
        channel = keys()[HERE].log_channel.encode()
        with anyio.fail_after(BOUND):
            while await reading.pubsub_shardchannels() != [channel]:
                await checkpoint()
        tasks.cancel_scope.cancel()


async def test_a_waiter_relies_on_its_bell_while_the_subscription_is_confirmed(wakes: PubSub, reading: Redis) -> None:
    assert Subscription().patience == POLL_EVERY
    with wakes.on("{p1}:log", "{p2}:log") as subscription:
        assert subscription.patience == POLL_EVERY
        while subscription.patience == POLL_EVERY:
            await listening(subscription)
        assert subscription.patience == POLL_SELDOM
        await reading.client_kill_filter(_type="pubsub")
        assert await rings(subscription), "who relied on it looks"
        while subscription.patience == POLL_EVERY:
            await listening(subscription)


async def test_a_connection_that_is_lost_without_a_word_is_noticed_and_its_waiters_look(
    fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "PROBE_EVERY", 0.01)
    monkeypatch.setattr(subscriber, "LOST_AFTER", 0.2)
    proxy = Proxy(fresh, tmp_path)
    async with anyio.create_task_group() as tasks:
        await tasks.start(proxy.run)
        async with find_servers(proxy.url) as topology:
            wakes = PubSub(topology)
            await tasks.start(wakes.run)
            with wakes.on("{p}:log") as subscription:
                while subscription.patience == POLL_EVERY:
                    await subscription.wait(NEVER)
                await subscription.wait(0)
                proxy.silent = True
                assert await rings(subscription)
                assert subscription.patience == POLL_EVERY
                proxy.silent = False
                while subscription.patience == POLL_EVERY:
                    await rings(subscription)
            tasks.cancel_scope.cancel()


async def test_a_server_that_refuses_probes_because_its_disk_is_full_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriber, "PROBE_EVERY", 0.01)
    with started(engines()["embedded"], *EVERYSEC) as url, client(url) as asking, no_disk(url):
        async with find_servers(url) as topology, anyio.create_task_group() as tasks:
            wakes = PubSub(topology)
            await tasks.start(wakes.run)
            with wakes.on("{p}:log") as subscription:
                while subscription.patience == POLL_EVERY:
                    await listening(subscription)
                lost, refused = LOSSES._value.get(), _refused(asking)
                while _refused(asking) < refused + 3:
                    await checkpoint()
                assert LOSSES._value.get() == lost
                assert subscription.patience == POLL_SELDOM
            tasks.cancel_scope.cancel()


def _refused(asking: redis.Redis) -> int:
    """How many commands the server has refused because its disk is full."""
    found: dict[str, int] = asking.info("errorstats").get("errorstat_MISCONF", {"count": 0})
    return found["count"]


async def test_a_follower_whose_subscription_is_confirmed_asks_nothing_while_nothing_comes(
    fresh: str, reading: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the subscription it would look again at once, and again.
    monkeypatch.setattr(core.redis.pubsub, "POLL_EVERY", 0.0)
    monkeypatch.setattr(core.redis.pubsub, "POLL_SELDOM", NEVER)
    async with opened(fresh) as place, anyio.create_task_group() as tasks:
        assert isinstance(place, RedisPlace)
        followed = anyio.Event()

        async def follow() -> None:
            async for _ in place.log.follow(HERE, START):
                followed.set()

        tasks.start_soon(follow)
        await tasks.start(place.deployment.pubsub.run)
        with place.deployment.pubsub.on(keys()[HERE].log_channel) as subscription, anyio.fail_after(BOUND):
            while subscription.patience != NEVER:
                await subscription.wait(1)
            await append(place.log, event())
            await followed.wait()
        asked = await ranges(reading)
        for _ in range(100):
            await reading.ping()
        assert await ranges(reading) <= asked + 1, "the look that its own append called for may be under way"
        tasks.cancel_scope.cancel()


async def ranges(reading: Redis) -> int:
    """How often the server was asked for entries."""
    stats: dict[str, Any] = await reading.info("commandstats")
    return int(stats["cmdstat_xrange"]["calls"])
