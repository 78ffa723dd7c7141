"""An editor reads what was decided, by whom, why and how fast; what an import brought is in no figure."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.moderation import Decide
from projections.figures import event_reader
from projections.read import progress
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, GUEST, MOD, SITE, THREAD, House, Who, at, problem

OTHER = Who("mia", ("moderator",))
LINKS = ({"kind": "links_over", "links": 0},)


async def ask(house: House, method: str, path: str, who: Who, body: Any, status: int = 200) -> Any:
    """A write that is taken. The views have it."""
    answer = await house.ask(method, path, who, body)
    assert answer.status_code == status, answer.text
    await seen(house)
    return answer.json()


async def seen(house: House) -> None:
    """Wait until the views have everything."""
    ends = [(one, await house.log.last(one.number)) for one in house.deployment.keys]
    assert await progress.all_passed(house.served, ends, within=BOUND)


async def decide(house: House, comment: str, who: Who, verdict: str, **more: Any) -> str:
    body = {"verdict": verdict, "revision": 1, **more}
    return str((await ask(house, "POST", f"{at(comment)}/decisions", who, body))["batch"])


async def figures(house: House, who: Who = MOD, query: str = "") -> Any:
    answer = await house.get(f"moderation/figures{query}", who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def by(entries: list[Mapping[str, Any]], name: str, number: str = "items") -> dict[Any, int]:
    return {one[name]: one[number] for one in entries}


async def test_a_day_of_moderation_adds_up(house: House) -> None:
    await ask(house, "PATCH", "policy", ADMIN, {"rules": LINKS})
    waiting = [await house.post(ADA, f"see https://example.org/{number}") for number in range(3)]
    rude, fine = await house.post(ADA, "You fool."), await house.post(BEN, "I see.")
    await decide(house, waiting[0], MOD, "approve")
    await decide(house, waiting[1], OTHER, "reject", code="spam")
    await decide(house, rude, MOD, "reject", code="insult")
    await ask(house, "POST", f"{at(fine)}/reports", ADA, {"reason": "insult"}, 201)
    await decide(house, fine, MOD, "approve")
    found = await figures(house)
    assert (found["imported"], found["timezone"], found["more"], found["next"]) == (0, "UTC", False, None)
    (today,) = [one for one in found["days"] if one["items"]]
    assert today == found["days"][-1]
    total = found["total"]
    assert {name: value for name, value in today.items() if name != "day"} == total
    assert (total["items"], total["automated"], total["automated_share"]) == (7, 3, 0.4286)
    assert total["verdicts"] == {"approve": 2, "hold": 3, "reject": 2}
    assert by(total["rules"], "rule") == {"links_over": 3}
    assert by(total["moderators"], "moderator") == {"mod": 3, "mia": 1}
    assert by(total["reasons"], "reason") == {None: 5, "insult": 1, "spam": 1}
    assert total["seconds"]["of"] == 3, "one was neither held nor reported"
    summary = (await house.get("moderation/summary", MOD)).json()["today"]
    assert summary["decided"] == total["items"] - total["automated"]


async def test_what_was_undone_or_overturned_is_a_reversal_and_stays_decided(house: House) -> None:
    comment = await house.post(ADA)
    batch = await decide(house, comment, MOD, "reject", code="insult")
    await ask(house, "POST", f"moderation/batches/{batch}/reversal", MOD, None)
    await decide(house, comment, MOD, "reject", code="insult")
    await decide(house, comment, OTHER, "approve")
    total = (await figures(house))["total"]
    assert (total["items"], total["reversals"]) == (3, 2)
    assert by(total["events"], "type", "events")["decision.reversed"] == 1


async def test_appeals_of_comments_and_of_suspensions_are_counted_with_their_outcomes(house: House) -> None:
    comment = await house.post(ADA)
    await decide(house, comment, MOD, "reject", code="insult")
    await ask(house, "POST", f"{at(comment)}/appeal", ADA, {"text": "I quoted him."}, 201)
    await ask(house, "PUT", f"{at(comment)}/appeal/decision", OTHER, {"verdict": "reverse", "reason": "So you did."})
    await ask(house, "PUT", "members/ben/suspension", MOD, {"code": "insult"})
    await ask(house, "POST", "members/ben/suspension/appeal", BEN, {"text": "Not me."}, 201)
    await ask(house, "PUT", "members/ben/suspension/appeal/decision", OTHER, {"verdict": "uphold", "reason": "You."})
    await ask(house, "POST", "members/ada/warnings", MOD, {"code": "insult"}, 201)
    total = (await figures(house))["total"]
    appeals = total["appeals"]
    assert (appeals["filed"], appeals["upheld"], appeals["reversed"]) == (2, 1, 1)
    assert appeals["seconds"]["of"] == 2
    events = by(total["events"], "type", "events")
    assert (events["member.suspended"], events["warning.given"], events["appeal.decided"]) == (1, 1, 2)
    assert (total["items"], total["reversals"]) == (2, 1), "the approval that the appeal brought overturns"


async def test_votes_voided_and_restored_are_counted_and_so_are_suspensions_undone(house: House) -> None:
    comment = await house.post(ADA)
    for who in (BEN, EVE):
        await ask(house, "PUT", f"{at(comment)}/vote", who, {"value": 1})
    listed = (await house.get(f"moderation/votes?thread={THREAD}", MOD)).json()["votes"]
    votes = [{"thread": THREAD, "comment": comment, "voter": one["voter"]} for one in listed]
    batch = (await ask(house, "PUT", "members/ben/suspension", MOD, {"reason": "A ring."}))["batch"]
    await ask(house, "POST", "moderation/voids", MOD, {"votes": votes, "reason": "A ring.", "batch": batch})
    total = (await figures(house))["total"]
    assert total["votes"] == {"voided": 2, "restored": 0}
    assert by(total["events"], "type", "events") == {"vote.voided": 2, "member.suspended": 1}
    assert (total["items"], total["reversals"]) == (0, 0), "to void a vote is no decision on a text"
    await ask(house, "POST", f"moderation/batches/{batch}/reversal", OTHER, None)
    total = (await figures(house))["total"]
    assert total["votes"] == {"voided": 2, "restored": 2}
    events = by(total["events"], "type", "events")
    assert (events["vote.restored"], events["suspension.reversed"]) == (2, 1)


async def test_what_an_import_brought_is_in_no_figure_and_is_said_to_be_left_out(house: House) -> None:
    author, staff = Caller(id="old", name="Old"), Caller(id="mod", name="Mo", roles=frozenset({"moderator"}))
    for command, caller in (
        (PostComment(comment="c-old", body="long ago"), author),
        (Decide(comment="c-old", verdict="reject", revision=1, code="insult"), staff),
    ):
        await transact(house.log, command, site=SITE, thread=THREAD, caller=caller, cause="import", occurred_at=10**12)
    await seen(house)
    then = await figures(house, query="?from=2001-09-09&to=2001-09-10")
    assert then["imported"] == 1
    assert (then["total"]["items"], then["total"]["events"]) == (0, [])
    now = await figures(house)
    assert (now["imported"], now["total"]["items"], now["total"]["events"]) == (0, 0, [])


async def test_days_are_those_of_the_sites_time_zone(house: House) -> None:
    await decide(house, await house.post(ADA), MOD, "reject")
    days = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart
        await ask(house, "PATCH", "policy", ADMIN, {"timezone": zone})
        found = await figures(house)
        assert found["timezone"] == zone
        days |= {one["day"] for one in found["days"] if one["items"]}
    assert len(days) == 2


@pytest.mark.parametrize("who", [ADA, AUDITOR, GUEST])
async def test_only_moderators_and_admins_read_them(house: House, who: Who) -> None:
    problem(await house.get("moderation/figures", who), 403, "not-allowed")
    assert (await figures(house, ADMIN))["total"]["items"] == 0


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ("?from=yesterday", "/from"),
        ("?to=2026-02-30", "/to"),
        ("?from=1969-12-31&to=1970-01-05", "/from"),
        ("?from=2026-10-12&to=2026-10-12", "/to"),
        ("?from=2024-01-01&to=2025-02-01", "/from"),
        ("?from=0001-01-01", "/from"),
    ],
)
async def test_a_period_that_is_none_is_refused(house: House, query: str, bound: str) -> None:
    told = problem(await house.get(f"moderation/figures{query}", MOD), 400, "bad-request")
    assert [one["pointer"] for one in told["errors"]] == [bound]


async def test_a_request_does_bounded_work_and_says_where_to_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "AT_ONCE", 1)
    for _ in range(6):
        await decide(house, await house.post(ADA), MOD, "reject")
    whole = await figures(house)
    assert whole["total"]["items"] == 6
    today = whole["days"][-1]["day"]
    monkeypatch.setattr(event_reader, "read", partial(event_reader.read, most=1))
    part = await figures(house)
    assert (part["more"], part["next"], part["total"]["items"]) == (True, today, 0)
    assert part["days"] == whole["days"][:-1]
    told = problem(await house.get(f"moderation/figures?from={today}", MOD), 503, "unavailable")
    assert "hansard report" in told["detail"]


async def test_too_many_events_of_members_are_refused_and_not_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "ben"):
        await ask(house, "PUT", f"members/{name}/suspension", MOD, {"reason": "rude"})
    monkeypatch.setattr(event_reader, "_CHUNK", 1)
    monkeypatch.setattr(event_reader, "of_site", partial(event_reader.of_site, most=1))
    problem(await house.get("moderation/figures", MOD), 503, "unavailable")
