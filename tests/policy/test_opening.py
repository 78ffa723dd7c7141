"""A title that a member gave is seen by staff alone, until staff or the publication vouch for it."""

from typing import Any

from tests.support.house import ADA, ADMIN, BEN, MOD, House, Who, at, problem

OTHER = "glass-house"
ARTICLE = "https://kew.example/glass-house"
FIRST = {"body": "First.", "url": ARTICLE, "title": "Click here to win"}


async def change(house: House, **changes: object) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, changes)).status_code == 200


async def opened_by_ada(house: House) -> str:
    await change(house, origins=["https://kew.example"])
    answer = await house.ask("POST", f"threads/{OTHER}/comments", ADA, FIRST)
    assert answer.status_code == 201, answer.text
    await house.settled(answer.json()["position"], OTHER)
    return str(answer.json()["comment"]["id"])


async def public(house: House) -> list[Any]:
    """What everyone reads of the thread, in all answers that have its title."""
    comment = (await house.rows(thread=OTHER))[0]["id"]
    found = [await house.get(path) for path in (f"threads/{OTHER}", at(comment, OTHER), f"threads/{OTHER}/record")]
    assert all(answer.status_code == 200 for answer in found)
    return [answer.text for answer in found]


async def listed(house: House) -> dict[str, Any]:
    threads = (await house.get(f"threads?url={ARTICLE}", MOD)).json()["threads"]
    found: dict[str, Any] = next(one for one in threads if one["id"] == OTHER)
    return found


async def test_an_unverified_title_is_in_no_public_answer_and_staff_confirm_it(house: House) -> None:
    await opened_by_ada(house)
    assert not any("Click here" in text for text in await public(house))
    assert (await house.get(f"threads/{OTHER}")).json()["thread"]["title"] is None
    thread = await listed(house)
    assert (thread["title"], thread["unverified_title"]) == (None, "Click here to win")
    answer = await house.ask("PUT", f"threads/{OTHER}", MOD, {"url": ARTICLE, "title": "Click here to win"})
    await house.settled(answer.json()["position"], OTHER)
    assert (await house.get(f"threads/{OTHER}")).json()["thread"]["title"] == "Click here to win"
    assert "unverified_title" not in await listed(house)


async def test_doubles_of_an_article_are_listed(house: House) -> None:
    await opened_by_ada(house)
    body = {"url": ARTICLE, "title": "The glass house"}
    assert (await house.ask("PUT", "threads/glass-house-2", MOD, body)).status_code == 201
    found = (await house.get(f"threads?opened_by=member&url={ARTICLE}", MOD)).json()["threads"]
    assert [thread["id"] for thread in found] == [OTHER]


SIGNED = Who("ben", more={"thread": OTHER, "url": ARTICLE, "title": "The glass house", "labels": ["gardens"]})


async def test_a_token_that_carries_the_article_opens_its_thread(house: House) -> None:
    await change(house, opening="signed")
    problem(await house.ask("POST", f"threads/{OTHER}/comments", ADA, FIRST), 409, "thread-not-opened")
    problem(await house.ask("POST", "threads/palm-grove/comments", SIGNED, FIRST), 409, "thread-not-opened")
    answer = await house.ask("POST", f"threads/{OTHER}/comments", SIGNED, {"body": "First."})
    assert answer.status_code == 201, answer.text
    await house.settled(answer.json()["position"], OTHER)
    thread = (await house.get(f"threads/{OTHER}")).json()["thread"]
    assert (thread["url"], thread["title"], thread["labels"]) == (ARTICLE, "The glass house", ["gardens"])


async def test_a_token_that_carries_the_article_confirms_the_title(house: House) -> None:
    await opened_by_ada(house)
    answer = await house.ask("POST", f"threads/{OTHER}/comments", SIGNED, {"body": "Second."})
    await house.settled(answer.json()["position"], OTHER)
    assert (await house.get(f"threads/{OTHER}")).json()["thread"]["title"] == "The glass house"
    types = [event["type"] for event in (await house.get(f"threads/{OTHER}/record", MOD)).json()["events"]]
    assert types == ["thread.opened", "comment.posted", "thread.retitled", "thread.labelled", "comment.posted"]


async def test_only_staff_open_threads_where_the_policy_says_so(house: House) -> None:
    await change(house, origins=["https://kew.example"], opening="staff")
    problem(await house.ask("POST", f"threads/{OTHER}/comments", BEN, FIRST), 409, "thread-not-opened")
    problem(await house.get(f"threads/{OTHER}/policy"), 404, "not-found")
    assert (await house.ask("POST", f"threads/{OTHER}/comments", MOD, FIRST)).status_code == 201


async def test_a_thread_has_labels_by_which_it_is_found(house: House) -> None:
    body = {"url": ARTICLE, "title": "The glass house", "labels": ["gardens", "news", "news"]}
    answer = await house.ask("PUT", f"threads/{OTHER}", MOD, body)
    assert answer.status_code == 201
    await house.settled(answer.json()["position"], OTHER)
    assert (await house.get(f"threads/{OTHER}")).json()["thread"]["labels"] == ["gardens", "news"]
    assert [one["id"] for one in (await house.get("threads?label=news", MOD)).json()["threads"]] == [OTHER]
    again = await house.ask("PUT", f"threads/{OTHER}", MOD, {"url": ARTICLE, "title": "The glass house"})
    assert again.json()["position"] == answer.json()["position"], "labels that are left out stay"
    for wrong in (["News"], [""], [str(number) for number in range(11)]):
        problem(await house.ask("PUT", f"threads/{OTHER}", MOD, {**body, "labels": wrong}), 400, "bad-request")
