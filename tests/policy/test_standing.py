"""A moderator warns, notes and holds; the member reads why, acknowledges, and writes on."""

from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SUBSCRIBER, THREAD, House, Who, at, problem

ME = f"threads/{THREAD}/me"
COMMENTS = f"threads/{THREAD}/comments"


async def test_a_warning_waits_for_its_member_and_is_read_by_staff(house: House) -> None:
    given = await house.ask("POST", "members/ada/warnings", MOD, {"reason": "No insults.", "note": "Second time."})
    assert given.status_code == 201, given.text
    warning = given.json()["position"]
    overlay = (await house.get(ME, ADA)).json()
    assert (overlay["warning"]["id"], overlay["warning"]["reason"]) == (warning, "No insults.")
    assert overlay["refusals"]["comment"]["type"] == "/problems/warning-open"
    refused = problem(await house.ask("POST", COMMENTS, ADA, {"body": "Words."}), 403, "warning-open")
    assert refused["reason"] == "No insults."
    path = f"members/ada/warnings/{warning}/acknowledgement"
    problem(await house.ask("PUT", path, BEN), 404, "not-found")
    problem(await house.ask("PUT", "members/ada/warnings/1-1/acknowledgement", ADA), 404, "not-found")
    problem(await house.ask("PUT", "members/ada/warnings/first/acknowledgement", ADA), 404, "not-found")
    assert (await house.ask("PUT", path, ADA)).status_code == 200
    assert (await house.get(ME, ADA)).json()["warning"] is None
    await house.post(ADA)
    for who in (ADA, MOD):
        (one,) = (await house.get("members/ada", who)).json()["member"]["warnings"]
        assert (one["id"], one["reason"]) == (warning, "No insults.")
        assert one["acknowledged_at"] is not None
        assert "Second time." not in (await house.get("members/ada", ADA)).text


async def test_notes_are_read_by_moderators_alone_newest_first(house: House) -> None:
    for number in range(5):
        answer = await house.ask("POST", "members/ada/notes", MOD, {"text": f"Note {number}."})
        assert answer.status_code == 201
    found, cursor = [], ""
    while True:
        page = (await house.get(f"members/ada/notes?limit=2{cursor}", MOD)).json()
        found += [note["text"] for note in page["notes"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == [f"Note {number}." for number in reversed(range(5))]
    for who in (ADA, BEN, AUDITOR):
        problem(await house.get("members/ada/notes", who), 403, "not-allowed")
    assert (await house.get("members/ben/notes", MOD)).json() == {"notes": [], "next": None}


async def test_standing_is_for_staff_to_see(house: House) -> None:
    assert (await house.ask("PUT", "members/ada/standing", MOD, {"standing": "held"})).status_code == 200
    assert (await house.get("members/ada", MOD)).json()["member"]["standing"] == "held"
    assert "standing" not in (await house.get("members/ada", ADA)).json()["member"]
    trusted = {"standing": "trusted", "reason": "Knows the subject."}
    assert (await house.ask("PUT", "members/ben/standing", MOD, trusted)).status_code == 200
    assert (await house.ask("PUT", "members/ben/standing", MOD, {"standing": "usual"})).status_code == 200
    seen = (await house.get("members/ben", MOD)).json()["member"]
    assert [(one["standing"], one["reason"]) for one in seen["standings"]] == [
        ("usual", None),
        ("trusted", "Knows the subject."),
    ]
    await house.post(ADA)
    await house.post(BEN)
    held = (await house.get("members?standing=held", MOD)).json()["members"]
    assert [(one["id"], one["standing"]) for one in held] == [("ada", "held")]
    usual = (await house.get("members?standing=usual&q=b", MOD)).json()["members"]
    assert [one["id"] for one in usual] == ["ben"]
    problem(await house.get("members?standing=odd", MOD), 400, "bad-request")
    problem(await house.ask("PUT", "members/ada/standing", MOD, {"standing": "odd"}), 400, "bad-request")
    problem(await house.ask("PUT", "members/ada/standing", BEN, {"standing": "trusted"}), 403, "not-allowed")


async def change(house: House, **changes: object) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, changes)).status_code == 200


async def trusted(house: House, comment: str) -> str | None:
    """By what the author of a comment was trusted, as the event of the comment records it."""
    answer = await house.get(f"audit?comment={comment}&type=comment.posted", AUDITOR)
    found: str | None = answer.json()["events"][0]["data"].get("facts", {}).get("trusted")
    return found


async def post(house: House, who: Who = ADA, body: str = "Words.") -> tuple[str, str]:
    """Post a comment, and wait until what is noted of its author is written; its id and status."""
    comment = await house.post(who, body)
    await house.services.notes.written()
    return comment, (await house.get(at(comment), MOD)).json()["comment"]["status"]


async def seen_as_trusted(house: House, member: str = "ada") -> str | None:
    """By what moderators see that a member is trusted."""
    found: str | None = (await house.get(f"members/{member}", MOD)).json()["member"]["trusted_by"]
    return found


async def decide(house: House, comment: str, verdict: str) -> None:
    await house.settled((await house.decide(comment, verdict)).json()["position"])
    await house.services.notes.written()


async def test_every_text_of_a_held_member_waits(house: House) -> None:
    await house.ask("PUT", "members/ada/standing", MOD, {"standing": "held"})
    comment, status = await post(house)
    assert status == "pending"
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    assert (item["comment"]["id"], item["held_by"]["name"]) == (comment, "held-member")
    await house.ask("PUT", "members/ada/standing", MOD, {"standing": "usual"})
    assert (await post(house))[1] == "published"


async def test_trust_by_staff_passes_pre_moderation_until_a_rejection_and_is_given_again(house: House) -> None:
    await change(house, premoderation="all")
    assert (await post(house))[1] == "pending"
    await house.ask("PUT", "members/ada/standing", MOD, {"standing": "trusted"})
    comment, status = await post(house)
    assert (status, await trusted(house, comment)) == ("published", "staff")
    assert await seen_as_trusted(house) == "staff"
    await decide(house, comment, "reject")
    assert await seen_as_trusted(house) is None
    assert (await post(house))[1] == "pending"
    await house.ask("PUT", "members/ada/standing", MOD, {"standing": "trusted"})
    assert (await post(house))[1] == "published"


async def test_a_trusted_member_does_not_pass_rules_that_reject(house: House) -> None:
    linked = {"kind": "links_over", "links": 0, "action": "reject"}
    await change(house, rules=[linked])
    await house.ask("PUT", "members/ada/standing", MOD, {"standing": "trusted"})
    assert (await post(house, body="See https://example.org/"))[1] == "rejected"


async def test_trust_is_earned_by_approvals_and_lost_by_a_rejection(house: House) -> None:
    await change(house, premoderation="all", trust={"after": 2, "days": 30})
    first, second = (await post(house))[0], (await post(house))[0]
    await decide(house, first, "approve")
    assert (await post(house))[1] == "pending"
    await decide(house, second, "approve")
    comment, status = await post(house)
    assert (status, await trusted(house, comment)) == ("published", "rule")
    assert await seen_as_trusted(house) == "rule"
    await decide(house, comment, "reject")
    third, status = await post(house)
    assert status == "pending"
    await decide(house, third, "approve")
    assert (await post(house))[1] == "pending", "it is earned anew from the rejection on"


async def test_a_badge_or_an_entitlement_makes_a_member_trusted(house: House) -> None:
    await change(house, premoderation="all", trusted_by=["subscriber"])
    comment, status = await post(house, SUBSCRIBER)
    assert (status, await trusted(house, comment)) == ("published", "token")
    assert (await post(house, ADA))[1] == "pending"
