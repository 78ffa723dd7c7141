"""A publication keeps word lists: a text with a term waits, its author reads why, and a moderator sees the match."""

from typing import Any, Final

import pytest

from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, MOD, SITE, THREAD, House, at, problem

RULE: Final[dict[str, Any]] = {
    "kind": "words",
    "lists": ["insults"],
    "tells": {"en": "Please say it without insults.", "de": "Bitte ohne Beleidigungen."},
}


async def put(house: House, *terms: str, name: str = "insults") -> str:
    """Put a word list; the position of its version."""
    answer = await house.ask("PUT", f"lists/{name}", ADMIN, {"terms": terms})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["position"])


async def rules(house: House, *given: dict[str, Any], **more: Any) -> None:
    answer = await house.ask("PATCH", "policy", ADMIN, {"rules": given, **more})
    assert answer.status_code == 200, answer.text


async def recorded(house: House, comment: str, type_: str = "comment.posted") -> dict[str, Any]:
    """What the log has of a comment."""
    answer = await house.get(f"audit?comment={comment}&type={type_}", AUDITOR)
    data: dict[str, Any] = answer.json()["events"][-1]["data"]
    return data


async def test_a_reply_with_a_term_waits_its_author_reads_why_and_a_moderator_sees_the_match_and_decides(
    house: House,
) -> None:
    version = await put(house, "fool", "bad word")
    await rules(house, RULE)
    parent = await house.post(ADA, "Is it so?")
    body = "No, you f00l. Only a fool says so."
    reply = await house.post(BEN, body, parent=parent)
    assert (await house.get(at(reply), EVE)).status_code == 404

    (pending,) = (await house.get(f"threads/{THREAD}/me", BEN)).json()["pending"]
    assert pending["held_by"] == {"kind": "rule", "name": "words", "reason": "Please say it without insults."}
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    told = "Please say it without insults."
    held = {"kind": "rule", "name": "words", "match": "f00l", "spans": [[8, 12], [21, 25]], "reason": told}
    assert item["held_by"] == held
    assert [body[start:end] for start, end in item["held_by"]["spans"]] == ["f00l", "fool"]
    assert item["comment"]["moderation"]["rule"] == "words"

    event = await recorded(house, reply)
    assert (event["list"], event["facts"]) == ("insults", {"lists": {"insults": version}})
    assert (event["match"], event["tells"]) == ("f00l", "Please say it without insults.")

    await house.decide(reply, "approve", reason="He quotes her.")
    await house.settled((await house.get(f"threads/{THREAD}", MOD)).json()["thread"]["position"])
    assert (await house.get(at(reply))).json()["comment"]["body"] == body


async def test_the_words_for_the_author_are_those_of_the_sites_language(house: House) -> None:
    await put(house, "fool")
    await rules(house, RULE, language="de")
    await house.post(BEN, "You fool.")
    (pending,) = (await house.get(f"threads/{THREAD}/me", BEN)).json()["pending"]
    assert pending["held_by"]["reason"] == "Bitte ohne Beleidigungen."


async def test_where_the_rule_rejects_the_text_is_gone_at_once_and_its_author_is_told_by_which_rule(
    house: House,
) -> None:
    await put(house, "fool")
    await rules(house, RULE | {"action": "reject"})
    comment = await house.post(BEN, "You fool.")
    assert await house.rows() == []
    (rejected,) = (await house.get(f"threads/{THREAD}/me", BEN)).json()["rejected"]
    assert rejected["status"] == "rejected"
    told = rejected["decision"]
    assert (told["reason"], told["automated"], told["by"]) == ("Please say it without insults.", True, "rule")
    assert (await house.get("moderation/queue", MOD)).json()["items"] == []
    (found,) = (await house.get("moderation/comments?rule=words", MOD)).json()["comments"]
    assert (found["id"], found["status"]) == (comment, "rejected")
    await house.decide(comment, "approve")
    assert [row["id"] for row in await house.rows(query=f"?after={(await recorded_position(house, comment))}")] == [
        comment
    ]


async def recorded_position(house: House, comment: str) -> str:
    """The position of the last event of a comment."""
    return str((await house.get(f"audit?comment={comment}", AUDITOR)).json()["events"][-1]["position"])


async def test_an_edit_with_a_term_waits_beside_the_text_that_stands(house: House) -> None:
    await put(house, "fool")
    await rules(house, RULE)
    comment = await house.post(ADA, "Is it so?")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "Fool!"}, If_Match='"1"')
    assert answer.json()["comment"]["body"] == "Is it so?"
    held = {"kind": "rule", "name": "words", "reason": "Please say it without insults."}
    assert answer.json()["waiting"] == {"revision": 2, "held_by": held}


async def test_new_terms_judge_what_comes_next_and_what_waits_stays_as_it_was_judged(house: House) -> None:
    first = await put(house, "fool")
    await rules(house, RULE)
    held = await house.post(BEN, "You fool.")
    second = await put(house, "knave")
    free = await house.post(BEN, "You fool again.")
    other = await house.post(BEN, "You knave.")
    queue = (await house.get("moderation/queue", MOD)).json()["items"]
    assert [(item["comment"]["id"], item["held_by"]["match"]) for item in queue] == [(held, "fool"), (other, "knave")]
    assert [row["id"] for row in await house.rows()] == [free]
    versions = [(await recorded(house, one))["facts"]["lists"]["insults"] for one in (held, free, other)]
    assert versions == [first, second, second]
    trail = (await house.get(f"{at(held)}/trail", BEN)).json()["events"]
    assert "match" not in trail[0]["data"], "the author is not told which term it was"


async def test_a_list_that_is_taken_away_matches_nothing(house: House) -> None:
    await put(house, "fool")
    await rules(house, RULE)
    assert (await house.ask("DELETE", "lists/insults", ADMIN)).status_code == 200
    await house.post(BEN, "You fool.")
    assert len(await house.rows()) == 1
    problem(await house.ask("DELETE", "lists/insults", ADMIN), 404, "not-found")
    problem(await house.get("lists/insults", MOD), 404, "not-found")


async def test_lists_are_read_by_moderators_and_changed_by_admins(house: House) -> None:
    position = await put(house, "fool", " bad  word ", "fool")
    await put(house, "spam", name="adverts")
    listed = (await house.get("lists", MOD)).json()["lists"]
    assert [(one["list"], one["count"]) for one in listed] == [("adverts", 1), ("insults", 2)]
    whole = (await house.get("lists/insults", MOD)).json()
    assert whole == {**listed[1], "terms": ["fool", "bad word"]}
    assert whole["position"] == position
    again = await house.ask("PUT", "lists/insults", ADMIN, {"terms": ["fool", "bad word"]})
    assert again.json()["position"] == position, "the same terms again change nothing"
    for who in (ADA, MOD):
        problem(await house.ask("PUT", "lists/insults", who, {"terms": ["x1"]}), 403, "not-allowed")
        problem(await house.ask("DELETE", "lists/insults", who), 403, "not-allowed")
    problem(await house.get("lists", ADA), 403, "not-allowed")
    problem(await house.get("lists/insults", ADA), 403, "not-allowed")
    problem(await house.get("lists"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("terms", "pointer", "detail"),
    [
        ([], "/terms", "a word list needs a term"),
        (["fool", ""], "/terms/1", "nothing in the term is visible"),
        (["fool", "*"], "/terms/1", "would match everything"),
        (["a\u0000b"], "/terms/0", "control character"),
        (["x" * 201], "/terms/0", "more than 200 characters"),
        (["fool", 3], "/terms/1", "Expected str, got int"),
        ([f"{n}" for n in range(2500)] * 5, "/terms", "at most 10000 terms"),
    ],
    ids=["none", "empty", "everything", "control", "long", "no text", "many"],
)
async def test_what_cannot_be_a_list_is_refused_with_what_is_wrong(
    house: House, terms: list[Any], pointer: str, detail: str
) -> None:
    refused = problem(await house.ask("PUT", "lists/insults", ADMIN, {"terms": terms}), 400, "bad-request")
    assert refused["errors"][0]["pointer"] == pointer
    assert detail in refused["errors"][0]["detail"]
    assert (await house.get("lists", MOD)).json() == {"lists": []}


async def test_a_list_may_be_larger_than_other_requests_and_is_bounded_itself(house: House) -> None:
    long = [f"{number:0200}" for number in range(1300)]
    await put(house, *long)
    refused = await house.ask("PUT", "lists/insults", ADMIN, {"terms": [*long, *(f"x{one}" for one in long)]})
    told = problem(refused, 400, "bad-request")["errors"][0]
    assert told["pointer"] == "/terms/1300", told
    many = await house.ask("PUT", "lists/insults", ADMIN, {"terms": [one[1:] + "y" for one in long] * 2})
    assert many.status_code == 200, "each counts once"
    too_big = await house.ask("PUT", "lists/insults", ADMIN, {"terms": [f"{n:0150}" for n in range(1800)]})
    assert "262144 bytes" in problem(too_big, 400, "bad-request")["errors"][0]["detail"]
    problem(await house.ask("PUT", "lists/insults", ADMIN, {"terms": ["x" * 1_100_000]}), 413, "request-too-large")


async def test_a_list_is_of_its_site_alone(house: House) -> None:
    await put(house, "fool")
    await house.open_site(site="other")
    assert (await house.ask("GET", f"/v1/sites/{SITE}/lists", MOD)).json()["lists"]
    problem(await house.ask("GET", "/v1/sites/other/lists", MOD), 401, "unauthenticated")
