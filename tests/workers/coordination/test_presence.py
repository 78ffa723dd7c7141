"""The word of a live process, and the upgrade that asks for it."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from core.formats import Formats
from core.keys import DEPLOYMENT, PROCESSES
from core.log.redis import RedisLog
from core.redis.deployment import Deployment, open_deployment
from core.redis.live_processes import Gone, Held, LiveProcess, Unchanged, Upgraded, live_processes, upgrade
from tests.support.bounds import BOUND
from workers.coordination.leases import LASTS_MS
from workers.coordination.membership import Membership
from workers.coordination.presence import Presence, present
from workers.doctor.deployment import _format, _processes
from workers.runtime.process import Failed

pytestmark = pytest.mark.anyio

OLD = Formats(reads=(1,), writes=1)
NEW = Formats(reads=(1, 2), writes=2)


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Deployment]:
    """A deployment of format 1, opened by a version that writes 2."""
    async with open_deployment(fresh, partitions=2, formats=NEW, new_format=1, record_interval=0.01) as deployment:
        yield deployment


async def say(deployment: Deployment, formats: Formats, name: str, *, alive: bool = True) -> LiveProcess:
    """Let a process of a version with these formats say that it lives, or that it ends."""
    one = LiveProcess(name=name, role="gateway", version="0.0.9", reads=formats.reads, writes=formats.writes)
    roster = Membership(deployment.calls, one.document(), key=PROCESSES)
    await (roster.renew() if alive else roster.leave())
    return one


async def upgraded(deployment: Deployment, formats: Formats = NEW) -> Any:
    return await upgrade(deployment.calls, str(deployment.record.id), formats)


async def format_of(deployment: Deployment) -> int:
    return int(await deployment.calls.call("HGET", DEPLOYMENT, "format"))


async def test_a_process_says_its_role_version_and_formats_until_it_ends(here: Deployment) -> None:
    presence = Presence(here, name="one", role="projector", every=0.01)
    await presence.begin()
    (found,) = await live_processes(here.calls)
    assert found == presence.process
    assert (found.name, found.role, found.reads, found.writes) == ("one", "projector", (1, 2), 2)
    assert found.version[0].isdigit()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(presence.run)
        # What was forgotten, as by a server that lost its memory, is said again.
        await here.calls.call("DEL", PROCESSES)
        with anyio.fail_after(BOUND):
            while await live_processes(here.calls) != [presence.process]:
                pass
        tasks.cancel_scope.cancel()
    assert await here.calls.call("EXISTS", PROCESSES) == 0


async def test_a_process_that_was_killed_is_alive_no_longer_than_its_word_counts(here: Deployment) -> None:
    one = await say(here, NEW, "one")
    assert 0 < await here.calls.call("PTTL", PROCESSES) <= LASTS_MS
    await here.calls.call("ZADD", PROCESSES, 1, one.document())
    assert await live_processes(here.calls) == []


async def test_a_server_that_takes_no_writes_still_tells_who_lives(here: Deployment) -> None:
    one = await say(here, NEW, "one")
    await here.writing.config_set("maxmemory", 1)
    try:
        assert await live_processes(here.calls) == [one]
        await Presence(here, name="two", role="gateway").begin()  # it is not kept from starting
    finally:
        await here.writing.config_set("maxmemory", 0)


async def test_a_process_of_another_deployment_says_nothing_here(here: Deployment) -> None:
    presence = Presence(here, name="one", role="gateway", every=0.01)
    await here.calls.call("HSET", DEPLOYMENT, "id", "another")
    with pytest.raises(Failed, match="another deployment"):
        await presence.begin()
    await here.calls.call("DEL", PROCESSES)
    await presence._say()
    assert await here.calls.call("EXISTS", PROCESSES) == 0


async def test_a_process_that_begins_while_the_format_is_raised_notices(fresh: str) -> None:
    async with open_deployment(fresh, partitions=2, formats=OLD) as deployment:
        await deployment.calls.call("HSET", DEPLOYMENT, "format", 2)  # after it was opened, before it was announced
        with pytest.raises(Failed, match="has format 2, but this version of Hansard reads format 1"):
            await Presence(deployment, name="one", role="gateway").begin()


async def test_a_command_is_broken_off_where_its_deployment_becomes_another(here: Deployment) -> None:
    async def work() -> None:
        async with present(here, name="one", role="rebuild"):
            assert [one.role for one in await live_processes(here.calls)] == ["rebuild"]
            await here.calls.call("DEL", DEPLOYMENT)
            with anyio.fail_after(BOUND):
                await anyio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as broken:
        await work()
    (why,) = broken.value.exceptions
    assert isinstance(why, Failed)
    assert str(why).startswith("Interrupted: the record of the deployment is gone")


async def test_the_format_is_raised_where_every_live_process_reads_it(here: Deployment) -> None:
    await say(here, NEW, "one")
    await say(here, NEW, "two")
    assert await upgraded(here) == Upgraded(before=1)
    assert await format_of(here) == 2
    assert await upgraded(here) == Unchanged(format=2)


async def test_the_format_is_not_raised_beside_a_process_that_does_not_read_it(here: Deployment) -> None:
    old = await say(here, OLD, "old")
    await say(here, NEW, "new")
    assert await upgraded(here) == Held(format=1, by=(old,))
    assert await format_of(here) == 1
    await say(here, OLD, "old", alive=False)
    assert await upgraded(here) == Upgraded(before=1)


async def test_the_format_is_never_lowered(here: Deployment) -> None:
    await upgraded(here)
    assert await upgraded(here, OLD) == Unchanged(format=2)
    assert await format_of(here) == 2


@pytest.mark.parametrize("document", ["no JSON", "[]", '"old"', '{"reads":"all"}', "{}"])
async def test_a_word_that_cannot_be_read_holds_an_upgrade(here: Deployment, document: str) -> None:
    await Membership(here.calls, document, key=PROCESSES).renew()
    outcome = await upgraded(here)
    assert isinstance(outcome, Held)
    assert len(outcome.by) == 1
    assert await format_of(here) == 1


@pytest.mark.parametrize("spoil", [("DEL", DEPLOYMENT), ("HSET", DEPLOYMENT, "id", "another")])
async def test_the_format_of_another_deployment_is_left_alone(here: Deployment, spoil: tuple[Any, ...]) -> None:
    await here.calls.call(*spoil)
    assert await upgraded(here) == Gone()
    assert await here.calls.call("HGET", DEPLOYMENT, "format") in (None, b"1")


async def test_a_process_of_before_takes_no_writes_after_an_upgrade_that_did_not_see_it(
    here: Deployment, fresh: str
) -> None:
    async with open_deployment(fresh, partitions=2, formats=OLD) as old:
        await upgraded(here)
        await old.record.read()
        assert old.record.unfit is not None
        assert old.record.unfit.cause == "format"
        assert RedisLog(old).format == 1
        presence = Presence(old, name="late", role="gateway", every=0.01)
        await presence._say()
        assert [one.name for one in await live_processes(here.calls)] == ["late"], "it is in the next one's way"


def process(formats: Formats) -> LiveProcess:
    return LiveProcess(name="host-1-ab", role="gateway", version="0.9", reads=formats.reads, writes=formats.writes)


@pytest.mark.parametrize(
    ("there", "live", "verdict", "change"),
    [
        (2, [process(NEW)], "good", ""),
        (1, [process(NEW)], "advice", "Run `hansard upgrade`"),
        (1, [process(NEW), process(OLD)], "advice", r"Update or stop gateway host-1-ab \(0.9\)"),
    ],
)
def test_the_doctor_tells_the_format_and_what_is_in_the_way(
    there: int, live: list[LiveProcess], verdict: str, change: str
) -> None:
    found = _format(there, NEW, live)
    assert found.verdict == verdict
    assert change.replace("\\", "") in (found.change or "")


def test_the_doctor_tells_each_live_process_and_which_do_not_read_the_format() -> None:
    assert [one.verdict for one in _processes(2, [process(NEW), process(OLD)])] == ["good", "wrong"]
    assert [one.found for one in _processes(2, [])] == ["none alive"]
