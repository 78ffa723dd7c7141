"""The policy of a thread, for readers and for moderators: what it shows, and how a change of it is told."""

from typing import Any

import pytest

from core.policy import STAFF_ONLY, Policy
from tests.support.following import station
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, THREAD, House, at, problem

PAGE = f"threads/{THREAD}"
KIND = {"en": "Stay kind.", "de": "Bitte freundlich."}
REASONS = [
    {"code": "rude", "ground": "terms", "label": {"en": "Rude"}, "tells": {"en": "It was rude."}},
    {"code": "illegal", "ground": "law", "label": {"en": "Illegal"}},
]


async def override(house: House, **overrides: Any) -> str:
    answer = await house.ask("PUT", f"{PAGE}/policy", MOD, overrides)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["position"])


async def change(house: House, **changes: Any) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, changes)).status_code == 200


async def test_a_banner_of_the_site_is_in_the_policy_of_each_thread_unless_a_thread_has_its_own(house: House) -> None:
    await change(house, banner=KIND)
    assert (await house.get(f"{PAGE}/policy")).json()["banner"] == KIND
    own = {"en": "Wait  for\r\nthe debate.\n"}
    await override(house, banner=own)
    told = (await house.get(f"{PAGE}/policy")).json()
    assert told["banner"] == told["overrides"]["banner"] == {"en": "Wait  for\nthe debate."}
    await override(house)
    told = (await house.get(f"{PAGE}/policy")).json()
    assert (told["banner"], told["overrides"]) == (KIND, {})


@pytest.mark.parametrize(
    ("banner", "pointer"),
    [
        ({"en": "x" * 501}, "/banner/…"),
        ({"en": "\u200b"}, "/banner/en"),
        ({"en": ""}, "/banner/en"),
        ({"English": "Stay kind."}, "/banner/…"),
        ({"en": 1}, "/banner/…"),
        ("Stay kind.", "/banner"),
        (None, "/banner"),
    ],
)
async def test_a_banner_is_a_short_text_by_language(house: House, banner: Any, pointer: str) -> None:
    length = await house.length()
    for method, path, who in (("PATCH", "policy", ADMIN), ("PUT", f"{PAGE}/policy", MOD)):
        told = problem(await house.ask(method, path, who, {"banner": banner}), 400, "bad-request")
        (error,) = told["errors"]
        assert error["pointer"].startswith(pointer.removesuffix("/…"))
    assert await house.length() == length


async def test_readers_see_neither_what_is_for_staff_nor_that_a_thread_overrides_it(house: House) -> None:
    rules = [{"kind": "links_over", "links": 3}]
    await change(house, report_reasons=REASONS)
    await override(house, premoderation="all", rules=rules)
    for who in (None, BEN, ADMIN, AUDITOR):
        answer = await house.get(f"{PAGE}/policy", who)
        told = answer.json()
        assert told["overrides"] == {"premoderation": "all"}
        assert set(told) == {*Policy.__struct_fields__, "overrides"} - STAFF_ONLY
        assert [reason.get("tells") for reason in told["report_reasons"]] == [None, None]
        assert "It was rude." not in answer.text
        private = answer.headers["cache-control"] == "private, no-store"
        assert (private, "Authorization" in answer.headers["vary"]) == (who is not None, True)
    whole = await house.get(f"{PAGE}/policy", MOD)
    assert whole.json()["overrides"] == {"premoderation": "all", "rules": rules}
    assert whole.json()["report_reasons"] == REASONS
    assert whole.headers["cache-control"] == "private, no-store"
    assert "Authorization" in whole.headers["vary"]


async def test_readers_of_the_feed_are_told_of_a_change_for_their_thread_and_not_of_one_for_the_site(
    house: House,
) -> None:
    async with station(house) as radio, radio.follow((await radio.page()).thread["position"]) as reader:
        await change(house, banner=KIND)
        for overrides in ({"banner": {"en": "Wait."}}, {"comment": "entitled"}):
            position = await override(house, **overrides)
            (frame,) = await reader.until("thread.changed")
            assert (frame.id, frame.data["comment"]) == (position, None)
            assert (await house.get(f"{PAGE}/policy")).json()["overrides"] == overrides


async def test_a_page_lists_the_reasons_for_reports_and_another_slug_is_taken_as_it_is(house: House) -> None:
    usual = (await house.get(f"{PAGE}/policy")).json()["report_reasons"]
    assert [(reason["code"], reason["ground"]) for reason in usual][0::6] == [("spam", "terms"), ("unlawful", "law")]
    await change(house, report_reasons=REASONS)
    listed = (await house.get(f"{PAGE}/policy")).json()["report_reasons"]
    assert [(reason["code"], reason["ground"], reason["label"]) for reason in listed] == [
        ("rude", "terms", {"en": "Rude"}),
        ("illegal", "law", {"en": "Illegal"}),
    ]
    assert (await house.get("", ADMIN)).json()["policy"]["report_reasons"] == REASONS
    comment = await house.post(ADA)
    other = await house.post(ADA)
    for one, reason in ((comment, "rude"), (other, "spam")):
        report = await house.ask("POST", f"{at(one)}/reports", BEN, {"reason": reason})
        assert report.status_code == 201, report.text
        await house.settled(report.json()["position"])
    queue = (await house.get("moderation/queue?state=reported", MOD)).json()
    assert [item["reports"][0]["reason"] for item in queue["items"]] == ["rude", "spam"]
    problem(await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "Not a slug"}), 400, "bad-request")


@pytest.mark.parametrize(
    ("reasons", "pointer"),
    [
        ([REASONS[0], REASONS[0]], "/report_reasons"),
        ([{"code": "Rude", "ground": "terms"}], "/report_reasons/0/code"),
        ([{"code": "rude"}], "/report_reasons/0/ground"),
        ([{"code": "rude", "ground": "taste"}], "/report_reasons/0/ground"),
        ([{"code": "rude", "ground": "law", "label": {"en": " "}}], "/report_reasons/0/label/en"),
        ([{"code": "rude", "ground": "law", "tells": {"en": "x" * 501}}], "/report_reasons/0/tells"),
        ([{"code": f"c-{number}", "ground": "law"} for number in range(51)], "/report_reasons"),
    ],
)
async def test_reasons_for_reports_have_a_code_each_and_a_ground(house: House, reasons: Any, pointer: str) -> None:
    length = await house.length()
    told = problem(await house.ask("PATCH", "policy", ADMIN, {"report_reasons": reasons}), 400, "bad-request")
    (error,) = told["errors"]
    assert error["pointer"].startswith(pointer)
    assert await house.length() == length
