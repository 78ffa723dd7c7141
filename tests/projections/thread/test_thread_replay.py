"""One thread folded from its own events: as far as it is asked for, and past what an operator has skipped."""

import pytest

from core.log.memory import MemoryLog
from core.position import Position
from projections.thread.fold import CannotApply, fold
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from tests.support.discussions import SITE, THREADS, Move, Play, events, played, stream
from tests.support.poisoning import poison, skip

THREAD = THREADS[0]


@pytest.fixture
async def log() -> MemoryLog:
    return await played(stream(71, 160, threads=2), threads=2)


async def folded(log: MemoryLog, upto: Position) -> ThreadState:
    state = ThreadState(site=SITE, id=THREAD)
    return fold(state, [one for one in await events(log) if one.position <= upto])


async def test_it_can_be_moved_on_and_back(log: MemoryLog) -> None:
    positions = [one.position for one in await events(log)]
    replay = ThreadReplay(log, SITE, THREAD)
    for at in (positions[9], positions[20], positions[9], positions[3], positions[-1]):
        assert await replay.at(at) == await folded(log, at)
    assert await replay.at() == await folded(log, positions[-1])
    assert await replay.at(before=positions[9]) == await folded(log, positions[8])


async def test_it_goes_on_with_what_was_appended_since(log: MemoryLog) -> None:
    replay = ThreadReplay(log, SITE, THREAD)
    before = (await replay.at()).events
    play = Play(log)
    await play.make(Move("post"))
    assert (await replay.at()).events == before + 1


async def test_a_thread_without_events_has_none(log: MemoryLog) -> None:
    assert (await ThreadReplay(log, SITE, "nowhere").at()).events == 0


async def test_an_event_that_cannot_be_applied_is_raised_or_stops_it(log: MemoryLog) -> None:
    last = (await events(log))[-1].position
    bad = await poison(log, THREAD)
    await poison(log, THREAD)
    with pytest.raises(CannotApply) as failed:
        await ThreadReplay(log, SITE, THREAD).at()
    assert failed.value.position == bad
    replay = ThreadReplay(log, SITE, THREAD, stops=True)
    assert await replay.at() == await folded(log, last)
    assert replay.failed is not None
    assert replay.failed.position == bad
    await replay.at(last)
    await replay.at()
    assert replay.state == await folded(log, last)
    back = (await events(log))[5].position
    await replay.at(back)
    assert replay.failed is None, "the event may be of a branch that the log has left"


async def test_a_skipped_event_is_counted_and_changes_nothing_else(log: MemoryLog) -> None:
    last = (await events(log))[-1].position
    bad = await poison(log, THREAD)
    skipped = await skip(log, bad)
    replay = ThreadReplay(log, SITE, THREAD)
    before = await folded(log, last)
    after = await replay.at(bad)
    assert (after.events, after.last, after.rows) == (before.events + 1, bad, before.rows)
    assert (await replay.at()).last == skipped


async def test_each_event_is_told_once_it_is_applied(log: MemoryLog) -> None:
    seen: list[Position] = []
    replay = ThreadReplay(log, SITE, THREAD, passed=lambda state: seen.append(state.last))
    await replay.at()
    assert seen == [one.position for one in await events(log)]


async def test_the_walk_begins_where_it_is_told(log: MemoryLog) -> None:
    positions = [one.position for one in await events(log)]
    asked: list[Position] = []

    async def last(upto: Position) -> Position:
        asked.append(upto)
        return positions[11]

    replay = ThreadReplay(log, SITE, THREAD, last=last)
    assert await replay.at(positions[10]) == await folded(log, positions[10])
    assert await replay.at(positions[11]) == await folded(log, positions[11])
    assert asked == [positions[10], positions[11]]
