"""An author reads why a comment is gone and appeals; another moderator decides. A single one is no dead end."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from core.concurrency import gathered
from projections.read import progress
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SITE, THREAD, House, Who, at, problem
from workers.gateway.deciders import ALONE_MS

OTHER = Who("mia", ("moderator",))
LEAD = Who("lea", ("moderator", "admin"))
LATER = "2999-01-01T00:00:00Z"
INSULT = {"code": "insult", "reason": "Please argue without insults."}


async def ask(house: House, method: str, path: str, who: Who, body: Any, status: int = 200) -> Any:
    """A write that is taken. The views have it."""
    answer = await house.ask(method, path, who, body)
    assert answer.status_code == status, answer.text
    keys = list(house.deployment.keys)
    ends = [(one, await house.log.last(one.number)) for one in keys]
    assert await progress.all_passed(house.served, ends, within=BOUND)
    return answer.json()


async def rejected(house: House, **more: Any) -> str:
    """A comment of Ada's that a moderator rejected."""
    comment = await house.post(ADA, "The minister called them fools.")
    body = {"verdict": "reject", "revision": 1, **(more or INSULT)}
    await ask(house, "POST", f"{at(comment)}/decisions", MOD, body)
    return comment


async def statement(house: House, name: str = "rejected") -> dict[str, Any]:
    """The statement about the one comment of Ada's that is listed so."""
    (row,) = (await house.get(f"threads/{THREAD}/me", ADA)).json()[name]
    decision: dict[str, Any] = row["decision"]
    return decision


async def seen(house: House, until: str = LATER, **more: Any) -> int:
    """How many statements count as told from now on, after Ada says so."""
    told: int = (await ask(house, "PUT", "mine/seen", ADA, {"until": until, **more}))["told"]
    return told


async def appeal(house: House, comment: str, text: str = "I quoted him.") -> Any:
    return await ask(house, "POST", f"{at(comment)}/appeal", ADA, {"text": text}, 201)


async def decide(house: House, comment: str, who: Who, verdict: str, reason: str = "It is a quotation.") -> Any:
    return await ask(house, "PUT", f"{at(comment)}/appeal/decision", who, {"verdict": verdict, "reason": reason})


async def queued(house: House, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await house.get(f"moderation/queue?state=appeal{query}", OTHER)).json()["items"]
    return items


async def trail(house: House, comment: str) -> list[Mapping[str, Any]]:
    events: list[Mapping[str, Any]] = (await house.get(f"{at(comment)}/trail", AUDITOR)).json()["events"]
    return events


async def alone_since(house: House, ms: int) -> None:
    """Let the record of who decides begin earlier, by so many milliseconds."""
    key = house.deployment.keys.of(SITE).deciders(SITE)
    now = float(await house.deployment.calls.call("ZSCORE", key, "*"))
    await house.deployment.calls.call("ZADD", key, str(now - ms), "*")


async def test_a_rejected_author_reads_why_and_how_to_appeal(house: House) -> None:
    await rejected(house)
    said = await statement(house)
    assert (said["revision"], said["verdict"], said["code"], said["ground"]) == (1, "reject", "insult", "terms")
    assert (said["reason"], said["automated"], said["by"]) == (INSULT["reason"], False, "moderator")
    assert said["appeal"] == {"until": None, "filed_at": None, "outcome": None, "reason": None}


async def test_the_window_begins_when_the_author_saw_the_statement_and_only_once(house: House) -> None:
    comment = await rejected(house)
    assert await seen(house, "2001-01-01T00:00:00Z") == 0
    assert await seen(house, thread="another") == 0
    assert await seen(house, thread=THREAD) == 1
    assert await seen(house) == 0
    (told,) = [event for event in await trail(house, comment) if event["type"] == "statement.told"]
    assert (told["actor"]["id"], told["data"].get("by", "page")) == ("ada", "page")
    assert (await statement(house))["appeal"]["until"] > told["at"]


async def test_many_who_say_at_once_that_they_saw_it_tell_it_once(house: House) -> None:
    comment = await rejected(house)
    answers: list[int] = []

    async def say() -> None:
        answers.append((await house.ask("PUT", "mine/seen", ADA, {"until": LATER})).json()["told"])

    await gathered([say] * 5)
    assert sum(answers) == 1
    assert [event["type"] for event in await trail(house, comment)].count("statement.told") == 1


async def test_another_moderator_publishes_what_was_rejected(house: House) -> None:
    comment = await rejected(house)
    await seen(house)
    await appeal(house, comment)
    assert (await statement(house))["appeal"]["filed_at"] is not None
    (item,) = await queued(house)
    assert (item["comment"]["id"], item["revision"], item["held_by"]) == (comment, 1, None)
    assert item["appeal"]["text"] == "I quoted him."
    assert (item["appeal"]["decision"]["verdict"], item["appeal"]["decision"]["by"]) == ("reject", MOD.id)
    assert (await house.get("moderation/summary", OTHER)).json()["appeal"] == 1
    problem(await house.ask("POST", f"{at(comment)}/appeal", ADA, {"text": "Again."}), 409, "appeal-exists")
    answer = await decide(house, comment, OTHER, "reverse")
    assert answer["comment"]["status"] == "published"
    assert [row["id"] for row in await house.rows()] == [comment]
    assert await queued(house) == []
    events = await trail(house, comment)
    assert [event["type"] for event in events[-2:]] == ["comment.approved", "appeal.decided"]
    assert "sole" not in events[-1]["data"]


async def test_an_appeal_that_is_upheld_is_told_with_its_reason(house: House) -> None:
    comment = await rejected(house)
    await seen(house)
    await appeal(house, comment)
    await decide(house, comment, OTHER, "uphold", "The words are your own.")
    said = (await statement(house))["appeal"]
    assert (said["outcome"], said["reason"]) == ("upheld", "The words are your own.")
    assert await queued(house) == []
    assert await seen(house) == 1
    assert await seen(house) == 0
    problem(await house.ask("POST", f"{at(comment)}/appeal", ADA, {"text": "Again."}), 409, "appeal-exists")


async def test_a_published_text_that_is_held_was_taken_down(house: House) -> None:
    comment = await house.post(ADA)
    await ask(house, "POST", f"{at(comment)}/decisions", MOD, {"verdict": "hold", "revision": 1, "reason": "A check."})
    said = await statement(house, "pending")
    assert (said["verdict"], said["reason"]) == ("hold", "A check.")
    await appeal(house, comment)
    await decide(house, comment, OTHER, "reverse")
    assert [row["id"] for row in await house.rows()] == [comment]


async def test_nobody_appeals_for_another_or_against_nothing(house: House) -> None:
    comment = await rejected(house)
    path = f"{at(comment)}/appeal"
    problem(await house.ask("POST", path, MOD, {"text": "Why?"}), 403, "not-allowed")
    problem(await house.ask("POST", path, BEN, {"text": "Why?"}), 403, "not-allowed")
    published = await house.post(ADA)
    problem(await house.ask("POST", f"{at(published)}/appeal", ADA, {"text": "Why?"}), 404, "not-found")
    problem(await house.ask("POST", path, ADA, {"text": " "}), 422, "body-empty")


async def test_a_suspended_author_appeals_and_readers_learn_nothing(house: House) -> None:
    comment = await rejected(house)
    await ask(house, "PUT", f"members/{ADA.id}/suspension", MOD, {"reason": "Insults."})
    await appeal(house, comment, "Not a word of this is for readers.")
    for path in (f"threads/{THREAD}", f"threads/{THREAD}/record"):
        assert "for readers" not in (await house.get(path)).text


async def test_the_author_of_spam_gets_no_statement_and_may_appeal(house: House) -> None:
    comment = await rejected(house, spam=True)
    assert await seen(house) == 0
    await appeal(house, comment)
    (item,) = await queued(house)
    assert item["comment"]["id"] == comment


async def test_who_decided_first_does_not_decide_the_appeal(house: House) -> None:
    comment = await rejected(house)
    await appeal(house, comment)
    path, body = f"{at(comment)}/appeal/decision", {"verdict": "uphold", "reason": "No."}
    problem(await house.ask("PUT", path, MOD, body), 403, "own-decision")
    again = {"verdict": "reject", "revision": 1, "reason": "Another reason."}
    await ask(house, "POST", f"{at(comment)}/decisions", MOD, again)
    assert len(await queued(house)) == 1
    problem(await house.ask("PUT", path, MOD, body), 403, "own-decision")
    assert await queued(house, "&by=nobody") == []
    assert len(await queued(house, f"&by={MOD.id}")) == 1


async def test_a_single_moderator_decides_after_30_days_and_the_trail_says_so(house: House) -> None:
    comment = await rejected(house)
    await appeal(house, comment)
    path, body = f"{at(comment)}/appeal/decision", {"verdict": "uphold", "reason": "No."}
    await alone_since(house, ALONE_MS - 60_000)
    problem(await house.ask("PUT", path, MOD, body), 403, "own-decision")
    await alone_since(house, 120_000)
    answer = await house.ask("PUT", path, MOD, body, Idempotency_Key="k-1")
    assert answer.status_code == 200, answer.text
    assert (await trail(house, comment))[-1]["data"]["sole"] is True
    repeated = await house.ask("PUT", path, MOD, body, Idempotency_Key="k-1")
    assert repeated.json()["position"] == answer.json()["position"]


async def test_where_another_one_decided_within_30_days_the_first_does_not(house: House) -> None:
    comment = await rejected(house)
    await appeal(house, comment)
    other = await house.post(BEN)
    await ask(house, "POST", f"{at(other)}/decisions", OTHER, {"verdict": "hold", "revision": 1})
    await alone_since(house, 2 * ALONE_MS)
    body = {"verdict": "uphold", "reason": "No."}
    problem(await house.ask("PUT", f"{at(comment)}/appeal/decision", MOD, body), 403, "own-decision")


async def test_an_admin_who_moderates_may_decide_about_their_own_decision(house: House) -> None:
    comment = await house.post(ADA)
    await ask(house, "POST", f"{at(comment)}/decisions", LEAD, {"verdict": "reject", "revision": 1})
    await appeal(house, comment)
    await decide(house, comment, LEAD, "uphold")
    assert "sole" not in (await trail(house, comment))[-1]["data"]


async def test_a_reversal_of_the_decision_brings_the_appeal_back(house: House) -> None:
    comment = await rejected(house)
    await appeal(house, comment)
    batch = (await decide(house, comment, OTHER, "reverse"))["batch"]
    await ask(house, "POST", f"moderation/batches/{batch}/reversal", MOD, None)
    (item,) = await queued(house)
    assert item["appeal"]["text"] == "I quoted him."


async def test_a_publication_gives_more_time(house: House) -> None:
    await ask(house, "PATCH", "policy", ADMIN, {"appeal_window": 400})
    await rejected(house)
    await seen(house)
    until = (await statement(house))["appeal"]["until"]
    told = (await statement(house))["at"]
    assert int(until[:4]) > int(told[:4])


# --- suspensions ---


async def suspension(house: House, who: Who = ADA) -> Any:
    return (await house.get(f"members/{ADA.id}", who)).json()["member"]["suspension"]


async def test_a_suspended_member_appeals_and_another_moderator_reinstates(house: House) -> None:
    await ask(house, "PUT", f"members/{ADA.id}/suspension", MOD, {"reason": "Insults."})
    assert await seen(house) == 1
    assert await seen(house) == 0
    assert (await suspension(house))["appeal"]["until"] is not None
    path = f"members/{ADA.id}/suspension/appeal"
    problem(await house.ask("POST", path, BEN, {"text": "Why?"}), 404, "not-found")
    await ask(house, "POST", path, ADA, {"text": "It was not me."}, 201)
    problem(await house.ask("POST", path, ADA, {"text": "Again."}), 409, "appeal-exists")
    assert (await suspension(house, OTHER))["appeal"]["text"] == "It was not me."
    assert "text" not in (await suspension(house))["appeal"]
    body = {"verdict": "reverse", "reason": "It was another."}
    problem(await house.ask("PUT", f"{path}/decision", MOD, body), 403, "own-decision")
    await ask(house, "PUT", f"{path}/decision", OTHER, body)
    assert await suspension(house) is None
    await house.post(ADA, "Here again.")


async def test_a_suspension_that_is_upheld_is_told_too(house: House) -> None:
    await ask(house, "PUT", f"members/{ADA.id}/suspension", MOD, {"reason": "Insults."})
    await seen(house)
    path = f"members/{ADA.id}/suspension/appeal"
    await ask(house, "POST", path, ADA, {"text": "It was not me."}, 201)
    await ask(house, "PUT", f"{path}/decision", OTHER, {"verdict": "uphold", "reason": "It was."})
    assert (await suspension(house))["appeal"]["outcome"] == "upheld"
    assert await seen(house) == 1
    assert await seen(house) == 0


async def test_a_repeated_appeal_under_its_key_is_answered_again(house: House) -> None:
    comment = await rejected(house)
    path, body = f"{at(comment)}/appeal", {"text": "Why?"}
    first = await house.ask("POST", path, ADA, body, Idempotency_Key="k-2")
    await anyio.lowlevel.checkpoint()
    again = await house.ask("POST", path, ADA, body, Idempotency_Key="k-2")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["position"] == again.json()["position"]


async def test_an_appeal_after_the_window_is_too_late(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = await rejected(house)
    await seen(house)
    # The window has at least 183 days: a day of this test is nothing.
    monkeypatch.setattr("core.domain.appeal.DAY_MS", 0)
    answer = await house.ask("POST", f"{at(comment)}/appeal", ADA, {"text": "It was irony."})
    assert problem(answer, 403, "appeal-window-over")["until"] is not None
