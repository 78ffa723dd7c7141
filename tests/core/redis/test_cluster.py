"""A log on a cluster that changes under it: what is acknowledged is there, once, whatever becomes of the servers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio import from_thread, to_thread
from redis.asyncio import Redis

from core.log.port import Appended, Entry, Load, Outcome, Repeated
from core.log.redis import RedisLog
from core.partitions import partition_of
from core.position import START
from core.redis.deployment import Deployment, open_deployment
from core.redis.errors import UnfitServer, Unreachable
from core.redis.metrics import REDIRECTIONS
from core.redis.slots import slot_of
from tests.support.bounds import BOUND
from tests.support.clusters import Cluster, Node, cluster, free_ports
from tests.support.logs import SITE, append, event, facts, write

PARTITIONS = 6
"""Two on each of three servers."""


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as there:
        yield there


@pytest.fixture
async def there(running: Cluster) -> AsyncIterator[Cluster]:
    """An empty cluster, all of it well."""
    await to_thread.run_sync(running.until_ok)
    for node in running.primaries():
        node.ask("FLUSHALL")
    yield running
    for node in running.nodes:
        if not node.running:
            node.restart()


@pytest.fixture
async def deployment(there: Cluster) -> AsyncIterator[Deployment]:
    async with listening(there.url) as deployment:
        yield deployment


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Deployment]:
    async with open_deployment(url, partitions=PARTITIONS) as deployment, anyio.create_task_group() as tasks:
        await tasks.start(deployment.pubsub.run)
        yield deployment
        tasks.cancel_scope.cancel()


def thread_in(partition: int) -> str:
    """A thread that lives in this partition."""
    return next(name for name in (f"t{number}" for number in range(1000)) if _home(name) == partition)


def _home(thread: str) -> int:
    return partition_of(SITE, thread, PARTITIONS)


def server_of(there: Cluster, deployment: Deployment, partition: int) -> Node:
    return there.primary_of(slot_of(deployment.keys[partition].log))


class Writers:
    """Write with keys to every partition until they are told to stop, and remember what was acknowledged."""

    def __init__(self, log: RedisLog) -> None:
        self.log = log
        self.acknowledged: dict[str, Outcome] = {}
        self.stopping = False

    async def write(self, partition: int) -> None:
        thread, number = thread_in(partition), 0
        while not self.stopping:
            key = f"{partition}-{number}"
            self.acknowledged[key] = await append(self.log, event(key), thread=thread, key=key, digest="d")
            number += 1

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """They write during the block, and have ended after it."""
        async with anyio.create_task_group() as tasks:
            for partition in range(PARTITIONS):
                tasks.start_soon(self.write, partition)
            yield
            self.stopping = True

    async def more(self, many: int = 20) -> None:
        """Wait until every partition has taken so many more."""
        wanted = [self.count(partition) + many for partition in range(PARTITIONS)]
        with anyio.fail_after(BOUND):
            while any(self.count(partition) < wanted[partition] for partition in range(PARTITIONS)):
                await anyio.lowlevel.checkpoint()

    def count(self, partition: int) -> int:
        """How many keys were acknowledged there."""
        return sum(key.startswith(f"{partition}-") for key in self.acknowledged)

    async def check(self) -> None:
        """Each key has one effect, at the position that was told, and no number is missing or used twice."""
        for partition in range(PARTITIONS):
            entries = await self.log.read(partition, START, limit=1_000_000)
            assert [entry.position.n for entry in entries] == list(range(1, len(entries) + 1))
            there = {facts(entry)["head"]: entry.position for entry in entries}
            assert len(there) == len(entries)
            told = {
                key: _told(outcome) for key, outcome in self.acknowledged.items() if key.startswith(f"{partition}-")
            }
            assert told == {key: position for key, position in there.items() if key in told}
            assert set(told) == set(there)


def _told(outcome: Outcome) -> Any:
    assert isinstance(outcome, Appended | Repeated), outcome
    (position,) = outcome.positions if isinstance(outcome, Appended) else outcome.answer.positions
    return position


def redirections(how: str) -> float:
    return float(REDIRECTIONS.labels(how)._value.get())


async def test_every_server_has_its_share_and_what_goes_there_in_one_tick_is_one_packet(
    there: Cluster, deployment: Deployment
) -> None:
    nodes = deployment.topology.primaries()
    assert {node.name for node in nodes} == {node.address for node in there.primaries()}
    assert {deployment.topology.of(slot_of(partition.log)) for partition in deployment.keys} == set(nodes)
    await anyio.lowlevel.checkpoint()
    before = [await reads(node.writing) for node in nodes]
    async with anyio.create_task_group() as tasks:
        for partition in deployment.keys:
            for _ in range(50):
                tasks.start_soon(deployment.calls.call, "XLEN", partition.log)
    after = [await reads(node.writing) for node in nodes]
    # One packet with a hundred commands, and the one that asks; replicas say now and then how far they are.
    assert all(some[1] - one[1] > 100 for one, some in zip(before, after, strict=True))
    assert all(some[0] - one[0] < 50 for one, some in zip(before, after, strict=True))


async def reads(client: Redis) -> tuple[int, int]:
    """How often a server has read from its clients, and how many commands."""
    info = await client.info("stats")
    return int(info["total_reads_processed"]), int(info["total_commands_processed"])


async def test_some_of_the_servers_named_may_be_away(there: Cluster) -> None:
    nobody, elsewhere = free_ports(2)
    url = f"redis+cluster://127.0.0.1:{nobody},{there.nodes[4].address},127.0.0.1:{elsewhere}"
    async with open_deployment(url, partitions=PARTITIONS) as deployment:
        assert len(deployment.topology.primaries()) == 3
    with pytest.raises(Unreachable):
        async with open_deployment(f"redis+cluster://127.0.0.1:{nobody}"):
            pass


async def test_a_node_of_a_cluster_is_no_single_server(there: Cluster) -> None:
    with pytest.raises(UnfitServer, match=r"redis\+cluster://"):
        async with open_deployment(there.primaries()[0].url):
            pass


async def test_every_primary_is_looked_at_before_anything_is_written(there: Cluster) -> None:
    last = there.primaries()[-1]
    last.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(UnfitServer, match="noeviction"):
            async with open_deployment(there.url, partitions=PARTITIONS):
                pass
    finally:
        last.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert [node.ask("DBSIZE") for node in there.primaries()] == [0, 0, 0]


async def test_keys_have_one_effect_while_slots_move_under_them(there: Cluster, deployment: Deployment) -> None:
    log = RedisLog(deployment, patience=BOUND)
    writers = Writers(log)
    slot = slot_of(deployment.keys[0].log)
    home, other = there.primary_of(slot), there.primary_of(slot_of(deployment.keys[PARTITIONS - 1].log))
    before = redirections("moved"), redirections("ask")
    asked: list[object] = []

    async def ask() -> None:
        # Of one key each: what is not there any more is asked for where it goes.
        asked.append(await log.last(0))
        asked.append(await log.thread_last(SITE, thread_in(0)))

    def halfway() -> None:
        from_thread.run(ask)

    async with writers.writing():
        await writers.more()
        await to_thread.run_sync(lambda: there.move_slot(slot, other, halfway=halfway))
        await writers.more()
        await to_thread.run_sync(lambda: there.move_slot(slot, home, halfway=halfway))
        await writers.more()
    await writers.check()
    assert all(asked)
    assert redirections("moved") > before[0]
    assert redirections("ask") > before[1]


async def test_an_append_without_a_key_waits_for_a_slot_that_moves_and_is_done_once(
    there: Cluster, deployment: Deployment
) -> None:
    log = RedisLog(deployment, patience=BOUND)
    thread, slot = thread_in(0), slot_of(deployment.keys[0].log)
    home, other = there.primary_of(slot), there.primary_of(slot_of(deployment.keys[PARTITIONS - 1].log))
    await write(log, event("c:1"), thread=thread)
    async with anyio.create_task_group() as tasks:

        def halfway() -> None:
            from_thread.run_sync(tasks.start_soon, once)

        async def once() -> None:
            await write(log, event("c:2"), thread=thread, now=0)

        await to_thread.run_sync(lambda: there.move_slot(slot, other, halfway=halfway))
    heads = [facts(entry)["head"] for entry in await log.read(0, START, limit=10)]
    # Twice halfway: with some keys here and some there, and with all of them there.
    assert heads == ["c:1", "c:2", "c:2"]
    await to_thread.run_sync(lambda: there.move_slot(slot, home))


async def test_servers_that_forgot_the_scripts_are_given_them_again(there: Cluster, deployment: Deployment) -> None:
    log = RedisLog(deployment)
    for tries in range(2):
        for partition in range(PARTITIONS):
            await write(log, event(), thread=thread_in(partition), key=f"k{tries}")
        for node in there.primaries():
            node.ask("SCRIPT", "FLUSH")
    assert [(await log.last(partition)).n for partition in range(PARTITIONS)] == [2] * PARTITIONS


async def test_a_frozen_server_holds_up_nobody_but_those_who_need_it(there: Cluster, deployment: Deployment) -> None:
    log = RedisLog(deployment, patience=BOUND)
    for partition in range(PARTITIONS):
        await write(log, event(), thread=thread_in(partition))
    frozen = server_of(there, deployment, 0)
    here = [number for number in range(PARTITIONS) if server_of(there, deployment, number) is frozen]
    others = [number for number in range(PARTITIONS) if number not in here]
    outcomes: list[Outcome] = []

    async def need_it() -> None:
        outcomes.append(await append(log, event("c:late"), thread=thread_in(0), key="late", now=_now))

    _now = (await log.load(Load(site=SITE, thread=thread_in(0), heads=()))).now
    frozen.freeze()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(need_it)
            for _ in range(10):
                for partition in others:
                    await write(log, event(), thread=thread_in(partition), now=0)
            assert outcomes == [], "the others have written ten times before the frozen server was given up"
        assert len(outcomes) == 1
    finally:
        frozen.thaw()
    await to_thread.run_sync(there.until_ok)
    heads = [facts(entry)["head"] for entry in await log.read(0, START, limit=10)]
    assert heads.count("c:late") == 1


async def test_a_frozen_server_is_given_up_when_another_has_taken_over_though_it_may_answer_yet(
    there: Cluster, deployment: Deployment
) -> None:
    log = RedisLog(deployment, patience=BOUND)
    frozen = server_of(there, deployment, 0)
    now = (await log.load(Load(site=SITE, thread=thread_in(0), heads=()))).now
    await write(log, event("c:1"), thread=thread_in(0), key="k", now=now)
    for node in deployment.topology.primaries():
        node.calls.within = node.reads.within = 3600  # nobody runs out of patience
    frozen.freeze()
    try:
        with anyio.fail_after(BOUND):
            await write(log, event("c:2"), thread=thread_in(0), key="l", now=now)
    finally:
        frozen.thaw()
    await to_thread.run_sync(there.until_ok)
    heads = [facts(entry)["head"] for entry in await log.read(0, START, limit=10)]
    assert heads.count("c:2") == 1


async def test_writes_are_back_when_a_primary_was_killed(there: Cluster, deployment: Deployment) -> None:
    log = RedisLog(deployment, patience=BOUND)
    writers = Writers(log)
    killed = server_of(there, deployment, 2)
    async with writers.writing():
        await writers.more()
        killed.kill()
        await writers.more()
        await to_thread.run_sync(killed.restart)
        await to_thread.run_sync(there.until_ok)
        await writers.more()
    assert server_of(there, deployment, 2) is not killed
    for partition in range(PARTITIONS):
        entries = await log.read(partition, START, limit=1_000_000)
        assert [entry.position.n for entry in entries] == list(range(1, len(entries) + 1))
        heads = [facts(entry)["head"] for entry in entries]
        assert len(heads) == len(set(heads))


@pytest.mark.parametrize("what", ["the slot moves", "the server is killed", "the server freezes"])
async def test_a_follower_is_woken_where_its_slot_has_gone(there: Cluster, deployment: Deployment, what: str) -> None:
    log = RedisLog(deployment, patience=BOUND)
    slot = slot_of(deployment.keys[0].log)
    home, other = there.primary_of(slot), there.primary_of(slot_of(deployment.keys[PARTITIONS - 1].log))
    got: list[Entry] = []
    rung = 0
    with deployment.pubsub.on(deployment.keys[0].log_channel) as subscription:
        async with anyio.create_task_group() as tasks:

            async def follow() -> None:
                async for entries in log.follow(0, START):
                    got.extend(entries)

            tasks.start_soon(follow)
            with anyio.fail_after(BOUND):
                assert await subscription.wait(BOUND)  # it listens
                match what:
                    case "the slot moves":
                        await to_thread.run_sync(lambda: there.move_slot(slot, other))
                    case "the server is killed":
                        home.kill()
                    case _:
                        home.freeze()
                await write(log, event("c:1"), thread=thread_in(0), key="k")
                # Woken, not looking once in a while: by the new server, when it is listened to there.
                while not rung:
                    rung += await subscription.wait(BOUND)
                await until(lambda: listened_to(deployment, 0))
                while await subscription.wait(0):
                    pass
                await write(log, event("c:2"), thread=thread_in(0), key="l")
                assert await subscription.wait(BOUND)
                await until(lambda: heard(got, 2))
            tasks.cancel_scope.cancel()
    home.thaw() if what == "the server freezes" else None
    if what == "the slot moves":
        await to_thread.run_sync(lambda: there.move_slot(slot, home))


async def listened_to(deployment: Deployment, partition: int) -> bool:
    """Whether the server that has the slot now knows somebody who listens."""
    channel = deployment.keys[partition].log_channel
    server = deployment.topology.of(slot_of(channel)).writing
    return dict(await server.pubsub_shardnumsub(channel)) == {channel.encode(): 1}


async def heard(got: list[Entry], many: int) -> bool:
    return len(got) >= many


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    while not await holds():
        await anyio.lowlevel.checkpoint()
