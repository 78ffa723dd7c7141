"""Times that come in over HTTP: what is taken can be told again, everywhere."""

import pytest

from core import heads
from core.caller import Actor
from core.events.envelope import Stamp, encode
from core.events.member_events import MemberSuspended
from core.log.port import NewEvent
from core.times import LATEST
from tests.support.house import ADA, AUDITOR, MOD, SITE, THREAD, House, problem
from tests.support.poisoning import put

BEYOND = "9999-12-31T23:59:59-23:59"
LAST = "9999-12-31T23:59:59.999Z"


async def test_a_suspension_that_ends_beyond_year_9999_is_refused_and_changes_nothing(house: House) -> None:
    path = f"members/{ADA.id}/suspension"
    length = await house.length()
    told = problem(await house.ask("PUT", path, MOD, {"reason": "No.", "until": BEYOND}), 400, "bad-request")
    assert told["errors"][0]["pointer"] == "/until"
    for past in ("1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        told = problem(await house.ask("PUT", path, MOD, {"reason": "No.", "until": past}), 400, "bad-request")
        assert told["errors"] == [{"pointer": "/until", "detail": "the time is in the past"}]
    assert await house.length() == length
    assert (await house.ask("PUT", path, MOD, {"reason": "No.", "until": LAST})).status_code == 200
    assert (await house.get(f"members/{ADA.id}", MOD)).json()["member"]["suspension"]["until"] == LAST


@pytest.mark.parametrize("until", [LATEST + 1, 10**15, 2**62])
async def test_a_suspension_that_was_recorded_so_is_told_with_the_last_time_there_is(house: House, until: int) -> None:
    stamp = Stamp(actor=Actor(kind="staff", id=MOD.id), site=SITE)
    e, c = encode(MemberSuspended(member=ADA.id, until=until, reason="No."), stamp)
    await put(house.log, "", NewEvent(head=heads.member(ADA.id), e=e, c=c), SITE)
    for who in (ADA, MOD):
        answer = await house.get(f"members/{ADA.id}", who)
        assert answer.json()["member"]["suspension"]["until"] == LAST
    refused = problem(await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "Words."}), 403, "suspended")
    assert refused["until"] == LAST
    assert (await house.get(f"threads/{THREAD}/me", ADA)).json()["refusals"]["comment"]["until"] == LAST
    (event_told,) = (await house.get("audit?type=member.suspended", AUDITOR)).json()["events"]
    assert event_told["data"]["until"] == LAST


async def test_an_audit_tells_when_a_suspension_ends_as_every_time(house: House) -> None:
    body = {"reason": "No.", "until": "2199-01-01T01:00:00.5+01:00"}
    assert (await house.ask("PUT", f"members/{ADA.id}/suspension", MOD, body)).status_code == 200
    (event,) = (await house.get("audit?type=member.suspended", AUDITOR)).json()["events"]
    assert event["data"]["until"] == "2199-01-01T00:00:00.500Z"
    assert event["data"]["by_role"] == "moderator"


async def test_the_past_and_the_audit_take_times_of_before_1970(house: House) -> None:
    await house.post(ADA)
    for time in ("1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z"):
        for who in (None, MOD):
            problem(await house.get(f"threads/{THREAD}?at={time}", who), 404, "not-yet-opened")
        whole = (await house.get("audit", AUDITOR)).json()["events"]
        assert (await house.get(f"audit?from={time}", AUDITOR)).json()["events"] == whole
        assert (await house.get(f"audit?to={time}", AUDITOR)).json() == {"events": [], "next": None, "more": False}


@pytest.mark.parametrize(
    "time", [BEYOND, "0000-01-01T00:00:00Z", "0001-01-01T00:00:00%2B00:01", "2023-02-29T00:00:00Z"]
)
async def test_what_is_no_time_is_one_nowhere(house: House, time: str) -> None:
    for path, who, pointer in (
        (f"threads/{THREAD}?at={time}", None, "/at"),
        (f"audit?from={time}", AUDITOR, "/from"),
        (f"audit?to={time}", AUDITOR, "/to"),
    ):
        told = problem(await house.get(path, who), 400, "bad-request")
        assert told["errors"][0]["pointer"] == pointer
