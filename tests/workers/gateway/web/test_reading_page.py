"""Reading pages: the whole discussion by links alone, for people, printers and search engines, as policy says."""

import json
import re
from html import unescape
from typing import Any

import pytest

from core.partitions import partition_of
from tests.support.elements import Elements
from tests.support.house import ADA, ADMIN, BEN, MOD, PARTITIONS, SITE, THREAD, House
from workers.gateway.http.response_cache import ResponseCache
from workers.runtime import metrics

READ = f"/read/{SITE}/{THREAD}"
HOSTILE = "</title><script>alert(1)</script>&amp;\"'"


@pytest.fixture
async def story(house: House) -> dict[str, str]:
    """A small discussion: two comments, a reply, a removed comment with a reply that stands."""
    told = {"one": await house.post(ADA, "The *first* word."), "two": await house.post(BEN, "Another.")}
    told["reply"] = await house.post(BEN, "An answer.", parent=told["one"])
    told["gone"] = await house.post(BEN, "Words that go away.")
    told["below"] = await house.post(ADA, "Words that stand.", parent=told["gone"])
    await house.settled((await house.decide(told["gone"], "reject")).json()["position"])
    return told


async def change(house: House, **policy: Any) -> None:
    answer = await house.ask("PATCH", "policy", ADMIN, policy)
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"], thread="")  # the site's own events have no thread


def links(html: str) -> list[str]:
    """The addresses of all links that lead to other reading pages."""
    return [unescape(found) for found in re.findall(r'href="(/read/[^"]*)"', html)]


def shown(html: str) -> list[str]:
    """The comments of a page, in order."""
    return re.findall(r'<article class="[^"]*" id="comment-([^"]*)"', html)


async def test_all_of_it_can_be_read_without_a_script(house: House, story: dict[str, str]) -> None:
    answer = await house.get(READ)
    assert answer.status_code == 200
    found = Elements(answer.text)
    for said in ("first", "Another.", "An answer.", "Words that stand.", "Ada", "Ben"):
        assert said in found.text
    assert "Words that go away." not in answer.text
    assert set(shown(answer.text)) == set(story.values())
    assert [tag for tag, _ in found.all if tag in ("script", "button", "input", "template", "form")] == []
    assert "<em>first</em>" in answer.text


async def test_it_leads_to_the_article_and_to_nothing_else_outside(house: House, story: dict[str, str]) -> None:
    answer = await house.get(READ, Host="evil.example", X_Forwarded_Host="evil.example")
    found = Elements(answer.text)
    article = f"https://kew.example/{THREAD}"
    assert [given["href"] for tag, given in found.all if given.get("rel") == "canonical"] == [article]
    outside = {(given["href"] or "").partition("#")[0] for tag, given in found.all if tag == "a"}
    assert {address for address in outside if address and not address.startswith("/")} == {article}
    assert "evil.example" not in answer.text


async def test_a_title_is_words_whatever_is_in_it(house: House, story: dict[str, str]) -> None:
    body = {"url": f"https://kew.example/{THREAD}?a=1&b=%22", "title": HOSTILE}
    opened = await house.ask("PUT", f"threads/{THREAD}", MOD, body)
    await house.settled(opened.json()["position"])
    found = Elements((await house.get(READ)).text)
    assert f"Discussion · {HOSTILE}" in found.text
    assert "script" not in [tag for tag, _ in found.all]


@pytest.mark.parametrize("everything", [False, True])
async def test_every_comment_is_reached_by_links_alone_and_each_page_has_it_once(
    house: House, everything: bool
) -> None:
    posted = [await house.post(ADA, f"Top {n}") for n in range(52)]
    posted += [await house.post(BEN, f"Reply {n}", parent=posted[0]) for n in range(23)]
    parent = posted[1]
    for n in range(13):
        parent = await house.post(BEN, f"Deeper {n}", parent=parent)
        posted.append(parent)
    query = "?all&sort=oldest" if everything else "?sort=oldest"
    seen: set[str] = set()
    asked = {READ + query}
    waiting = [READ + query]
    while waiting:
        address = waiting.pop()
        answer = await house.get(address)
        assert answer.status_code == 200, address
        here = shown(answer.text)
        assert len(here) == len(set(here)), address
        seen |= set(here)
        more = [one for one in links(answer.text) if "cursor=" in one and one not in asked]
        asked |= set(more)
        waiting += more
    assert seen == set(posted)
    assert len(asked) == (1 if everything else len(asked))
    assert len(asked) < 10


async def test_the_order_is_chosen_by_links_and_kept_from_page_to_page(house: House) -> None:
    posted = [await house.post(ADA, f"Number {n}") for n in range(51)]
    for sort, first in (("oldest", posted[0]), ("newest", posted[-1])):
        answer = await house.get(f"{READ}?sort={sort}")
        assert shown(answer.text)[0] == first
        (current,) = [given for tag, given in Elements(answer.text).all if "aria-current" in given]
        assert current["href"] == f"{READ}?sort={sort}"
        (more,) = [one for one in links(answer.text) if "cursor=" in one]
        assert f"sort={sort}" in more
        assert len(shown((await house.get(more)).text)) == 1


async def test_one_comment_is_shown_in_its_line_and_marked(house: House, story: dict[str, str]) -> None:
    deeper = await house.post(ADA, "Deeper.", parent=story["reply"])
    answer = await house.get(f"{READ}/{deeper}")
    assert shown(answer.text) == [story["one"], story["reply"], deeper]
    answer = await house.get(f"{READ}/{story['reply']}")
    assert shown(answer.text) == [story["one"], story["reply"], deeper]
    assert f'<article class="row here" id="comment-{story["reply"]}"' in answer.text
    assert READ in links(answer.text)
    below = await house.get(f"{READ}/{story['below']}")
    assert shown(below.text) == [story["gone"], story["below"]]
    assert "Words that go away." not in below.text


@pytest.mark.parametrize("path", [f"{READ}/nothing", f"/read/{SITE}/nothing", f"/read/nothing/{THREAD}", "/read/A/b"])
async def test_what_is_not_there_is_said_on_a_page(house: House, story: dict[str, str], path: str) -> None:
    answer = await house.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "Not found" in Elements(answer.text).text
    assert "access-control-allow-origin" not in answer.headers


async def test_a_removed_comment_has_no_page(house: House, story: dict[str, str]) -> None:
    assert (await house.get(f"{READ}/{story['gone']}")).status_code == 404


@pytest.mark.parametrize("query", ["?sort=best", "?cursor=nonsense", "?cursor=" + "a" * 21_000, "?sort=%zz"])
async def test_a_malformed_request_is_refused_on_a_page(house: House, story: dict[str, str], query: str) -> None:
    for path in (READ, f"{READ}/{story['one']}"):
        answer = await house.get(path + query)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_search_engines_list_it_only_where_policy_says_so(house: House, story: dict[str, str]) -> None:
    paths = (READ, f"{READ}?sort=oldest", f"{READ}/{story['one']}")
    for path in paths:
        answer = await house.get(path)
        assert answer.headers["x-robots-tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in answer.text
        assert "ld+json" not in answer.text
    await change(house, read_pages="index")
    for path in paths:
        answer = await house.get(path)
        assert "x-robots-tag" not in answer.headers
        assert "noindex" not in answer.text
        assert ("ld+json" in answer.text) is (path != paths[2])
    await change(house, read_pages="off")
    for path in paths:
        assert (await house.get(path)).status_code == 404
    await change(house, read_pages="noindex")
    assert (await house.get(READ)).headers["x-robots-tag"] == "noindex"


async def test_what_search_engines_read_are_comments_about_the_article(house: House, story: dict[str, str]) -> None:
    await change(house, read_pages="index")
    html = (await house.get(READ)).text
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    graph = json.loads(data)["@graph"]
    assert {one["@type"] for one in graph} == {"Comment"}
    assert {one["about"]["@id"] for one in graph} == {f"https://kew.example/{THREAD}"}
    assert {one["text"] for one in graph} == {"The *first* word.", "Another.", "An answer.", "Words that stand."}


async def test_it_is_kept_like_a_page_of_the_api_and_read_by_no_other_origin(
    house: House, story: dict[str, str]
) -> None:
    ready = metrics.READY_ANSWERS.labels("ready")._value
    first = await house.get(READ)
    before = ready.get()
    kept = await house.get(READ)
    assert ready.get() == before + 1
    assert (kept.text, kept.headers["etag"]) == (first.text, first.headers["etag"])
    known = await house.get(READ, If_None_Match=first.headers["etag"])
    assert (known.status_code, known.content) == (304, b"")
    for answer in (first, kept, known):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate, s-maxage=2"
    position = (await house.decide(story["two"], "reject")).json()["position"]
    await house.settled(position)
    after = await house.get(READ, If_None_Match=first.headers["etag"])
    assert after.status_code == 200
    assert "Another." not in after.text


async def test_a_kept_page_ends_with_a_change_of_the_policy_wherever_the_site_is_recorded(house: House) -> None:
    others = (f"thread-{n}" for n in range(99))
    thread = next(one for one in others if partition(one) != partition(""))
    await house.open_thread(thread)
    for policy in ("index", "noindex", "off"):
        await change(house, read_pages=policy)
        answer = await house.get(f"/read/{SITE}/{thread}")
        assert (answer.status_code, "x-robots-tag" in answer.headers) == (
            404 if policy == "off" else 200,
            policy != "index",
        )


def partition(thread: str) -> int:
    return partition_of(SITE, thread, PARTITIONS)


async def test_what_others_append_to_an_address_is_passed_over_and_takes_no_memory(
    house: House, story: dict[str, str]
) -> None:
    cache = house.services.response_cache
    assert isinstance(cache, ResponseCache)
    plain = await house.get(READ)
    before = cache.bytes
    for n in range(3):
        answer = await house.get(f"{READ}?utm_source=letter{n}&fbclid={n}")
        assert answer.text == plain.text
    assert cache.bytes == before


async def test_a_closed_thread_says_so(house: House, story: dict[str, str]) -> None:
    closed = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "closed"})
    await house.settled(closed.json()["position"])
    assert "This discussion was closed on " in (await house.get(READ)).text


async def test_an_empty_thread_says_so(house: House) -> None:
    assert "No comments yet." in (await house.get(READ)).text


async def test_requests_are_counted_by_template(house: House, story: dict[str, str]) -> None:
    def counted(route: str) -> float:
        found: float = metrics.HTTP_REQUESTS.labels(route, "GET", 200)._value.get()
        return found

    routes = ("/read/{site}/{thread}", "/read/{site}/{thread}/{comment}")
    before = [counted(route) for route in routes]
    await house.get(READ)
    await house.get(f"{READ}/{story['one']}")
    assert [counted(route) for route in routes] == [one + 1 for one in before]
