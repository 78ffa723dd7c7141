"""Whether the passages of inline questions were found in their articles: hints, kept beside the log."""

from typing import Any

from core.redis.deployment import Deployment
from core.sightings import KEPT_MS, Quotation, Sighting, Sightings
from tests.support.house import ADA, AUDITOR, MOD, THREAD, House, Who, problem

PASSAGE = {"exact": "the palm house", "prefix": "In ", "suffix": ", at noon"}
INSTEAD = {"exact": "the orangery", "prefix": "In ", "suffix": ", at noon"}


def path(anchor: str, thread: str = THREAD) -> str:
    return f"threads/{thread}/anchors/{anchor}"


async def ask(
    house: House, anchor: str = "q1", quote: Any = None, *, thread: str = THREAD, status: str = "open"
) -> None:
    body = {"quote": quote or PASSAGE, "status": status}
    answer = await house.ask("PUT", path(anchor, thread), MOD, body)
    assert answer.status_code in (200, 201), answer.text
    await house.settled(answer.json()["position"], thread)


async def sighting(
    house: House, anchor: str = "q1", who: Who | None = MOD, *, thread: str = THREAD, **body: Any
) -> Any:
    return await house.ask("PUT", f"{path(anchor, thread)}/sighting", who, body)


async def seen(house: House, query: str = "") -> list[dict[str, Any]]:
    answer = await house.get(f"moderation/anchors{query}", MOD)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["anchors"]
    return found


async def test_a_passage_that_was_not_found_is_listed_with_what_stands_there_instead(house: House) -> None:
    await ask(house)
    house.now = 1_700_000_000.5
    length = await house.length()
    answer = await sighting(house, found=False, proposal=INSTEAD)
    assert (answer.status_code, answer.json()) == (200, {"found": False})
    (one,) = await seen(house, "?found=false")
    thread = (await house.get(f"threads/{THREAD}")).json()["thread"]
    assert one == {
        "id": "q1",
        "quote": PASSAGE,
        "prompt": None,
        "status": "open",
        "comments": 0,
        "thread": {"id": THREAD, "title": thread["title"], "url": thread["url"], "labels": []},
        "found": False,
        "seen_at": "2023-11-14T22:13:20.500Z",
        "proposal": INSTEAD,
    }
    assert await seen(house, "?found=true") == []
    # Nothing that readers see changes, and there is no event.
    assert "orangery" not in (await house.get(f"threads/{THREAD}/anchors")).text
    assert await house.length() == length
    assert (await sighting(house, found=True)).status_code == 200
    (one,) = await seen(house)
    assert (one["found"], one["proposal"]) == (True, None)
    assert await seen(house, "?found=false") == []


async def test_a_new_quote_forgets_the_sighting_and_another_status_does_not(house: House) -> None:
    await ask(house)
    await sighting(house, found=False)
    await ask(house, status="closed")
    assert [one["status"] for one in await seen(house)] == ["closed"]
    await ask(house, quote=INSTEAD)
    assert await seen(house) == []
    assert await house.services.sightings.read("kew", 0) == []


async def test_a_sighting_of_an_earlier_quote_is_not_shown(house: House) -> None:
    await ask(house)
    old = Quotation(exact="an earlier passage").digest
    await house.services.sightings.note("kew", THREAD, "q1", Sighting(found=False, seen_at=9**14, quote=old))
    await house.services.sightings.note("kew", "gone", "q1", Sighting(found=False, seen_at=9**14, quote=old))
    assert await seen(house) == []


async def test_questions_are_listed_across_threads_the_latest_first_page_by_page(house: House) -> None:
    await house.open_thread("orchids")
    names = [(THREAD, "q1"), ("orchids", "q1"), (THREAD, "q2"), ("orchids", "q3"), (THREAD, "q4")]
    for number, (thread, anchor) in enumerate(names):
        await ask(house, anchor, thread=thread)
        house.now = 1_700_000_000 + number // 2
        await sighting(house, anchor, thread=thread, found=bool(number % 2))
    whole = [(one["thread"]["id"], one["id"]) for one in await seen(house)]
    assert set(whole) == set(names)
    assert whole[0] == (THREAD, "q4")
    paged: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await house.get(f"moderation/anchors?limit=2{cursor and f'&cursor={cursor}'}", MOD)).json()
        paged += [(one["thread"]["id"], one["id"]) for one in page["anchors"]]
        cursor = page["next"]
    assert paged == whole
    problem(await house.get("moderation/anchors?cursor=nonsense", MOD), 400, "bad-cursor")


async def test_what_makes_no_sense_is_refused(house: House) -> None:
    await ask(house)
    for body, pointer in (
        ({"found": True, "proposal": INSTEAD}, "/proposal"),
        ({"found": False, "proposal": {"exact": " \u200b"}}, "/proposal/exact"),
        ({"found": "no"}, "/found"),
        ({}, "/found"),
    ):
        told = problem(await sighting(house, **body), 400, "bad-request")
        assert told["errors"][0]["pointer"] in (pointer, "")
    assert await seen(house) == []
    problem(await sighting(house, "q2", found=True), 404, "not-found")
    problem(await sighting(house, thread="nothing", found=True), 404, "not-found")
    for who, status, slug in ((ADA, 403, "not-allowed"), (AUDITOR, 403, "not-allowed"), (None, 401, "unauthenticated")):
        problem(await sighting(house, who=who, found=True), status, slug)
        problem(await house.get("moderation/anchors", who), status, slug)


async def test_the_oldest_go_where_there_are_too_many_and_all_after_thirty_days(house: House) -> None:
    deployment: Deployment = house.deployment
    few = Sightings(deployment.calls, deployment.keys, most=2)
    for number in (1, 3, 2):
        await few.note("kew", THREAD, f"q{number}", Sighting(found=False, seen_at=number, quote=""))
    assert [one.anchor for one in await few.read("kew", 3)] == ["q3", "q2"]
    await few.note("kew", THREAD, "q3", Sighting(found=True, seen_at=4, quote=""))
    assert [one.anchor for one in await few.read("kew", 4)] == ["q3", "q2"]
    assert [one.anchor for one in await few.read("kew", 3 + KEPT_MS)] == ["q3"]
    await few.note("kew", THREAD, "q5", Sighting(found=False, seen_at=4 + KEPT_MS, quote=""))
    assert [one.anchor for one in await few.read("kew", 0)] == ["q5", "q3"], "what is too old is gone"
    partition = deployment.keys.of("kew")
    for key in (partition.sightings("kew"), partition.sighted("kew")):
        assert 0 < await deployment.calls.call("PTTL", key) <= KEPT_MS
