"""A stranger says that a comment is illegal, without an account, and reads what became of that."""

from typing import Any

from tests.support.house import ADA, AUDITOR, MOD, SITE, THREAD, House, Who, at
from tests.support.house import BEN as READER
from tests.support.legal import waiting_notices

OTHER = Who("mia", ("moderator",))


async def file(house: House, comment: str, who: Who | None = None, **more: Any) -> str:
    body = {"thread": THREAD, "comment": comment, "explanation": "It publishes my address.", "good_faith": True, **more}
    answer = await house.ask("POST", "notices", who, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def decide(house: House, comment: str, who: Who = MOD, **decision: Any) -> str:
    answer = await house.ask("POST", f"{at(comment)}/decisions", who, {"revision": 1, **decision})
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])
    return str(answer.json()["batch"])


async def waiting(house: House) -> list[str]:
    return [item["notice"]["reference"] for item in await waiting_notices(house)]


async def outcome(house: House, reference: str) -> Any:
    return (await house.get(f"notices/{reference}")).json()["decision"]


async def test_a_stranger_files_one_and_reads_what_became_of_it(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await file(house, comment, name="Zora Quill", email="zora@private.example", law="GDPR, Article 6")
    assert await outcome(house, reference) is None
    assert await waiting(house) == [reference]
    await decide(house, comment, verdict="reject", code="private-data", notice=reference)
    told = await outcome(house, reference)
    assert (told["action"], told["ground"]) == ("reject", "law")
    assert await waiting(house) == []
    assert await house.rows() == []


async def test_nobody_who_decides_learns_who_filed_it(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    await file(house, comment, READER, name="Zora Quill", email="zora@private.example")
    for who in (MOD, AUDITOR):
        for path in ("moderation/queue?state=legal", f"threads/{THREAD}/record", f"{at(comment)}/trail", "audit"):
            text = (await house.get(path, who)).text
            assert "Quill" not in text
            assert "private.example" not in text
            assert '"ben"' not in text


async def test_it_stays_open_through_all_that_does_not_name_it(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await file(house, comment)
    await decide(house, comment, verdict="hold")
    await decide(house, comment, verdict="approve", ground="terms")
    await decide(house, comment, verdict="reject", ground="law")
    bulk = {"decisions": [{"thread": THREAD, "comment": comment, "verdict": "approve", "revision": 1}]}
    await house.ask("POST", "moderation/decisions", MOD, bulk)
    await house.ask("DELETE", at(comment), ADA)
    assert await outcome(house, reference) is None
    assert await waiting(house) == [reference]


async def test_two_notices_take_two_decisions(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    first, second = await file(house, comment), await file(house, comment)
    await decide(house, comment, verdict="approve", ground="terms", notice=first)
    assert await waiting(house) == [second]
    await decide(house, comment, verdict="approve", ground="terms", notice=second)
    assert await waiting(house) == []


async def test_of_two_moderators_at_once_one_decides(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await file(house, comment)
    await decide(house, comment, verdict="reject", ground="law", notice=reference)
    late = {"verdict": "approve", "revision": 1, "ground": "terms", "notice": reference}
    answer = await house.ask("POST", f"{at(comment)}/decisions", OTHER, late)
    assert answer.status_code == 409
    assert answer.json()["decided"]["by"]["id"] == "mod"
    assert (await outcome(house, reference))["action"] == "reject"


async def test_a_decision_that_is_undone_opens_it_again(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await file(house, comment)
    batch = await decide(house, comment, verdict="reject", ground="law", notice=reference)
    undone = await house.ask("POST", f"moderation/batches/{batch}/reversal", OTHER)
    await house.settled(undone.json()["results"][0]["position"])
    assert await outcome(house, reference) is None
    assert await waiting(house) == [reference]
    assert len(await house.rows()) == 1


async def test_all_of_it_is_in_the_record_that_staff_read_and_readers_do_not(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await file(house, comment)
    await decide(house, comment, verdict="approve", ground="terms", notice=reference)
    events = (await house.get(f"{at(comment)}/trail", MOD)).json()["events"]
    assert [event["type"] for event in events] == ["comment.posted", "notice.filed", "comment.approved"]
    assert events[2]["data"]["notice"] == events[1]["data"]["reference"] == reference
    for who in (None, ADA):
        for path in (f"threads/{THREAD}/record", f"/read/{SITE}/{THREAD}", f"{at(comment)}/revisions"):
            assert reference not in (await house.get(path, who)).text
    assert reference not in (await house.get(f"{at(comment)}/trail", ADA)).text
