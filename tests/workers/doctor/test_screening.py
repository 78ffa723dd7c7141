"""What the doctor says of the screening of texts: whether anybody does it, and what waits."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from core.keys import SITES, SITES_NOTED
from core.redis.live_processes import live_processes
from tests.support.house import ADA, ADMIN, SITE, THREAD, House
from tests.support.screener_host import ScreenerHost, screener_host, screening, set_up, until, worker_of
from workers.coordination.presence import Presence
from workers.doctor.checkup import examine
from workers.doctor.finding import Finding
from workers.doctor.screening import BEHIND_S, findings, waiting
from workers.runtime.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def host() -> AsyncIterator[ScreenerHost]:
    async with screener_host() as host:
        yield host


async def examined(house: House, later: float = 0.0) -> Sequence[Finding]:
    """The findings so many seconds after the last event."""
    lasts = [await house.log.last(number) for number in range(house.log.partitions)]
    now = max(last.ms for last in lasts) + int(later * 1000)
    return await findings(house.deployment, house.log, await live_processes(house.deployment.calls), now)


async def begin(house: House, role: str) -> None:
    await Presence(house.deployment, name="one", role=role).begin()


async def test_where_no_site_screens_there_is_nothing_to_say(house: House, host: ScreenerHost) -> None:
    assert await examined(house) == []
    await set_up(house, host)
    await house.ask("PATCH", "policy", ADMIN, {"screening": None})
    assert await examined(house) == []


@pytest.mark.parametrize("role", [None, "gateway", "projector"])
async def test_a_screener_that_nobody_asks_is_wrong(house: House, host: ScreenerHost, role: str | None) -> None:
    await set_up(house, host)
    if role is not None:
        await begin(house, role)
    await house.post(ADA)
    (found,) = await examined(house, later=90)
    assert (found.verdict, found.about) == ("wrong", "screening")
    assert found.found.startswith(f"no process asks the screener of {SITE}: 0 texts to be asked about, ")
    assert "events not looked at, the oldest 9" in found.found
    assert "Start `hansard screener`" in (found.change or "")


@pytest.mark.parametrize("role", ["screener", "up"])
async def test_a_process_that_asks_and_is_up_to_date_is_well(house: House, host: ScreenerHost, role: str) -> None:
    await set_up(house, host)
    await begin(house, role)
    (found,) = await examined(house)
    assert (found.verdict, found.found) == ("good", f"the screener of {SITE} is asked by 1 worker")


async def test_a_process_that_is_far_behind_is_wrong(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    await begin(house, "screener")
    await house.post(ADA)
    assert [one.verdict for one in await examined(house, later=BEHIND_S - 60)] == ["good"]
    (found,) = await examined(house, later=BEHIND_S + 1)
    assert found.verdict == "wrong"
    assert found.found.startswith("1 worker behind: ")
    assert "`screening_retried`" in (found.change or "")


async def test_texts_that_wait_are_counted_until_they_are_judged(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    host.hang()
    async with screening(worker_of(house)) as worker:
        await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "First words."})
        await host.asked.wait()
        found = await waiting(house.deployment, house.log)
        assert found.texts == 1
        assert found.since is not None
        host.open.set()
        await until(lambda: worker.number_due == 0)
    assert (await waiting(house.deployment, house.log)).texts == 0


async def test_a_text_that_waits_is_told_of_where_the_site_screens_no_more(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    host.hang()
    async with screening(worker_of(house)):
        await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "First words."})
        await host.asked.wait()
    await house.ask("PATCH", "policy", ADMIN, {"screening": None})
    (found,) = await examined(house)
    assert found.verdict == "wrong"
    assert found.found.startswith("no process asks a screener that texts wait for: 1 text to be asked about")


async def test_it_finds_sites_whose_names_nobody_listed_and_writes_nothing(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    calls = house.deployment.calls
    await calls.call("DEL", SITES, SITES_NOTED)
    assert [one.verdict for one in await examined(house)] == ["wrong"]
    assert await calls.call("EXISTS", SITES, SITES_NOTED) == 0


async def test_a_policy_that_asks_a_screener_that_is_not_set_gets_advice(house: House) -> None:
    policy: dict[str, Any] = {"screening": {"when": "before", "deadline": 5, "on_failure": "hold"}}
    await house.ask("PATCH", "policy", ADMIN, policy)
    (found,) = await examined(house)
    assert (found.verdict, found.found) == ("advice", f"the policy of {SITE} asks a screener, and none is set")
    assert "`PUT /screening`" in (found.change or "")


async def test_the_finding_is_among_those_of_the_doctor(house: House, host: ScreenerHost, fresh: str) -> None:
    await set_up(house, host)
    found = await examine(fresh, Settings(durability="memory"))
    assert [one.verdict for one in found if one.about == "screening"] == ["wrong"]
