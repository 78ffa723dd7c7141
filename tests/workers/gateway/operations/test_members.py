"""Members: found by the names that they used, and what staff and they themselves see."""

from typing import Any

import pytest

from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, MOD, House, Who, at, problem

NAMELESS = {"published": 0, "pending": 0, "rejected": 0, "withdrawn": 0}


def named(member: str, name: str, *badges: str) -> Who:
    return Who(member, more={"name": name, "badges": list(badges)})


async def found(house: House, query: str, limit: int = 20) -> list[dict[str, Any]]:
    """All pages of a search."""
    members: list[Any] = []
    cursor = ""
    for _ in range(100):
        answer = await house.get(f"members?limit={limit}{query}{cursor}", MOD)
        assert answer.status_code == 200, answer.text
        part = answer.json()
        assert len(part["members"]) <= limit + 1
        members += part["members"]
        if part["next"] is None:
            return members
        cursor = f"&cursor={part['next']}"
    raise AssertionError("the search does not end")


def ids(members: list[dict[str, Any]]) -> list[str]:
    return [member["id"] for member in members]


async def suspend(house: House, member: str, who: Who = MOD, **more: Any) -> None:
    body = {"reason": "Insults.", **more}
    assert (await house.ask("PUT", f"members/{member}/suspension", who, body)).status_code == 200


@pytest.fixture
async def crowd(house: House) -> House:
    """A house in which three people wrote, one of them under two names and in two threads."""
    await house.open_thread("fern-house")
    await house.post(named("u-1", "Greta Lindqvist", "old"))
    await house.post(named("u-2", "Grégoire"))
    await house.post(named("u-3", "Émile"))
    await house.post(named("u-1", "Lindqvist", "new"), thread="fern-house")
    return house


@pytest.mark.parametrize("limit", [1, 2, 20])
async def test_members_are_found_by_the_beginning_of_any_name_they_used(crowd: House, limit: int) -> None:
    for query, wanted in (
        ("gre", ["u-1"]),
        ("GR", ["u-1", "u-2"]),
        ("greta l", ["u-1"]),
        ("gretal", ["u-1"]),
        ("LIND", ["u-1"]),
        ("é", ["u-3"]),
        ("GRÉ", ["u-2"]),
        ("qvist", []),
        ("u-2", ["u-2"]),
        ("u-", []),
        ("nobody", []),
    ):
        assert ids(await found(crowd, f"&q={query}", limit)) == wanted, query
    assert ids(await found(crowd, "", limit)) == ["u-1", "u-2", "u-3"]
    first = (await found(crowd, "&q=greta"))[0]
    assert first == {
        "id": "u-1",
        "name": "Lindqvist",
        "standing": "usual",
        "suspension": None,
        "comments": {**NAMELESS, "published": 2},
    }


async def test_members_are_found_by_being_suspended(crowd: House) -> None:
    for member in ("u-2", "u-9", "u-1"):
        await suspend(crowd, member, until="2100-01-01T00:00:00Z")
    assert (await crowd.ask("DELETE", "members/u-1/suspension", MOD)).status_code == 200
    assert ids(await found(crowd, "&suspended=true")) == ["u-2", "u-9"]
    assert ids(await found(crowd, "&suspended=true", 1)) == ["u-2", "u-9"]
    assert ids(await found(crowd, "&suspended=true&q=gr")) == ["u-2"]
    assert ids(await found(crowd, "&suspended=false&q=gr")) == ["u-1"]
    # Somebody who never wrote is found by their id as soon as they have a standing.
    (nine,) = await found(crowd, "&q=u-9")
    assert (nine["name"], nine["comments"]) == (None, NAMELESS)
    assert nine["suspension"] == {"until": "2100-01-01T00:00:00.000Z", "reason": "Insults.", "by_role": "moderator"}


async def test_a_member_has_names_badges_a_first_day_and_counts(crowd: House) -> None:
    read = (await crowd.get("members/u-1", MOD)).json()["member"]
    assert (read["name"], read["names"], read["badges"]) == (
        "Lindqvist",
        ["Lindqvist", "Greta Lindqvist"],
        ["new"],
    )
    rows = (await crowd.get("members/u-1/comments", MOD)).json()["comments"]
    assert read["first_at"] == rows[-1]["posted_at"]
    assert read["comments"] == {**NAMELESS, "published": 2}
    edited = await crowd.ask("PATCH", at(rows[-1]["id"]), named("u-1", "G. L."), {"body": "New."}, If_Match='"1"')
    await crowd.settled(edited.json()["position"])
    assert (await crowd.get("members/u-1", MOD)).json()["member"]["names"] == ["G. L.", "Lindqvist", "Greta Lindqvist"]
    assert ids(await found(crowd, "&q=g.l")) == ["u-1"]
    never = (await crowd.get("members/u-8", MOD)).json()["member"]
    assert (never["name"], never["names"], never["badges"], never["first_at"]) == (None, [], [], None)


async def test_a_members_suspensions_are_kept_with_when_they_were_lifted(house: House) -> None:
    await suspend(house, "ada", until="2100-01-01T00:00:00Z")
    await house.ask("DELETE", "members/ada/suspension", MOD)
    await suspend(house, "ada", reason="Again.")
    read = (await house.get("members/ada", AUDITOR)).json()["member"]
    assert read["suspension"].pop("appeal") == dict.fromkeys(("until", "filed_at", "outcome", "reason", "text"))
    assert read["suspension"] == {"until": None, "reason": "Again.", "by_role": "moderator"}
    last, first = read["suspensions"]
    assert (last["until"], last["reason"], last["lifted_at"]) == (None, "Again.", None)
    assert (first["until"], first["reason"]) == ("2100-01-01T00:00:00.000Z", "Insults.")
    assert first["at"] <= first["lifted_at"] <= last["at"]


async def test_decisions_about_a_members_comments_are_counted(house: House) -> None:
    one, two = [await house.post(ADA, f"Words {number}.") for number in range(2)]
    for comment, verdict in ((one, "reject"), (one, "approve"), (two, "hold"), (two, "reject")):
        answer = await house.decide(comment, verdict)
    other = await house.post(BEN, "Other words.")
    answer = await house.decide(other, "reject")
    await house.settled(answer.json()["position"])
    read = (await house.get("members/ada", MOD)).json()["member"]
    assert read["decided"] == {"approved": 1, "held": 1, "rejected": 2, "reversed": 2}
    assert read["comments"] == {**NAMELESS, "published": 1, "rejected": 1}


async def test_members_see_of_themselves_all_but_by_whom_and_what_was_decided(house: House) -> None:
    await house.decide(await house.post(ADA, "Words."), "reject")
    await suspend(house, "ada")
    own = (await house.get("members/ada", ADA)).json()["member"]
    staff = (await house.get("members/ada", MOD)).json()["member"]
    assert staff.keys() - own.keys() == {"decided", "standing", "standings", "trusted_by"}
    assert staff["suspension"].keys() - own["suspension"].keys() == {"by_role"}
    assert (own["suspensions"], own["names"]) == (staff["suspensions"], staff["names"])
    problem(await house.get("members/ada", BEN), 404, "not-found")
    new = (await house.get("members/eve", EVE)).json()["member"]
    assert (new["name"], new["names"], new["suspensions"]) == ("Eve", ["Eve"], [])


async def test_a_search_is_for_moderators_and_refuses_what_is_no_name(house: House) -> None:
    problem(await house.get("members"), 401, "unauthenticated")
    for who in (ADA, AUDITOR, ADMIN):
        problem(await house.get("members", who), 403, "not-allowed")
    for query in ("q=", "q=%20", f"q={'a' * 121}", "suspended=maybe", "limit=51", "name=ada"):
        problem(await house.get(f"members?{query}", MOD), 400, "bad-request")
    for cursor in ("x", "x.y", "%C3%A9"):
        problem(await house.get(f"members?cursor={cursor}", MOD), 400, "bad-cursor")
    await house.post(ADA)
    await house.post(BEN)
    following = (await house.get("members?limit=1", MOD)).json()["next"]
    problem(await house.get(f"members?limit=1&q=a&cursor={following}", MOD), 400, "bad-cursor")
    mark = following.partition(".")[0]
    for place in ("_", "gA", ""):
        problem(await house.get(f"members?limit=1&cursor={mark}.{place}", MOD), 400, "bad-cursor")
