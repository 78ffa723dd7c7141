"""What an append promises, wherever the log lives."""

import pytest

from core.keys import WINDOW_MS
from core.log.port import NO_HEAD, Answer, Appended, Conflict, Head, HeadWanted, KeyReused, Log, Repeated, Skew
from core.log.server_time import Clocks
from core.position import START, Position
from tests.support.logs import (
    HERE,
    PARTITIONS,
    SITE,
    THREAD,
    Place,
    append,
    event,
    facts,
    head,
    look,
    positions,
    thread_in,
    write,
)


async def test_numbers_are_dense_and_times_never_go_backwards(log: Log) -> None:
    for number in range(20):
        await write(log, event(f"c:{number}"), thread=thread_in(HERE, skip=number % 3))
    entries = await log.read(HERE, START, limit=100)
    assert [entry.position.n for entry in entries] == list(range(1, 21))
    assert positions(entries) == sorted(positions(entries))


async def test_every_partition_counts_for_itself(log: Log) -> None:
    for partition in range(PARTITIONS):
        (position,) = await write(log, event(), thread=thread_in(partition))
        assert position.n == 1
        assert await log.last(partition) == position


async def test_an_entry_is_what_was_handed_over_with_its_back_pointers(log: Log) -> None:
    content = bytes(range(256)) + "\u2028 naïve".encode()
    (position,) = await write(log, event("c:1", c=content))
    entry = await log.entry(HERE, position)
    assert entry is not None
    assert entry == (position, b'{"v":1,"type":"said","head":"c:1","tp":""}', content)


async def test_an_event_points_back_within_its_thread_and_within_its_aggregate(log: Log) -> None:
    (first,) = await write(log, event("c:1"))
    (elsewhere,) = await write(log, event("c:1"), thread=thread_in(HERE))
    (other,) = await write(log, event("c:2"))
    (again,) = await write(log, event("c:1"))
    found = {entry.position: facts(entry) for entry in await log.read(HERE, START, limit=9)}
    pointers = {position: (there["tp"], there.get("ap")) for position, there in found.items()}
    assert pointers == {
        first: ("", None),
        elsewhere: ("", None),
        other: (str(first), None),
        again: (str(other), str(first)),
    }


async def test_events_of_one_append_follow_each_other_and_point_to_each_other(log: Log) -> None:
    (before,) = await write(log, event("thread"))
    first, second, third = await write(log, event("thread"), event("c:1"), event("thread"))
    assert [position.n for position in (first, second, third)] == [2, 3, 4]
    assert len({position.ms for position in (first, second, third)}) == 1
    pointers = [(there["tp"], there.get("ap")) for there in map(facts, await log.read(HERE, before, limit=9))]
    assert pointers == [(str(before), str(before)), (str(first), None), (str(second), str(first))]
    assert await head(log, "thread") == Head(3, third)
    assert await head(log, "c:1") == Head(1, second)


async def test_the_site_has_a_log_of_its_own_events(log: Log) -> None:
    (position,) = await write(log, event("site"), thread="")
    assert await log.thread_last(SITE, "") == position
    assert await head(log, "site", thread="") == Head(1, position)


async def test_the_last_event_of_a_thread_is_known(log: Log) -> None:
    assert await log.thread_last(SITE, THREAD) is None
    await write(log, event("c:1"))
    (last,) = await write(log, event("c:2"))
    await write(log, event("c:1"), thread=thread_in(HERE))
    assert await log.thread_last(SITE, THREAD) == last


async def test_a_head_keeps_the_note_of_its_last_event(log: Log) -> None:
    (first,) = await write(log, event("v:1:ada", note="1 2"))
    assert await head(log, "v:1:ada") == Head(1, first, "1 2")
    (second,) = await write(log, event("v:1:ada"))
    assert await head(log, "v:1:ada") == Head(2, second)


async def test_a_mark_moves_a_position_and_a_note_and_no_version(log: Log) -> None:
    (first,) = await write(log, event("r:1:ada", mark="l:1"))
    assert await head(log, "l:1") == Head(0, first)
    (second,) = await write(log, event("r:1:ben", note="2", mark="l:1"))
    assert await head(log, "l:1") == Head(0, second, "2")
    await write(log, event("v:1:ada", note="-1 7"))
    (last,) = await write(log, event("r:1:eve", mark="v:1:ada"))
    assert await head(log, "v:1:ada") == Head(1, last)


async def test_what_is_only_marked_has_no_events(log: Log) -> None:
    await write(log, event("r:1:ada", mark="l:1"))
    assert (await look(log, HeadWanted("l:1"))).events == {"l:1": []}


async def test_an_expected_position_that_holds_lets_it_through(log: Log) -> None:
    (first,) = await write(log, event("c:1"), expected={"c:1": None, "thread": None})
    await write(log, event("c:1"), expected={"thread": None, "c:1": first})


@pytest.mark.parametrize("case", ["there is one", "there is none", "there is another"])
async def test_a_conflict_names_the_head_and_writes_nothing(log: Log, case: str) -> None:
    (before,) = await write(log, event("c:1"))
    # An event of another branch, in the place of the one that is there: the version would be the same.
    other = Position(before.ms - 1, before.n)
    expected, conflict = {
        "there is one": ({"c:1": None}, ("c:1", before)),
        "there is none": ({"c:1": before, "c:2": before}, ("c:2", None)),
        "there is another": ({"c:1": other}, ("c:1", before)),
    }[case]
    outcome = await append(log, event("c:1"), event("c:2"), expected=expected, key="k", digest="d")
    assert outcome == Conflict(*conflict)
    assert await log.last(HERE) == before
    assert await log.thread_last(SITE, THREAD) == before
    assert (await head(log, "c:1"), await head(log, "c:2")) == (Head(1, before), NO_HEAD)
    assert (await look(log, key="k")).answer is None


async def test_of_two_who_saw_the_same_position_one_is_told(log: Log) -> None:
    now = (await look(log)).now
    outcomes = [await append(log, event("c:1"), expected={"c:1": None}, key=key, now=now) for key in ("a", "b")]
    assert isinstance(outcomes[0], Appended)
    assert outcomes[1] == Conflict("c:1", *outcomes[0].positions)


async def test_a_key_is_answered_with_what_it_did_first(log: Log) -> None:
    first = await write(log, event("c:1"), event("c:2"), key="k", digest="d", created=True, expected={"c:1": None})
    again = await append(log, event("c:1"), event("c:2"), key="k", digest="d", created=True, expected={"c:1": None})
    assert again == Repeated(Answer(first, created=True, digest="d"))
    assert await log.last(HERE) == first[-1]
    assert await head(log, "c:1") == Head(1, first[0])


async def test_a_key_used_for_another_command_is_refused(log: Log) -> None:
    first = await write(log, event("c:1"), key="k", digest="d")
    assert await append(log, event("c:2"), key="k", digest="e") == KeyReused()
    assert await log.last(HERE) == first[-1]
    assert await append(log, event("c:1"), key="k", digest="d") == Repeated(Answer(first, created=False, digest="d"))


async def test_commands_are_told_apart_by_all_of_their_digest(log: Log) -> None:
    digest = "abcdefgh"
    first = await write(log, event("c:1"), key="k", digest=digest)
    others = [digest[:at] + "-" + digest[at + 1 :] for at in range(len(digest))]
    for other in (*others, digest[:-1], f"{digest}i", ""):
        assert await append(log, event("c:2"), key="k", digest=other) == KeyReused()
    assert await log.last(HERE) == first[-1]
    assert await append(log, event("c:1"), key="k", digest=digest) == Repeated(Answer(first, False, digest))


async def test_a_key_is_looked_up_before_positions_are_compared(log: Log) -> None:
    first = await write(log, event("c:1"), key="k", digest="d", expected={"c:1": None})
    again = await append(log, event("c:1"), key="k", digest="d", expected={"c:1": None})
    assert again == Repeated(Answer(first, created=False, digest="d"))


async def test_the_same_key_in_another_partition_is_another_key(log: Log) -> None:
    for partition in range(PARTITIONS):
        await write(log, event("c:1"), key="k", digest="d", thread=thread_in(partition))


async def test_what_changes_nothing_is_remembered_with_what_settled_it(log: Log) -> None:
    (settled,) = await write(log, event("v:1:ada"))
    assert await append(log, settled=settled, key="k", digest="d") == Appended((settled,), settled)
    assert await append(log, settled=settled, key="k", digest="d") == Repeated(Answer((settled,), False, "d"))
    assert (await look(log, key="k")).answer == Answer((settled,), created=False, digest="d")
    assert await log.last(HERE) == settled
    assert await head(log, "v:1:ada") == Head(1, settled)


async def test_what_changes_nothing_is_settled_only_as_things_were_seen(log: Log) -> None:
    (settled,) = await write(log, event("v:1:ada"))
    outcome = await append(log, settled=settled, key="k", digest="d", expected={"v:1:ada": None})
    assert outcome == Conflict("v:1:ada", settled)
    assert (await look(log, key="k")).answer is None


async def test_without_a_key_every_append_is_a_new_one(log: Log) -> None:
    (first,) = await write(log, event("c:1"), now=0)
    (second,) = await write(log, event("c:1"), now=0)
    assert second.n == first.n + 1
    assert await append(log, settled=first) == Appended((first,), second)


async def test_a_key_of_another_day_is_skew_and_writes_nothing(log: Log) -> None:
    now = (await look(log)).now
    outcome = await append(log, event("c:1"), key="k", digest="d", now=now - WINDOW_MS)
    assert isinstance(outcome, Skew)
    assert 0 <= outcome.now - now < WINDOW_MS
    assert await log.last(HERE) == START
    (position,) = await write(log, event("c:1"), key="k", digest="d", now=outcome.now)
    assert position.n == 1


async def test_a_key_is_remembered_until_the_next_window_ends(place: Place) -> None:
    log = place.log
    first = await write(log, event("c:1"), key="k", digest="d")
    next_window = (first[0].ms // WINDOW_MS + 1) * WINDOW_MS
    for ms in (next_window, next_window + WINDOW_MS - 1):
        await place.put(HERE, ms)
        await write(log, event("c:2"), key=f"at {ms}")
        assert (await look(log, key="k")).answer == Answer(first, created=False, digest="d")
        again = await append(log, event("c:1"), key="k", digest="d")
        assert again == Repeated(Answer(first, created=False, digest="d"))
        assert await append(log, event("c:1"), key="k", digest="e") == KeyReused()
    last = await place.put(HERE, next_window + WINDOW_MS)
    assert (await look(log, key="k")).answer is None
    (position,) = await write(log, event("c:1"), key="k", digest="d")
    assert position.n == last.n + 1


async def test_a_key_is_found_though_the_estimated_window_is_always_another(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is for a moment at the end of a window, where the log's time stands still and the estimate goes on."""
    log = place.log
    first = await write(log, event("c:1"), key="k", digest="d")
    monkeypatch.setattr(Clocks, "window", lambda *_: first[0].ms // WINDOW_MS + 1)
    assert (await look(log, key="k")).answer == Answer(first, created=False, digest="d")


async def test_a_clock_that_jumps_back_finds_what_was_written(place: Place) -> None:
    log = place.log
    ahead = await place.put(HERE, (await look(log)).now + 5 * WINDOW_MS)
    assert (await look(log)).now == ahead.ms
    first = await write(log, event("c:1"), key="k", digest="d")
    assert first == (Position(ahead.ms, ahead.n + 1),)
    again = await append(log, event("c:1"), key="k", digest="d")
    assert again == Repeated(Answer(first, created=False, digest="d"))


async def test_a_hundred_events_go_in_at_once(log: Log) -> None:
    heads = [f"c:{number}" for number in range(100)]
    written = await write(log, *map(event, heads), expected=dict.fromkeys(heads))
    assert [position.n for position in written] == list(range(1, 101))


async def test_it_is_told_what_the_partition_had_last(log: Log) -> None:
    first = await append(log, event("c:1"), event("c:2"))
    assert isinstance(first, Appended)
    assert first.after == START
    second = await append(log, event("c:1"))
    assert isinstance(second, Appended)
    assert second.after == first.positions[-1]
