"""A ban, removals and void votes under one batch over several calls, undone in one press."""

from typing import Any, Final

from projections.read import progress
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, BEN, MOD, SITE, THREAD, House, Who, at, problem

OTHER_MOD: Final = Who("mia", ("moderator",))
OTHER: Final = "orchids"
LATER: Final = "2043-10-29T11:20:00.000Z"


async def settled(house: House) -> None:
    """Let the views have everything."""
    ends = [(one, await house.log.last(one.number)) for one in house.deployment.keys]
    assert await progress.all_passed(house.served, ends, within=BOUND)


async def ask(house: House, method: str, path: str, who: Who, body: Any = None, key: str | None = None) -> Any:
    """A write that is taken. The views have it."""
    headers = {} if key is None else {"Idempotency_Key": key}
    answer = await house.ask(method, path, who, body, operator=False, **headers)
    assert answer.status_code == 200, answer.text
    await settled(house)
    return answer.json()


async def ban(house: House, batch: str | None = None, who: Who = MOD, **more: Any) -> str:
    body = {"reason": "A ring.", **more} | ({} if batch is None else {"batch": batch})
    name: str = (await ask(house, "PUT", "members/ada/suspension", who, body))["batch"]
    return name


def removals(*comments: tuple[str, str], batch: str | None = None) -> dict[str, Any]:
    decisions = [
        {"thread": thread, "comment": comment, "verdict": "reject", "revision": 1, "reason": "Spam."}
        for thread, comment in comments
    ]
    return {"decisions": decisions} | ({} if batch is None else {"batch": batch})


async def undo(house: House, batch: str, who: Who = MOD) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = (await ask(house, "POST", f"moderation/batches/{batch}/reversal", who))["results"]
    return results


async def suspension(house: House) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await house.get("members/ada", MOD)).json()["member"]["suspension"]
    return found


async def statuses(house: House, *comments: tuple[str, str]) -> list[str]:
    return [(await house.get(at(name, thread), MOD)).json()["comment"]["status"] for thread, name in comments]


async def test_a_ban_removals_and_void_votes_share_a_batch_and_are_undone_at_once(house: House) -> None:
    await house.open_thread(OTHER)
    comments = [(thread, await house.post(ADA, thread=thread)) for thread in (THREAD, OTHER, THREAD)]
    kept = await house.post(BEN)
    await ask(house, "PUT", f"{at(kept)}/vote", ADA, {"value": 1})
    batch = await ban(house)
    for some in (comments[:2], comments[2:]):
        answer = await ask(house, "POST", "moderation/decisions", MOD, removals(*some, batch=batch))
        assert answer["batch"] == batch
        assert all("position" in one for one in answer["results"])
    (vote,) = (await house.get(f"moderation/votes?thread={THREAD}", MOD)).json()["votes"]
    body = {"votes": [{"thread": THREAD, "comment": kept, "voter": vote["voter"]}], "reason": "r", "batch": batch}
    assert (await ask(house, "POST", "moderation/voids", MOD, body))["batch"] == batch
    assert await statuses(house, *comments) == ["rejected"] * 3
    assert await suspension(house) is not None
    results = await undo(house, batch, OTHER_MOD)
    assert len(results) == 5
    assert all("position" in one for one in results)
    assert [one["member"] for one in results if "member" in one] == ["ada"]
    assert await statuses(house, *comments) == ["published"] * 3
    assert await suspension(house) is None
    assert (await house.get(at(kept))).json()["comment"]["votes"]["up"] == 1
    await house.post(ADA, "I am back.")
    assert await undo(house, batch) == results, "asked for again, it stays so"


async def test_a_reversal_brings_back_the_suspension_that_there_was(house: House) -> None:
    first = await ban(house, until=LATER, reason="Insults.")
    before = await suspension(house)
    batch = await ban(house)
    assert (await suspension(house) or {})["until"] is None
    await undo(house, batch)
    assert await suspension(house) == before
    assert len((await house.get("members/ada", MOD)).json()["member"]["suspensions"]) == 2
    (result,) = await undo(house, first)
    assert result["problem"]["type"] == "/problems/stale-status", "others acted since, as with decisions"


async def test_the_end_of_a_suspension_is_undone_as_well(house: House) -> None:
    await ban(house, until=LATER)
    before = await suspension(house)
    batch = (await ask(house, "DELETE", "members/ada/suspension", MOD))["batch"]
    assert await suspension(house) is None
    await undo(house, batch)
    assert await suspension(house) == before


async def test_an_item_on_which_somebody_acted_since_is_refused_by_itself(house: House) -> None:
    comment = THREAD, await house.post(ADA)
    batch = await ban(house)
    await ask(house, "POST", "moderation/decisions", MOD, removals(comment, batch=batch))
    await ban(house, who=OTHER_MOD, until=LATER)
    by_member = {one.get("member"): one for one in await undo(house, batch)}
    assert by_member["ada"]["problem"]["type"] == "/problems/stale-status"
    assert "position" in by_member[None]
    assert await statuses(house, comment) == ["published"]
    assert (await suspension(house) or {})["until"] == LATER


async def test_a_batch_is_continued_by_its_caller_alone_and_within_the_hour(house: House) -> None:
    comment, other = [(THREAD, await house.post(ADA)) for _ in range(2)]
    batch = await ban(house)
    for who, named in ((OTHER_MOD, batch), (MOD, "never-was")):
        answer = await house.ask("POST", "moderation/decisions", who, removals(comment, batch=named))
        problem(answer, 422, "unknown-batch")
        answer = await house.ask("PUT", "members/ben/suspension", who, {"reason": "r", "batch": named})
        problem(answer, 422, "unknown-batch")
        problem(await house.ask("DELETE", f"members/ada/suspension?batch={named}", who), 422, "unknown-batch")
    first = await ask(house, "POST", "moderation/decisions", MOD, removals(comment, batch=batch), key="k")
    await house.deployment.calls.call("DEL", house.deployment.keys.of(SITE).batch(SITE, batch))  # as after an hour
    problem(await house.ask("POST", "moderation/decisions", MOD, removals(other, batch=batch)), 422, "unknown-batch")
    again = await ask(house, "POST", "moderation/decisions", MOD, removals(comment, batch=batch), key="k")
    assert again == first, "a repeat is answered whenever it comes"
    assert len(await undo(house, batch)) == 2


async def test_a_batch_acts_once_on_each_comment_and_on_each_member(house: House) -> None:
    comment = THREAD, await house.post(ADA)
    batch = await ban(house)
    await ask(house, "POST", "moderation/decisions", MOD, removals(comment, batch=batch))
    other = removals(comment, batch=batch)
    other["decisions"][0] |= {"verdict": "hold"}
    (result,) = (await ask(house, "POST", "moderation/decisions", MOD, other))["results"]
    assert result["problem"]["errors"][0]["pointer"] == "/batch"
    answer = await house.ask("PUT", "members/ada/suspension", MOD, {"reason": "r", "until": LATER, "batch": batch})
    assert problem(answer, 400, "bad-request")["errors"][0]["pointer"] == "/batch"
    assert await ban(house, batch) == batch, "what is so already is no act"
    await undo(house, batch)
    assert (await statuses(house, comment), await suspension(house)) == (["published"], None)


async def test_a_single_decision_is_a_batch_that_others_continue(house: House) -> None:
    comment, other = [(THREAD, await house.post(ADA)) for _ in range(2)]
    batch = (await house.decide(comment[1], "reject")).json()["batch"]
    await ask(house, "POST", "moderation/decisions", MOD, removals(other, batch=batch))
    assert len(await undo(house, batch)) == 2
    assert await statuses(house, comment, other) == ["published"] * 2


async def test_a_suspension_by_a_moderator_holds_no_token_of_an_admin(house: House) -> None:
    boss = Who("adi", ("admin", "moderator"))
    await ask(house, "PUT", "members/adi/suspension", MOD, {"reason": "r"})
    assert (await house.ask("PATCH", "policy", ADMIN, {"max_depth": 5})).status_code == 200
    assert (await house.ask("PUT", "members/adi/suspension", boss, {"reason": "r"})).status_code == 403
    problem(
        await house.ask("PUT", f"threads/{THREAD}/status", Who("adi", ("moderator",)), {"status": "closed"}),
        403,
        "suspended",
    )
    await ask(house, "PUT", "members/adi/suspension", Who("ann", ("admin", "moderator")), {"reason": "r"})
    problem(await house.ask("PATCH", "policy", ADMIN, {"max_depth": 6}), 403, "suspended")
