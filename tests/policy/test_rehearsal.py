"""An admin learns what a policy would have held before it is set; nothing changes by it."""

from typing import Any

import pytest

from projections.audit import rehearsals
from tests.policy.test_figures import ask
from tests.support.house import ADA, ADMIN, BEN, MOD, House, problem

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
