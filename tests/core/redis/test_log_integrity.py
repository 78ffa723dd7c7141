"""A log that is not whole takes no writes, wherever it lives, until a person has looked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.keys import DEPLOYMENT
from core.log.port import BrokenChain, HeadWanted, Log
from core.log.redis import RedisLog
from core.position import START
from core.redis import log_integrity
from core.redis.deployment import Deployment, open_deployment
from core.redis.errors import OtherDeployment
from core.refusals import LogBroken
from tests.support.logs import HERE, PARTITIONS, Place, append, emptied, event, look, thread_in, write
from tests.support.servers import client

ELSEWHERE = 1 - HERE


async def refused(log: Log, why: str, thread: str | None = None) -> LogBroken:
    """That a load and an append are refused for this; what was said of it."""
    thread = thread or thread_in(HERE)
    with pytest.raises(LogBroken, match=why):
        await look(log, thread=thread)
    with pytest.raises(LogBroken, match=why) as told:
        await append(log, event(), thread=thread, now=0)
    assert "\n" not in str(told.value)
    return told.value


# --- wherever it lives ---


@pytest.mark.parametrize("gone", [0, 1, 3])
async def test_a_lost_beginning_or_a_hole_is_told_and_nothing_is_written(log: Log, place: Place, gone: int) -> None:
    written = [(await write(log, event(f"c:{number}")))[0] for number in range(5)]
    await place.drop(HERE, written[gone])
    told = await refused(log, "1 of 5 entries are missing")
    assert (told.partition, told.position) == (HERE, written[-1])
    assert f"partition {HERE} is not whole at {written[-1]}" in told.detail
    assert await log.last(HERE) == written[-1]
    await write(log, event(), thread=thread_in(ELSEWHERE))


async def test_all_entries_gone_is_told(log: Log, place: Place) -> None:
    await write(log, event("c:1"), event("c:2"))
    await place.lose(HERE, 2)
    await refused(log, "all of its entries are missing")


async def test_a_lost_end_goes_on(log: Log, place: Place) -> None:
    written = [(await write(log, event(f"c:{number}")))[0] for number in range(3)]
    await place.lose(HERE, 1)
    (position,) = await write(log, event("c:9"))
    assert position.n == written[-1].n


async def test_once_a_person_has_looked_writes_go_on(log: Log, place: Place) -> None:
    written = [(await write(log, event(f"c:{number}")))[0] for number in range(4)]
    for position in (written[0], written[2]):
        await place.drop(HERE, position)
    await refused(log, "2 of 4 entries are missing")
    await place.accept(HERE)
    (position,) = await write(log, event("c:9"))
    assert position.n == 5
    assert [entry.position.n for entry in await log.read(HERE, START, limit=9)] == [2, 4, 5]
    await place.drop(HERE, written[1])
    await refused(log, "1 of 5 entries are missing")


async def test_what_stands_on_a_lost_event_stays_a_broken_chain(log: Log, place: Place) -> None:
    (first,) = await write(log, event("c:1"))
    await write(log, event("c:1"))
    await place.drop(HERE, first)
    await place.accept(HERE)
    with pytest.raises(BrokenChain, match=f"no entry at {first}") as told:
        await look(log, HeadWanted("c:1"))
    assert told.value.position == first


# --- on a server ---


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Deployment]:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        yield deployment


async def copies(deployment: Deployment) -> list[bytes | None]:
    return [await deployment.calls.call("GET", keys.deployment) for keys in deployment.keys]


async def test_every_partition_has_a_copy_of_the_id_from_the_beginning(here: Deployment) -> None:
    id_ = str(here.record.id)
    assert here.integrity.id == id_
    assert await copies(here) == [id_.encode()] * PARTITIONS
    assert await here.calls.call("HGET", DEPLOYMENT, "copied") == b"1"
    await write(RedisLog(here), event(), thread=thread_in(HERE))
    assert (await copies(here))[HERE] == f"{id_} 0".encode()


async def test_a_server_that_came_back_empty_is_told(here: Deployment) -> None:
    log = RedisLog(here)
    await write(log, event(), thread=thread_in(HERE))
    await here.writing.flushall()
    await refused(log, "the server has nothing of this deployment there")
    assert await here.writing.keys("*") == []
    await emptied(here)
    await write(log, event(), thread=thread_in(HERE))


async def test_a_server_of_another_deployment_is_told(here: Deployment) -> None:
    await here.calls.call("SET", here.keys[HERE].deployment, "another 0")
    await refused(RedisLog(here), "it belongs to another deployment")


@pytest.mark.parametrize("fields", [("x", "y"), ("e", "{}"), ("c", "", "e", "{}")])
async def test_an_entry_of_somebody_else_is_told(here: Deployment, fields: tuple[str, ...]) -> None:
    log = RedisLog(here)
    (written,) = await write(log, event(), thread=thread_in(HERE))
    await here.calls.call("XADD", here.keys[HERE].log, f"{written.ms}-{written.n + 1}", *fields)
    await refused(log, "the entry there is not an event")


async def test_an_entry_that_the_server_numbered_is_told(here: Deployment) -> None:
    log = RedisLog(here)
    (written,) = await write(log, event(), thread=thread_in(HERE))
    await here.calls.call("XADD", here.keys[HERE].log, f"{written.ms + 1}-*", "e", "{}", "c", "")
    await refused(log, "2 of 2 entries do not belong to this log")


async def test_one_line_a_partition_is_logged_and_one_when_it_is_whole_again(here: Deployment) -> None:
    log = RedisLog(here)
    await here.calls.call("DEL", here.keys[HERE].deployment)
    with capture_logs() as lines:
        for _ in range(3):
            await refused(log, "nothing of this deployment")
            await here.record.read()
        await here.calls.call("SET", here.keys[HERE].deployment, str(here.record.id))
        for _ in range(3):
            await here.record.read()
    assert [(line["event"], line["log_level"], line["partition"]) for line in lines] == [
        ("partition_refused", "error", HERE),
        ("partition_accepted", "warning", HERE),
    ]


async def test_a_log_that_is_not_whole_shows_at_the_start(fresh: str) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        written = await write(RedisLog(deployment), event("c:1"), event("c:2"), thread=thread_in(HERE))
        await deployment.calls.call("XDEL", deployment.keys[HERE].log, str(written[0]))
    with capture_logs() as lines:
        async with open_deployment(fresh, partitions=PARTITIONS) as again:
            assert again.integrity.broken.keys() == {HERE}
    assert [(line["event"], line["partition"], line["position"]) for line in lines if "partition" in line] == [
        ("partition_refused", HERE, str(written[1]))
    ]


async def test_a_deployment_from_before_there_were_copies_gets_them_when_it_is_opened(fresh: str) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))
        id_ = str(deployment.record.id)
    with client(fresh) as redis:
        redis.hdel(DEPLOYMENT, "copied")
        redis.delete(*[keys.deployment for keys in deployment.keys])
    async with open_deployment(fresh, partitions=PARTITIONS) as again:
        assert again.integrity.broken == {}
        assert (await copies(again))[HERE] == f"{id_} 0".encode()
        assert (await copies(again))[ELSEWHERE] == id_.encode()
        for partition in range(PARTITIONS):
            await write(RedisLog(again), event(), thread=thread_in(partition))


async def test_a_deployment_from_before_that_lost_entries_is_told_so(fresh: str) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        written = await write(RedisLog(deployment), event("c:1"), event("c:2"), thread=thread_in(HERE))
        await deployment.calls.call("XDEL", deployment.keys[HERE].log, str(written[0]))
    with client(fresh) as redis:
        redis.hdel(DEPLOYMENT, "copied")
        redis.delete(*[keys.deployment for keys in deployment.keys])
    async with open_deployment(fresh, partitions=PARTITIONS) as again:
        await refused(RedisLog(again), "1 of 2 entries are missing")
        assert await copies(again) == [None if number == HERE else again.integrity.id.encode() for number in range(2)]


async def test_a_partition_that_lost_its_copy_gets_it_again_where_its_log_is_whole(fresh: str) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))
    with client(fresh) as redis:
        redis.delete(*[keys.deployment for keys in deployment.keys])
    async with open_deployment(fresh, partitions=PARTITIONS) as again:
        await write(RedisLog(again), event(), thread=thread_in(HERE))
        await refused(RedisLog(again), "nothing of this deployment", thread_in(ELSEWHERE))


async def test_a_copy_of_a_server_that_is_given_an_id_of_its_own_is_written_to(fresh: str) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))
    with client(fresh) as redis:
        redis.hdel(DEPLOYMENT, "id")
    async with open_deployment(fresh, partitions=PARTITIONS) as again:
        assert again.integrity.id == again.record.id != deployment.record.id
        assert again.integrity.broken == {}
        await write(RedisLog(again), event(), thread=thread_in(HERE))


async def test_a_full_server_is_opened_without_copies_and_gets_them_later(fresh: str) -> None:
    with client(fresh) as redis:
        redis.hset(DEPLOYMENT, mapping={"partitions": PARTITIONS, "format": 1, "id": "a"})
        redis.config_set("maxmemory", 1)
        try:
            async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
                assert (deployment.integrity.id, deployment.integrity.broken) == ("", {})
                redis.config_set("maxmemory", 0)
                await deployment.record.read()
                assert deployment.integrity.id == "a"
                assert await copies(deployment) == [b"a"] * PARTITIONS
        finally:
            redis.config_set("maxmemory", 0)


async def test_a_record_that_is_gone_is_not_made_anew_over_partitions_that_are_there(fresh: str) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))
    with client(fresh) as redis:
        redis.delete(DEPLOYMENT)
        with pytest.raises(OtherDeployment, match=r"HSET hansard:deployment .*") as told:
            async with open_deployment(fresh, partitions=PARTITIONS):
                pass
        assert redis.exists(DEPLOYMENT) == 0
        redis.execute_command("HSET", *str(told.value).partition("HSET ")[2].split())
    async with open_deployment(fresh, partitions=PARTITIONS) as again:
        assert again.record.id == deployment.record.id
        await write(RedisLog(again), event(), thread=thread_in(HERE))


async def test_readers_go_on_while_writers_are_refused(here: Deployment) -> None:
    log = RedisLog(here)
    written = await write(log, event("c:1"), event("c:2"), thread=thread_in(HERE))
    await here.calls.call("XDEL", here.keys[HERE].log, str(written[0]))
    await refused(log, "1 of 2 entries are missing")
    assert [entry.position for entry in await log.read(HERE, START, limit=9)] == [written[1]]
    looks = await log_integrity.inspect(here.calls, here.keys, here.integrity.id, range(PARTITIONS))
    seen: list[Any] = [looks[HERE].entries, looks[HERE].first, looks[HERE].newest, looks[HERE].accepted]
    assert seen == [1, written[1], written[1], 0]
