"""Rules that look beyond the text: what a member did before, their name, the hour, and what readers report."""

from typing import Any, Final

from msgspec import json

from core.keys import Keys
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, MOD, PARTITIONS, SITE, THREAD, House, Who, at, problem

SAID: Final = "The Senate never voted on it, whatever the paper says about that night."
PAGE: Final = f"threads/{THREAD}"


async def rules(house: House, *given: dict[str, Any], **more: Any) -> None:
    answer = await house.ask("PATCH", "policy", ADMIN, {"rules": given, **more})
    assert answer.status_code == 200, answer.text


async def posted(house: House, who: Who, body: str = SAID, **more: Any) -> str:
    """Post a comment, and wait until what is noted of its author is written."""
    comment = await house.post(who, body, **more)
    await house.services.notes.written()
    return comment


async def held(house: House) -> list[tuple[str, str]]:
    """What waits: comment and rule."""
    items = (await house.get("moderation/queue", MOD)).json()["items"]
    return [(item["comment"]["id"], item["held_by"]["name"]) for item in items]


async def facts(house: House, comment: str) -> Any:
    """The facts that the event of a comment has."""
    answer = await house.get(f"audit?comment={comment}&type=comment.posted", AUDITOR)
    return answer.json()["events"][0]["data"].get("facts")


async def test_the_first_comments_of_a_member_wait_until_a_moderator_approved_some(house: House) -> None:
    await rules(house, {"kind": "first_comments", "comments": 2})
    first = await posted(house, ADA, "First.")
    second = await posted(house, ADA, "Second.")
    assert await held(house) == [(first, "first_comments"), (second, "first_comments")]
    for comment in (first, second):
        await house.decide(comment, "approve")
    await house.services.notes.written()
    third = await posted(house, ADA, "Third.")
    assert await held(house) == []
    assert [await facts(house, one) for one in (first, second, third)] == [
        {"published": 0},
        {"published": 0},
        {"published": 2},
    ]


async def test_a_member_who_wrote_before_the_rule_was_set_is_known(house: House) -> None:
    await posted(house, ADA, "First.")
    await rules(house, {"kind": "first_comments", "comments": 1})
    await posted(house, ADA, "Second.")
    comment = await posted(house, BEN, "First.")
    assert await held(house) == [(comment, "first_comments")]


async def test_what_a_member_says_again_in_another_thread_waits(house: House) -> None:
    await rules(house, {"kind": "repeated"})
    await house.open_thread("orangery")
    first = await posted(house, ADA)
    again = await posted(house, ADA, SAID.upper(), thread="orangery")
    bens = await posted(house, BEN)
    assert await held(house) == [(again, "repeated")]
    assert (await facts(house, first), await facts(house, again)) == ({"alike": 0}, {"alike": 100})
    answer = await house.ask("PATCH", at(bens), BEN, {"body": f"{SAID} Really."}, If_Match='"1"')
    assert "waiting" not in answer.json(), "an edit is like the text it replaces"


async def test_a_comment_too_soon_after_the_last_one_waits(house: House) -> None:
    await rules(house, {"kind": "too_fast", "seconds": 3600})
    await posted(house, ADA, "First.")
    second = await posted(house, ADA, "Second.")
    await posted(house, BEN, "First.")
    assert await held(house) == [(second, "too_fast")]


async def test_after_a_rejection_texts_wait_until_it_is_taken_back(house: House) -> None:
    await rules(house, {"kind": "after_rejection", "days": 7})
    first = await posted(house, ADA, "First.")
    await house.decide(first, "reject", reason="No.")
    await house.services.notes.written()
    second = await posted(house, ADA, "Second.")
    assert await held(house) == [(second, "after_rejection")]
    await house.decide(first, "approve")
    await house.services.notes.written()
    await posted(house, ADA, "Third.")
    assert await held(house) == [(second, "after_rejection")]


async def test_a_rejection_by_a_rule_does_not_count_as_one_of_a_moderator(house: House) -> None:
    await rules(house, {"kind": "after_rejection", "days": 7}, {"kind": "length", "over": 9, "action": "reject"})
    await posted(house, ADA, "A long text.")
    await posted(house, ADA, "Short.")
    assert await held(house) == []
    assert [row["body"] for row in await house.rows()] == ["Short."]


async def test_at_closed_hours_texts_wait(house: House) -> None:
    await rules(house, {"kind": "closed_hours", "from": "00:00", "to": "00:00"})
    comment = await posted(house, ADA)
    assert await held(house) == [(comment, "closed_hours")]


async def test_a_text_of_another_length_waits_with_what_is_too_much_marked(house: House) -> None:
    await rules(house, {"kind": "length", "over": 6})
    await posted(house, ADA, "Longer than that.")
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    assert item["held_by"] == {"kind": "rule", "name": "length", "spans": [[6, 17]]}


# --- names ---


async def test_under_a_name_like_anothers_a_members_text_waits_and_a_guest_is_refused(house: House) -> None:
    await rules(house, {"kind": "name", "reserved": ["The Editor"]}, comment="anyone")
    await posted(house, ADA)
    await posted(house, MOD, "Welcome.")
    one, like_ada = "0nce more.", Who("adam", more={"name": "АDA"})
    first = await posted(house, like_ada, one)
    second = await posted(house, Who("max", more={"name": "M0d"}), one)
    third = await posted(house, Who("edi", more={"name": "Thе Editоr"}), one)
    assert await held(house) == [(first, "name"), (second, "name"), (third, "name")]
    assert [await facts(house, comment) for comment in (first, second, third)] == [
        {"name": "member"},
        {"name": "reserved"},
        {"name": "reserved"},
    ]
    for name in ("Ada", "A d a", "Moderator", "The Editor", "Kew"):
        guest = Who("gil", more={"kind": "guest", "name": name})
        problem(await house.ask("POST", f"{PAGE}/comments", guest, {"body": one}), 422, "name-not-allowed")
    await posted(house, Who("gil", more={"kind": "guest", "name": "Gil"}), one)
    await posted(house, ADA, "It is still me.")
    assert len(await held(house)) == 3


async def test_a_name_like_that_of_staff_is_no_guests(house: House) -> None:
    await rules(house, guests=True, comment="anyone")
    editor = Who("edna", ("moderator",), {"name": "Edna Moss"})
    await posted(house, editor, "Welcome.")
    for name in ("Edna Moss", "EDNA M0SS", "administrator", "Kew", "a\u200bb\u202e"):
        answer = await house.ask("POST", "guests", body={"name": name})
        if name.startswith("a\u200b"):
            assert answer.status_code == 200, "what cannot be seen is taken out first"
        else:
            problem(answer, 422, "name-not-allowed")
    taken = await house.ask("POST", "guests", body={"name": "Edna"})
    assert taken.status_code == 200
    guest = Who("gil", more={"kind": "guest", "name": "Edna Mоss"})
    problem(await house.ask("POST", f"{PAGE}/comments", guest, {"body": "Hello."}), 422, "name-not-allowed")


# --- reports ---


async def test_the_report_that_is_one_too_many_takes_a_comment_down_by_a_rule_that_names_nobody(house: House) -> None:
    await rules(house, {"kind": "reports_over", "reports": 1, "tells": {"en": "Several readers reported it."}})
    comment = await posted(house, ADA)
    for who in (BEN, EVE):
        answer = await house.ask("POST", f"{at(comment)}/reports", who, {"reason": "spam"})
        assert answer.status_code == 201, answer.text
    await house.settled(answer.json()["position"])
    assert await house.rows() == []
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    assert item["held_by"] == {"kind": "rule", "name": "reports_over", "reason": "Several readers reported it."}
    assert [report["by"] for report in item["reports"]] == [BEN.id, EVE.id]
    overlay = (await house.get(f"{PAGE}/me", ADA)).json()
    assert overlay["pending"][0]["held_by"] == {
        "kind": "rule",
        "name": "reports_over",
        "reason": "Several readers reported it.",
    }
    assert BEN.id not in json.encode(overlay).decode()
    event = (await house.get(f"audit?comment={comment}&type=comment.held", AUDITOR)).json()["events"][0]
    assert event["actor"] == {"kind": "system", "id": "reports_over"}
    found = (await house.get("moderation/comments?rule=reports_over", MOD)).json()["comments"]
    assert [row["id"] for row in found] == [comment]
    await house.decide(comment, "approve")
    assert (await house.get(at(comment))).json()["comment"]["status"] == "published"
    assert (await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})).status_code == 201
    assert (await house.get(at(comment))).json()["comment"]["status"] == "published", "the count began again"


# --- records and what they said ---


async def test_a_record_that_is_gone_changes_nothing_that_was_decided(house: House) -> None:
    await rules(house, {"kind": "first_comments", "comments": 1})
    first = await posted(house, ADA, "First.")
    await house.decide(first, "approve")
    await house.services.notes.written()
    await posted(house, ADA, "Second.")
    rows = await house.rows()
    key = Keys(PARTITIONS).of(SITE).member_record(SITE, ADA.id)
    assert await house.deployment.calls.call("DEL", key) == 1
    assert await house.rows() == rows
    third = await posted(house, ADA, "Third.")
    assert await held(house) == [(third, "first_comments")], "who is not known begins again"


async def test_staff_are_judged_by_no_rule_and_have_no_record(house: House) -> None:
    await rules(
        house,
        {"kind": "first_comments", "comments": 5},
        {"kind": "length", "over": 1, "action": "reject"},
        {"kind": "closed_hours", "from": "00:00", "to": "00:00"},
    )
    await posted(house, MOD, "Welcome.")
    assert len(await house.rows()) == 1
    key = Keys(PARTITIONS).of(SITE).member_record(SITE, MOD.id)
    assert await house.deployment.calls.call("EXISTS", key) == 0


async def test_a_rule_that_is_changed_while_a_comment_waits_leaves_it_waiting(house: House) -> None:
    await rules(house, {"kind": "length", "over": 3})
    comment = await posted(house, ADA, "Words.")
    await rules(house)
    await posted(house, BEN, "Words.")
    assert await held(house) == [(comment, "length")]
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"')
    assert answer.json()["comment"]["status"] == "pending"
