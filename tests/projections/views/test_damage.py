"""Partitions that somebody else wrote into: each stops alone, and whoever looks says which, where and why."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import pytest
from anyio.lowlevel import checkpoint

from core.position import START, Position
from core.refusals import UnreadablePartition
from projections.read.lag import distance, lags
from projections.read.served_generation import Served
from projections.verify.difference import Difference
from projections.verify.verifier import Finished, verify
from projections.views.damage import Damage, beyond
from tests.core.log.test_foreign_entries import FIELDS
from tests.support.bounds import BOUND
from tests.support.discussions import SITE, THREADS, entries, played, stream
from tests.support.projecting import Bench, bench, projecting
from workers.projector import projector
from workers.projector.projector import Projector
from workers.rebuild.partition_rebuild import Flipped
from workers.rebuild.rebuilder import Rebuilder
from workers.runtime import metrics
from workers.runtime.process import Failed

BAD, GOOD, EMPTY = 0, 1, 2
STRANGE = b"somebody else's"

Damaging = Callable[[Bench], Awaitable[None]]


@pytest.fixture
async def here(fresh: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """Three partitions, with threads in two of them."""
    monkeypatch.setattr(projector, "RENEWED_S", 0.05)
    async with bench(fresh, partitions=3) as here:
        await here.play(stream(9, 60, threads=3), threads=3)
        assert all(here.entries[one] for one in (BAD, GOOD))
        yield here


def intruding(*fields: bytes) -> Damaging:
    async def intrude(here: Bench) -> None:
        last = await here.log.last(BAD)
        keys = here.deployment.keys[BAD]
        await here.call("XADD", keys.log, f"{last.ms}-{last.n + 1}", *fields)
        await here.call("SPUBLISH", keys.log_channel, "")

    return intrude


async def by_time(here: Bench) -> None:
    """As whoever does not number entries would."""
    keys = here.deployment.keys[BAD]
    await here.call("XADD", keys.log, f"{(await here.log.last(BAD)).ms + 1}-0", "foo", "bar")
    await here.call("SPUBLISH", keys.log_channel, "")


ENTRIES = {**{name: intruding(*fields) for name, fields in FIELDS.items()}, "a number that is none": by_time}


def another_type(key: Callable[[Bench], str]) -> Damaging:
    async def set_it(here: Bench) -> None:
        await here.call("DEL", key(here))
        await here.call("SET", key(here), STRANGE)
        await here.call("SPUBLISH", here.deployment.keys[BAD].log_channel, "")

    return set_it


async def cursor_is_a_list(here: Bench) -> None:
    await here.call("DEL", here.deployment.keys[BAD].cursor(1))
    await here.call("RPUSH", here.deployment.keys[BAD].cursor(1), STRANGE)


async def lease_is_a_list(here: Bench) -> None:
    await here.call("DEL", here.deployment.keys[BAD].lease)
    await here.call("RPUSH", here.deployment.keys[BAD].lease, STRANGE)


TYPES: dict[str, Damaging] = {
    "the log": another_type(lambda here: here.deployment.keys[BAD].log),
    "the parked threads": another_type(lambda here: here.deployment.keys[BAD].parked(1)),
    "the cursor": cursor_is_a_list,
    "the lease": lease_is_a_list,
}


async def stopped(one: Projector) -> None:
    with anyio.fail_after(BOUND):
        while not one.stopped:
            await checkpoint()


async def goes_on(here: Bench) -> None:
    """Write into the other partition, and wait until its views have that."""
    more = await entries(await played(stream(9, 240, threads=3), threads=3, partitions=3), GOOD)
    new = more[len(here.entries[GOOD]) :]
    assert new
    await here.pour(new, GOOD)
    await here.level(GOOD)


async def differences(here: Bench) -> tuple[list[Difference], list[Finished]]:
    finished: list[Finished] = []
    deployment = here.deployment
    found = [one async for one in verify(here.log, deployment.reads, deployment.keys, finished=finished.append)]
    return found, finished


@pytest.mark.parametrize("damage", ENTRIES.values(), ids=ENTRIES)
async def test_one_entry_that_is_none_of_ours_stops_its_partition_and_no_other(here: Bench, damage: Damaging) -> None:
    last = await here.log.last(BAD)
    await damage(here)
    bad = await here.log.last(BAD)
    before = metrics.STOPPED_PARTITIONS._value.get()
    one = here.projector()
    async with projecting(one):
        await stopped(one)
        await goes_on(here)
        assert list(one.stopped) == [BAD]
        assert one.stopped[BAD].position == last == await here.store.cursor(BAD)
        assert one.stopped[BAD].fault.startswith(f"UnreadableEntry: the entry at {bad} cannot be read: ")
        assert one.owned == {BAD, GOOD, EMPTY}
        # How far it is behind is told as of any other.
        with anyio.fail_after(BOUND):
            while (lag := one.lags.get(BAD)) is None or lag.events != 1:
                await checkpoint()
        assert metrics.STOPPED_PARTITIONS._value.get() == before + 1
    assert [(lag.partition, lag.events) for lag in await lags(Served(here.deployment), here.log)] == [(BAD, 1)]
    (found,), finished = await differences(here)
    assert (found.partition, found.key) == (BAD, here.deployment.keys[BAD].log)
    assert found.damage is not None
    assert (found.damage.position, found.damage.partition) == (bad, BAD)
    # What the views have was compared all the same.
    assert [(one.partition, one.position) for one in finished][:2] == [(BAD, last), (GOOD, await here.log.last(GOOD))]


async def test_it_stops_one_that_comes_while_it_is_followed(here: Bench) -> None:
    one = here.projector()
    async with projecting(one):
        await here.all_level()
        last = await here.log.last(BAD)
        await ENTRIES["no c"](here)
        await stopped(one)
        assert one.stopped[BAD].position == last
        await goes_on(here)


@pytest.mark.parametrize("damage", TYPES.values(), ids=TYPES)
async def test_a_partition_with_a_key_of_another_type_stops_alone(here: Bench, damage: Damaging) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    await damage(here)
    one = here.projector("another")
    async with projecting(one):
        await stopped(one)
        await goes_on(here)
        assert list(one.stopped) == [BAD]
        with anyio.fail_after(BOUND):
            while GOOD not in one.lags:
                await checkpoint()
        assert BAD not in one.lags


async def test_a_lease_that_becomes_another_type_while_it_is_held_stops_its_partition_alone(here: Bench) -> None:
    one = here.projector()
    async with projecting(one):
        await here.all_level()
        await lease_is_a_list(here)
        await stopped(one)
        await goes_on(here)
        assert list(one.stopped) == [BAD]


async def test_a_log_of_another_type_is_named_and_the_others_are_verified(here: Bench) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    await TYPES["the log"](here)
    (found,), finished = await differences(here)
    log = here.deployment.keys[BAD].log
    assert found.damage == Damage(partition=BAD, why=f"the key {log} has the wrong type")
    assert [one.partition for one in finished] == [GOOD, EMPTY]
    assert await beyond(here.log, BAD, START) == found.damage
    assert await beyond(here.log, GOOD, START) is None
    with pytest.raises(UnreadablePartition):
        await lags(Served(here.deployment), here.log)


async def test_a_cursor_of_another_type_is_named_and_the_others_are_verified(here: Bench) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    await cursor_is_a_list(here)
    (found,), finished = await differences(here)
    assert found.damage == Damage(partition=BAD, why="one of its keys has the wrong type")
    assert [one.partition for one in finished] == [GOOD, EMPTY]


async def test_a_hole_beyond_the_views_is_found(here: Bench) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    last = await here.log.last(BAD)
    stray = Position(last.ms, last.n + 2)
    e = b'{"type":"stray","actor":{"kind":"member","id":"ada"},"site":"kew","thread":"t","tp":""}'
    await here.call("XADD", here.deployment.keys[BAD].log, str(stray), "e", e, "c", b"")
    (found,), _ = await differences(here)
    assert found.damage == Damage(partition=BAD, position=stray, why=f"the event after {last} is missing")


async def rebuilt(here: Bench) -> list[Flipped]:
    told: list[Flipped] = []
    await Rebuilder(here.deployment, here.log, worker="builder", flipped=told.append).rebuild()
    return told


async def test_views_are_built_anew_up_to_an_entry_that_is_none_of_ours(here: Bench) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    last = await here.log.last(BAD)
    await ENTRIES["other fields"](here)
    bad = await here.log.last(BAD)
    told = {one.partition: one for one in await rebuilt(here)}
    assert told[GOOD].cut is None
    assert (told[BAD].events, told[BAD].cut) == (
        last.n,
        f"partition {BAD} at {bad}: its fields are not those of an event",
    )
    assert await here.call("GET", here.deployment.keys[BAD].cursor(2)) == str(last).encode()
    assert [found.partition for found in (await differences(here))[0]] == [BAD]


async def test_a_partition_that_cannot_be_read_keeps_no_other_from_being_built_anew(here: Bench) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    log = here.deployment.keys[BAD].log
    saved = await here.call("DUMP", log)
    await TYPES["the log"](here)
    with pytest.raises(Failed, match="1 of 3 partitions could not be rebuilt") as failed:
        await rebuilt(here)
    assert f"partition {BAD}: the key {log} has the wrong type" in str(failed.value)
    assert await here.call("GET", here.deployment.keys[GOOD].cursor(2)) == str(await here.log.last(GOOD)).encode()
    await here.call("RESTORE", log, 0, saved, "REPLACE")
    # It is gone on with, where it was left.
    assert [one.partition for one in await rebuilt(here)] == [BAD]
    assert (await differences(here))[0] == []


@pytest.mark.parametrize(
    ("at", "last", "events"),
    [
        ("0-0", "0-0", 0),
        ("5-3", "7-9", 6),
        ("5-3", "5-3", 0),
        ("5-3", "9-0", 1),
        ("5-3", "4-2", -1),
        ("5-3", "4-3", -1),
    ],
)
def test_how_many_events_lie_between_two_positions(at: str, last: str, events: int) -> None:
    assert distance(Position.parse(at), Position.parse(last)) == events


async def test_heads_of_another_type_are_named_though_every_view_is_right(here: Bench) -> None:
    async with projecting(here.projector()):
        await here.all_level()
    heads = here.deployment.keys.of(SITE, THREADS[1]).heads(SITE, THREADS[1])
    await here.call("DEL", heads)
    await here.call("SET", heads, STRANGE)
    (found,), finished = await differences(here)
    assert (found.partition, found.thread, found.key) == (GOOD, f"{SITE}/{THREADS[1]}", heads)
    assert found.damage == Damage(partition=GOOD, why=f"the key {heads} has the wrong type")
    assert len(finished) == 3
