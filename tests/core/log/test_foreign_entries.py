"""What somebody else's program put into a log: read in its place, as nobody's, wherever the log lives."""

from contextlib import aclosing
from typing import Any

import anyio
import pytest

from core.events.envelope import UnreadableEntry, envelope_of, read
from core.log.port import Append, BrokenChain, HeadWanted, Load, Log, LogDiverged
from core.position import START, Position
from core.refusals import UnreadablePartition
from tests.support.bounds import BOUND
from tests.support.logs import HERE, SITE, THREAD, Place, RedisPlace, event, positions, write

EVENT = b'{"type":"x","actor":{"kind":"staff","id":"a"},"site":"kew","tp":""}'
"""It could be read, if it stood where an event stands."""

FIELDS = {
    "other fields": (b"foo", b"bar"),
    "no c": (b"e", EVENT),
    "no e": (b"c", EVENT),
    "c before e": (b"c", EVENT, b"e", EVENT),
    "one field more": (b"e", EVENT, b"c", b"", b"d", b""),
    "e twice": (b"e", EVENT, b"e", b""),
    "an empty e": (b"e", b"", b"c", b""),
    "no JSON": (b"e", b"{not json", b"c", b""),
    "no UTF-8": (b"e", b'{"type":"\xff","actor":{"kind":"staff","id":"a"},"site":"kew"}', b"c", b""),
    "no object": (b"e", b"null", b"c", b""),
    "no envelope": (b"e", b"{}", b"c", b""),
    "nested too deeply": (b"e", b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}", b"c", b""),
    "a site that cannot be": (b"e", b'{"type":"x","actor":{"kind":"staff","id":"a"},"site":"a/b"}', b"c", b""),
    "a time that cannot be": (
        *(b"e", b'{"type":"x","actor":{"kind":"staff","id":"a"},"site":"kew","at":999999999999999}'),
        *(b"c", b""),
    ),
}
every_kind = pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)


@every_kind
async def test_an_entry_that_is_none_of_ours_is_read_in_its_place_and_is_nobodys(
    place: Place, fields: tuple[bytes, ...]
) -> None:
    log = place.log
    before = await write(log, event(), event())
    stray = await place.intrude(HERE, *fields)
    after = await place.put(HERE, stray.ms + 1)
    assert positions(await log.read(HERE, START, limit=10)) == [*before, stray, after]
    assert await log.last(HERE) == after
    entry = await log.entry(HERE, stray)
    assert entry is not None
    for reading in (read, envelope_of):
        with pytest.raises(UnreadableEntry) as raised:
            reading(*entry)
        assert raised.value.position == stray
        assert str(raised.value).startswith(f"the entry at {stray} cannot be read: ")
    with anyio.fail_after(BOUND):
        async with aclosing(log.follow(HERE, START)) as batches:  # type: ignore[type-var] # every follow is a generator
            assert positions(await anext(batches)) == [*before, stray, after]


async def test_one_that_is_another_at_the_same_position_is_not_taken_for_itself(place: Place) -> None:
    stray = await place.intrude(HERE, b"foo", b"bar")
    async with aclosing(place.log.follow(HERE, START)) as batches:  # type: ignore[type-var] # every follow is a generator
        assert positions(await anext(batches)) == [stray]
        if isinstance(place, RedisPlace):
            await place.deployment.calls.call("DEL", place.deployment.keys[HERE].log)
        else:
            await place.lose(HERE, 1)
        assert await place.intrude(HERE, b"foo", b"other") == stray
        with anyio.fail_after(BOUND), pytest.raises(LogDiverged):
            await anext(batches)


@pytest.mark.parametrize("fields", [FIELDS["other fields"], FIELDS["no c"], FIELDS["one field more"]])
async def test_no_walk_back_begins_at_one(place: Place, fields: tuple[bytes, ...]) -> None:
    await write(place.log, event())
    stray = await place.intrude(HERE, *fields)
    with pytest.raises(BrokenChain, match=str(stray)):
        await place.log.chain(SITE, THREAD, stray)


async def test_a_partition_whose_log_is_of_another_type_is_named_by_every_call(place: Place) -> None:
    if not isinstance(place, RedisPlace):
        pytest.skip("what is in this process's memory has no type that could be another")
    log, keys = place.log, place.deployment.keys
    (written,) = await write(log, event())
    await place.deployment.calls.call("DEL", keys[HERE].log)
    await place.deployment.calls.call("SET", keys[HERE].log, "somebody else's")
    load = Load(site=SITE, thread=THREAD, heads=(HeadWanted(event().head),))
    append = Append(site=SITE, thread=THREAD, expected={}, events=(event(),), now=0)
    calls: list[Any] = [
        lambda: log.last(HERE),
        lambda: log.lasts([1 - HERE, HERE]),
        lambda: log.entry(HERE, written),
        lambda: log.read(HERE, START, limit=1),
        lambda: log.chain(SITE, THREAD, written),
        lambda: anext(aiter(log.follow(HERE, START))),
        lambda: log.load(load),
        lambda: log.append(append),
    ]
    for call in calls:
        with anyio.fail_after(BOUND), pytest.raises(UnreadablePartition) as raised:
            await call()
        assert raised.value.partition == HERE
        assert raised.value.detail.startswith(f"partition {HERE} cannot be read: ")
    assert await log.last(1 - HERE) == START
    assert await log.read(1 - HERE, START, limit=1) == []


async def test_heads_of_another_type_are_named_too(place: Place) -> None:
    if not isinstance(place, RedisPlace):
        pytest.skip("what is in this process's memory has no type that could be another")
    heads = place.deployment.keys[HERE].heads(SITE, THREAD)
    await place.deployment.calls.call("SET", heads, "somebody else's")
    with pytest.raises(UnreadablePartition, match=heads.replace("{", r"\{")):
        await place.log.thread_last(SITE, THREAD)
    for glance in (True, False):
        load = Load(site=SITE, thread=THREAD, heads=(HeadWanted("thread", events=False),), heads_first=glance)
        with pytest.raises(UnreadablePartition):
            await place.log.load(load)


async def test_reading_by_time_goes_past_one(log: Log, place: Place) -> None:
    (first,) = await write(log, event())
    stray = await place.intrude(HERE, b"foo", b"bar")
    later = await place.put(HERE, stray.ms + 1000)
    assert positions(await log.read(HERE, Position(first.ms, 0), limit=10)) == [first, stray, later]
    assert positions(await log.read(HERE, Position(later.ms, 0), limit=10)) == [later]
