"""The policy that a decision names can be read as it was then."""

import pytest

from tests.support.house import ADA, ADMIN, AUDITOR, MOD, House, Who, at, problem


async def test_the_policy_that_judged_a_text_is_read_by_its_position(house: House) -> None:
    await house.ask("PATCH", "policy", ADMIN, {"premoderation": "all"})
    comment = await house.post(ADA)
    await house.ask("PATCH", "policy", ADMIN, {"premoderation": "none", "max_body": 100})
    (event,) = (await house.get(f"audit?comment={comment}&thread=palm-house", AUDITOR)).json()["events"]
    judged = event["by_policy"] if "by_policy" in event else event["data"]["by_policy"]
    then = (await house.get(f"policy?at={judged}", AUDITOR)).json()
    assert (then["policy"]["premoderation"], then["policy"]["max_body"]) == ("all", 5000)
    assert then["position"] == judged
    now = (await house.get("policy", ADMIN)).json()
    assert (now["policy"]["premoderation"], now["policy"]["max_body"]) == ("none", 100)
    by_time = (await house.get("policy?at=2999-01-01T00:00:00.000Z", ADMIN)).json()
    assert by_time == now
    assert (await house.get(at(comment), MOD)).status_code == 200


async def test_before_the_opening_there_was_no_policy(house: House) -> None:
    problem(await house.get("policy?at=2001-01-01T00:00:00.000Z", ADMIN), 404, "not-yet-opened")
    problem(await house.get("policy?at=yesterday", ADMIN), 400, "bad-request")


@pytest.mark.parametrize("who", [ADA, MOD], ids=lambda who: who.id)
async def test_only_admins_and_auditors_read_the_whole_policy(house: House, who: Who) -> None:
    problem(await house.get("policy", who), 403, "not-allowed")
