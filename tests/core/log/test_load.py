"""What a load tells, wherever the log lives."""

from core.keys import WINDOW_MS
from core.log.port import NO_HEAD, Answer, Head, HeadWanted, Load, Log
from core.position import Position
from tests.support.logs import HERE, SITE, THREAD, Place, event, look, positions, thread_in, write


async def test_what_never_was_has_version_0(log: Log) -> None:
    loaded = await look(log, HeadWanted("thread"), HeadWanted("c:1", events=False))
    assert loaded.answer is None
    assert loaded.heads == {"thread": NO_HEAD, "c:1": NO_HEAD}
    assert loaded.events == {"thread": []}


async def test_time_is_never_before_the_last_event(place: Place) -> None:
    before = await look(place.log)
    ahead = await place.put(HERE, before.now + 3_600_000)
    assert (await look(place.log)).now == ahead.ms
    (position,) = await write(place.log, event())
    assert position.ms == ahead.ms


async def test_events_come_oldest_first_with_their_heads(log: Log) -> None:
    written = []
    for number in range(5):
        (position,) = await write(log, event("c:1", c=b"%d" % number))
        written.append(position)
        await write(log, event("c:2"))
    loaded = await look(log, HeadWanted("c:1"), HeadWanted("c:2", events=False), HeadWanted("thread"))
    assert loaded.heads["c:1"] == Head(5, written[-1])
    assert loaded.heads["c:2"].version == 5
    assert positions(loaded.events["c:1"]) == written
    assert [entry.c for entry in loaded.events["c:1"]] == [b"0", b"1", b"2", b"3", b"4"]
    assert loaded.events["thread"] == []
    assert "c:2" not in loaded.events


async def test_what_is_known_is_not_sent_again(log: Log) -> None:
    written = [(await write(log, event("c:1")))[0] for _ in range(5)]
    loaded = await look(log, HeadWanted("c:1", known=written[2]))
    assert positions(loaded.events["c:1"]) == written[3:]
    loaded = await look(log, HeadWanted("c:1", known=written[4]))
    assert loaded.events["c:1"] == []
    assert loaded.heads["c:1"] == Head(5, written[4])


async def test_a_known_position_that_this_log_never_had_brings_everything(log: Log) -> None:
    written = [(await write(log, event("c:1")))[0] for _ in range(3)]
    elsewhere = Position(written[1].ms - 1, written[1].n)
    loaded = await look(log, HeadWanted("c:1", known=elsewhere))
    assert positions(loaded.events["c:1"]) == written


async def test_a_key_that_was_used_is_answered_and_nothing_else_looked_up(log: Log) -> None:
    written = await write(log, event("c:1"), event("c:2"), key="k", digest="d", created=True)
    loaded = await look(log, HeadWanted("c:1"), key="k")
    assert loaded.answer == Answer(written, created=True, digest="d")
    assert (loaded.heads, loaded.events) == ({}, {})


async def test_a_key_that_was_not_used_is_no_answer(log: Log) -> None:
    await write(log, event("c:1"), key="k", digest="d")
    loaded = await look(log, HeadWanted("c:1"), key="l")
    assert loaded.answer is None
    assert loaded.heads["c:1"].version == 1


async def test_a_long_life_is_loaded_whole(log: Log) -> None:
    written = [position for _ in range(7) for position in await write(log, *[event("c:1")] * 100)]
    loaded = await look(log, HeadWanted("c:1"))
    assert positions(loaded.events["c:1"]) == written


async def test_several_long_lives_are_loaded_whole(log: Log) -> None:
    written = {head: await write(log, *[event(head)] * 200) for head in ("c:1", "c:2", "c:3")}
    known = written["c:3"][99]
    loaded = await look(log, HeadWanted("c:1"), HeadWanted("c:2"), HeadWanted("c:3", known=known))
    assert positions(loaded.events["c:1"]) == list(written["c:1"])
    assert positions(loaded.events["c:2"]) == list(written["c:2"])
    assert positions(loaded.events["c:3"]) == list(written["c:3"][100:])


async def test_large_texts_are_loaded_whole(log: Log) -> None:
    texts = [b"%d" % number + b"x" * 300_000 for number in range(8)]
    for text in texts:
        await write(log, event("c:1", c=text))
    assert [entry.c for entry in (await look(log, HeadWanted("c:1"))).events["c:1"]] == texts


async def test_what_is_loaded_together_is_what_each_load_tells_alone(log: Log) -> None:
    threads = [thread_in(HERE), thread_in(1 - HERE), thread_in(HERE, skip=1)]
    written = await write(log, *[event("c:1")] * 300, thread=threads[0])
    await write(log, event("c:1"), thread=threads[1], key="k", digest="d")
    long, answered, empty = await log.load_all(
        Load(site=SITE, thread=threads[0], heads=(HeadWanted("c:1"),)),
        Load(site=SITE, thread=threads[1], heads=(HeadWanted("c:1"),), key="k"),
        Load(site=SITE, thread=threads[2], heads=(HeadWanted("c:1"),)),
    )
    assert positions(long.events["c:1"]) == list(written)
    assert answered.answer is not None
    assert answered.heads == {}
    assert empty.heads == {"c:1": NO_HEAD}


async def test_a_glance_tells_the_same_heads_and_events(log: Log) -> None:
    """Whatever is known of them: all, nothing, less than there is, or what this log never had."""
    first, second = [(await write(log, event("c:1")))[0] for _ in range(2)]
    await write(log, event("c:2"))
    elsewhere = Position(second.ms - 1, second.n)
    for known in (None, first, second, elsewhere):
        for others in ((), (HeadWanted("c:2", events=False),), (HeadWanted("c:2"),), (HeadWanted("c:3"),)):
            wanted = (HeadWanted("c:1", known=known), *others)
            looked = await look(log, *wanted)
            glanced = await log.load(Load(site=SITE, thread=THREAD, heads=wanted, heads_first=True))
            assert (glanced.heads, glanced.events) == (looked.heads, looked.events)
            assert abs(glanced.now - looked.now) < WINDOW_MS


async def test_glances_and_loads_may_be_asked_together(log: Log) -> None:
    written = await write(log, event("c:1"), key="k", digest="d")
    elsewhere = thread_in(1 - HERE)
    wanted = HeadWanted("c:1", known=written[0])
    known, answered, unknown = await log.load_all(
        Load(site=SITE, thread=THREAD, heads=(wanted,), heads_first=True),
        Load(site=SITE, thread=THREAD, heads=(wanted,), key="k"),
        Load(site=SITE, thread=elsewhere, heads=(HeadWanted("c:1"),), heads_first=True),
    )
    assert known.events == {"c:1": []}
    assert answered.answer is not None
    assert unknown.heads == {"c:1": NO_HEAD}
