"""A suspended member appeals; the appeal waits in the queue beside those of comments, and another moderator decides."""

from typing import Any, Final

from core.ids import is_member
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, THREAD, House, Who, at, problem

OTHER: Final = Who("mia", ("moderator",))
LATER: Final = "2043-10-29T11:20:00.000Z"


async def suspend(house: House, member: str, who: Who = MOD, **more: Any) -> None:
    body = {"reason": "Insults.", **more}
    assert (await house.ask("PUT", f"members/{member}/suspension", who, body)).status_code == 200


async def appeal(house: House, who: Who, text: str) -> None:
    answer = await house.ask("POST", f"members/{who.id}/suspension/appeal", who, {"text": text})
    assert answer.status_code == 201, answer.text


async def queue(house: House, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = (await house.get(f"moderation/queue?state=appeal{query}", OTHER)).json()
    return answer


def subjects(answer: dict[str, Any]) -> list[str]:
    """What each item is about: a member's suspension, or a comment."""
    return [item["comment"]["id"] if item["comment"] else item["member"]["id"] for item in answer["items"]]


async def test_appeals_against_suspensions_and_decisions_wait_in_one_queue_oldest_first(house: House) -> None:
    comment = await house.post(ADA)
    await house.decide(comment, "reject", reason="No.")
    await suspend(house, "ben", until=LATER)
    await appeal(house, BEN, "It was irony.")
    filed = await house.ask("POST", f"{at(comment)}/appeal", ADA, {"text": "I quoted him."})
    await house.settled(filed.json()["position"])
    await suspend(house, "ada", OTHER)
    await appeal(house, ADA, "And again.")
    found = await queue(house)
    assert (subjects(found), found["total"]) == (["ben", comment, "ada"], 3)
    first = found["items"][0]
    assert (first["appeal"]["text"], first["appeal"]["decision"]["verdict"]) == ("It was irony.", "suspend")
    assert (first["appeal"]["decision"]["by"], first["appeal"]["decision"]["reason"]) == (MOD.id, "Insults.")
    one = await queue(house, "&limit=1")
    two = await queue(house, f"&limit=1&cursor={one['next']}")
    three = await queue(house, f"&limit=1&cursor={two['next']}")
    assert [*subjects(one), *subjects(two), *subjects(three)] == ["ben", comment, "ada"]
    assert three["next"] is None
    for query, wanted in (
        (f"&by={MOD.id}", ["ben", comment]),
        ("&member=ada", [comment, "ada"]),
        (f"&thread={THREAD}", [comment]),
        (f"&by={OTHER.id}", ["ada"]),
    ):
        assert subjects(await queue(house, query)) == wanted, query
    assert (await house.get("moderation/summary", MOD)).json()["appeal"] == 3
    decision = {"verdict": "reverse", "reason": "It was."}
    path = "members/ben/suspension/appeal/decision"
    problem(await house.ask("PUT", path, MOD, decision), 403, "own-decision")
    assert (await house.ask("PUT", path, OTHER, decision)).status_code == 200
    assert subjects(await queue(house)) == [comment, "ada"]
    assert (await house.get("moderation/summary", MOD)).json()["appeal"] == 2
    await house.post(BEN, "Thank you.")


async def test_an_appeal_waits_only_as_long_as_the_suspension(house: House) -> None:
    await suspend(house, "ben")
    await appeal(house, BEN, "It was irony.")
    assert subjects(await queue(house)) == ["ben"]
    assert (await house.ask("DELETE", "members/ben/suspension", MOD)).status_code == 200
    assert subjects(await queue(house)) == []


async def test_a_reversal_brings_an_appeal_back_with_its_suspension(house: House) -> None:
    await suspend(house, "ben", until=LATER)
    await appeal(house, BEN, "It was irony.")
    batch = (await house.ask("PUT", "members/ben/suspension", OTHER, {"reason": "A ring."})).json()["batch"]
    await appeal(house, BEN, "I know nobody.")
    assert [item["appeal"]["text"] for item in (await queue(house))["items"]] == ["I know nobody."]
    assert (await house.ask("POST", f"moderation/batches/{batch}/reversal", MOD)).status_code == 200
    assert [item["appeal"]["text"] for item in (await queue(house))["items"]] == ["It was irony."]
    problem(await house.ask("POST", "members/ben/suspension/appeal", BEN, {"text": "Again."}), 409, "appeal-exists")


async def test_undoing_the_batch_of_a_ban_closes_the_appeal_against_it(house: House) -> None:
    comment = await house.post(BEN)
    batch = (await house.ask("PUT", "members/ben/suspension", MOD, {"reason": "A ring."})).json()["batch"]
    removal = {"thread": THREAD, "comment": comment, "verdict": "reject", "revision": 1}
    await house.ask("POST", "moderation/decisions", MOD, {"decisions": [removal], "batch": batch})
    await appeal(house, BEN, "It was irony.")
    assert subjects(await queue(house)) == ["ben"]
    results = (await house.ask("POST", f"moderation/batches/{batch}/reversal", OTHER)).json()["results"]
    assert sorted(one.get("member", comment) for one in results if "position" in one) == sorted(["ben", comment])
    assert subjects(await queue(house)) == []
    assert (await house.get("moderation/summary", MOD)).json()["appeal"] == 0
    path = "members/ben/suspension/appeal"
    for verdict in ("uphold", "reverse"):
        decision = {"verdict": verdict, "reason": "Late."}
        problem(await house.ask("PUT", f"{path}/decision", OTHER, decision), 404, "not-found")
    problem(await house.ask("POST", path, BEN, {"text": "Once more."}), 404, "not-found")
    await house.post(BEN, "Here again.")
    # Another suspension is another case.
    await suspend(house, "ben")
    assert subjects(await queue(house)) == []
    await appeal(house, BEN, "Not again.")
    assert [item["appeal"]["text"] for item in (await queue(house))["items"]] == ["Not again."]


async def test_members_are_listed_by_suspension_and_by_standing(house: House) -> None:
    names = [f"m-{number:02}" for number in range(7)]
    assert all(map(is_member, names))
    for number, name in enumerate(names):
        if number % 2:
            await suspend(house, name)
        standing = ("held", "trusted", "usual")[number % 3]
        answer = await house.ask("PUT", f"members/{name}/standing", MOD, {"standing": standing})
        assert answer.status_code == 200

    async def listed(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = (await house.get(f"members?limit=2&{query}{cursor}", MOD)).json()
            found += [one["id"] for one in page["members"]]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    assert await listed("suspended=true") == ["m-01", "m-03", "m-05"]
    assert await listed("standing=held") == ["m-00", "m-03", "m-06"]
    assert await listed("standing=trusted") == ["m-01", "m-04"]
    assert await listed("suspended=true&standing=held") == ["m-03"]
    assert (await house.ask("DELETE", "members/m-03/suspension", MOD)).status_code == 200
    assert await listed("suspended=true") == ["m-01", "m-05"]
    problem(await house.get("members?standing=odd", MOD), 400, "bad-request")


async def test_staff_read_by_what_a_member_is_trusted(house: House) -> None:
    subscriber = Who("sue", more={"badges": ["subscriber"]})
    comment = await house.post(subscriber)

    async def trusted_by() -> str | None:
        await house.services.notes.written()
        for who in (MOD, AUDITOR):
            found: str | None = (await house.get("members/sue", who)).json()["member"]["trusted_by"]
        return found

    assert await trusted_by() is None
    assert "trusted_by" not in (await house.get("members/sue", subscriber)).json()["member"]
    await house.ask("PATCH", "policy", ADMIN, {"trusted_by": ["subscriber"]})
    assert await trusted_by() == "token"
    await house.ask("PUT", "members/sue/standing", MOD, {"standing": "trusted"})
    assert await trusted_by() == "staff"
    await house.settled((await house.decide(comment, "reject")).json()["position"])
    assert await trusted_by() is None, "a moderator's rejection ends trust"
    await house.ask("PUT", "members/sue/standing", MOD, {"standing": "trusted"})
    assert await trusted_by() == "staff"
    await house.ask("PUT", "members/sue/standing", MOD, {"standing": "held"})
    assert await trusted_by() is None
