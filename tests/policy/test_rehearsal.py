"""An admin learns what a policy would have held before it is set; nothing changes by it."""

from typing import Any

import pytest

from projections.audit import rehearsals, rehearsed_reports
from tests.policy.test_figures import ask
from tests.support.house import ADA, ADMIN, BEN, GUEST, MOD, House, Who, at, problem

LINKS = [{"kind": "links_over", "links": 0}]
WORDS = [{"kind": "words", "lists": ["insults"]}]


async def rehearse(house: House, **body: Any) -> Any:
    answer = await house.ask("POST", "policy/rehearsal", ADMIN, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_it_says_which_texts_would_be_held_and_changes_nothing(house: House) -> None:
    link = await house.post(ADA, "see https://example.org/")
    await house.post(BEN, "no link")
    await house.post(MOD, "see https://example.org/ too")
    length = await house.length()
    found = await rehearse(house, changes={"rules": LINKS})
    assert (found["judged"], found["more"], found["next"]) == (2, False, None)
    held = found["would_hold"]
    assert (held["texts"], held["rules"]) == (1, [{"rule": "links_over", "texts": 1}])
    (example,) = held["examples"]
    assert (example["comment"], example["before"], example["after"]) == (link, "published", "held")
    assert example["match"] == "https://example.org/"
    assert found["would_not_hold"]["texts"] == 0
    assert await house.length() == length
    assert (await house.get("", ADMIN)).json()["policy"]["rules"] == []


async def test_it_says_which_would_no_longer_be_held(house: House) -> None:
    await ask(house, "PATCH", "policy", ADMIN, {"rules": LINKS})
    await house.post(ADA, "see https://example.org/")
    gone = (await rehearse(house, changes={"rules": []}))["would_not_hold"]
    assert (gone["texts"], gone["rules"]) == (1, [{"rule": "links_over", "texts": 1}])


async def test_the_policy_in_force_would_change_nothing(house: House) -> None:
    await ask(house, "PATCH", "policy", ADMIN, {"rules": LINKS, "premoderation": "links"})
    await house.post(ADA, "see https://example.org/")
    await house.post(BEN, "no link")
    found = await rehearse(house)
    assert found["judged"] == 2
    assert (found["would_hold"]["texts"], found["would_not_hold"]["texts"], found["otherwise"]) == (0, 0, 0)


async def test_new_terms_of_a_list_are_tried_before_they_are_set(house: House) -> None:
    await ask(house, "PUT", "lists/insults", ADMIN, {"terms": ["fool"]})
    await ask(house, "PATCH", "policy", ADMIN, {"rules": WORDS})
    await house.post(ADA, "you fool")
    await house.post(BEN, "you knave")
    found = await rehearse(house, lists={"insults": {"terms": ["knave"]}})
    assert [one["body"] for one in found["would_hold"]["examples"]] == ["you knave"]
    assert [one["body"] for one in found["would_not_hold"]["examples"]] == ["you fool"]
    told = problem(
        await house.ask("POST", "policy/rehearsal", ADMIN, {"lists": {"insults": {"terms": ["!"]}}}), 400, "bad-request"
    )
    assert told["errors"][0]["pointer"] == "/lists/insults/terms/0"


async def test_what_was_not_recorded_is_told_as_unknown_and_not_guessed(house: House) -> None:
    await house.post(ADA)
    found = await rehearse(house, changes={"rules": [{"kind": "first_comments", "comments": 3}]})
    assert found["unknown"] == [{"rule": "first_comments", "texts": 1}]
    assert found["would_hold"]["texts"] == 0


async def test_a_redacted_text_is_not_judged(house: House) -> None:
    comment = await house.post(ADA, "see https://example.org/")
    await ask(
        house, "POST", f"threads/palm-house/comments/{comment}/decisions", MOD, {"verdict": "reject", "revision": 1}
    )
    path = f"threads/palm-house/comments/{comment}/revisions/1/redaction"
    await ask(house, "PUT", path, MOD, {"reason": "address"})
    assert (await rehearse(house, changes={"rules": LINKS}))["judged"] == 0


async def test_a_request_does_bounded_work_and_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await house.post(ADA, f"see https://example.org/{number}")
    monkeypatch.setattr(rehearsals.Rehearser.go_on, "__kwdefaults__", {"most": 2})
    texts, cursor, calls = 0, None, 0
    while cursor is not None or not calls:
        part = await rehearse(house, changes={"rules": LINKS}, **({} if cursor is None else {"cursor": cursor}))
        texts, cursor, calls = texts + part["would_hold"]["texts"], part["next"], calls + 1
        assert part["more"] == (cursor is not None)
    assert texts == 5
    assert calls > 1


async def test_only_admins_rehearse_and_what_a_change_is_refused_for_is_refused(house: House) -> None:
    problem(await house.ask("POST", "policy/rehearsal", MOD, {}), 403, "not-allowed")
    bad = {"changes": {"rules": [{"kind": "rudeness"}]}}
    assert (await house.ask("POST", "policy/rehearsal", ADMIN, bad)).status_code in (400, 422)


# --- reports_over ---

CAL, DAN = Who("cal"), Who("dan")


def over(reports: int, **more: Any) -> dict[str, Any]:
    return {"rules": [{"kind": "reports_over", "reports": reports, **more}]}


async def report(house: House, comment: str, *readers: Who) -> None:
    for who in readers:
        await ask(house, "POST", f"{at(comment)}/reports", who, {"reason": "insult"}, 201)


async def test_reports_say_which_comments_a_rule_would_have_taken_down(house: House) -> None:
    rude, fine = await house.post(ADA, "You fool."), await house.post(BEN, "I see.")
    await report(house, rude, BEN, CAL, DAN)
    await report(house, fine, ADA)
    found = await rehearse(house, changes=over(1))
    assert (found["judged"], found["reports"], found["unknown"]) == (2, 4, [])
    held = found["would_hold"]
    assert (held["texts"], held["rules"]) == (1, [{"rule": "reports_over", "texts": 1}])
    (example,) = held["examples"]
    assert (example["comment"], example["body"], example["author"]) == (rude, "You fool.", "ada")
    assert (example["before"], example["after"], example["rule"]) == ("published", "held", "reports_over")
    found = await rehearse(house, changes=over(1, action="reject"))
    assert [one["after"] for one in found["would_hold"]["examples"]] == ["rejected"]
    assert (await rehearse(house, changes=over(3)))["would_hold"]["texts"] == 0
    assert (await rehearse(house, changes=over(0)))["would_hold"]["texts"] == 2


async def test_reports_that_a_decision_closed_and_those_of_guests_do_not_count(house: House) -> None:
    await ask(house, "PATCH", "policy", ADMIN, {"report": "anyone"})
    comment = await house.post(ADA)
    await report(house, comment, BEN)
    await house.decide(comment, "approve")
    await report(house, comment, CAL, GUEST)
    assert (await rehearse(house, changes=over(1)))["would_hold"]["texts"] == 0
    await report(house, comment, BEN)
    assert (await rehearse(house, changes=over(1)))["would_hold"]["texts"] == 1


async def test_what_the_rule_took_down_a_changed_one_would_leave_or_reject(house: House) -> None:
    await ask(house, "PATCH", "policy", ADMIN, over(1))
    comment = await house.post(ADA)
    await report(house, comment, BEN, CAL)
    assert await house.rows() == []
    found = await rehearse(house)
    assert (found["would_hold"]["texts"], found["would_not_hold"]["texts"], found["otherwise"]) == (0, 0, 0)
    gone = (await rehearse(house, changes=over(2)))["would_not_hold"]
    assert (gone["texts"], gone["rules"]) == (1, [{"rule": "reports_over", "texts": 1}])
    assert [(one["comment"], one["after"]) for one in gone["examples"]] == [(comment, "published")]
    assert (await rehearse(house, changes={"rules": []}))["would_not_hold"]["texts"] == 1
    assert (await rehearse(house, changes=over(1, action="reject")))["otherwise"] == 1


async def test_reports_are_counted_over_all_requests_of_a_rehearsal(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = [await house.post(ADA, f"Number {number}.") for number in range(2)]
    for reader in (BEN, CAL, DAN):
        for comment in comments:
            await report(house, comment, reader)
    monkeypatch.setattr(rehearsals.Rehearser.go_on, "__kwdefaults__", {"most": 1})
    parts = await rehearsed_in_parts(house, over(1))
    assert len(parts) > len(comments)
    assert sum(one["would_hold"]["texts"] for one in parts) == len(comments)
    assert all(one["unknown"] == [] for one in parts)
    # Beyond a bound their number is not known, and not guessed.
    monkeypatch.setattr(rehearsed_reports.ReportReader.__init__, "__kwdefaults__", {"back": 1})
    parts = await rehearsed_in_parts(house, over(1))
    assert sum(one["would_hold"]["texts"] for one in parts) == 0
    assert {one["rule"] for part in parts for one in part["unknown"]} == {"reports_over"}


async def test_a_report_of_a_text_that_was_redacted_is_left_out(house: House) -> None:
    comment = await house.post(ADA)
    await report(house, comment, BEN)
    await house.decide(comment, "reject")
    await ask(house, "PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "address"})
    found = await rehearse(house, changes=over(0))
    assert (found["reports"], found["would_hold"]["texts"]) == (0, 0)


async def rehearsed_in_parts(house: House, changes: dict[str, Any]) -> list[Any]:
    parts = [await rehearse(house, changes=changes)]
    while parts[-1]["next"] is not None:
        parts.append(await rehearse(house, changes=changes, cursor=parts[-1]["next"]))
    return parts
