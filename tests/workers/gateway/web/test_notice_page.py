"""The form for notices: it files without a script and without an account, in the words of the site."""

import json
import re
from importlib.resources import files
from typing import Any

import httpx2
import msgspec
import pytest

from core.contacts import Contact, Contacts, of_notice
from tests.support.elements import Elements
from tests.support.house import ADA, ADMIN, BEN, MOD, SITE, THREAD, House, at
from tests.support.legal import few_notices, waiting_notices
from workers.gateway.html.words import languages
from workers.gateway.web.hosted import POLICY
from workers.gateway.web.notice_page import sentences

FILLED = {"explanation": "It names a minor.", "law": "§ 22 KunstUrhG", "good_faith": "true"}
HOSTILE = "</textarea><script>alert(1)</script>&amp;\"'"


def address(comment: str) -> str:
    return f"/read/{SITE}/{THREAD}/{comment}/notice"


async def send(house: House, comment: str, **given: str) -> httpx2.Response:
    return await house.client.post(address(comment), data=FILLED | given)


async def change(house: House, **policy: Any) -> None:
    answer = await house.ask("PATCH", "policy", ADMIN, policy)
    assert answer.status_code == 200, answer.text


async def test_it_files_and_leads_to_what_became_of_it(house: House) -> None:
    comment = await house.post(ADA, "She lives in *Elm Street* 4.")
    form = await house.get(address(comment))
    assert form.status_code == 200
    assert "<em>Elm Street</em>" in form.text
    assert "Ada" in Elements(form.text).text
    sent = await send(house, comment)
    assert sent.status_code == 303
    reference = sent.headers["location"].partition("?reference=")[2]
    told = await house.get(sent.headers["location"])
    assert reference in told.text
    assert sentences()["en"].say("waits") in told.text
    (item,) = await waiting_notices(house)
    assert item["notice"]["reference"] == reference
    decision = {"verdict": "reject", "revision": 1, "ground": "law", "notice": reference}
    await house.ask("POST", f"{at(comment)}/decisions", MOD, decision)
    after = await house.get(sent.headers["location"])
    assert sentences()["en"].say("reject") in after.text
    assert (await house.get(address(comment))).status_code == 404, "the form is gone with the comment"


async def test_it_is_there_whatever_the_policy_says_of_reading_pages(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    await change(house, read_pages="off")
    assert (await house.get(f"/read/{SITE}/{THREAD}/{comment}")).status_code == 404
    assert (await house.get(address(comment))).status_code == 200


async def test_of_what_is_not_public_there_is_none(house: House) -> None:
    await change(house, premoderation="links")
    waits = await house.post(ADA, "See https://example.com/")
    tombstone = await house.post(ADA, "First.")
    await house.post(BEN, "An answer.", parent=tombstone)
    await house.settled((await house.decide(tombstone, "reject")).json()["position"])
    never = (await house.get(address("never-was"))).content
    for comment in (waits, tombstone):
        assert (await house.get(address(comment))).content == never
        assert (await send(house, comment)).status_code == 404
    assert await waiting_notices(house) == []


async def test_one_of_a_reply_with_one_answer_is_about_the_reply(house: House) -> None:
    first = await house.post(ADA, "First words.")
    reply = await house.post(BEN, "Second words.", parent=first)
    await house.post(ADA, "Third words.", parent=reply)
    form = (await house.get(address(reply))).text
    assert "Second words." in form
    assert "First words." not in form
    assert "Third words." not in form


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"explanation": ""}, "explanation"),
        ({"explanation": "\u200b"}, "explanation"),
        ({"explanation": "x" * 3001}, "explanation"),
        ({"law": "x" * 301}, "law"),
        ({"name": "x" * 201}, "name"),
        ({"email": "no address"}, "email"),
        ({"good_faith": "no"}, "good_faith"),
        ({"good_faith": ""}, "good_faith"),
    ],
)
async def test_it_says_what_is_wrong_and_keeps_what_was_typed(house: House, given: dict[str, str], field: str) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    typed = {"explanation": HOSTILE, "name": "Zora", "email": "zora@private.example", **given}
    answer = await send(house, comment, **typed)
    assert answer.status_code == 400
    said = sentences()["en"].say(f"wrong.{field}").partition("{")[0]
    found = Elements(answer.text)
    assert said in found.text
    assert "script" not in [tag for tag, _ in found.all]
    values = {one["name"]: one.get("value") for tag, one in found.all if tag == "input" and "name" in one}
    assert values["name"] == typed["name"]
    assert values["email"] == typed["email"]
    assert typed["explanation"] in found.text
    assert await waiting_notices(house) == []


async def test_sent_twice_it_is_filed_once(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    key = re.search(r'name="key" value="([^"]+)"', (await house.get(address(comment))).text)
    assert key is not None
    sent = [await send(house, comment, key=key[1]) for _ in range(2)]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    assert len(await waiting_notices(house)) == 1


async def test_who_sends_it_is_sealed_with_the_language_of_the_form(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    await change(house, language="ar")
    sent = await send(house, comment, name=" Zora  Quill ", email="zora@private.example")
    reference = sent.headers["location"].partition("?reference=")[2]
    kept = await house.services.contacts.read(SITE, of_notice(reference))
    assert kept == Contact(name="Zora Quill", email="zora@private.example", language="ar")
    assert "zora" not in (await house.get(sent.headers["location"])).text.lower()


async def test_without_a_key_to_seal_with_it_asks_for_no_name(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    keyless = Contacts(house.deployment.calls, house.deployment.keys, None)
    house.serve(msgspec.structs.replace(house.services, contacts=keyless))
    assert 'name="email"' not in (await house.get(address(comment))).text
    assert (await send(house, comment)).status_code == 303
    assert (await send(house, comment, email="a@b.example")).status_code == 503


async def test_a_flood_is_told_to_wait_and_loses_no_word(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    house.serve(msgspec.structs.replace(house.services, rates=few_notices(house, 1)))
    assert (await send(house, comment)).status_code == 303
    refused = await send(house, comment)
    assert refused.status_code == 429
    assert FILLED["explanation"] in refused.text
    assert sentences()["en"].say("wrong.many") in refused.text


async def test_it_posts_to_itself_alone_and_is_kept_by_nobody(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    form = await house.get(address(comment))
    assert form.headers["content-security-policy"] == POLICY.replace("form-action 'none'", "form-action 'self'")
    assert form.headers["cache-control"] == "no-store"
    assert form.headers["x-robots-tag"] == "noindex"
    (given,) = [one for tag, one in Elements(form.text).all if tag == "form"]
    assert (given["action"], given["method"]) == (address(comment), "post")
    assert not [name for name in form.headers if name.startswith("access-control")]


async def test_other_bodies_and_methods_are_refused(house: House) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    assert (await house.ask("POST", address(comment), None, FILLED)).status_code == 415
    assert (await house.ask("PUT", address(comment), None, FILLED)).status_code == 405
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in ("explanation=%zz", "a=1", "law=a&law=b", "explanation=%ff"):
        answer = await house.client.post(address(comment), content=body, headers=form)
        assert answer.status_code == 400, body
    large = await house.client.post(address(comment), content="x" * 50_000, headers=form)
    assert large.status_code == 413
    assert (await house.get(f"{address(comment)}?reference={'A' * 22}")).status_code == 404
    assert (await house.get(f"{address(comment)}?reference=x")).status_code == 404
    assert await waiting_notices(house) == []


@pytest.mark.parametrize("language", sorted(languages()))
async def test_it_speaks_the_language_of_the_site(house: House, language: str) -> None:
    comment = await house.post(ADA, "She lives in Elm Street 4.")
    await change(house, language=language)
    form = await house.get(address(comment))
    words = sentences()[language]
    assert words.say("send") in form.text
    direction = "rtl" if language in ("ar", "he") else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in form.text
    assert "{" not in Elements(form.text).text
    sent = await send(house, comment)
    assert words.say("waits") in (await house.get(sent.headers["location"])).text


def test_every_language_has_every_sentence_with_the_same_places() -> None:
    folder = files("workers.gateway.web") / "notice_words"
    told = {entry.name.removesuffix(".json"): json.loads(entry.read_text("utf-8")) for entry in folder.iterdir()}
    assert told.keys() == languages().keys()
    for words in told.values():
        assert words.keys() == told["en"].keys()
        for key, sentence in words.items():
            assert re.findall(r"{\w+}", sentence) == re.findall(r"{\w+}", told["en"][key])
