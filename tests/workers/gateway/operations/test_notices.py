"""Notices over HTTP: bad input, what is not public, repeats, floods; name and address lie sealed and nowhere else."""

from typing import Any

import httpx2
import msgspec
import pytest

from core.contacts import Contact, Contacts, UnreadableContact, of_notice
from core.domain.notice import MOST_OPEN
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SITE, THREAD, House, Who, at, problem
from tests.support.legal import few_notices, waiting_notices

WORDS = {"explanation": "It names a minor.", "law": "§ 22 KunstUrhG", "good_faith": True}
PERSON = {"name": "Zora Quill", "email": "zora.quill@private.example"}


def notice(comment: str, **more: Any) -> dict[str, Any]:
    return {"thread": THREAD, "comment": comment, **WORDS, **more}


async def file(house: House, about: str, who: Who | None = None, **more: Any) -> httpx2.Response:
    return await house.ask("POST", "notices", who, notice(about) | more)


async def reference_of(house: House, comment: str, more: Any = {}) -> str:  # noqa: B006 # never changed
    answer = await house.ask("POST", "notices", None, notice(comment) | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def test_a_stranger_gets_a_reference_that_tells_what_became_of_it(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    answer = await file(house, comment)
    reference = answer.json()["reference"]
    assert answer.headers["Location"] == f"/v1/sites/{SITE}/notices/{reference}"
    told = (await house.get(f"notices/{reference}")).json()
    assert (told["reference"], told["decision"]) == (reference, None)
    (item,) = await waiting_notices(house)
    filed = item["notice"]
    assert filed == {
        "reference": reference,
        "explanation": WORDS["explanation"],
        "law": WORDS["law"],
        "at": told["filed_at"],
    }
    assert (item["comment"]["id"], item["revision"], item["held_by"]) == (comment, 1, None)
    assert (await house.get("moderation/summary", MOD)).json()["legal"] == 1


@pytest.mark.parametrize("verdict", ["approve", "reject"])
async def test_the_decision_that_names_it_closes_it_and_its_reversal_opens_it(house: House, verdict: str) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    first, second = await reference_of(house, comment), await reference_of(house, comment)
    decision = {"verdict": verdict, "revision": 1, "ground": "law", "notice": first}
    answer = await house.ask("POST", f"{at(comment)}/decisions", MOD, decision)
    assert answer.status_code == 200, answer.text
    told = (await house.get(f"notices/{first}")).json()["decision"]
    assert (told["action"], told["ground"]) == (verdict, "law")
    assert [item["notice"]["reference"] for item in await waiting_notices(house)] == [second]
    undone = await house.ask("POST", f"moderation/batches/{answer.json()['batch']}/reversal", MOD)
    await house.settled(undone.json()["results"][0]["position"])
    assert (await house.get(f"notices/{first}")).json()["decision"] is None
    items = await waiting_notices(house)
    assert [item["notice"]["reference"] for item in items] == [first, second]
    assert items[0]["notice"]["explanation"] == WORDS["explanation"]


async def test_no_other_decision_closes_it_and_no_bulk_call_may_name_it(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await reference_of(house, comment)
    decision = {"verdict": "reject", "revision": 1, "ground": "law"}
    named = {"decisions": [{"thread": THREAD, "comment": comment, **decision, "notice": reference}]}
    refused = await house.ask("POST", "moderation/decisions", MOD, named)
    assert problem(refused, 400, "bad-request")["errors"][0]["pointer"] == "/decisions/0/notice"
    plain = {"decisions": [{"thread": THREAD, "comment": comment, **decision}]}
    assert "position" in (await house.ask("POST", "moderation/decisions", MOD, plain)).json()["results"][0]
    assert (await house.get(f"notices/{reference}")).json()["decision"] is None


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"verdict": "hold", "ground": "law"}, "/notice"),
        ({"verdict": "reject"}, "/ground"),
        ({"verdict": "reject", "ground": "law", "notice": "A" * 22}, "/notice"),
    ],
)
async def test_a_decision_says_on_what_ground_it_closes_which(
    house: House, given: dict[str, Any], pointer: str
) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await reference_of(house, comment)
    answer = await house.ask("POST", f"{at(comment)}/decisions", MOD, {"revision": 1, "notice": reference, **given})
    assert problem(answer, 400, "bad-request")["errors"][0]["pointer"] == pointer


async def test_of_what_is_not_public_it_says_what_it_says_of_what_never_was(house: House) -> None:
    await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})
    waits = await house.post(ADA, "See https://example.com/")
    withdrawn = await house.post(ADA, "Never mind.")
    await house.ask("DELETE", at(withdrawn), ADA)
    rejected = await house.post(ADA, "Nonsense.")
    await house.ask("POST", f"{at(rejected)}/decisions", MOD, {"verdict": "reject", "revision": 1})
    never = await file(house, "never-was")
    problem(never, 404, "not-found")
    for comment in (waits, withdrawn, rejected):
        for who in (None, ADA, MOD):
            assert (await file(house, comment, who)).content == never.content
    assert await waiting_notices(house) == []


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"good_faith": False}, "/good_faith"),
        ({"explanation": ""}, "/explanation"),
        ({"explanation": "\u200b\x01"}, "/explanation"),
        ({"explanation": "x" * 3001}, "/explanation"),
        ({"law": "x" * 301}, "/law"),
        ({"name": "x" * 201}, "/name"),
        ({"email": "not an address"}, "/email"),
        ({"email": "a@b\x00c"}, "/email"),
        ({"email": f"a@{'b' * 260}"}, "/email"),
        ({"thread": ".."}, "/thread"),
        ({"comment": "*"}, "/comment"),
        ({"more": 1}, "/more"),
    ],
)
async def test_bad_input_is_pointed_at_and_changes_nothing(house: House, wrong: dict[str, Any], pointer: str) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    answer = await file(house, comment, **wrong)
    assert problem(answer, 400, "bad-request")["errors"][0]["pointer"] == pointer
    assert await waiting_notices(house) == []


async def test_words_are_normalised_and_as_many_fit_as_are_promised(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    longest = "\U0001f600" * 3000
    answer = await file(house, comment, explanation=longest)
    assert answer.status_code == 201, answer.text
    await file(house, comment, explanation="It \x07lies.\u202e")
    assert [item["notice"]["explanation"] for item in await waiting_notices(house)] == [longest, "It lies."]


async def test_a_repeat_under_its_key_files_it_once(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    answers = [await house.ask("POST", "notices", None, notice(comment), Idempotency_Key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await waiting_notices(house)) == 1
    other = await house.ask("POST", "notices", None, notice(comment, explanation="Other."), Idempotency_Key="k")
    problem(other, 422, "idempotency-key-reused")


async def test_name_and_address_lie_sealed_and_no_answer_has_them(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await reference_of(house, comment, PERSON)
    kept = await house.services.contacts.read(SITE, of_notice(reference))
    assert kept == Contact(**PERSON)
    for who in (MOD, AUDITOR, ADMIN):
        for path in (f"notices/{reference}", "moderation/queue?state=legal", f"threads/{THREAD}/record", "audit"):
            assert "quill" not in (await house.get(path, who)).text.lower()
    for word in (b"Quill", b"private.example"):
        assert word not in await everything_stored(house)


async def everything_stored(house: House) -> bytes:
    """All keys and values of the server, one behind the other."""
    call = house.deployment.calls.call
    found: list[Any] = []
    for key in await call("KEYS", "*"):
        match await call("TYPE", key):
            case b"hash":
                found += await call("HGETALL", key)
            case b"stream":
                found += [part for _, fields in await call("XRANGE", key, "-", "+") for part in fields]
            case b"zset":
                found += await call("ZRANGE", key, 0, -1)
            case b"set":
                found += await call("SMEMBERS", key)
            case b"string":
                found.append(await call("GET", key))
            case _:
                raise AssertionError(key)
        found.append(key)
    return b"\n".join(part if isinstance(part, bytes) else str(part).encode() for part in found)


async def test_a_contact_opens_in_its_place_and_with_its_key_alone(house: House) -> None:
    contacts, deployment = house.services.contacts, house.deployment
    await contacts.keep(SITE, "a", Contact(email="a@b.example"))
    await contacts.keep(SITE, "a", Contact(email="later@b.example"))
    assert await contacts.read(SITE, "a") == Contact(email="a@b.example"), "the first one stays"
    other = Contacts(deployment.calls, deployment.keys, "another key, also of 32 bytes at least")
    with pytest.raises(UnreadableContact):
        await other.read(SITE, "a")
    key = deployment.keys.of(SITE).contacts(SITE)
    await deployment.calls.call("HSET", key, "b", await deployment.calls.call("HGET", key, "a"))
    with pytest.raises(UnreadableContact):
        await contacts.read(SITE, "b")
    await contacts.forget(SITE, "a")
    assert await contacts.read(SITE, "a") is None
    assert "a@b.example" not in repr(Contact(email="a@b.example"))


async def test_without_a_key_no_address_is_taken_and_a_notice_without_one_is(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    keyless = Contacts(house.deployment.calls, house.deployment.keys, None)
    house.serve(msgspec.structs.replace(house.services, contacts=keyless))
    problem(await house.ask("POST", "notices", None, notice(comment) | PERSON), 503, "unavailable")
    assert await waiting_notices(house) == []
    assert (await file(house, comment)).status_code == 201


async def test_who_files_with_a_token_is_in_no_event_but_for_moderators(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    for who in (BEN, MOD):
        assert (await file(house, comment, who)).status_code == 201
    events = (await house.get("audit?type=notice.filed", AUDITOR)).json()["events"]
    assert [(one["actor"]["id"], one["data"].get("by")) for one in events] == [
        ("guest:notice", "member"),
        (MOD.id, "staff"),
    ]
    public = (await house.get(f"threads/{THREAD}/record")).text
    assert "notice" not in public
    bad = await house.ask("POST", "notices", body=notice(comment), Authorization="Bearer x.y.z")
    problem(bad, 401, "unauthenticated")


async def test_a_comment_has_so_many_open_ones(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    for number in range(MOST_OPEN):
        assert (await file(house, comment, explanation=f"Reason {number}.")).status_code == 201
    problem(await file(house, comment), 429, "too-many-requests")
    other = await house.post(ADA, "Somebody else.")
    assert (await file(house, other)).status_code == 201


async def test_a_flood_is_bounded_per_site(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    house.serve(msgspec.structs.replace(house.services, rates=few_notices(house, 1)))
    assert (await file(house, comment)).status_code == 201
    refused = await file(house, comment)
    problem(refused, 429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert (await file(house, comment, MOD)).status_code == 201, "staff have no rate"


@pytest.mark.parametrize("reference", ["A" * 22, "_" * 22, "short", "A" * 23, "%2e%2e"])
async def test_a_reference_that_never_was_is_not_found(house: House, reference: str) -> None:
    problem(await house.get(f"notices/{reference}"), 404, "not-found")


async def test_one_of_another_site_is_not_found_here(house: House) -> None:
    await house.open_site(site="other")
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    reference = await reference_of(house, comment)
    problem(await house.get(f"/v1/sites/other/notices/{reference}"), 404, "not-found")


async def test_the_queue_changes_with_a_notice_and_an_item_in_hand_waits(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    item = {"thread": THREAD, "comment": comment}
    assert not (await house.ask("PUT", "moderation/hands", MOD, item)).json()["waits"]
    await file(house, comment)
    assert (await house.ask("PUT", "moderation/hands", MOD, item)).json()["waits"]
