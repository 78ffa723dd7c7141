"""Lists of votes: pages, cursors, and whose votes are asked for."""

from typing import Any

from tests.support.house import ADA, AUDITOR, MOD, THREAD, House, Who, at, problem

VOTERS = [Who(f"voter-{number}") for number in range(7)]


async def vote(house: House, comment: str, who: Who, value: int) -> None:
    assert (await house.ask("PUT", f"{at(comment)}/vote", who, {"value": value})).status_code == 200


async def voted(house: House) -> list[str]:
    """Two comments; all vote on both, and one takes a vote back."""
    comments = [await house.post(ADA) for _ in range(2)]
    for comment in comments:
        for number, who in enumerate(VOTERS):
            await vote(house, comment, who, (1, -1)[number % 2])
    await vote(house, comments[0], VOTERS[0], 0)
    await vote(house, comments[0], VOTERS[1], 1)
    return comments


async def pages(house: House, query: str, who: Who = AUDITOR, limit: int = 3) -> list[dict[str, Any]]:
    """All votes of a query, page after page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await house.get(f"moderation/votes?thread={THREAD}{query}&limit={limit}{cursor}", who)).json()
        assert len(page["votes"]) <= limit
        found += page["votes"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_votes_are_listed_as_they_are_now_those_that_changed_last_first(house: House) -> None:
    first, second = await voted(house)
    found = await pages(house, "")
    assert [(one["comment"], one["voter"], one["value"]) for one in found] == [
        (first, "voter-1", 1),
        *((second, who.id, (1, -1)[number % 2]) for number, who in reversed([*enumerate(VOTERS)])),
        *((first, who.id, (1, -1)[number % 2]) for number, who in reversed([*enumerate(VOTERS)][2:])),
    ]
    assert await pages(house, "", limit=50) == found
    assert {(one["revision"], one["voided"]) for one in found} == {(1, None)}


async def test_votes_are_filtered_by_comment_and_by_voter(house: House) -> None:
    first, second = await voted(house)
    assert {one["comment"] for one in await pages(house, f"&comment={first}")} == {first}
    assert [one["comment"] for one in await pages(house, "&voter=voter-1")] == [first, second]
    assert [one["comment"] for one in await pages(house, f"&comment={second}&voter=voter-0")] == [second]
    for query in ("&comment=never", "&voter=ada", f"&comment={first}&voter=voter-0"):
        assert await pages(house, query) == []
    by_moderators = await pages(house, f"&comment={second}", MOD)
    assert len({one["voter"] for one in by_moderators}) == 7
    name = by_moderators[-2]["voter"]
    assert [one["comment"] for one in await pages(house, f"&voter={name}", MOD)] == [first, second]


async def test_a_bad_query_is_refused(house: House) -> None:
    await voted(house)
    cursor = (await house.get(f"moderation/votes?thread={THREAD}&limit=2", AUDITOR)).json()["next"]
    for who, query in ((MOD, ""), (AUDITOR, "&voter=voter-1"), (AUDITOR, "&comment=never")):
        answer = await house.get(f"moderation/votes?thread={THREAD}&limit=2{query}&cursor={cursor}", who)
        problem(answer, 400, "bad-cursor")
    for query in ("&voter=*short", "&voter=a%20b", "&voter=", "&limit=0", "&comment=a%20b", "&at=1-1"):
        problem(await house.get(f"moderation/votes?thread={THREAD}{query}", AUDITOR), 400, "bad-request")
    nobody = "*" + "a" * 22
    for who in (MOD, AUDITOR):
        problem(await house.get(f"moderation/votes?thread={THREAD}&voter={nobody}", who), 422, "unknown-voter")
