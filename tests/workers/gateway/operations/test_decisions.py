"""Decisions that name a code, a ground or spam, and those that came too late, through HTTP."""

from typing import Any

from core.policy import Policy
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, MOD, THREAD, House, Who, at, problem

PAGE = f"threads/{THREAD}"
OTHER = Who("omar", ("moderator",))
"""Another moderator, who also writes."""
OWN: list[dict[str, Any]] = [
    {"code": "rude", "ground": "terms", "label": {"en": "Rude"}, "tells": {"en": "Please stay polite."}},
    {"code": "crime", "ground": "law"},
]


async def tried(house: House, comment: str, verdict: str, who: Who = MOD, **more: Any) -> Any:
    """A verdict that may be refused."""
    return await house.ask("POST", f"{at(comment)}/decisions", who, {"verdict": verdict, "revision": 1, **more})


async def own_reasons(house: House) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, {"reasons": OWN})).status_code == 200


async def test_a_site_lists_its_reasons_and_readers_are_not_given_what_authors_are_told(house: House) -> None:
    await own_reasons(house)
    assert (await house.get(f"{PAGE}/policy", MOD)).json()["reasons"] == OWN
    public = [{name: value for name, value in one.items() if name != "tells"} for one in OWN]
    assert (await house.get(f"{PAGE}/policy")).json()["reasons"] == public
    twice = await house.ask("PATCH", "policy", ADMIN, {"reasons": [OWN[0], OWN[0]]})
    assert problem(twice, 400, "bad-request")["errors"][0]["pointer"] == "/reasons"
    assert len(Policy().reasons) == 7


async def test_a_code_gives_ground_and_words_and_staff_see_all_of_it(house: House) -> None:
    await own_reasons(house)
    comment = await house.post(ADA)
    answer = await house.decide(comment, "reject", code="rude", note="Twice.")
    said = {"code": "rude", "ground": "terms", "spam": False, "reason": "Please stay polite.", "note": "Twice."}
    assert answer.json()["comment"]["moderation"].items() >= said.items()
    for who in (MOD, AUDITOR):
        assert (await house.get(at(comment), who)).json()["comment"]["moderation"].items() >= said.items()
    own = (await house.get(at(comment), ADA)).json()["comment"]
    assert own["reason"] == "Please stay polite."
    for path, who in ((f"{at(comment)}/trail", MOD), (f"audit?comment={comment}&thread={THREAD}", AUDITOR)):
        (event,) = [one for one in (await house.get(path, who)).json()["events"] if one["type"] == "comment.rejected"]
        assert event["data"].items() >= {"code": "rude", "ground": "terms", "reason": "Please stay polite."}.items()
    (event,) = await author_sees(house, comment)
    assert event["data"] == {"code": "rude", "ground": "terms", "reason": "Please stay polite.", "role": "moderator"}


async def author_sees(house: House, comment: str) -> list[dict[str, Any]]:
    events = (await house.get(f"{at(comment)}/trail", ADA)).json()["events"]
    return [one for one in events if one["type"] == "comment.rejected"]


async def test_an_unknown_code_is_refused_and_changes_nothing(house: House) -> None:
    comment = await house.post(ADA)
    before = await house.length()
    answer = await tried(house, comment, "reject", code="rude")
    assert problem(answer, 422, "unknown-code")["errors"][0]["pointer"] == "/code"
    problem(await tried(house, comment, "reject", code="RUDE"), 400, "bad-request")
    problem(await tried(house, comment, "reject", ground="mood"), 400, "bad-request")
    problem(await tried(house, comment, "reject", code="hatred", ground="terms"), 400, "bad-request")
    assert await house.length() == before


async def test_the_author_of_spam_sees_that_it_was_not_published_and_no_reason(house: House) -> None:
    comment = await house.post(ADA)
    refused: list[dict[str, Any]] = [
        {"verdict": "approve"},
        {"verdict": "hold"},
        {"verdict": "reject", "reason": "No."},
    ]
    for said in refused:
        problem(await tried(house, comment, spam=True, **said), 400, "bad-request")
    answer = await house.decide(comment, "reject", spam=True, code="spam", note="A shop.")
    assert answer.json()["comment"]["moderation"].items() >= {"spam": True, "code": "spam", "reason": None}.items()
    own = (await house.get(at(comment), ADA)).json()["comment"]
    assert (own["status"], own["reason"]) == ("rejected", None)
    (event,) = await author_sees(house, comment)
    assert event["data"] == {"role": "moderator"}
    (rejected,) = (await house.get(f"{PAGE}/me", ADA)).json()["rejected"]
    assert rejected["decision"]["reason"] is None
    assert "spam" not in (await house.get(f"{PAGE}/me", ADA)).text


async def test_who_comes_too_late_is_told_of_the_decision_that_came_between(house: House) -> None:
    comment = await house.post(ADA)
    await house.post(OTHER)
    first = await tried(house, comment, "hold", OTHER)
    assert first.status_code == 200
    late = await tried(house, comment, "reject", status="published", reason="Mine.")
    told = problem(late, 409, "stale-status")
    at_ = told["decided"].pop("at")
    assert at_ == first.json()["comment"]["moderation"]["at"]
    assert told["decided"] == {"verdict": "hold", "by": {"id": "omar", "name": OTHER.name}, "reason": None}
    assert told["current"] == "pending"
    # So is who decides about many.
    many = {
        "decisions": [{"thread": THREAD, "comment": comment, "verdict": "reject", "revision": 1, "status": "published"}]
    }
    (result,) = (await house.ask("POST", "moderation/decisions", MOD, many)).json()["results"]
    assert result["problem"]["decided"]["by"] == {"id": "omar", "name": OTHER.name}
    # A moderator who never wrote has no name here.
    await house.decide(comment, "reject", status="pending")
    late = await tried(house, comment, "approve", OTHER, status="pending")
    assert problem(late, 409, "stale-status")["decided"]["by"] == {"id": "mod", "name": None}


async def test_nobody_but_staff_is_told_of_a_decision(house: House) -> None:
    comment = await house.post(ADA)
    await house.decide(comment, "hold")
    for who, status, slug in ((BEN, 403, "not-allowed"), (ADA, 403, "not-allowed"), (EVE, 403, "not-allowed")):
        late = await tried(house, comment, "approve", who, status="published")
        assert "decided" not in problem(late, status, slug)


async def test_a_decision_has_a_batch_of_its_own(house: House) -> None:
    comment, other = await house.post(ADA), await house.post(ADA)
    path, body = f"{at(comment)}/decisions", {"verdict": "hold", "revision": 1}
    first = await house.ask("POST", path, MOD, body, Idempotency_Key="k")
    again = await house.ask("POST", path, MOD, body, Idempotency_Key="k")
    assert first.json()["batch"] == again.json()["batch"]
    elsewhere = await house.ask("POST", f"{at(other)}/decisions", MOD, body, Idempotency_Key="k")
    by_another = await house.ask("POST", f"{at(other)}/decisions", OTHER, {**body, "note": "n"}, Idempotency_Key="k")
    batches = {answer.json()["batch"] for answer in (first, elsewhere, by_another)}
    assert len(batches) == 3
    (event,) = [
        one for one in (await house.get(f"{at(comment)}/trail", MOD)).json()["events"] if one["type"] == "comment.held"
    ]
    assert event["data"]["batch"] == first.json()["batch"]
