"""An author corrects a text at once, or asks later that an older one be removed: readers find it no more."""

from typing import Any

from tests.support.house import ADA, ADMIN, BEN, EVE, MOD, THREAD, House, Who, at, problem

PAGE = f"threads/{THREAD}"


async def edit(house: House, comment: str, body: str, revision: int) -> None:
    answer = await house.ask("PATCH", at(comment), ADA, {"body": body}, If_Match=f'"{revision}"')
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])


async def revisions(house: House, comment: str, who: Who | None = None) -> list[int]:
    answer = (await house.get(f"{at(comment)}/revisions", who)).json()
    return [revision["revision"] for revision in answer["revisions"]]


async def everything(house: House, comment: str) -> str:
    """All that everyone can read of a comment's past."""
    posted = (await house.get(f"{at(comment)}/trail", MOD)).json()["events"][0]["position"]
    paths = (f"{at(comment)}/revisions", f"{PAGE}?at={posted}", f"{PAGE}/record", PAGE)
    return " ".join([(await house.get(path)).text for path in paths])


async def test_a_text_that_is_corrected_within_grace_leaves_no_trace_for_readers(house: House) -> None:
    await house.ask("PATCH", "policy", ADMIN, {"grace": 300})
    comment = await house.post(ADA, "You are all fools.")
    await edit(house, comment, "I disagree with all of you.", 1)
    assert "fools" not in await everything(house, comment)
    (row,) = await house.rows()
    assert (row["revision"], row["edited"]) == (2, None)
    assert await revisions(house, comment) == [2]
    assert await revisions(house, comment, ADA) == await revisions(house, comment, MOD) == [1, 2]
    record = (await house.get(f"{PAGE}/record", MOD)).text
    assert "fools" in record


async def test_whoever_answered_the_first_text_finds_it_in_the_history(house: House) -> None:
    await house.ask("PATCH", "policy", ADMIN, {"grace": 300})
    comment = await house.post(ADA, "You are all fools.")
    await house.post(BEN, "Not all.", parent=comment)
    await edit(house, comment, "I disagree with all of you.", 1)
    assert await revisions(house, comment) == [1, 2]
    assert (await house.rows())[0]["edited"] is not None


async def queued(house: House) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await house.get("moderation/queue?state=removal", MOD)).json()["items"]
    return items


async def test_a_text_whose_removal_is_asked_for_is_hidden_until_a_moderator_refuses(house: House) -> None:
    await house.ask("PATCH", "policy", ADMIN, {"grace": 0})
    comment = await house.post(ADA, "I live in Elm Street 4.")
    await edit(house, comment, "I live nearby.", 1)
    assert "Elm Street" in await everything(house, comment)
    path = f"{at(comment)}/revisions/1/removal-request"
    problem(await house.ask("POST", path, EVE), 403, "not-allowed")
    problem(await house.ask("POST", path.replace("/1/", "/2/"), ADA), 409, "revision-published")
    asked = await house.ask("POST", path, ADA)
    assert asked.status_code == 200, asked.text
    await house.settled(asked.json()["position"])
    assert "Elm Street" not in await everything(house, comment)
    assert await revisions(house, comment, ADA) == [1, 2]
    (item,) = await queued(house)
    assert (item["comment"]["id"], item["removal"]["revision"], item["held_by"]) == (comment, 1, None)
    refused = await house.ask("DELETE", path, MOD)
    await house.settled(refused.json()["position"])
    assert "Elm Street" in await everything(house, comment)
    assert await queued(house) == []


async def test_a_redaction_grants_the_removal(house: House) -> None:
    comment = await house.post(ADA, "I live in Elm Street 4.")
    await edit(house, comment, "I live nearby.", 1)
    asked = await house.ask("POST", f"{at(comment)}/revisions/1/removal-request", ADA)
    await house.settled(asked.json()["position"])
    redacted = await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "An address."})
    await house.settled(redacted.json()["position"])
    assert await queued(house) == []
    problem(await house.ask("POST", f"{at(comment)}/revisions/1/removal-request", ADA), 409, "revision-redacted")
