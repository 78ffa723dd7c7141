"""One pipeline a tick: who gets what, and who is disturbed by whom."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from redis.asyncio import Redis
from redis.exceptions import ConnectionError, ResponseError, TimeoutError  # noqa: A004 - the names redis has

from core.log.redis import CONFIRM
from core.log.redis_reads import CHAIN
from core.redis.client import connect
from core.redis.command import RedisCommand, commands_of
from core.redis.in_flight import ConfirmationCommand
from core.redis.pipeline import Pipeline
from tests.support.bounds import BOUND
from tests.support.proxy import Proxy


@pytest.fixture
async def redis(fresh: str) -> AsyncIterator[Redis]:
    async with connect(fresh, writing=True) as client:
        yield client


@pytest.fixture
async def batch(redis: Redis) -> Pipeline:
    return Pipeline(redis)


@pytest.fixture
async def proxy(fresh: str, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with anyio.create_task_group() as tasks:
        proxy = Proxy(fresh, tmp_path)
        await tasks.start(proxy.run)
        yield proxy
        tasks.cancel_scope.cancel()


def connect_like(redis: Redis) -> Redis:
    """Another client of the same server."""
    return connect(f"unix://{redis.connection_pool.connection_kwargs['path']}", writing=True)


class Callers:
    """Many callers of one tick, and what each got."""

    def __init__(self, batch: Pipeline) -> None:
        self.batch = batch
        self.got: dict[int, Any] = {}

    async def call(self, number: int, *command: bytes | str | int) -> None:
        try:
            self.got[number] = await self.batch.call(*command)
        except Exception as error:  # noqa: BLE001 - it is what the caller got
            self.got[number] = error


async def test_each_caller_gets_its_own_reply(batch: Pipeline) -> None:
    callers = Callers(batch)
    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(callers.call, number, "ECHO", f"{number}")
    assert callers.got == {number: b"%d" % number for number in range(100)}


async def test_the_callers_of_a_tick_share_one_packet(proxy: Proxy) -> None:
    async with connect(proxy.url, writing=True) as client:
        callers = Callers(Pipeline(client))
        await callers.call(-1, "PING")  # a connection that is there already is to be waited with all the same
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(callers.call, number, "XRANGE", f"{{p}}{number}", "-", "+")
    assert [count for count in proxy.pipelines if count] == [100]


async def test_what_one_caller_asks_together_shares_one_packet_in_its_order(proxy: Proxy) -> None:
    async with connect(proxy.url, writing=True) as client:
        batch = Pipeline(client)
        e = b'{"tp":"","ap":""}'
        await batch.call("XADD", "{p}log", "1-1", "e", e, "c", "")
        asked = [(["{p}log"], [start, "tp", "", 1]) for start in ("1-1", "")]
        assert await batch.run_all(CHAIN, asked) == [[b"", b"1-1", e, b""], [b""]]
    # Where the server has not seen the script yet, the packet goes out a second time, with its text.
    assert {count for count in proxy.pipelines if count} == {2}


async def test_who_asks_nothing_is_answered_at_once(batch: Pipeline) -> None:
    assert await batch.all([]) == []


async def test_an_error_is_its_own_callers_alone(batch: Pipeline) -> None:
    callers = Callers(batch)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(callers.call, 1, "ECHO", "a")
        tasks.start_soon(callers.call, 2, "NOSUCH", "b")
        tasks.start_soon(callers.call, 3, "ECHO", "c")
    assert isinstance(callers.got[2], ResponseError)
    assert (callers.got[1], callers.got[3]) == (b"a", b"c")


async def test_text_numbers_and_any_bytes_arrive_as_they_are(batch: Pipeline) -> None:
    content = bytes(range(256)) + b"\r\n$5\r\n"
    assert await batch.call("SET", "naïve", content) == b"OK"
    assert await batch.call("GET", "naïve".encode()) == content
    assert await batch.call("INCRBY", "n", 2**40) == 2**40
    assert await batch.call("GET", "nothing") is None
    assert await batch.call("SET", b"", b"") == b"OK"
    assert await batch.call("GET", "") == b""


async def test_a_script_the_server_does_not_know_is_sent_whole(batch: Pipeline, redis: Redis) -> None:
    await redis.script_flush()
    callers = Callers(batch)
    replies: list[Any] = []

    async def run() -> None:
        replies.append(await batch.run(CHAIN, ["none"], ["", "tp", "", 1]))

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(callers.call, number, "ECHO", f"{number}")
            tasks.start_soon(run)
    assert replies == [[b""]] * 3
    assert callers.got == {0: b"0", 1: b"1", 2: b"2"}
    assert await redis.script_exists(CHAIN.sha) == [True]


@pytest.mark.parametrize("cancelled", [0, 5, 9], ids=["the first", "one", "the last"])
async def test_a_caller_that_is_cancelled_takes_nothing_from_the_others(batch: Pipeline, cancelled: int) -> None:
    callers = Callers(batch)
    scopes = [anyio.CancelScope() for _ in range(10)]

    async def call(number: int) -> None:
        with scopes[number]:
            await callers.call(number, "INCR", "n")

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(call, number)
        await checkpoint()  # all of them have called; nothing was sent
        scopes[cancelled].cancel()
    others = [reply for number, reply in callers.got.items() if number != cancelled]
    assert len(others) == 9
    assert all(isinstance(reply, int) for reply in others)
    assert len(set(others)) == 9
    assert await batch.call("GET", "n") == b"9", "who no longer wants a reply does not ask"
    assert await batch.call("ECHO", "still there") == b"still there"


@pytest.mark.parametrize("cancelled", [0, 5], ids=["the first", "one"])
async def test_a_caller_that_is_cancelled_while_the_server_works_takes_nothing_either(
    batch: Pipeline, redis: Redis, cancelled: int
) -> None:
    callers = Callers(batch)
    scopes = [anyio.CancelScope() for _ in range(10)]

    async def call(number: int) -> None:
        with scopes[number]:
            await callers.call(number, "SETRANGE", f"{number}", number, "x")

    async with connect_like(redis) as other:
        await other.client_pause(60_000, all=False)
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(call, number)
            await anyio.wait_all_tasks_blocked()
            scopes[cancelled].cancel()
            await anyio.wait_all_tasks_blocked()
            await other.client_unpause()
    others = [number for number in range(10) if number != cancelled]
    assert [callers.got[number] for number in others] == [number + 1 for number in others]


async def test_a_leader_that_its_loop_kills_leaves_nobody_waiting(batch: Pipeline) -> None:
    callers = Callers(batch)
    leader = asyncio.ensure_future(callers.call(0, "ECHO", "0"))
    others = [asyncio.ensure_future(callers.call(number, "ECHO", f"{number}")) for number in range(1, 5)]
    await checkpoint()
    leader.cancel()  # not anyio's way, so no shield holds
    with anyio.fail_after(BOUND):
        await asyncio.wait([leader, *others])
    assert leader.cancelled()
    assert set(callers.got) == {1, 2, 3, 4}
    assert all(isinstance(got, ConnectionError | bytes) for got in callers.got.values())
    assert await batch.call("ECHO", "still there") == b"still there"


async def test_everyone_is_told_where_there_is_no_server(tmp_path: Path) -> None:
    async with connect(f"unix://{tmp_path}/nobody", writing=True) as client:
        callers = Callers(Pipeline(client))
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(callers.call, number, "PING")
    assert len(callers.got) == 10
    assert all(isinstance(got, ConnectionError) for got in callers.got.values())
    assert len({id(got) for got in callers.got.values()}) == 10


async def test_everyone_is_told_where_the_server_says_nothing(redis: Redis) -> None:
    callers = Callers(Pipeline(redis, within=0.05))
    async with connect_like(redis) as other:
        await other.client_pause(60_000, all=False)
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(callers.call, number, "SET", f"{number}", "x")
        await other.client_unpause()
    assert all(isinstance(got, TimeoutError) for got in callers.got.values())
    assert await callers.batch.call("ECHO", "nobody else's reply") == b"nobody else's reply"


async def test_somebody_is_told_again_and_again_while_the_server_says_nothing(redis: Redis) -> None:
    told: list[int] = []
    thrice = anyio.Event()

    def slow() -> None:
        told.append(1)
        if len(told) == 3:
            thrice.set()

    callers = Callers(Pipeline(redis, within=3600, slow=slow))
    await callers.call(-1, "ECHO", "answered at once")
    assert told == []
    async with connect_like(redis) as other:
        await other.client_pause(60_000, all=False)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(callers.call, 0, "SET", "a", "x")
            with anyio.fail_after(BOUND):
                await thrice.wait()
            await other.client_unpause()
    assert callers.got[0] == b"OK", "nothing was cut"


async def test_a_server_that_is_given_up_is_waited_for_no_longer(redis: Redis) -> None:
    callers = Callers(Pipeline(redis, within=3600))
    async with connect_like(redis) as other:
        await other.client_pause(60_000, all=False)
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(callers.call, number, "SET", f"{number}", "x")
            await anyio.wait_all_tasks_blocked()
            callers.batch.break_off()
        await other.client_unpause()
    assert len(callers.got) == 10
    assert all(isinstance(got, ConnectionError) for got in callers.got.values())
    assert await callers.batch.call("ECHO", "nobody else's reply") == b"nobody else's reply"


async def test_what_is_asked_of_a_connection_that_is_closed_in_that_moment_has_failed(batch: Pipeline) -> None:
    assert await batch.call("ECHO", "a") == b"a"
    posted = batch.post(calls := [RedisCommand(("ECHO", "b"))])
    for line in batch.connections:
        line.connection.transport.abort()
    await batch.settle(posted)
    with pytest.raises(ConnectionError):
        calls[0].answer()
    assert await batch.call("ECHO", "c") == b"c"


async def test_a_reply_that_the_proof_cannot_be_made_of_is_raised_by_everybody(redis: Redis) -> None:
    batch = Pipeline(redis, proof=ConfirmationCommand(("ECHO", "many"), lambda reply: int(reply) > 1))
    callers = Callers(batch)
    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(callers.call, number, "INCR", "n")
    assert all(isinstance(got, ValueError) for got in callers.got.values())
    assert len(callers.got) == 3


async def test_a_proof_is_asked_once_for_all_of_a_tick(redis: Redis) -> None:
    batch = Pipeline(redis, proof=ConfirmationCommand(("ECHO", "safe"), lambda reply: bool(reply == b"safe")))
    calls = [RedisCommand(("INCR", "n")) for _ in range(5)]
    await redis.config_resetstat()
    async with anyio.create_task_group() as tasks:
        for call in calls:
            tasks.start_soon(batch.execute, [call])
    assert (await redis.info("commandstats"))["cmdstat_echo"]["calls"] == 1
    assert [call.answer() for call in calls] == [1, 2, 3, 4, 5]
    assert all(call.proven for call in calls)


@pytest.mark.parametrize(
    "proof", [ConfirmationCommand(("ECHO", "not yet"), lambda reply: bool(reply == b"safe")), None]
)
async def test_what_is_not_proven_is_carried_out_all_the_same(redis: Redis, proof: ConfirmationCommand | None) -> None:
    batch = Pipeline(redis, proof=proof or ConfirmationCommand(("NOSUCH",), lambda _: True))
    call = RedisCommand(("SET", "n", "1"))
    await batch.execute([call])
    assert call.answer() == b"OK"
    assert not call.proven
    assert await redis.get("n") == b"1"


async def test_more_callers_than_connections_wait_and_are_served(batch: Pipeline) -> None:
    callers = Callers(batch)

    async def call_in_turn(number: int) -> None:
        for turn in range(number % 7):
            await callers.call(1000 * turn, "PING")
        await callers.call(number, "ECHO", f"{number}")

    async with anyio.create_task_group() as tasks:
        for number in range(300):
            tasks.start_soon(call_in_turn, number)
    assert {number: callers.got[number] for number in range(300) if number} == {
        number: b"%d" % number for number in range(300) if number
    }


async def test_a_server_that_does_not_know_a_script_yet_is_asked_for_its_proof_once(redis: Redis) -> None:
    proving = Pipeline(redis, proof=ConfirmationCommand(("WAIT", 1, 50), lambda reply: int(reply) >= 1))
    calls = commands_of(CONFIRM, [(["hansard:{x}:now", "hansard:{x}:before"], ["k", 1, 1000])])
    await redis.config_resetstat()
    await redis.script_flush()
    await proving.execute(calls)
    assert calls[0].answer() == 0
    assert not calls[0].proven, "there is no replica"
    # It would have waited twice: once for nothing, since nothing was carried out.
    assert (await redis.info("commandstats"))["cmdstat_wait"]["calls"] == 1


async def test_who_opens_a_connection_is_told_when_its_own_time_is_over(tmp_path: Path) -> None:
    """It opens one for others, too, and so is not to be cancelled; but nobody waits for it for ever."""
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        async with connect(f"unix://{path}", writing=False) as redis:
            batch = Pipeline(redis, within=3600)
            with anyio.fail_after(BOUND), pytest.raises(TimeoutError):
                with anyio.move_on_after(0.05):
                    await batch.call("PING")
