"""A ring pushes comments; a moderator sees pseudonyms, voids the ring's votes, and can take that back exactly."""

import re
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from projections.read import progress
from tests.support.bounds import BOUND
from tests.support.house import (
    ADA,
    ADMIN_SECRET,
    AUDITOR,
    BEN,
    EVE,
    MOD,
    SITE,
    THREAD,
    House,
    Who,
    at,
    problem,
)
from workers.gateway.operations.table import OPERATIONS
from workers.gateway.pseudonyms import Pseudonyms

RING: Final = tuple(Who(f"ring-{number}") for number in range(3))
SENIOR: Final = Who("sam", ("moderator", "auditor"))
OTHER: Final = "orchids"
MONTH_S: Final = 31 * 24 * 3600
REASON: Final = "Three votes within a second."


async def ask(house: House, method: str, path: str, who: Who, body: Any = None, status: int = 200) -> Any:
    """A write that is taken. The views have it."""
    answer = await house.ask(method, path, who, body)
    assert answer.status_code == status, answer.text
    keys = list(house.deployment.keys)
    ends = [(one, await house.log.last(one.number)) for one in keys]
    assert await progress.all_passed(house.served, ends, within=BOUND)
    return answer.json()


async def vote(house: House, comment: str, who: Who, value: int = 1, thread: str = THREAD) -> None:
    await ask(house, "PUT", f"{at(comment, thread)}/vote", who, {"value": value})


async def pushed(house: House, thread: str = THREAD, by: Iterable[Who] = RING) -> str:
    """A comment of Ada's that the ring votes up, and Ben too."""
    comment = await house.post(ADA, thread=thread)
    for who in (*by, BEN):
        await vote(house, comment, who, thread=thread)
    return comment


async def votes(house: House, query: str, who: Who = MOD) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.get(f"moderation/votes?{query}", who)).json()["votes"]
    return found


async def void(house: House, voids: Iterable[dict[str, Any]], who: Who = MOD, thread: str = THREAD) -> dict[str, Any]:
    """Void these votes as one batch."""
    chosen = [{"thread": thread, **{name: one[name] for name in ("comment", "voter")}} for one in voids]
    answer: dict[str, Any] = await ask(house, "POST", "moderation/voids", who, {"votes": chosen, "reason": REASON})
    return answer


async def undo(house: House, batch: str, who: Who = MOD) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = (await ask(house, "POST", f"moderation/batches/{batch}/reversal", who))["results"]
    return answer


async def tally(house: House, comment: str, thread: str = THREAD) -> tuple[int, int]:
    row = (await house.get(at(comment, thread))).json()["comment"]
    return row["votes"]["up"], row["votes"]["down"]


async def pseudonyms(house: House, comment: str, whose: Iterable[Who] = RING) -> list[str]:
    """The pseudonyms of some people, as an auditor who moderates can tell them apart by the votes' times."""
    named = {one["at"]: one["voter"] for one in await votes(house, f"thread={THREAD}&comment={comment}", SENIOR)}
    listed = await votes(house, f"thread={THREAD}&comment={comment}")
    ids = {who.id for who in whose}
    return [one["voter"] for one in listed if named[one["at"]] in ids]


async def test_a_moderator_voids_the_votes_of_a_ring_and_restores_them(house: House) -> None:
    first, second = await pushed(house), await pushed(house, by=())
    await vote(house, second, EVE)
    listed = await votes(house, f"thread={THREAD}")
    assert [one["comment"] for one in listed] == [second, second, first, first, first, first]
    assert {(one["value"], one["revision"], one["voided"]) for one in listed} == {(1, 1, None)}
    of_ben = listed[1]["voter"]
    ring = [one for one in listed if one["comment"] == first and one["voter"] != of_ben]
    assert len(ring) == 3
    answer = await void(house, ring)
    assert [sorted(one) for one in answer["results"]] == [["comment", "position", "thread", "voter"]] * 3
    assert await tally(house, first) == (1, 0)
    top = (await house.get(f"threads/{THREAD}?sort=top")).json()["comments"]
    assert [row["id"] for row in top] == [second, first]
    again = await votes(house, f"thread={THREAD}&comment={first}")
    told = [one["voided"] for one in again if one["voided"]]
    assert {(one["batch"], one["by"], one["reason"]) for one in told} == {(answer["batch"], MOD.id, REASON)}
    assert {one["at"] for one in again if one["voided"]} == {one["at"] for one in ring}, "by when they were cast"
    results = await undo(house, answer["batch"])
    assert {(one["voter"], "problem" in one) for one in results} == {(one["voter"], False) for one in ring}
    assert await tally(house, first) == (4, 0)
    assert await undo(house, answer["batch"]) == results, "what was undone stays so"
    assert (await house.get(f"threads/{THREAD}/check", AUDITOR)).json()["identical"]


async def test_a_pseudonym_is_the_same_on_all_threads_of_a_site_for_a_month(house: House) -> None:
    await house.open_thread(OTHER)
    here, there = await pushed(house, by=()), await pushed(house, OTHER, by=())
    (one,), (other,) = await votes(house, f"thread={THREAD}"), await votes(house, f"thread={OTHER}")
    assert one["voter"] == other["voter"]
    assert re.fullmatch(r"\*[A-Za-z0-9_-]{22}", one["voter"])
    assert await votes(house, f"thread={THREAD}&voter={one['voter']}") == [one]
    assert (one["comment"], other["comment"]) == (here, there)
    now = time.time()
    same = Pseudonyms(ADMIN_SECRET, lambda: now)
    assert same.maker(SITE)(BEN.id) == one["voter"]
    made = {
        Pseudonyms(secret, partial(float, then)).maker(site)(BEN.id)
        for secret in (ADMIN_SECRET, "another secret of the operator's, 32 bytes")
        for site in (SITE, "other")
        for then in (now, now - MONTH_S)
    }
    assert len(made) == 8, "it is another one under another key, on another site and in another month"


async def test_the_voter_sees_that_the_vote_is_void_and_may_only_take_it_back(house: House) -> None:
    comment = await pushed(house, by=RING[:1])
    await void(house, [one for one in await votes(house, f"thread={THREAD}") if one["voter"]][1:])
    me = (await house.get(f"threads/{THREAD}/me", RING[0])).json()["votes"]
    assert me == {comment: {"value": 1, "revision": 1, "voided": True}}
    for value in (1, -1):
        answer = await house.ask("PUT", f"{at(comment)}/vote", RING[0], {"value": value})
        problem(answer, 403, "vote-voided")
    answer = await ask(house, "PUT", f"{at(comment)}/vote", RING[0], {"value": 0})
    assert answer["comment"]["votes"] == {"up": 1, "down": 0, "score": 1}
    assert (await house.get(f"threads/{THREAD}/me", RING[0])).json()["votes"] == {}
    problem(await house.ask("PUT", f"{at(comment)}/vote", RING[0], {"value": 1}), 403, "vote-voided")


async def test_what_the_voter_took_back_meanwhile_does_not_come_back(house: House) -> None:
    comment = await pushed(house, by=RING[:1])
    (name,) = await pseudonyms(house, comment, RING[:1])
    batch = (await void(house, [{"comment": comment, "voter": name}]))["batch"]
    await vote(house, comment, RING[0], 0)
    assert len(await votes(house, f"thread={THREAD}")) == 1
    await undo(house, batch)
    assert await tally(house, comment) == (1, 0)
    await vote(house, comment, RING[0])
    assert await tally(house, comment) == (2, 0)


async def test_void_votes_are_in_no_tally_of_an_earlier_text(house: House) -> None:
    comment = await pushed(house)
    edited = await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"')
    assert edited.status_code == 200
    names = await pseudonyms(house, comment)

    async def then() -> tuple[int, int]:
        first, second = (await house.get(f"{at(comment)}/revisions")).json()["revisions"]
        return first["votes_then"]["up"], second["votes_then"]["up"]

    assert await then() == (4, 4)
    batch = (await void(house, [{"comment": comment, "voter": name} for name in names]))["batch"]
    assert await then() == (1, 1)
    await undo(house, batch)
    assert await then() == (4, 4)


async def test_each_vote_stands_alone_and_a_bad_name_is_refused(house: House) -> None:
    comment, other = await pushed(house), await pushed(house, by=())
    names = await pseudonyms(house, comment)
    foreign = Pseudonyms(ADMIN_SECRET, time.time).maker("other")(RING[0].id)
    old = Pseudonyms(ADMIN_SECRET, lambda: time.time() - 2 * MONTH_S).maker(SITE)(RING[1].id)
    last = Pseudonyms(ADMIN_SECRET, time.time).maker(SITE, months_ago=1)(RING[1].id)
    tried = [
        (comment, foreign),
        (comment, old),
        (comment, "*" + "a" * 22),
        (other, names[0]),
        ("never", names[0]),
        (comment, last),
    ]
    results = (await void(house, [{"comment": one, "voter": name} for one, name in tried]))["results"]
    assert [one["problem"]["type"] for one in results[:-1]] == ["/problems/unknown-voter"] * 5
    assert "position" in results[-1], "a pseudonym of the last month is understood"
    assert await tally(house, comment) == (3, 0)


async def test_a_vote_that_is_void_already_stays_with_its_batch(house: House) -> None:
    comment = await pushed(house)
    chosen = [{"comment": comment, "voter": (await pseudonyms(house, comment))[0]}]
    first, second = await void(house, chosen), await void(house, chosen)
    assert first["batch"] != second["batch"]
    assert first["results"] == second["results"]
    problem(await house.ask("POST", f"moderation/batches/{second['batch']}/reversal", MOD), 404, "not-found")
    await undo(house, first["batch"])
    assert await tally(house, comment) == (4, 0)


async def test_a_hundred_votes_are_voided_at_once_and_no_more(house: House) -> None:
    comment = await pushed(house, by=())
    one = {"thread": THREAD, "comment": comment, "voter": "*" + "a" * 22}
    problem(await house.ask("POST", "moderation/voids", MOD, {"votes": [one] * 101, "reason": "r"}), 400, "bad-request")
    problem(await house.ask("POST", "moderation/voids", MOD, {"votes": [], "reason": "r"}), 400, "bad-request")
    problem(await house.ask("POST", "moderation/voids", MOD, {"votes": [one]}), 400, "bad-request")
    answer = await ask(house, "POST", "moderation/voids", MOD, {"votes": [one] * 100, "reason": "r"})
    assert len(answer["results"]) == 100


async def test_a_moderator_cannot_ask_by_id_who_voted(house: House) -> None:
    comment = await pushed(house)
    told = set()
    for voter in (BEN.id, "nobody"):
        body = {"votes": [{"thread": THREAD, "comment": comment, "voter": voter}], "reason": "r"}
        for answer in (
            await house.get(f"moderation/votes?thread={THREAD}&voter={voter}", MOD),
            await house.ask("POST", "moderation/voids", MOD, body),
        ):
            assert problem(answer, 400, "bad-request")["errors"][0]["pointer"].endswith("/voter")
            told.add(answer.text)
    assert len(told) == 2, "whoever is named, the answers are the same"
    assert await tally(house, comment) == (4, 0)


async def test_who_audits_and_moderates_voids_by_id_and_reads_ids(house: House) -> None:
    comment = await pushed(house)
    batch = (await void(house, [{"comment": comment, "voter": who.id} for who in RING], SENIOR))["batch"]
    assert await tally(house, comment) == (1, 0)
    assert {one["voter"] for one in await undo(house, batch, SENIOR)} == {who.id for who in RING}
    body = {"votes": [{"thread": THREAD, "comment": comment, "voter": EVE.id}], "reason": "r"}
    (result,) = (await ask(house, "POST", "moderation/voids", SENIOR, body))["results"]
    assert result["problem"]["type"] == "/problems/unknown-voter", "Eve did not vote"


async def test_only_staff_reads_votes_and_only_moderators_void_them(house: House) -> None:
    comment = await pushed(house)
    body = {"votes": [{"thread": THREAD, "comment": comment, "voter": BEN.id}], "reason": "r"}
    for who in (ADA, BEN):
        problem(await house.get(f"moderation/votes?thread={THREAD}", who), 403, "not-allowed")
    for who in (ADA, AUDITOR):
        problem(await house.ask("POST", "moderation/voids", who, body), 403, "not-allowed")
    problem(await house.get("moderation/votes", MOD), 400, "bad-request")
    problem(await house.get("moderation/votes?thread=never", MOD), 404, "not-found")


async def inspected(house: House) -> list[tuple[str, str]]:
    """Who looked at whose votes, as the log has it."""
    events = (await house.get("audit?type=votes.inspected", AUDITOR)).json()["events"]
    return [(event["actor"]["id"], event["data"]["member"]) for event in events]


async def test_that_an_auditor_looks_at_one_persons_votes_is_recorded_once_a_day(house: House) -> None:
    comment = await pushed(house)
    (name,) = await pseudonyms(house, comment, [BEN])
    assert await inspected(house) == [], "a moderator's look at a pseudonym singles nobody out"
    for query in (f"audit?actor={BEN.id}", f"moderation/votes?thread={THREAD}&voter={BEN.id}", f"audit?actor={EVE.id}"):
        for _ in range(2):
            assert (await house.get(query, AUDITOR)).status_code == 200
    assert await inspected(house) == [(AUDITOR.id, BEN.id), (AUDITOR.id, EVE.id)]
    assert {one["voter"] for one in await votes(house, f"thread={THREAD}&voter={name}", SENIOR)} == {BEN.id}
    await house.get(f"audit?actor={ADA.id}&type=comment.posted", AUDITOR)
    await house.get(f"audit?comment={comment}&type=vote.cast", AUDITOR)
    assert await inspected(house) == [(AUDITOR.id, BEN.id), (AUDITOR.id, EVE.id), (SENIOR.id, BEN.id)]


async def test_the_record_says_that_votes_were_voided_and_to_whom_it_tells_whose(house: House) -> None:
    comment = await pushed(house, by=RING[:1])
    names = await pseudonyms(house, comment, RING[:1])
    batch = (await void(house, [{"comment": comment, "voter": name} for name in names]))["batch"]
    path = f"threads/{THREAD}/record?kind=votes"
    told = [(await house.get(path, who)).json()["events"][-1] for who in (None, MOD, AUDITOR)]
    public, of_moderators, of_auditors = told
    assert {one["type"] for one in told} == {"vote.voided"}
    assert (public["data"], public["actor"]) == ({"up": 1, "down": 0}, {"kind": "staff", "id": None})
    assert of_moderators["data"] == {"value": 1, "reason": REASON, "batch": batch, "up": 1, "down": 0}
    assert of_moderators["actor"]["id"] == MOD.id
    assert of_auditors["data"]["voter"] == RING[0].id


async def test_no_answer_to_a_moderator_names_a_voter(house: House) -> None:
    """Over every call, reads before writes, with votes cast, changed, retracted, voided and restored."""
    voter = Who("zoe-the-voter")
    comment = await house.post(ADA)
    for value in (1, 0, -1):
        await vote(house, comment, voter, value)
    await ask(house, "POST", f"{at(comment)}/reports", BEN, {"reason": "spam"}, 201)
    (listed,) = await votes(house, f"thread={THREAD}")
    batch = (await void(house, [listed]))["batch"]
    notice = {"thread": THREAD, "comment": comment, "explanation": "It lies.", "good_faith": True}
    reference = (await house.ask("POST", "notices", None, notice)).json()["reference"]
    names = {"site": SITE, "thread": THREAD, "comment": comment, "member": ADA.id, "list": "insults", "batch": batch}
    names |= {"reference": reference, "revision": "1", "anchor": "q1", "warning": "1-1"}
    queries = {"count": f"?thread={THREAD}", "listVotes": f"?thread={THREAD}", "readQueue": "?state=reported"}
    calls = sorted(
        (one for one in OPERATIONS if one.handler and one.path.startswith("/v1")), key=lambda one: one.method
    )
    asked = 0
    for call in calls:
        path = re.sub(r"{(\w+)}", lambda found: names[found[1]], call.path) + queries.get(call.name, "")
        for key in ("a", "b"):
            answer = await house.ask(call.method, path, MOD, call.request_example, Idempotency_Key=key)
            assert voter.id not in answer.text, call.name
            assert voter.id not in str(answer.headers), call.name
            asked += answer.status_code < 300
    assert asked > 60
    for result in await undo(house, batch):
        assert voter.id not in str(result)
    assert voter.id in (await house.get("audit?type=vote.voided", AUDITOR)).text
