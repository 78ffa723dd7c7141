"""Reversal of a batch through HTTP: what everybody sees is as it was, item by item."""

from typing import Any

import anyio

from tests.support.house import ADA, AUDITOR, BEN, EVE, MOD, THREAD, House, Who, at, problem

PAGE = f"threads/{THREAD}"
OTHER = Who("omar", ("moderator",))


async def reversed_(house: House, batch: str, who: Who = OTHER, **headers: Any) -> list[dict[str, Any]]:
    answer = await house.ask("POST", f"moderation/batches/{batch}/reversal", who, **headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    for result in results:
        if "position" in result:
            await house.settled(result["position"], result["thread"])
    return results


async def many(house: House, *decisions: dict[str, Any]) -> str:
    body = {"decisions": [{"thread": THREAD, "revision": 1, **one} for one in decisions]}
    answer = await house.ask("POST", "moderation/decisions", MOD, body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["batch"])


async def everything(house: House, *comments: str) -> list[Any]:
    """What everybody sees of a thread and of comments, but for positions."""
    seen: list[Any] = []
    for who in (None, ADA, BEN, MOD, AUDITOR):
        for path in (f"{PAGE}?sort=top", *(at(comment) for comment in comments)):
            answer = await house.get(path, who)
            body = answer.json()
            body.get("thread", {}).pop("position", None)
            seen.append((answer.status_code, body))
    own = (await house.get(f"{PAGE}/me", ADA)).json()
    queues = [(await house.get(f"moderation/queue?state={state}", MOD)).json() for state in ("pending", "reported")]
    return [*seen, own["pending"], own["rejected"], own["votes"], *queues]


async def test_a_single_decision_is_undone_exactly(house: House) -> None:
    comment = await house.post(ADA)
    await house.post(BEN, "An answer.", parent=comment)
    for who in (BEN, EVE):
        await house.ask("PUT", f"{at(comment)}/vote", who, {"value": 1})
    report = {"reason": "spam", "note": "Look."}
    reported = await house.ask("POST", f"{at(comment)}/reports", BEN, report)
    await house.settled(reported.json()["position"])
    before = await everything(house, comment)
    for verdict in ("reject", "approve", "hold"):
        answer = await house.decide(comment, verdict, reason="Off the subject.")
        (result,) = await reversed_(house, answer.json()["batch"])
        assert result == {"thread": THREAD, "comment": comment, "position": result["position"]}
        assert await everything(house, comment) == before
    # The report is open: its member reports nothing by saying so again.
    again = await house.ask("POST", f"{at(comment)}/reports", BEN, report)
    assert (again.status_code, again.json()["position"]) == (200, reported.json()["position"])


async def test_a_batch_is_undone_item_by_item_and_not_where_somebody_acted_since(house: House) -> None:
    first, second, third = [await house.post(ADA, f"Words {number}.") for number in range(3)]
    batch = await many(house, *({"comment": one, "verdict": "reject"} for one in (first, second, third)))
    await house.decide(second, "approve", reason="On second thought.")
    withdrawn = await house.ask("DELETE", at(third), ADA)
    assert withdrawn.status_code == 200
    results = {one["comment"]: one for one in await reversed_(house, batch)}
    assert set(results) == {first, second, third}
    assert "position" in results[first]
    told = results[second]["problem"]
    assert (told["type"], told["status"], told["current"]) == ("/problems/stale-status", 409, "published")
    assert (told["decided"]["verdict"], told["decided"]["by"]) == ("approve", {"id": "mod", "name": None})
    assert told["decided"]["reason"] == "On second thought."
    told = results[third]["problem"]
    assert (told["status"], told["current"], "decided" in told) == (409, "withdrawn", False)
    assert {row["id"] for row in await house.rows()} == {first, second}
    # A second time changes nothing, and answers alike.
    length = await house.length()
    again = {one["comment"]: one for one in await reversed_(house, batch, MOD)}
    assert again == results
    assert await house.length() == length


async def test_a_reversal_is_in_the_trail_and_in_the_audit_and_names_nobody_to_the_author(house: House) -> None:
    comment = await house.post(ADA)
    batch = (await house.decide(comment, "reject")).json()["batch"]
    await reversed_(house, batch)
    for path, who in (
        (f"{at(comment)}/trail", MOD),
        (f"audit?comment={comment}&thread={THREAD}", AUDITOR),
        (f"{PAGE}/record", MOD),
    ):
        event = (await house.get(path, who)).json()["events"][-1]
        assert (event["type"], event["actor"]["id"], event["revision"]) == ("decision.reversed", "omar", 1)
        assert event["data"]["reverses"] == batch
    event = (await house.get(f"{at(comment)}/trail", ADA)).json()["events"][-1]
    assert (event["actor"], event["data"]) == ({"kind": "staff", "id": None}, {"role": "moderator"})
    event = (await house.get(f"{PAGE}/record")).json()["events"][-1]
    assert (event["type"], event["actor"], event.get("data")) == (
        "decision.reversed",
        {"kind": "staff", "id": None},
        {},
    )


async def test_no_item_is_missing_though_the_views_are_behind(house: House) -> None:
    comments = [await house.post(ADA, f"Words {number}.") for number in range(3)]
    house.hold()
    batch = await many(house, *({"comment": one, "verdict": "hold"} for one in comments))
    results: list[dict[str, Any]] = []

    async def undo() -> None:
        results.extend(await reversed_(house, batch))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(undo)
        await anyio.lowlevel.checkpoint()
        house.release()
    assert {one["comment"] for one in results if "position" in one} == set(comments)


async def test_while_the_views_stay_behind_a_reversal_waits_no_longer_than_a_write(house: House) -> None:
    comment = await house.post(ADA)
    house.hold()
    batch = await many(house, {"comment": comment, "verdict": "hold"})
    problem(await house.ask("POST", f"moderation/batches/{batch}/reversal", OTHER), 503, "unavailable")
    house.release()
    assert len(await reversed_(house, batch)) == 1


async def test_a_batch_is_of_its_site_and_for_moderators(house: House) -> None:
    comment = await house.post(ADA)
    batch = (await house.decide(comment, "reject")).json()["batch"]
    for who, status, slug in ((ADA, 403, "not-allowed"), (AUDITOR, 403, "not-allowed"), (None, 401, "unauthenticated")):
        problem(await house.ask("POST", f"moderation/batches/{batch}/reversal", who), status, slug)
    for unknown in ("nothing", batch[:-1], f"{batch}-", "a" * 65):
        problem(await house.ask("POST", f"moderation/batches/{unknown}/reversal", MOD), 404, "not-found")
    nothing = await many(house, {"comment": "nothing", "verdict": "reject"})
    problem(await house.ask("POST", f"moderation/batches/{nothing}/reversal", MOD), 404, "not-found")
    assert (await house.get(at(comment), MOD)).json()["comment"]["status"] == "rejected"


async def test_a_repeat_of_a_reversal_under_its_key_answers_alike(house: House) -> None:
    comment = await house.post(ADA)
    batch = (await house.decide(comment, "reject")).json()["batch"]
    first = await reversed_(house, batch, Idempotency_Key="k")
    await house.decide(comment, "hold")
    assert await reversed_(house, batch, Idempotency_Key="k") == first
