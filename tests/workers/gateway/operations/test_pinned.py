"""The pinned comment and the editors' picks over HTTP, and who hears of them."""

from typing import Any

import pytest

from tests.support.house import ADA, AUDITOR, BEN, MOD, THREAD, House, Who, at, problem

PAGE = f"threads/{THREAD}"


async def pinned(house: House, comment: str, method: str = "PUT") -> dict[str, Any]:
    answer = await house.ask(method, f"{at(comment)}/pinned", MOD)
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])
    told: dict[str, Any] = answer.json()
    return told


async def order(house: House, query: str = "") -> list[str]:
    return [row["id"] for row in await house.rows(query=query)]


async def test_a_moderator_pins_a_comment_another_takes_its_place_and_none_is_pinned_again(house: House) -> None:
    first, second = await house.post(ADA), await house.post(BEN)
    assert (await pinned(house, first))["comment"]["pinned"] is True
    for sort in ("newest", "oldest", "top"):
        assert await order(house, f"?sort={sort}") == [first, second]
    length = await house.length()
    again = await pinned(house, first)
    assert await house.length() == length
    assert again["position"] == (await house.get(PAGE)).json()["thread"]["position"]
    assert (await pinned(house, second))["comment"]["pinned"] is True
    assert await order(house, "?sort=oldest") == [second, first]
    assert (await pinned(house, second, "DELETE"))["comment"]["pinned"] is False
    assert await order(house, "?sort=oldest") == [first, second]
    assert (await house.get(PAGE)).json()["thread"]["pinned"] is None


async def test_what_cannot_be_pinned_is_refused(house: House) -> None:
    comment = await house.post(ADA)
    below = await house.post(BEN, parent=comment)
    problem(await house.ask("PUT", f"{at(below)}/pinned", MOD), 409, "not-top-level")
    problem(await house.ask("PUT", f"{at('none')}/pinned", MOD), 404, "not-found")
    for who in (ADA, BEN, AUDITOR):
        problem(await house.ask("PUT", f"{at(comment)}/pinned", who), 403, "not-allowed")
    await house.decide(comment, "reject")
    problem(await house.ask("PUT", f"{at(comment)}/pinned", MOD), 409, "comment-not-published")


async def test_while_the_pinned_comment_is_not_published_it_is_not_shown(house: House) -> None:
    comment, other = await house.post(ADA), await house.post(BEN)
    then = (await pinned(house, comment))["position"]
    decided = (await house.decide(comment, "reject")).json()["position"]
    await house.settled(decided)
    assert await order(house) == [other]
    assert (await house.get(f"{PAGE}?featured=true")).json()["comments"] == []
    past = (await house.get(f"{PAGE}?at={then}")).json()
    assert [(row["id"], row["status"]) for row in past["comments"]] == [(comment, "rejected"), (other, "published")]
    assert (past["comments"][0]["body"], past["comments"][0]["gone"]) == (None, "moderator")
    await house.settled((await house.decide(comment, "approve")).json()["position"])
    assert await order(house) == [comment, other]


async def test_the_trail_and_the_log_tell_who_pinned_a_comment(house: House) -> None:
    first, second = await house.post(ADA), await house.post(BEN)
    await pinned(house, first)
    await pinned(house, second)

    async def trail(comment: str, who: Who) -> list[tuple[str, str | None]]:
        events = (await house.get(f"{at(comment)}/trail", who)).json()["events"]
        return [(event["type"], event["actor"]["id"]) for event in events]

    assert await trail(first, MOD) == [
        ("comment.posted", ADA.id),
        ("comment.pinned", MOD.id),
        ("comment.unpinned", MOD.id),
    ]
    assert await trail(first, ADA) == [("comment.posted", ADA.id), ("comment.pinned", None), ("comment.unpinned", None)]
    assert await trail(second, MOD) == [("comment.posted", BEN.id), ("comment.pinned", MOD.id)]
    audited = (await house.get(f"audit?thread={THREAD}&type=comment.pinned", AUDITOR)).json()["events"]
    assert [event["comment"] for event in audited] == [first, second]


async def test_picks_are_a_page_of_their_own_and_counted(house: House) -> None:
    comment = await house.post(ADA)
    below = await house.post(BEN, parent=comment)
    await house.post(BEN)
    for one in (comment, below):
        answer = await house.ask("PUT", f"{at(one)}/featured", MOD)
        await house.settled(answer.json()["position"])
    told = (await house.get(f"{PAGE}?featured=true&sort=oldest&limit=1")).json()
    assert [row["id"] for row in told["comments"]] == [comment]
    assert (told["thread"]["featured"], told["comments"][0]["replies"]["comments"]) == (2, [])
    more = (await house.get(f"{PAGE}?featured=true&sort=oldest&limit=1&cursor={told['next']}")).json()
    assert ([row["id"] for row in more["comments"]], more["next"]) == ([below], None)
    other = await house.get(f"{PAGE}?sort=oldest&limit=1&cursor={told['next']}")
    problem(other, 400, "bad-cursor")
    problem(await house.get(f"{PAGE}?featured=maybe"), 400, "bad-request")


@pytest.mark.parametrize("status", ["closed", "archived"])
async def test_the_page_tells_when_the_status_of_the_thread_changed(house: House, status: str) -> None:
    assert (await house.get(PAGE)).json()["thread"]["status_at"] is None
    answer = await house.ask("PUT", f"{PAGE}/status", MOD, {"status": status})
    await house.settled(answer.json()["position"])
    thread = (await house.get(PAGE)).json()["thread"]
    events = (await house.get(f"audit?thread={THREAD}&type=thread.{status}", AUDITOR)).json()["events"]
    assert (thread["status"], thread["status_at"]) == (status, events[0]["occurred_at"])
    listed = (await house.get("threads", MOD)).json()["threads"][0]
    assert listed["status_at"] == thread["status_at"]
