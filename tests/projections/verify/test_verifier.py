"""What does not agree with the log is found, and nothing else."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.keys import ThreadViews
from core.log.port import Entry
from core.position import Position
from core.redis.command import RedisCommand
from projections.thread.snapshots import field, pack
from projections.verify.verifier import Difference, Finished, Progress, verify
from projections.views.damage import Damage
from projections.views.listings.registry import LISTINGS
from tests.support.discussions import ALL, SITE, THREADS, entries, played, stream
from tests.support.projecting import Bench, bench, projecting

THREAD = THREADS[0]
LENGTH = 1000


@pytest.fixture(autouse=True)
def every_way(way: str) -> None:
    """Every test here, in every way of reading."""
    del way


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    """Views level with a log of two threads, one with snapshots, and nobody who writes."""
    async with bench(fresh) as here:
        await here.play(stream(33, LENGTH, threads=2), threads=2)
        async with projecting(here.projector()):
            await here.level()
        yield here


@pytest.fixture
async def small(fresh: str) -> AsyncIterator[Bench]:
    """As `here`, with less to compare but something in every view."""
    async with bench(fresh) as here:
        await here.play(stream(73, 250, threads=2, deeds=ALL), threads=2)
        async with projecting(here.projector()):
            await here.level()
        yield here


async def differences(here: Bench) -> list[Difference]:
    return [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)]


async def test_views_that_agree_have_no_difference_and_progress_is_told(here: Bench) -> None:
    told: list[Progress] = []
    async for difference in verify(here.log, here.deployment.reads, here.deployment.keys, progress=told.append):
        raise AssertionError(difference)
    last = (await here.log.last(0)).n
    assert (told[-1].partition, told[-1].events, told[-1].of, told[-1].threads) == (0, last, last, 2)
    assert [one.events for one in told] == sorted(one.events for one in told)


async def test_a_row_changed_by_hand_is_found(small: Bench) -> None:
    views = small.deployment.keys[0].thread_views(1, SITE, THREAD)
    comment = next(row.id for row in small.folded(THREAD).rows.values() if row.published)
    row = await small.call("HGET", views.rows, comment)
    await small.call("HSET", views.rows, comment, row.replace(b'"status":"published"', b'"status":"Published"', 1))
    (found,) = await differences(small)
    assert (found.thread, found.key, found.field) == (f"{SITE}/{THREAD}", views.rows, comment)
    assert found.expected == row
    assert found.found != row


async def test_whatever_is_changed_in_any_view_is_found(small: Bench) -> None:
    here = small
    views = await here.views()
    assert {key.rsplit(":", 1)[1] for key in views} == {
        *ThreadViews._fields,
        *(listing.name for listing in LISTINGS if listing.name != "appeals"),
    }
    for key, there in views.items():
        first, last = next(iter(there)), next(reversed(there))
        value, kept = there[first], there[last]
        if isinstance(value, int):
            await here.call("ZADD", key, value + 1, first, 0, "more")
            undo: tuple[tuple[str | int | bytes, ...], ...] = (("ZADD", key, value, first), ("ZREM", key, "more"))
        else:
            await here.call("HSET", key, first, b"other", "more", b"x")
            undo = (("HSET", key, first, value), ("HDEL", key, "more"))
        wanted = {first, "more"}
        if last != first:
            wanted.add(last)
            await here.call("ZREM" if isinstance(kept, int) else "HDEL", key, last)
            undo = (*undo, ("ZADD", key, kept, last) if isinstance(kept, int) else ("HSET", key, last, kept))
        assert {(one.key, one.field) for one in await differences(here)} == {(key, field) for field in wanted}
        for command in undo:
            await here.call(*command)
    assert await differences(here) == []


async def test_keys_that_should_not_exist_are_found(small: Bench) -> None:
    keys = small.deployment.keys[0]
    stray = {
        keys.thread_views(1, SITE, "nowhere").rows,
        keys.listing(1, "elsewhere", "pending"),
        keys.snapshots(SITE, "nowhere"),
    }
    for key in stray:
        await small.call("HSET", key, "f", "v")
    found = await differences(small)
    assert {one.key for one in found} == stray
    assert {one.expected for one in found} == {None}


async def test_a_key_of_another_kind_is_found(small: Bench) -> None:
    keys = small.deployment.keys[0]
    wrong = {keys.thread_views(1, SITE, THREAD).roots, keys.listing(1, SITE, "authors")}
    for key in wrong:
        await small.call("SET", key, "text")
    found = await differences(small)
    assert {(one.key, one.field, one.expected, one.found) for one in found} == {
        (key, None, b"zset", b"string") for key in wrong
    }


async def test_a_view_of_a_site_that_is_another_kind_is_told_once_for_all_threads(small: Bench) -> None:
    key = small.deployment.keys[0].listing(1, SITE, "reported")
    await small.call("DEL", key)
    await small.call("SET", key, "text")
    assert [(one.key, one.thread) for one in await differences(small)] == [(key, None)]


async def test_members_of_threads_that_the_log_does_not_have_are_found_in_every_view_of_a_site(small: Bench) -> None:
    keys = small.deployment.keys[0]
    stray = {
        "authors": "nobody 000 nowhere nothing p",
        "pending": "000 000 nowhere nothing nobody",
        "reported": "malformed",
        "queue": "000 000 nowhere nothing nobody p * 1 p 0",
        "posted": "000 000 nowhere nothing p *",
        "decisions": "000 000 nowhere nothing 1 approve mod nobody *",
        "judged": "nobody 000 nowhere nothing 1 approve",
        "aliases": "nobody nobody nowhere nothing",
        "figures": "000 000 nowhere nothing comment.held 1 hold mod * * * own * r * *",
        "urls": "https://nowhere.example/ nowhere",
        "opened": "000 000 nowhere",
        "batches": "b nowhere nothing",
        "voids": "b nowhere nothing nobody",
        "untold": "nobody 000 nowhere nothing 1",
        "appeals": "000 000 nowhere nothing nobody a * 1",
        "removals": "000 000 nowhere nothing nobody 1",
        "notices": "000 000 nowhere nothing nobody n",
        "references": "n nowhere nothing 0 * * *",
        "labelled": "plants nowhere",
        "threads": "nowhere",
    }
    assert stray.keys() == {listing.name for listing in LISTINGS}
    for view, member in stray.items():
        await small.call("ZADD", keys.listing(1, SITE, view), 0, member)
    found = {(one.key, one.field, one.thread, one.expected, one.found) for one in await differences(small)}
    assert found == {(keys.listing(1, SITE, view), member, None, None, 0) for view, member in stray.items()}


async def test_a_snapshot_that_is_not_the_thread_there_is_found(here: Bench) -> None:
    key = here.deployment.keys[0].snapshots(SITE, THREAD)
    marks = await here.store.marks(SITE, THREAD)
    assert marks
    state = here.folded(THREAD, marks[0].position)
    right = await here.call("HGET", key, field(state))
    state.comments += 1
    for wrong in (pack(state), b"no snapshot at all"):
        await here.call("HSET", key, field(state), wrong)
        (found,) = await differences(here)
        assert (found.key, found.field, found.found) == (key, field(state), wrong)
    await here.call("HSET", key, field(state), right)
    # One from before a redaction would give the text back.
    redacted = here.folded(THREAD).redacted
    assert redacted
    early = here.folded(THREAD, here.entries[0][60].position)
    await here.call("HSET", key, field(early), pack(early))
    (found,) = await differences(here)
    assert (found.field, found.expected) == (field(early), None)


async def test_views_beyond_the_log_are_found(small: Bench) -> None:
    last = await small.log.last(0)
    ahead = str(Position(last.ms, last.n + 1))
    cursor = small.deployment.keys[0].cursor(1)
    await small.call("SET", cursor, ahead)
    (found,) = await differences(small)
    assert (found.key, found.expected, found.found) == (cursor, str(last).encode(), ahead.encode())


async def test_a_log_with_a_hole_is_a_difference_at_the_hole(small: Bench) -> None:
    before, hole, after = (entry.position for entry in small.entries[0][9:12])
    await small.call("XDEL", small.deployment.keys[0].log, str(hole))
    (found,) = await differences(small)
    assert found.damage == Damage(partition=0, position=after, why=f"the event after {before} is missing")


async def test_an_event_that_names_another_before_it_is_a_difference(small: Bench) -> None:
    bad = next(entry for entry in reversed(small.entries[0]) if f'"thread":"{THREAD}"'.encode() in entry.e)
    log = small.deployment.keys[0].log
    other = re.sub(rb'"tp":"[0-9-]*"', b'"tp":"%b"' % str(small.entries[0][0].position).encode(), bad.e)
    await small.call("DEL", log)
    for position, e, c in small.entries[0]:
        await small.call("XADD", log, str(position), "e", other if position == bad.position else e, "c", c)
    (found,) = await differences(small)
    assert found.damage is not None
    assert str(bad.position) in found.damage.why


async def test_it_goes_on_while_others_write(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    some = await entries(await played(stream(31, 600, threads=2), threads=2))
    pieces = [some[at : at + 80] for at in range(0, len(some), 80)]
    async with bench(fresh) as here, projecting(here.projector()):
        reads, ask = here.deployment.reads, here.deployment.reads.all
        due: list[list[Entry]] = []

        async def beside(calls: list[RedisCommand]) -> list[Any]:
            """Answer when more was written, once per verification; the projector folds it meanwhile."""
            if due:
                await here.pour(due.pop())
            return await ask(calls)

        monkeypatch.setattr(reads, "all", beside)
        ends = []
        for piece in pieces:
            due.append(piece)
            told: list[Progress] = []
            found = verify(here.log, reads, here.deployment.keys, progress=told.append)
            assert [one async for one in found] == []
            assert due == []
            ends.append(told[-1].events if told else 0)
            await here.level()
        assert ends == sorted(ends)
        assert ends[-1] >= len(some) - len(pieces[-1])
        assert await differences(here) == []


async def test_a_member_too_many_of_a_thread_that_goes_on_meanwhile_is_found_once(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = await entries(await played(stream(37, 250, threads=2), threads=2))
    half = len(some) // 2
    async with bench(fresh) as here, projecting(here.projector()):
        reads, key = here.deployment.reads, here.deployment.keys[0].listing(1, SITE, "authors")
        ask, stray, rest = reads.all, f"nobody 000 {THREADS[1]} nothing p", some[half:]

        async def beside(calls: list[RedisCommand]) -> list[Any]:
            """Answer, and once the members of this view were counted: one is added that no event did, and others."""
            found = await ask(calls)
            if rest and any(call.command[:2] == ("ZSCAN", key) for call in calls):
                due = rest.copy()
                rest.clear()
                await here.call("ZADD", key, 0, stray)
                await here.pour(due)
                await here.level()
            return found

        await here.pour(some[:half])
        await here.level()
        monkeypatch.setattr(reads, "all", beside)
        found = [one async for one in verify(here.log, reads, here.deployment.keys)]
        assert rest == []
        assert [(one.key, one.field, one.expected) for one in found] == [(key, stray, None)]


async def test_where_other_views_come_to_be_served_the_partition_begins_again_with_those(
    small: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = small.deployment.keys[0]
    read, reads = small.log.read, 0

    async def flip(*arguments: Any, **more: Any) -> list[Entry]:
        """While the log is read: views in another generation, which are served from now on, and none in the first."""
        nonlocal reads
        reads += 1
        if reads == 1:
            for key in (name.decode() for name in await small.call("KEYS", "*:g1:*")):
                await small.call("RENAME", key, key.replace(":g1:", ":g2:"))
            await small.call("SET", keys.generation, "2.0")
        return await read(*arguments, **more)

    monkeypatch.setattr(small.log, "read", flip)
    told: list[Finished] = []
    found = verify(small.log, small.deployment.reads, small.deployment.keys, finished=told.append)
    assert [one async for one in found] == []
    (through,) = told
    assert (through.partition, through.generation, through.threads) == (0, 2, 2)
    assert through.position == await small.log.last(0)


async def test_what_was_committed_in_the_middle_of_a_read_is_no_difference(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = await entries(await played(stream(32, 300, threads=2), threads=2))
    half = len(some) // 2
    waited = 0
    async with bench(fresh) as here, projecting(here.projector()):
        reads, rows = here.deployment.reads, here.deployment.keys[0].thread_views(1, SITE, THREAD).rows
        ask = reads.all

        async def slow(calls: list[RedisCommand]) -> list[Any]:
            """Answer what is asked of the rows of a thread when the rest of the log is in the views, and no sooner."""
            nonlocal waited
            at = next((at for at, call in enumerate(calls) if rows in call.command), None)
            if at is None or waited:
                return await ask(calls)
            waited += 1
            before = await ask(calls[:at])
            await here.pour(some[half:])
            await here.level()
            return before + await ask(calls[at:])

        await here.pour(some[:half])
        await here.level()
        monkeypatch.setattr(reads, "all", slow)
        assert [one async for one in verify(here.log, reads, here.deployment.keys)] == []
        assert waited == 1
