"""The check of one thread: its events are folded, and compared with what is served."""

import time
from typing import Any

import anyio
import httpx2
import pytest
from msgspec.structs import replace

from projections.verify import single_thread
from projections.verify.single_thread import SingleThreadCheck
from projections.views.versions import OWN
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SITE, THREAD, House, Who, at, problem
from workers.gateway.operations.thread_checks import MOST_LISTED, ThreadChecks

CHECK = f"threads/{THREAD}/check"


async def check(house: House, who: Who = MOD) -> dict[str, Any]:
    answer = await house.get(CHECK, who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def views(house: House) -> Any:
    return house.deployment.keys.of(SITE, THREAD).thread_views(1, SITE, THREAD)


def unkept(house: House) -> None:
    """Keep no result from now on."""
    checks = ThreadChecks(house.deployment, house.served, house.log, house.clock, kept=0)
    house.serve(replace(house.services, checks=checks))


async def test_a_thread_that_is_served_as_it_was_recorded_is_identical(house: House) -> None:
    comment = await house.post(ADA)
    vote = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    await house.settled(vote.json()["position"])
    for who in (MOD, AUDITOR):
        found = await check(house, who)
        assert found == {"events": 3, "identical": True, "at": found["at"], "differs": [], "not_compared": []}


async def test_damage_is_told_by_view_and_comment_without_a_word_or_a_voter(house: House) -> None:
    comment = await house.post(ADA, "Words of the comment.")
    vote = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    await house.settled(vote.json()["position"])
    calls = house.deployment.calls
    await calls.call("HSET", views(house).votes, comment, "7 0")
    await calls.call("HDEL", views(house).rows, comment)
    await calls.call("HSET", views(house).reports, "surplus", "[]")
    await calls.call("ZADD", views(house).ballots, 0, "ben-the-voter other 1 1")
    found = await check(house)
    assert found["identical"] is False
    told = [(one["view"], one["comment"], one["what"]) for one in found["differs"]]
    assert sorted(told, key=str) == sorted(
        [
            ("ballots", None, "surplus"),
            ("reports", "surplus", "surplus"),
            ("rows", comment, "missing"),
            ("votes", comment, "other"),
        ],
        key=str,
    )
    answer = await house.get(CHECK, MOD)
    for word in ("ben", "Words of"):
        assert word not in answer.text


async def test_many_differences_are_told_in_part(house: House) -> None:
    await house.post(ADA)
    surplus = [part for number in range(MOST_LISTED + 20) for part in (f"c{number}", "1 0")]
    await house.deployment.calls.call("HSET", views(house).votes, *surplus)
    found = await check(house)
    assert (found["identical"], len(found["differs"])) == (False, MOST_LISTED)


async def test_it_is_kept_until_the_next_event_and_for_a_minute(house: House) -> None:
    await house.post(ADA)
    house.now = time.time()
    first = await check(house)
    await house.deployment.calls.call("HSET", views(house).votes, "damage", "7 0")
    house.now += 59
    assert await check(house) == first
    house.now += 2
    again = await check(house)
    assert (again["identical"], again["at"] != first["at"]) == (False, True)
    await house.deployment.calls.call("HDEL", views(house).votes, "damage")
    assert await check(house) == again
    await house.post(BEN)
    assert (await check(house))["identical"]


async def test_those_who_ask_for_a_thread_at_the_same_time_share_one_check(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post(ADA)
    unkept(house)
    begun, running, most = 0, 0, 0
    everybody = anyio.Event()
    differences = SingleThreadCheck.differences

    async def watched(self: SingleThreadCheck, *given: Any) -> Any:
        nonlocal begun, running, most
        begun, running = begun + 1, running + 1
        most = max(most, running)
        with anyio.fail_after(BOUND):
            await everybody.wait()
        async for one in differences(self, *given):
            yield one
        running -= 1

    monkeypatch.setattr(single_thread.SingleThreadCheck, "differences", watched)

    answers: list[httpx2.Response] = []

    async def ask(who: Who) -> None:
        answers.append(await house.get(CHECK, who))

    async with anyio.create_task_group() as tasks:
        for who in (MOD, AUDITOR, MOD):
            tasks.start_soon(ask, who)
        # What asks for something else of the process is answered meanwhile.
        assert (await house.get(f"threads/{THREAD}")).status_code == 200
        everybody.set()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (begun, most) == (1, 1)


async def test_views_of_a_version_that_folds_in_another_way_are_not_called_identical(house: House) -> None:
    await house.post(ADA)
    keys = house.deployment.keys.of(SITE, THREAD)
    other = str(replace(OWN, fold=OWN.fold + 1))
    await house.deployment.calls.call("SADD", keys.versions(1), other)
    problem(await house.get(CHECK, MOD), 503, "unavailable")


async def test_it_is_for_moderators_and_auditors(house: House) -> None:
    await house.post(ADA)
    problem(await house.get(CHECK), 401, "unauthenticated")
    for who in (ADA, BEN, ADMIN):
        problem(await house.get(CHECK, who), 403, "not-allowed")
    problem(await house.get("threads/none/check", MOD), 404, "not-found")
