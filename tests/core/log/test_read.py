"""Reading a log forward, back and live, wherever it lives."""

from contextlib import aclosing

import anyio
import pytest

from core.log.port import BrokenChain, Entry, Log, LogDiverged
from core.position import START, Position
from tests.support.bounds import BOUND
from tests.support.logs import HERE, SITE, THREAD, Place, event, positions, thread_in, write


async def test_an_empty_log_has_nothing_to_read(log: Log) -> None:
    assert await log.last(HERE) == START
    assert await log.read(HERE, START, limit=10) == []
    assert await log.entry(HERE, Position(1, 1)) is None


async def test_the_ends_of_several_logs_are_those_of_each(place: Place) -> None:
    assert await place.log.lasts([]) == []
    assert await place.log.lasts([HERE, 1 - HERE]) == [START, START]
    *_, last = await write(place.log, *[event()] * 3)
    assert await place.log.lasts([1 - HERE, HERE]) == [START, last]
    other = await place.put(1 - HERE, last.ms)
    assert await place.log.lasts([1 - HERE, HERE]) == [other, last]


async def test_reading_goes_on_after_a_position(log: Log) -> None:
    written = await write(log, *[event()] * 10)
    assert positions(await log.read(HERE, START, limit=100)) == list(written)
    assert positions(await log.read(HERE, written[3], limit=100)) == list(written[4:])
    assert positions(await log.read(HERE, written[3], limit=2)) == list(written[4:6])
    assert await log.read(HERE, written[-1], limit=100) == []


async def test_reading_ends_with_a_position(log: Log) -> None:
    written = await write(log, *[event()] * 10)
    assert positions(await log.read(HERE, written[3], limit=100, upto=written[6])) == list(written[4:7])
    assert positions(await log.read(HERE, written[3], limit=1, upto=written[6])) == list(written[4:5])
    assert await log.read(HERE, written[3], limit=100, upto=written[3]) == []
    assert await log.read(HERE, written[3], limit=100, upto=written[0]) == []


async def test_reading_by_time_begins_with_what_was_recorded_then(place: Place) -> None:
    (first,) = await write(place.log, event())
    hours = [await place.put(HERE, first.ms + hour * 3_600_000) for hour in (1, 2, 3)]
    two = Position(hours[1].ms, 0)
    assert positions(await place.log.read(HERE, two, limit=10)) == hours[1:]
    assert positions(await place.log.read(HERE, START, limit=10, upto=two)) == [first, hours[0]]
    assert positions(await place.log.read(HERE, Position(hours[2].ms + 1, 0), limit=10)) == []


async def test_an_entry_is_found_by_its_exact_position(log: Log) -> None:
    first, second = await write(log, event("c:1"), event("c:2"))
    entry = await log.entry(HERE, second)
    assert entry is not None
    assert entry.position == second
    for wrong in (second._replace(n=3), second._replace(ms=second.ms - 1), Position(first.ms, 0)):
        assert await log.entry(HERE, wrong) is None


async def test_several_entries_are_found_at_once_in_the_order_asked_for(log: Log) -> None:
    written = await write(log, *[event()] * 5)
    assert await log.entries(HERE, []) == []
    wrong = written[1]._replace(n=9)
    found = await log.entries(HERE, [written[3], wrong, written[0], written[3]])
    assert positions(found) == [written[3], written[0], written[3]]
    assert found[0] == await log.entry(HERE, written[3])


async def test_a_thread_is_walked_back_from_any_of_its_events(log: Log) -> None:
    written: list[Position] = []
    for number in range(6):
        written += await write(log, event(f"c:{number % 2}"))
        await write(log, event(), thread=thread_in(HERE))
    assert positions(await log.chain(SITE, THREAD, written[-1])) == written[::-1]
    assert positions(await log.chain(SITE, THREAD, written[3])) == written[3::-1]


async def test_an_aggregate_is_walked_back_alone(log: Log) -> None:
    written = [(await write(log, event(f"c:{number % 2}")))[0] for number in range(6)]
    assert positions(await log.chain(SITE, THREAD, written[-1], aggregate=True)) == written[::-2]


async def test_walking_back_stops_before_a_position_or_after_so_many(log: Log) -> None:
    written = await write(log, *[event()] * 10)
    assert positions(await log.chain(SITE, THREAD, written[8], until=written[5])) == list(written[8:5:-1])
    assert positions(await log.chain(SITE, THREAD, written[8], limit=3)) == list(written[8:5:-1])
    assert positions(await log.chain(SITE, THREAD, written[8], until=written[2], limit=2)) == list(written[8:6:-1])
    assert await log.chain(SITE, THREAD, written[8], until=written[8]) == []
    assert await log.chain(SITE, THREAD, written[8], limit=0) == []


async def test_walking_back_to_what_is_not_there_goes_to_the_first(log: Log) -> None:
    written = await write(log, *[event()] * 5)
    never = Position(written[2].ms - 1, written[2].n)
    assert positions(await log.chain(SITE, THREAD, written[4], until=never)) == list(written[::-1])


async def test_a_long_thread_is_walked_back_whole(log: Log) -> None:
    written = [position for _ in range(7) for position in await write(log, *[event()] * 100)]
    assert positions(await log.chain(SITE, THREAD, written[-1])) == written[::-1]
    assert positions(await log.chain(SITE, THREAD, written[-1], until=written[100])) == written[:100:-1]
    assert positions(await log.chain(SITE, THREAD, written[-1], limit=300)) == written[:-301:-1]


async def test_walking_back_from_nowhere_is_an_alarm(log: Log) -> None:
    (written,) = await write(log, event())
    with pytest.raises(BrokenChain):
        await log.chain(SITE, THREAD, written._replace(n=7))


async def test_following_gives_what_is_there_and_then_what_comes(log: Log) -> None:
    first, second = await write(log, event("c:1"), event("c:2"))
    got: list[Entry] = []
    with anyio.fail_after(BOUND):
        async for entries in log.follow(HERE, first):
            got += entries
            if len(got) < 3:
                await write(log, event(f"c:{len(got)}"))
            else:
                break
    assert positions(got) == positions(await log.read(HERE, first, limit=10))
    assert got[0].position == second


async def test_following_brings_no_more_than_asked_at_a_time(log: Log) -> None:
    await write(log, *[event()] * 10)
    sizes = []
    with anyio.fail_after(BOUND):
        async for entries in log.follow(HERE, START, limit=4):
            sizes.append(len(entries))
            if sum(sizes) == 10:
                break
    assert sizes == [4, 4, 2]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_however_little_is_asked_for_at_a_time_all_of_it_comes(log: Log, limit: int) -> None:
    written = await write(log, *[event()] * 10)
    got: list[Position] = []
    with anyio.fail_after(BOUND):
        async for entries in log.follow(HERE, written[2], limit=limit):
            assert len(entries) <= limit
            got += positions(entries)
            if len(got) == 7:
                break
    assert got == list(written[3:])


async def test_nobody_follows_from_an_event_that_is_not_there(log: Log) -> None:
    *_, last = await write(log, *[event()] * 5)
    elsewhere = (Position(last.ms, last.n + 1), Position(last.ms - 1, last.n), Position(last.ms + 1, last.n))
    for wrong in (*elsewhere, Position(last.ms + 9, 900)):
        with anyio.fail_after(BOUND), pytest.raises(LogDiverged) as lost:
            await anext(aiter(log.follow(HERE, wrong)))
        assert (lost.value.partition, lost.value.position) == (HERE, wrong)


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_log_that_lost_its_end_and_grew_another_is_not_taken_for_itself(place: Place, lost: int) -> None:
    written = await write(place.log, *[event()] * 5)
    async with aclosing(place.log.follow(HERE, written[1])) as batches:  # type: ignore[type-var] # every follow is a generator
        assert positions(await anext(batches)) == list(written[2:])
        await place.lose(HERE, lost)
        # One more than were lost: whoever went by the numbers would find the next one there.
        for number in range(lost + 1):
            await place.put(HERE, written[-1].ms + 1000 + number)
        with anyio.fail_after(BOUND), pytest.raises(LogDiverged) as found:
            await anext(batches)
    assert found.value.position == written[-1]


async def test_an_event_that_is_another_at_the_same_position_is_not_taken_for_itself(place: Place) -> None:
    first = await place.put(HERE, 1_700_000_000_000, e=b"{}")
    async with aclosing(place.log.follow(HERE, START)) as batches:  # type: ignore[type-var] # every follow is a generator
        assert positions(await anext(batches)) == [first]
        await place.lose(HERE, 1)
        assert await place.put(HERE, first.ms, e=b'{"ap":"1-1"}') == first
        await place.put(HERE, first.ms)
        with anyio.fail_after(BOUND), pytest.raises(LogDiverged):
            await anext(batches)


async def test_a_log_that_lost_everything_is_not_taken_for_a_new_one(place: Place) -> None:
    written = await write(place.log, *[event()] * 3)
    async with aclosing(place.log.follow(HERE, START)) as batches:  # type: ignore[type-var] # every follow is a generator
        assert len(await anext(batches)) == 3
        await place.lose(HERE, 3)
        await place.put(HERE, written[-1].ms + 1)
        with anyio.fail_after(BOUND), pytest.raises(LogDiverged):
            await anext(batches)


async def test_a_log_that_lost_what_nobody_has_read_yet_is_followed(place: Place) -> None:
    written = await write(place.log, *[event()] * 5)
    got: list[Position] = []
    with anyio.fail_after(BOUND):
        async for entries in place.log.follow(HERE, START, limit=3):
            got += positions(entries)
            if len(got) == 3:
                await place.lose(HERE, 2)
                other = await place.put(HERE, written[-1].ms + 1000)
            else:
                break
    assert got == [*written[:3], other]


async def test_many_follow_one_partition_and_each_gets_everything(log: Log) -> None:
    got: list[list[Position]] = [[] for _ in range(5)]

    async def follow(into: list[Position]) -> None:
        async for entries in log.follow(HERE, START):
            into += positions(entries)
            if len(into) == 50:
                break

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            for into in got:
                tasks.start_soon(follow, into)
            for _ in range(50):
                tasks.start_soon(write, log, event())
    assert got == [positions(await log.read(HERE, START, limit=100))] * 5


async def test_appending_by_many_at_once_leaves_no_hole(log: Log) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(write, log, event(f"c:{number}"), event("thread"))
    entries = await log.read(HERE, START, limit=1000)
    assert [entry.position.n for entry in entries] == list(range(1, 201))
    assert positions(await log.chain(SITE, THREAD, entries[-1].position)) == positions(entries)[::-1]
