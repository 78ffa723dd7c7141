"""What a log in Redis does when the way to the server, or the server itself, fails."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from itertools import count
from pathlib import Path

import anyio
import pytest
import redis.exceptions
from anyio.lowlevel import cancel_shielded_checkpoint
from prometheus_client import REGISTRY

from core.keys import WINDOW_MS
from core.log.port import Answer, Appended, BrokenChain, Entry, HeadWanted, Repeated
from core.log.redis import APPEND, LOAD, RedisLog
from core.log.redis_reads import CHAIN
from core.position import START, Position
from core.redis.client import connect
from core.redis.deployment import Deployment, open_deployment
from core.refusals import Unavailable, UnreadablePartition
from tests.support.bounds import BOUND
from tests.support.full import no_memory
from tests.support.logs import HERE, PARTITIONS, SITE, THREAD, RedisPlace, append, event, facts, look, positions, write
from tests.support.proxy import Proxy
from tests.support.servers import client
from workers.embedded import server as embedded


@pytest.fixture
async def deployment(fresh: str) -> AsyncIterator[Deployment]:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        yield deployment


@pytest.fixture
async def proxy(fresh: str, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with anyio.create_task_group() as tasks:
        proxy = Proxy(fresh, tmp_path)
        await tasks.start(proxy.run)
        yield proxy
        tasks.cancel_scope.cancel()


@pytest.fixture
async def far_log(proxy: Proxy) -> AsyncIterator[RedisLog]:
    """A log behind the proxy that has been written to, so that the server knows the scripts."""
    async with open_deployment(proxy.url, partitions=PARTITIONS) as deployment:
        log = RedisLog(deployment)
        await write(log, event("warm"), key="warm")
        yield log


async def test_an_append_whose_reply_is_lost_takes_effect_once_and_is_answered(proxy: Proxy, far_log: RedisLog) -> None:
    now = (await look(far_log)).now
    before = await far_log.last(HERE)
    proxy.lose_the_reply_to(APPEND.sha.encode())
    outcome = await append(far_log, event("c:1"), event("c:2"), key="k", digest="d", created=True, now=now)
    assert proxy.lost == 1
    entries = await far_log.read(HERE, before, limit=10)
    assert [facts(entry)["head"] for entry in entries] == ["c:1", "c:2"]
    assert outcome == Repeated(Answer(tuple(positions(entries)), created=True, digest="d"))


def test_a_connection_that_is_closed_under_a_write_is_lost_and_no_defect(fresh: str) -> None:
    async def write_to_a_closed_one() -> None:
        own = connect(fresh, writing=True)
        connection = await own.connection_pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
        connection._writer.transport.abort()
        await cancel_shielded_checkpoint()
        try:
            with pytest.raises(redis.exceptions.ConnectionError):
                await connection.send_packed_command(b"*1\r\n$4\r\nPING\r\n")
        finally:
            await own.aclose()

    # As in production: the loop of asyncio is more patient with a write to what is closed.
    anyio.run(write_to_a_closed_one, backend_options={"use_uvloop": True})


async def test_an_append_without_a_key_is_tried_once(proxy: Proxy, far_log: RedisLog) -> None:
    before = await far_log.last(HERE)
    proxy.lose_the_reply_to(APPEND.sha.encode())
    with pytest.raises(Unavailable):
        await append(far_log, event("c:1"), now=0)
    assert proxy.lost == 1
    assert len(await far_log.read(HERE, before, limit=10)) == 1


async def test_an_append_is_answered_also_where_the_script_was_unknown_and_the_reply_lost(
    proxy: Proxy, far_log: RedisLog, fresh: str
) -> None:
    now = (await look(far_log)).now
    with client(fresh) as connection:
        connection.script_flush()
    proxy.lose_the_reply_to(b"EVAL\r\n")
    outcome = await append(far_log, event("c:1"), key="k", digest="d", now=now)
    assert proxy.lost == 1
    entries = await far_log.read(HERE, START, limit=10)
    assert outcome == Repeated(Answer((entries[-1].position,), created=False, digest="d"))
    assert len(entries) == 2


@pytest.mark.parametrize("marker", [LOAD.sha, CHAIN.sha, "XRANGE", "XREVRANGE", "HGET"])
async def test_a_question_whose_answer_is_lost_is_asked_again(proxy: Proxy, far_log: RedisLog, marker: str) -> None:
    last = await far_log.last(HERE)
    entry = await far_log.entry(HERE, last)
    proxy.lose_the_reply_to(marker.encode())
    assert (await look(far_log, key="warm")).answer is not None
    assert await far_log.chain(SITE, THREAD, last) == [entry]
    assert await far_log.entry(HERE, last) == entry
    assert await far_log.last(HERE) == last
    assert await far_log.thread_last(SITE, THREAD) == last
    assert proxy.lost == 1


async def test_a_lost_reply_costs_the_others_of_its_pipeline_nothing(proxy: Proxy, far_log: RedisLog) -> None:
    before = await far_log.last(HERE)
    now = (await look(far_log)).now
    outcomes = []

    async def one(number: int) -> None:
        outcomes.append(await append(far_log, event(f"c:{number}"), key=str(number), now=now))

    proxy.lose_the_reply_to(APPEND.sha.encode())
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, number)
    assert proxy.lost == 1
    answered = {
        position
        for outcome in outcomes
        if isinstance(outcome, Appended | Repeated)
        for position in (outcome.positions if isinstance(outcome, Appended) else outcome.answer.positions)
    }
    assert answered == set(positions(await far_log.read(HERE, before, limit=100)))
    assert len(answered) == 20


async def test_a_server_that_stays_away_makes_the_log_unavailable(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with embedded.running(tmp_path) as server:
            deployment = await stack.enter_async_context(open_deployment(server.url, partitions=PARTITIONS))
            log = RedisLog(deployment, patience=0.05)
            last = (await write(log, event("c:1"), key="k"))[0]
        with pytest.raises(Unavailable):
            await append(log, event("c:1"), key="l", now=last.ms)
        with pytest.raises(Unavailable):
            await look(log)
        with pytest.raises(Unavailable):
            await log.read(HERE, START, limit=1)


async def test_an_append_waits_for_a_server_that_restarts(tmp_path: Path) -> None:
    outcomes = []
    async with AsyncExitStack() as stack:
        async with embedded.running(tmp_path) as server:
            deployment = await stack.enter_async_context(open_deployment(server.url, partitions=PARTITIONS))
            log = RedisLog(deployment, patience=60)
            (first,) = await write(log, event("c:1"), key="k")

        async def write_meanwhile() -> None:
            outcomes.append(await append(log, event("c:1"), key="l", now=first.ms, expected={"c:1": first}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write_meanwhile)
            await stack.enter_async_context(embedded.running(tmp_path))
        (outcome,) = outcomes
        assert isinstance(outcome, Appended)
        assert [position.n for position in outcome.positions] == [2]


async def test_following_goes_on_when_the_server_restarts(tmp_path: Path) -> None:
    got: list[Entry] = []
    async with AsyncExitStack() as stack:
        async with embedded.running(tmp_path) as server:
            deployment = await stack.enter_async_context(open_deployment(server.url, partitions=PARTITIONS))
            log = RedisLog(deployment, patience=60)
            tasks = await stack.enter_async_context(anyio.create_task_group())
            await tasks.start(deployment.pubsub.run)
            arrived, done = anyio.Event(), anyio.Event()

            async def follow() -> None:
                async for entries in log.follow(HERE, START):
                    got.extend(entries)
                    arrived.set()
                    if len(got) >= 2:
                        done.set()

            tasks.start_soon(follow)
            await write(log, event("c:1"), key="k")
            with anyio.fail_after(BOUND):
                await arrived.wait()
        async with embedded.running(tmp_path):
            await write(log, event("c:2"), key="l")
            with anyio.fail_after(BOUND):
                await done.wait()
            assert got == await log.read(HERE, START, limit=10)
            tasks.cancel_scope.cancel()


async def test_what_was_acknowledged_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    acknowledged: dict[str, tuple[Position, ...]] = {}
    async with AsyncExitStack() as stack:
        async with embedded.running(tmp_path) as server:
            opening = open_deployment(server.url, partitions=PARTITIONS, durability="fsynced")
            log = RedisLog(await stack.enter_async_context(opening), patience=0)
            now = (await look(log)).now

            async def write_on(writer: int) -> None:
                with suppress(Unavailable):
                    for number in count():
                        key = f"{writer}-{number}"
                        acknowledged[key] = await write(log, event(f"c:{writer}"), event(key), key=key, now=now)
                        if len(acknowledged) == 100:
                            os.kill(server.pid, signal.SIGKILL)

            async with anyio.create_task_group() as tasks:
                for writer in range(8):
                    tasks.start_soon(write_on, writer)
        async with embedded.running(tmp_path):
            entries = await log.read(HERE, START, limit=10_000)
            assert [entry.position.n for entry in entries] == list(range(1, len(entries) + 1))
            there = {facts(entry)["head"]: entry.position for entry in entries}
            assert len(acknowledged) >= 100
            for key, (_, position) in acknowledged.items():
                assert there[key] == position
                assert (await look(log, key=key)).answer is not None


async def test_a_server_that_forgot_the_scripts_is_given_them_again(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    await write(log, event(), key="k")
    await deployment.writing.script_flush()
    await write(log, event(), key="l")
    await log.chain(SITE, THREAD, await log.last(HERE))
    assert (await log.last(HERE)).n == 2


@pytest.mark.parametrize("which", ["log", "heads", "window", "window before"])
async def test_a_key_of_another_type_stops_an_append_before_it_writes(deployment: Deployment, which: str) -> None:
    log = RedisLog(deployment)
    (first,) = await write(log, event("c:1"), key="k", digest="d")
    partition = deployment.keys[HERE]
    window = first.ms // WINDOW_MS
    broken = {
        "log": partition.log,
        "heads": partition.heads(SITE, THREAD),
        "window": partition.commands(window),
        "window before": partition.commands(window - 1),
    }[which]
    await deployment.writing.delete(broken)
    await deployment.writing.set(broken, "no stream, no hash")
    before = await everything(deployment)
    with pytest.raises(UnreadablePartition, match=f"partition {HERE} cannot be read"):
        await append(log, event("c:1"), key="l", digest="d", now=first.ms)
    assert await everything(deployment) == before


async def test_a_full_server_makes_the_log_unavailable_at_once_and_writes_nothing(
    deployment: Deployment, fresh: str
) -> None:
    log = RedisLog(deployment, patience=60)
    (first,) = await write(log, event("c:1"), key="k")
    before = await everything(deployment)
    tries = faults("append")
    with no_memory(fresh):
        with pytest.raises(Unavailable):
            await append(log, event("c:1"), key="l", now=first.ms)
        assert faults("append") == tries + 1, "it stays full until somebody makes room: asking again helps nobody"
        assert await log.refusal() == "OOM"
        assert positions(await log.read(HERE, START, limit=5)) == [first]
        assert (await look(log)).now >= first.ms
    assert await log.refusal() is None
    assert await everything(deployment) == before


async def test_an_append_happens_whole_or_not_at_all_however_little_memory_is_left(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    (first,) = await write(log, event("c:1"), key="first")
    redis, partition = deployment.writing, deployment.keys[HERE]
    appended: list[str] = []
    taken: set[bool] = set()
    for room in range(0, 96 * 1024, 1024):
        key = f"k{room}"
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", used + room)
        try:
            await append(log, *[event(f"c:{key}:{n}", c=b"x" * 4000) for n in range(8)], key=key, now=first.ms)
            appended.append(key)
            taken.add(True)
        except Unavailable:
            taken.add(False)
        finally:
            await redis.config_set("maxmemory", 0)
    assert taken == {True, False}, "the rooms tried are not around what is needed"
    entries = await log.read(HERE, first, limit=10_000)
    assert [facts(entry)["head"] for entry in entries] == [f"c:{key}:{n}" for key in appended for n in range(8)]
    assert [entry.position.n for entry in entries] == list(range(2, len(entries) + 2))
    remembered = await redis.hkeys(partition.commands(first.ms // WINDOW_MS))
    assert sorted(remembered) == sorted(key.encode() for key in ("first", *appended))
    advanced = [f"c:{key}:{n}" for key in appended for n in range(8)]
    assert sorted(await redis.hkeys(partition.heads(SITE, THREAD))) == sorted(
        head.encode() for head in ("last", "c:1", *advanced)
    )


async def test_numbers_go_on_where_a_log_was_trimmed_to_nothing(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    written = await write(log, *[event()] * 3, key="k")
    await deployment.writing.xtrim(deployment.keys[HERE].log, maxlen=0, approximate=False)
    assert await log.last(HERE) == written[-1]
    await RedisPlace(deployment).accept(HERE)
    assert (await look(log)).now >= written[-1].ms
    (after,) = await write(log, event("c:new"), key="l")
    assert after.n == 4


async def test_an_event_that_is_missing_is_an_alarm_and_never_skipped(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    written = await write(log, *[event("c:1")] * 3)
    await deployment.writing.xdel(deployment.keys[HERE].log, str(written[1]))
    await RedisPlace(deployment).accept(HERE)
    with pytest.raises(BrokenChain, match=str(written[1])):
        await look(log, HeadWanted("c:1"))
    with pytest.raises(BrokenChain, match=str(written[1])):
        await log.chain(SITE, THREAD, written[2])


async def test_command_keys_expire_with_their_window_and_not_before_the_next_one_ends(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    (written,) = await write(log, event(), key="k")
    window = written.ms // WINDOW_MS
    expires = await deployment.writing.pexpiretime(deployment.keys[HERE].commands(window))
    assert expires >= (window + 2) * WINDOW_MS
    assert expires <= (window + 4) * WINDOW_MS


async def test_a_repeated_key_is_written_again_so_that_it_can_be_waited_for(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    (written,) = await write(log, event(), key="k", digest="d")
    before = (await deployment.writing.info("persistence"))["rdb_changes_since_last_save"]
    await append(log, event(), key="k", digest="d", now=written.ms)
    after = (await deployment.writing.info("persistence"))["rdb_changes_since_last_save"]
    assert after == before + 1


async def everything(deployment: Deployment) -> list[tuple[bytes | str, bytes | None]]:
    """Every key of the server and its value, as the server would move it elsewhere."""
    names = await deployment.writing.keys("*")
    return sorted([(name, await deployment.writing.dump(name)) for name in names])


def faults(call: str) -> float:
    """How often calls of this kind failed in this process."""
    return REGISTRY.get_sample_value("hansard_redis_faults_total", {"call": call}) or 0.0
