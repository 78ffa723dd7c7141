"""The section of a thread as HTML, over HTTP."""

import re
from typing import Any

import msgspec
import pytest

from tests.support.house import ADA, ADMIN, BEN, MOD, THREAD, House, at, problem

SECTION = f"threads/{THREAD}/section"


async def policy(house: House, **fields: Any) -> None:
    """Change the policy of the site."""
    answer = await house.ask("PATCH", "policy", ADMIN, fields)
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"], "")


def told(html: str) -> list[str]:
    """The comments of a section, in order."""
    return re.findall(r'<li data-key="([^"]+)"', html)


async def test_it_has_the_comments_of_the_page_in_its_order(house: House) -> None:
    first = await house.post(ADA, "First.")
    second = await house.post(BEN, "Second.")
    reply = await house.post(ADA, "Reply.", parent=first)
    for query, expected in (
        ("", [second, first, reply]),
        ("?sort=oldest", [first, reply, second]),
        ("?sort=oldest&limit=1", [first, reply]),
        ("?sort=oldest&depth=1", [first, second]),
    ):
        answer = await house.get(SECTION + query)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert told(answer.text) == expected
    more = re.findall(r'<button class="more end" data-next="([^"]+)"', (await house.get(f"{SECTION}?limit=1")).text)
    assert told((await house.get(f"{SECTION}?limit=1&cursor={more[0]}")).text) == [first, reply]


async def test_it_is_cached_as_the_page_is_and_changes_with_it(house: House) -> None:
    await house.post(ADA, "First.")
    page, section = await house.get(f"threads/{THREAD}"), await house.get(SECTION)
    for name in ("cache-control", "cdn-cache-control"):
        assert section.headers[name] == page.headers[name]
    tag = section.headers["etag"]
    assert (await house.get(SECTION, If_None_Match=tag)).status_code == 304
    await house.post(ADA, "Second.")
    changed = await house.get(SECTION, If_None_Match=tag)
    assert changed.status_code == 200
    assert len(told(changed.text)) == 2
    for query in ("?level=3", "?linked=1", "?sort=top"):
        assert (await house.get(SECTION + query)).headers["etag"] != changed.headers["etag"] or query == "?sort=top"


async def test_another_language_zone_or_history_of_the_site_is_seen_at_once(house: House) -> None:
    comment = await house.post(ADA, "First.")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "Second."}, If_Match='"1"')
    await house.settled(answer.json()["position"])
    before = await house.get(SECTION)
    assert " UTC</span>" in before.text
    assert "see changes" in before.text
    await policy(house, timezone="Asia/Tokyo", history="staff")
    after = await house.get(SECTION, If_None_Match=before.headers["etag"])
    assert after.status_code == 200
    assert " JST</span>" in after.text
    assert "see changes" not in after.text
    assert "/audit/" not in after.text


async def test_words_are_in_the_language_asked_for_or_in_that_of_the_site(house: House) -> None:
    for query in ("", "?lang=en", "?lang=en-GB", "?lang=tlh"):
        assert 'lang="en"' in (await house.get(SECTION + query)).text
    assert "<h4 " in (await house.get(f"{SECTION}?level=4")).text
    for query in ("level=7", "level=0", "linked=2", "lang=" + "x" * 36, "by=ada"):
        problem(await house.get(f"{SECTION}?{query}"), 400, "bad-request")


async def test_json_ld_is_there_where_it_is_asked_for(house: House) -> None:
    comment = await house.post(ADA, "</script><b>First.")
    assert "ld+json" not in (await house.get(SECTION)).text
    html = (await house.get(f"{SECTION}?linked=1")).text
    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    (one,) = msgspec.json.decode(script)["@graph"]
    assert one["@id"] == f"https://kew.example/{THREAD}#comment-{comment}"
    assert one["text"] == "</script><b>First."


async def test_the_past_is_shown_as_it_was_and_not_to_search_engines(house: House) -> None:
    first = await house.post(ADA, "First.")
    position = (await house.get(f"threads/{THREAD}")).json()["thread"]["position"]
    await house.post(ADA, "Second.")
    answer = await house.get(f"{SECTION}?at={position}")
    assert told(answer.text) == [first]
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in (await house.get(SECTION)).headers


async def test_what_a_reader_may_not_see_is_not_in_it(house: House) -> None:
    parent = await house.post(ADA, "Words that go away.")
    await house.post(BEN, "Reply.", parent=parent)
    await house.settled((await house.decide(parent, "reject")).json()["position"])
    html = (await house.get(SECTION)).text
    assert "Words that go away" not in html
    assert "[Removed by a moderator.]" in html
    assert MOD.name not in html


async def test_a_thread_that_is_not_there_is_not_found(house: House) -> None:
    problem(await house.get("threads/fern-house/section"), 404, "not-found")


@pytest.mark.parametrize("off", [True, False])
async def test_it_links_the_reading_page_where_there_is_one(house: House, *, off: bool) -> None:
    await house.post(ADA, "First.")
    if off:
        await policy(house, read_pages="off")
    html = (await house.get(SECTION)).text
    assert ("/read/kew/palm-house" in html) is not off
