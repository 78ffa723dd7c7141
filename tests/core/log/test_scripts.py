"""Every script by itself, as its header says: keys and arguments in, reply out."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

import core
from core.log.redis import APPEND, LOAD
from core.log.redis_reads import CHAIN
from core.redis.client import connect
from core.redis.log_integrity import ACCEPT, CHECK
from core.redis.log_integrity import COPY as COPY_ID
from core.redis.script import Script

DAY = 86_400_000
LOG, HEADS, COPY = "{p}:log", "{p}:heads", "{p}:deployment"
FUTURE = 40_000 * DAY + 5
"""A time that no clock says yet: a log that has come so far tells the time itself, and it is window 40,000."""


class Caller:
    """Calls scripts by their digest."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    async def __call__(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int]) -> Any:
        await self.redis.script_load(script.text)
        return await self.redis.evalsha(script.sha, len(keys), *keys, *args)


@pytest.fixture
async def redis(fresh: str) -> AsyncIterator[Redis]:
    async with connect(fresh, writing=True) as client:
        yield client


@pytest.fixture
async def call(redis: Redis) -> Caller:
    return Caller(redis)


async def settle(redis: Redis) -> None:
    """A log whose newest entry, its first, says that it is FUTURE."""
    await redis.xadd(LOG, {"e": '{"tp":"","ap":""}', "c": ""}, id=f"{FUTURE}-1")


def windows(number: int) -> list[str]:
    return [f"{{p}}:commands:{number}", f"{{p}}:commands:{number - 1}"]


FIRST = ['"tp":""', '"tp":"","ap":""']
"""How an event says that none was before it: as it is written, and as it was."""
Arguments = list[bytes | str | int]
KEYED = [LOG, HEADS, COPY, *windows(40_000)]
KEY: Arguments = ["", "channel", "last", "k", "d", "1", "", 40_000, DAY]
NO_KEY: Arguments = ["", "channel", "last", "", "", "0", "", 0, DAY]
RECORD = b"1d" + bytes((0, 0, 0, FUTURE % DAY)) + bytes((0, 0, 0, 0, 2))
"""What KEY is remembered by where its one event is the second of the log."""
ONE: Arguments = [0, 1, "c:1", '{"v":1', b"\x00\xff", "", ""]


async def test_append_writes_the_entry_its_heads_and_its_key(call: Caller, redis: Redis) -> None:
    await settle(redis)
    event: Arguments = [1, "c:1", "", 1, "c:1", '{"v":1', b"\x00\xff", "a note", "l:1"]
    assert await call(APPEND, KEYED, [*KEY, *event]) == f"OK {FUTURE}-1 {FUTURE}-2".encode()
    position = f"{FUTURE}-2".encode()
    entries = await redis.xrange(LOG, min=position)
    assert entries == [(position, {b"e": b'{"v":1,"tp":""}', b"c": b"\x00\xff"})]
    assert await redis.hgetall(HEADS) == {
        b"c:1": position + b" a note",
        b"l:1": b"0 " + position + b" a note",
        b"last": b"0 " + position,
    }
    assert await redis.hgetall(KEYED[3]) == {b"k": RECORD}
    assert await redis.exists(KEYED[4]) == 0


async def test_append_tells_the_server_time_where_that_is_later(call: Caller, redis: Redis) -> None:
    await redis.xadd(LOG, {"e": '{"tp":"","ap":""}', "c": ""}, id="5-41")
    await redis.set(COPY, "d 40")
    seconds, micros = await redis.time()
    word, after, position = (await call(APPEND, [LOG, HEADS, COPY], [*NO_KEY, *ONE])).split()
    ms, n = map(int, position.split(b"-"))
    assert (word, after) == (b"OK", b"5-41")
    assert n == 42
    assert 0 <= ms - (seconds * 1000 + micros // 1000) < DAY


async def test_append_repeats_its_answer_to_a_key(call: Caller, redis: Redis) -> None:
    await settle(redis)
    await call(APPEND, KEYED, [*KEY, *ONE])
    assert await call(APPEND, KEYED, [*KEY, *ONE]) == b"DUP 40000 " + RECORD
    assert await redis.xlen(LOG) == 2


async def test_append_counts_the_versions_of_a_head(call: Caller, redis: Redis) -> None:
    await settle(redis)
    for number in range(2, 5):
        await call(APPEND, [LOG, HEADS, COPY], [*NO_KEY, *ONE])
        version = b"" if number == 2 else b"%d " % (number - 1)
        assert await redis.hget(HEADS, "c:1") == version + f"{FUTURE}-{number}".encode()


async def test_append_of_several_events_remembers_them_all(call: Caller, redis: Redis) -> None:
    await settle(redis)
    event: Arguments = ONE[2:]
    assert await call(APPEND, KEYED, [*KEY, 0, 2, *event, *event]) == f"OK {FUTURE}-1 {FUTURE}-2 {FUTURE}-3".encode()
    assert await redis.hget(KEYED[3], "k") == f"1 d {FUTURE}-2 {FUTURE}-3".encode()


async def test_append_finds_a_key_in_the_window_before(call: Caller, redis: Redis) -> None:
    await settle(redis)
    await redis.hset(KEYED[4], "k", "0 d 1-1 1-2")
    assert await call(APPEND, KEYED, [*KEY, *ONE]) == b"DUP 39999 0 d 1-1 1-2"
    assert await redis.pexpiretime(KEYED[4]) == (39_999 + 3) * DAY


@pytest.mark.parametrize("record", [b"0 other 1-1", RECORD.replace(b"d", b"other"), RECORD.replace(b"d", b"")])
async def test_append_refuses_a_key_of_another_command(call: Caller, redis: Redis, record: bytes) -> None:
    await settle(redis)
    await redis.hset(KEYED[3], "k", record)
    assert await call(APPEND, KEYED, [*KEY, *ONE]) == b"REUSED"
    assert await redis.xlen(LOG) == 1


@pytest.mark.parametrize("head", ["7 1-1 a note", "0 1-1", "1-1", "1-1 -1 7"])
async def test_append_tells_the_position_that_was_not_expected(call: Caller, redis: Redis, head: str) -> None:
    await settle(redis)
    await redis.hset(HEADS, "c:1", head)
    assert await call(APPEND, KEYED, [*KEY, 1, "c:1", "1-0", *ONE[1:]]) == b"CONFLICT c:1 1-1"
    assert await redis.exists(KEYED[3]) == 0


async def test_append_tells_the_time_to_who_thinks_it_is_another_day(call: Caller, redis: Redis) -> None:
    await settle(redis)
    keyed = [LOG, HEADS, COPY, *windows(39_999)]
    assert await call(APPEND, keyed, [*KEY[:7], 39_999, DAY, *ONE]) == f"SKEW {FUTURE}".encode()


async def test_append_of_nothing_remembers_what_settled_it(call: Caller, redis: Redis) -> None:
    await settle(redis)
    settled: Arguments = [*KEY[:6], "3-3", *KEY[7:]]
    assert await call(APPEND, KEYED, [*settled, 0, 0]) == f"OK {FUTURE}-1 3-3".encode()
    assert await redis.hgetall(KEYED[3]) == {b"k": b"1 d 3-3"}
    assert await redis.exists(HEADS) == 0


@pytest.mark.parametrize("cut", range(10, 15))
async def test_append_checks_its_arguments_before_it_writes(call: Caller, redis: Redis, cut: int) -> None:
    arguments: Arguments = [*NO_KEY, *ONE]
    with pytest.raises(ResponseError):
        await call(APPEND, [LOG, HEADS, COPY], arguments[:cut])
    with pytest.raises(ResponseError, match="add up"):
        await call(APPEND, [LOG, HEADS, COPY], [*arguments, "more"])
    assert await redis.keys("*") == []


@pytest.mark.parametrize("none", FIRST)
async def test_load_tells_time_heads_and_events(call: Caller, redis: Redis, none: str) -> None:
    await redis.xadd(LOG, {"e": f'{{"n":1,{none}}}', "c": "x"}, id="1-1")
    await redis.xadd(LOG, {"e": '{"n":2,"tp":"1-1","ap":"1-1"}', "c": ""}, id=f"{FUTURE}-2")
    await redis.hset(HEADS, "c:1", f"2 {FUTURE}-2 a note")
    position = f"{FUTURE}-2".encode()
    value = b"2 " + position + b" a note"
    newest = [position, b'{"n":2,"tp":"1-1","ap":"1-1"}', b""]
    first = [b"1-1", f'{{"n":1,{none}}}'.encode(), b"x"]

    async def load(*heads: str, hops: int = 9) -> Any:
        status, now, *found = await call(LOAD, [LOG, HEADS, COPY], ["", "", 0, DAY, hops, *heads])
        assert (status, int(now)) == (b"OK", FUTURE)
        return found

    assert await load("c:1", "") == [[value, b""]]
    assert await load("c:1", "0-0") == [[value, b"", *newest, *first]]
    assert await load("c:1", "1-1") == [[value, b"", *newest]]
    assert await load("c:2", "0-0", "c:1", "1-1") == [[b"", b""], [value, b"", *newest]]
    assert await load("c:1", "0-0", hops=1) == [[value, b"1-1", *newest]]
    assert await load("c:1", "1-1", "c:1", "0-0", hops=1) == [[value, b"", *newest], [value, position]]


async def test_load_answers_a_key_that_was_used_with_its_record(call: Caller, redis: Redis) -> None:
    await settle(redis)
    arguments: Arguments = ["", "k", 40_000, DAY, 9, "c:1", ""]
    assert await call(LOAD, KEYED, arguments) == [b"OK", b"%d" % FUTURE, [b"", b""]]
    await redis.hset(KEYED[4], "k", "0 d 1-1")
    assert await call(LOAD, KEYED, arguments) == [b"HIT", b"%d" % FUTURE, 39_999, b"0 d 1-1"]
    await redis.hset(KEYED[3], "k", RECORD)
    assert await call(LOAD, KEYED, arguments) == [b"HIT", b"%d" % FUTURE, 40_000, RECORD]
    other = [LOG, HEADS, COPY, *windows(40_001)]
    assert await call(LOAD, other, ["", "k", 40_001, *arguments[3:]]) == [b"SKEW", b"%d" % FUTURE]


@pytest.mark.parametrize("none", FIRST)
async def test_chain_walks_back_by_thread_or_aggregate(call: Caller, redis: Redis, none: str) -> None:
    pointers = {"1-1": none, "1-2": none.replace('"tp":""', '"tp":"1-1"'), "1-3": '"tp":"1-2","ap":"1-1"'}
    for position, pointing in pointers.items():
        await redis.xadd(LOG, {"e": f"{{{pointing}}}", "c": position}, id=position)

    async def chain(*arguments: str | int) -> tuple[bytes, list[bytes]]:
        rest, *flat = await call(CHAIN, [LOG], arguments)
        assert flat[::3] == flat[2::3]
        return rest, flat[::3]

    assert await chain("1-3", "tp", "", 9) == (b"", [b"1-3", b"1-2", b"1-1"])
    assert await chain("1-3", "ap", "", 9) == (b"", [b"1-3", b"1-1"])
    assert await chain("1-3", "tp", "1-1", 9) == (b"", [b"1-3", b"1-2"])
    assert await chain("1-3", "tp", "", 2) == (b"1-1", [b"1-3", b"1-2"])
    assert await chain("1-3", "tp", "1-1", 2) == (b"", [b"1-3", b"1-2"])
    assert await chain("1-3", "tp", "1-3", 9) == (b"", [])
    with pytest.raises(ResponseError, match="MISSING 1-9 no entry"):
        await chain("1-9", "tp", "", 9)


@pytest.mark.parametrize("e", ['{"n":1}', '{"tp":"1-0","n":1}', '{"ap":"1-0","n":1}', '{"tp":"1-0","ap":"no"}'])
async def test_an_entry_without_back_pointers_is_not_taken_for_the_first(call: Caller, redis: Redis, e: str) -> None:
    await redis.xadd(LOG, {"e": e, "c": ""}, id="1-1")
    await redis.hset(HEADS, "c:1", "1-1")
    missing = "MISSING 1-1 no back pointers"
    with pytest.raises(ResponseError, match=missing):
        await call(LOAD, [LOG, HEADS, COPY], ["", "", 0, DAY, 9, "c:1", "0-0"])
    for pointer in ("tp", "ap"):
        with pytest.raises(ResponseError, match=missing):
            await call(CHAIN, [LOG], ["1-1", pointer, "", 9])


async def test_long_answers_are_cut_and_say_where_to_go_on(call: Caller, redis: Redis) -> None:
    text = "x" * 600_000
    for number in range(1, 5):
        before = f"1-{number - 1}" if number > 1 else ""
        await redis.xadd(LOG, {"e": f'{{"tp":"{before}","ap":"{before}"}}', "c": text}, id=f"1-{number}")
    await redis.hset(HEADS, "c:1", "4 1-4")
    rest, *flat = await call(CHAIN, [LOG], ["1-4", "tp", "", 9])
    assert (rest, flat[::3]) == (b"1-2", [b"1-4", b"1-3"])
    _, _, one, two = await call(LOAD, [LOG, HEADS, COPY], ["", "", 0, DAY, 9, "c:1", "0-0", "c:1", "1-3"])
    assert (one[1], one[2::3]) == (b"1-2", [b"1-4", b"1-3"])
    assert (two[1], two[2::3]) == (b"1-4", [])


async def test_load_tells_the_time_of_a_log_that_was_trimmed_to_nothing(call: Caller, redis: Redis) -> None:
    await settle(redis)
    await redis.xtrim(LOG, maxlen=0, approximate=False)
    await redis.set(COPY, "d 1")
    assert await call(LOAD, [LOG, HEADS, COPY], ["", "", 0, DAY, 9]) == [b"OK", b"%d" % FUTURE]


ID = "d"
EVENT = {"e": '{"tp":"","ap":""}', "c": ""}


@pytest.mark.parametrize(
    ("entries", "copy", "broken"),
    [
        ((), ID, None),
        ((), f"{ID} 0", "0-0 all of its entries are missing"),
        ((), None, "0-0 the server has nothing of this deployment there"),
        ((), "other", "0-0 it belongs to another deployment"),
        (("5-1", "5-2"), f"{ID} 0", None),
        (("5-1", "5-2"), ID, None),
        (("5-1", "5-2"), None, "5-2 the server has no copy of the id of this deployment there"),
        (("5-1", "5-2"), "other 0", "5-2 it belongs to another deployment"),
        (("5-2", "5-3"), f"{ID} 0", "5-3 1 of 3 entries are missing"),
        (("5-1", "5-4"), f"{ID} 0", "5-4 2 of 4 entries are missing"),
        (("5-1", "5-4"), f"{ID} 2", None),
        (("5-1", "5-4"), f"{ID} 1", "5-4 1 of 4 entries are missing"),
        (("5-1", "6-0"), f"{ID} 0", "6-0 2 of 2 entries do not belong to this log"),
        (("5-1", "6-1"), f"{ID} 0", "6-1 1 of 2 entries do not belong to this log"),
    ],
)
async def test_a_log_that_is_not_whole_is_told_before_anything_is_written(
    call: Caller, redis: Redis, entries: Sequence[str], copy: str | None, broken: str | None
) -> None:
    for position in entries:
        await redis.xadd(LOG, EVENT, id=position)  # type: ignore[arg-type] # redis-py's types are invariant
    if copy is not None:
        await redis.set(COPY, copy)
    before = {key: await redis.dump(key) for key in await redis.keys("*")}
    asked: list[tuple[Script, list[str], Arguments]] = [
        (LOAD, [LOG, HEADS, COPY], [ID, "", 0, DAY, 9]),
        (APPEND, [LOG, HEADS, COPY], [ID, *NO_KEY[1:], *ONE]),
    ]
    *newest, _, _, _, fault = await call(CHECK, [LOG, COPY], [ID])
    if broken is None:
        assert fault == b""
        for script, keys, arguments in asked:
            await call(script, keys, arguments)
        assert await redis.get(COPY) == (copy if " " in str(copy) else f"{ID} 0").encode()  # type: ignore[union-attr] # it is given
        return
    assert f"{newest[0]}-{newest[1]} {fault.decode()}" == broken
    for script, keys, arguments in asked:
        with pytest.raises(ResponseError, match=f"^BROKEN {broken}$"):
            await call(script, keys, arguments)
    assert {key: await redis.dump(key) for key in await redis.keys("*")} == before


@pytest.mark.parametrize("fields", [{"x": "y"}, {"c": "", "e": "{}"}, {"e": "{}", "c": "", "d": ""}])
async def test_an_entry_with_other_fields_is_no_event(call: Caller, redis: Redis, fields: dict[str, str]) -> None:
    await redis.xadd(LOG, fields, id="5-1")  # type: ignore[arg-type] # redis-py's types are invariant
    with pytest.raises(ResponseError, match=r"^BROKEN 5-1 the entry there is not an event$"):
        await call(APPEND, [LOG, HEADS, COPY], [*NO_KEY, *ONE])
    assert await redis.keys("*") == [LOG.encode()]


async def test_a_log_without_its_end_is_whole(call: Caller, redis: Redis) -> None:
    for number in range(1, 5):
        await redis.xadd(LOG, EVENT, id=f"5-{number}")  # type: ignore[arg-type] # redis-py's types are invariant
    await redis.set(COPY, f"{ID} 0")
    await redis.xdel(LOG, "5-4", "5-3")
    assert (await call(APPEND, [LOG, HEADS, COPY], [ID, *NO_KEY[1:], *ONE])).endswith(b"-3")


@pytest.mark.parametrize(
    ("entries", "there", "copied", "outcome", "after"),
    [
        ((), None, "", b"COPIED", ID),
        ((), None, "0", b"COPIED", ID),
        ((), None, "1", b"EMPTY", None),
        (("5-1",), None, "", b"COPIED", f"{ID} 0"),
        (("5-1",), None, "1", b"COPIED", f"{ID} 0"),
        (("5-2",), None, "", b"BROKEN", None),
        (("5-2",), None, "1", b"BROKEN", None),
        (("5-2",), f"{ID} 1", "1", b"COPIED", f"{ID} 1"),
        (("5-1",), "other 0", "1", b"OTHER", "other 0"),
        (("5-1",), "other 0", "", b"OTHER", "other 0"),
        (("5-2",), "other 1", "0", b"COPIED", f"{ID} 1"),
        (("5-1",), "other", "0", b"COPIED", f"{ID} 0"),
    ],
)
async def test_a_partition_gets_its_copy_of_the_id_where_nothing_speaks_against_it(
    call: Caller,
    redis: Redis,
    entries: Sequence[str],
    there: str | None,
    copied: str,
    outcome: bytes,
    after: str | None,
) -> None:
    for position in entries:
        await redis.xadd(LOG, EVENT, id=position)  # type: ignore[arg-type] # redis-py's types are invariant
    if there is not None:
        await redis.set(COPY, there)
    assert await call(COPY_ID, [LOG, COPY], [ID, copied]) == outcome
    assert await redis.get(COPY) == (None if after is None else after.encode())


async def test_a_loss_is_accepted_as_it_was_looked_at_and_writes_go_on(call: Caller, redis: Redis) -> None:
    await redis.xadd(LOG, EVENT, id="5-4")  # type: ignore[arg-type] # redis-py's types are invariant
    await redis.set(COPY, f"{ID} 0")
    assert await call(ACCEPT, [LOG, COPY], [ID, "5-4", 2, ""]) == b"CHANGED"
    assert await call(ACCEPT, [LOG, COPY], [ID, "5-3", 1, ""]) == b"CHANGED"
    assert await call(ACCEPT, [LOG, COPY], ["other", "5-4", 1, ""]) == b"CHANGED"
    assert await redis.get(COPY) == f"{ID} 0".encode()
    assert await call(ACCEPT, [LOG, COPY], [ID, "5-4", 1, ""]) == b"OK"
    assert await redis.get(COPY) == f"{ID} 3".encode()
    assert await call(ACCEPT, [LOG, COPY], [ID, "5-4", 1, ""]) == b"CHANGED"
    assert (await call(APPEND, [LOG, HEADS, COPY], [ID, *NO_KEY[1:], *ONE])).endswith(b"-5")


async def test_where_all_is_gone_numbers_go_on_from_where_the_log_had_come_to(call: Caller, redis: Redis) -> None:
    await redis.set(COPY, f"{ID} 0")
    assert await call(ACCEPT, [LOG, COPY], [ID, "0-0", 0, "5-7"]) == b"OK"
    assert await redis.get(COPY) == f"{ID} 7".encode()
    assert (await call(APPEND, [LOG, HEADS, COPY], [ID, *NO_KEY[1:], *ONE])).endswith(b"-8")
    assert await redis.xlen(LOG) == 1


async def test_entries_of_somebody_else_are_no_loss_that_can_be_accepted(call: Caller, redis: Redis) -> None:
    await redis.xadd(LOG, EVENT, id="5-0")  # type: ignore[arg-type] # redis-py's types are invariant
    await redis.set(COPY, f"{ID} 0")
    assert await call(ACCEPT, [LOG, COPY], [ID, "5-0", 1, ""]) == b"CHANGED"


async def test_deployment_is_recorded_once(call: Caller, redis: Redis) -> None:
    record = Script("core.redis", "open_record")
    assert await call(record, ["d"], [64, 1, "a", 0]) == [None, None, None, None, None]
    assert await call(record, ["d"], [64, 1, "a", 1]) == [b"64", b"1", b"a", None, None]
    assert await call(record, ["d"], [8, 2, "b", 1]) == [b"64", b"1", b"a", None, None]
    assert await redis.hgetall("d") == {b"partitions": b"64", b"format": b"1", b"id": b"a"}


async def test_a_deployment_without_an_id_gets_one(call: Caller, redis: Redis) -> None:
    await redis.hset("d", mapping={"partitions": 64, "format": 1})
    assert await call(Script("core.redis", "open_record"), ["d"], [64, 1, "a", 0]) == [b"64", b"1", b"a", None, b"0"]


SCRIPTS = sorted(Path(core.__file__).parent.rglob("*.lua"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_says_what_it_takes_and_returns(path: Path) -> None:
    # `#!lua` makes a cluster refuse a script that touches keys of two slots.
    header = re.match(r"#!lua( flags=[a-z,-]+)?\n((--.*\n)+)", path.read_text())
    assert header is not None
    for word in ("KEYS", "ARGV", "Returns"):
        assert f"-- {word} " in header[2]
