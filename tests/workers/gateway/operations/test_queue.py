"""The moderation queue through HTTP, and the hands of those who read it."""

from typing import Any

import anyio.lowlevel

from core.keys import Keys
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, PARTITIONS, SITE, THREAD, House, Who, at, problem
from workers.gateway.hands import HandStore

SAM = Who("sam", ("moderator",))
QUEUE = "moderation/queue"
HANDS = "moderation/hands"


async def held(house: House, **policy: Any) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "all", **policy})).status_code == 200


async def report(house: House, comment: str, who: Who = BEN) -> None:
    answer = await house.ask("POST", f"{at(comment)}/reports", who, {"reason": "spam"})
    assert answer.status_code == 201
    await house.settled(answer.json()["position"])


async def items(house: House, query: str = "") -> list[dict[str, Any]]:
    answer = await house.get(f"{QUEUE}{query}", MOD)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    assert answer.json()["total"] >= len(found)
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [item["comment"]["id"] for item in found]


def item_of(comment: str) -> dict[str, str]:
    return {"thread": THREAD, "comment": comment}


async def test_the_whole_queue_has_each_comment_once_by_when_it_was_first_in_it(house: House) -> None:
    reported = await house.post(ADA, "Reported first.")
    await report(house, reported)
    await held(house, premoderation="links")
    waiting = await house.post(BEN, "See https://spam.example")
    edited = await house.ask("PATCH", at(reported), ADA, {"body": "See https://two.example"}, If_Match='"1"')
    await house.settled(edited.json()["position"])
    first, second = await items(house)
    assert (first["comment"]["id"], second["comment"]["id"]) == (reported, waiting)
    assert (first["revision"], first["held_by"]["kind"], len(first["reports"])) == (2, "rule", 1)
    assert (second["held_by"]["spans"], second["reports"]) == ([[4, 24]], [])
    assert ids(await items(house, "?state=pending")) == [waiting, reported]
    (only,) = await items(house, "?state=reported")
    assert (only["comment"]["id"], only["revision"], only["held_by"]["kind"]) == (reported, 1, "reports")
    assert first["since"] == only["since"]
    start = (await house.get(f"{QUEUE}?limit=1", MOD)).json()
    rest = (await house.get(f"{QUEUE}?limit=1&cursor={start['next']}", MOD)).json()
    assert ids(start["items"] + rest["items"]) == [reported, waiting]
    assert (start["total"], rest["total"], rest["next"]) == (2, 2, None)
    problem(await house.get(f"{QUEUE}?state=pending&limit=1&cursor={start['next']}", MOD), 400, "bad-cursor")
    problem(await house.get(f"{QUEUE}?state=both", MOD), 400, "bad-request")


async def test_what_a_moderator_holds_is_found_by_who_held_it(house: House) -> None:
    await held(house)
    mine, theirs, nobodys = [await house.post(ADA, f"Words {number}.") for number in range(3)]
    for comment, who in ((mine, MOD), (theirs, SAM)):
        answer = await house.ask("POST", f"{at(comment)}/decisions", who, {"verdict": "hold", "revision": 1})
        await house.settled(answer.json()["position"])
    assert ids(await items(house)) == [mine, theirs, nobodys]
    assert ids(await items(house, "?by=mod")) == [mine]
    assert ids(await items(house, "?by=sam&state=pending")) == [theirs]
    assert ids(await items(house, "?by=sam&state=reported")) == []
    assert (await house.get(f"{QUEUE}?by=mod", MOD)).json()["total"] == 1


async def test_an_item_in_hand_is_told_to_others_and_changes_the_tag_once(house: House) -> None:
    await held(house)
    comment = await house.post(ADA, "Words.")
    await house.post(SAM, "Sam speaks.")
    tag = (await house.get(QUEUE, MOD)).headers["etag"]
    taken = await house.ask("PUT", HANDS, SAM, item_of(comment))
    assert taken.status_code == 200, taken.text
    assert taken.json()["since"] < taken.json()["until"]
    there = await house.get(QUEUE, MOD, If_None_Match=tag)
    assert there.status_code == 200
    hand = {"by": {"id": "sam", "name": "Sam"}, "since": taken.json()["since"]}
    assert there.json()["items"][0]["in_hand"] == hand
    again = await house.ask("PUT", HANDS, SAM, item_of(comment))
    assert again.json()["since"] == taken.json()["since"]
    assert (await house.get(QUEUE, MOD, If_None_Match=there.headers["etag"])).status_code == 304
    # Another takes it all the same: the first stays named, and nobody lets go but themselves.
    assert (await house.ask("PUT", HANDS, MOD, item_of(comment))).status_code == 200
    assert (await items(house))[0]["in_hand"] == hand
    assert (await house.ask("DELETE", HANDS, MOD, item_of(comment))).status_code == 200
    assert (await items(house))[0]["in_hand"] == hand
    assert (await house.ask("DELETE", HANDS, SAM, item_of("another"))).json() == {}
    assert (await items(house))[0]["in_hand"] == hand
    assert (await house.ask("DELETE", HANDS, SAM, item_of(comment))).json() == {}
    assert (await house.get(QUEUE, MOD)).headers["etag"] == tag
    length = await house.length()
    await house.ask("PUT", HANDS, SAM, item_of(comment))
    assert await house.length() == length, "a hand is no event"


async def test_another_item_replaces_the_one_in_hand(house: House) -> None:
    await held(house)
    one, two = [await house.post(ADA, f"Words {number}.") for number in range(2)]
    for comment in (one, two):
        assert (await house.ask("PUT", HANDS, SAM, item_of(comment))).status_code == 200
    first, second = await items(house)
    assert (first["in_hand"], second["in_hand"]["by"]) == (None, {"id": "sam", "name": None})


async def test_who_takes_an_item_is_told_who_had_it_first_and_if_it_still_waits(house: House) -> None:
    await held(house)
    comment = await house.post(ADA, "Words.")
    await house.post(SAM, "Sam speaks.")
    first = (await house.ask("PUT", HANDS, SAM, item_of(comment))).json()
    hand = {"by": {"id": "sam", "name": "Sam"}, "since": first["since"]}
    assert (first["in_hand"], first["waits"]) == (hand, True)
    later = (await house.ask("PUT", HANDS, MOD, item_of(comment))).json()
    assert (later["in_hand"], later["waits"]) == (hand, True)
    assert later["since"] > first["since"], "no two have it since the same millisecond"
    again = (await house.ask("PUT", HANDS, SAM, item_of(comment))).json()
    assert again["in_hand"] == hand
    await house.ask("DELETE", HANDS, SAM, item_of(comment))
    left = (await house.ask("PUT", HANDS, MOD, item_of(comment))).json()
    assert left["in_hand"] == {"by": {"id": "mod", "name": None}, "since": later["since"]}


async def test_an_item_that_was_decided_waits_no_longer_also_while_the_views_have_it(house: House) -> None:
    reported = await house.post(ADA, "Reported.")
    await report(house, reported)
    await held(house)
    waiting, withdrawn = [await house.post(ADA, f"Words {number}.") for number in range(2)]
    house.hold()
    try:
        for comment, waits in ((reported, True), (waiting, True), (withdrawn, True), ("another", False)):
            assert (await house.ask("PUT", HANDS, SAM, item_of(comment))).json()["waits"] is waits
        for comment in (reported, waiting):
            assert (await house.decide(comment, "approve")).status_code == 200
        assert (await house.ask("DELETE", at(withdrawn), ADA)).status_code == 200
        for comment in (reported, waiting, withdrawn):
            assert (await house.ask("PUT", HANDS, SAM, item_of(comment))).json()["waits"] is False
    finally:
        house.release()


async def test_only_moderators_have_hands(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    for method in ("PUT", "DELETE"):
        problem(await house.ask(method, HANDS, None, item_of(comment)), 401, "unauthenticated")
        for who in (ADA, AUDITOR, ADMIN):
            problem(await house.ask(method, HANDS, who, item_of(comment)), 403, "not-allowed")
        problem(await house.ask(method, HANDS, MOD), 400, "bad-request")
        problem(await house.ask(method, HANDS, MOD, {**item_of(comment), "name": "Sam"}), 400, "bad-request")
        problem(await house.ask(method, HANDS, MOD, {"thread": "a b", "comment": comment}), 400, "bad-request")


async def test_hands_are_bounded_and_end_by_themselves(house: House) -> None:
    deployment = house.deployment
    store = HandStore(deployment.calls, deployment.keys, deployment.pubsub, lasts=30, most=2)
    for number in range(3):
        await store.take(SITE, f"mod-{number}", THREAD, f"comment-{number}")
    live = await store.read(SITE)
    assert {hand.by for hand in live.hands.values()} == {"mod-1", "mod-2"}
    assert live.left is not None
    assert 0 < live.left <= 30
    key = Keys(PARTITIONS).of(SITE).hands(SITE)
    assert 0 < await deployment.calls.call("PTTL", key) <= 30_000
    brief = HandStore(deployment.calls, deployment.keys, deployment.pubsub, lasts=0.05)
    await brief.take(SITE, "mod-2", THREAD, "another")
    with anyio.fail_after(BOUND):
        while (await brief.read(SITE)).hands:
            await anyio.lowlevel.checkpoint()
    assert (await brief.read(SITE)).left is None
