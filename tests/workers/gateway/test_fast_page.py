"""The short ways to a page, as JSON and as HTML: the answer of the long one, and nothing of their own to say."""

import json
import re
from typing import Any

import httpx2
import pytest
import redis.exceptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from hypothesis.strategies import SearchStrategy
from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from core.refusals import Unavailable
from projections.read import pages
from tests.support.house import ADA, ADMIN, BEN, MOD, SITE, THREAD, House, at, token, told
from workers.gateway.app import Gateway, endpoints
from workers.gateway.fast_page import FastPage, FastSection
from workers.gateway.http.admission import Admission
from workers.gateway.operations.operation import THREAD as THREAD_PATH
from workers.gateway.operations.section import PATH as SECTION_PATH
from workers.gateway.operations.services import Services

PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"
SECTION = f"{PAGE}/section"


class Long:
    """The long way, which notes that it was taken."""

    def __init__(self, house: House) -> None:
        self._endpoints = endpoints(house.services)
        self.taken = 0

    def endpoints(self) -> dict[str, ASGIApp]:
        return {path: self._noted(endpoint) for path, endpoint in self._endpoints.items()}

    def _noted(self, endpoint: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            self.taken += 1
            await endpoint(scope, receive, send)

        return noted


@pytest.fixture(scope="module")
async def house(standing: House) -> House:
    """A thread with answers, of which one was taken down and has one below it."""
    first = await standing.post(ADA, "The first.")
    answer = await standing.post(BEN, "An answer.", parent=first)
    await standing.post(ADA, "An answer to that.", parent=answer)
    await standing.ask("PUT", f"{at(answer)}/vote", ADA, {"value": 1})
    other = await standing.post(BEN, "The second.")
    await standing.post(ADA, "Below what goes.", parent=other)
    await standing.decide(other, "reject")
    return standing


def client(app: ASGIApp) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://hansard.example")


async def answers(house: House, path: str, **headers: str) -> tuple[httpx2.Response, httpx2.Response, int]:
    """What both ways answer, and whether the short one led into the long one."""
    long = Long(house)
    apps = shortened(house.services, long.endpoints()), Gateway(endpoints(house.services))
    async with client(apps[0]) as short, client(apps[1]) as other:
        return await short.get(path, headers=headers), await other.get(path, headers=headers), long.taken


def shortened(services: Services, found: dict[str, ASGIApp]) -> Gateway:
    """These endpoints, with the short ways in front of those of pages and sections."""
    page, section = FastPage(services).before(found[THREAD_PATH]), FastSection(services).before(found[SECTION_PATH])
    return Gateway({**found, THREAD_PATH: page, SECTION_PATH: section})


def alike(one: httpx2.Response, other: httpx2.Response) -> bool:
    return (one.status_code, one.content, one.headers) == (other.status_code, other.content, other.headers)


NAMES = ("sort", "limit", "depth", "replies", "cursor", "anchor", "featured", "at", "after", "other", "%zz")
OF_SECTIONS = ("lang", "level", "linked")
VALUES = ("newest", "oldest", "top", "1", "2", "200", "201", "0", "-1", "", "null", "a.b", "x" * 300, "%", "%00", "%ff")
ALSO = ("true", "de", "ar-EG", "tlh", "6", "7")
PATHS = (PAGE, f"{PAGE}x", f"{PAGE}%0A", f"{PAGE}/", "/v1/sites/Kew/threads/a", f"/v1/sites/{SITE}/threads/%2E%20")
SECTIONS = (SECTION, SECTION, f"{PAGE}x/section", f"{SECTION}/", "/v1/sites/Kew/threads/a/section")


def queries() -> SearchStrategy[str]:
    pair = some.tuples(some.sampled_from(NAMES + OF_SECTIONS), some.sampled_from(VALUES + ALSO)).map("=".join)
    good = some.sampled_from(("sort=top", "sort=oldest", "limit=1", "depth=1", "replies=0", "featured=true"))
    return some.lists(pair | good, max_size=4).map("&".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries(), path=some.sampled_from(PATHS + SECTIONS), who=some.sampled_from((None, ADA)))
async def test_whatever_is_asked_both_ways_answer_alike(house: House, query: str, path: str, who: Any) -> None:
    headers = {} if who is None else {"Authorization": f"Bearer {token(who)}"}
    short, long, _ = await answers(house, f"{path}?{query}", **headers)
    assert alike(short, long)
    if "etag" in short.headers:
        known = await answers(house, f"{path}?{query}", **headers, **{"If-None-Match": short.headers["etag"]})
        assert alike(*known[:2])
        assert known[0].status_code == 304


async def test_what_is_plain_and_there_goes_the_short_way_and_nothing_else(house: House) -> None:
    first = (await answers(house, f"{PAGE}?limit=1"))[0].json()
    for query in ("", "?sort=top&limit=2", f"?limit=1&cursor={first['next']}"):
        assert (await answers(house, PAGE + query))[2] == 0, query
    position = first["thread"]["position"]
    for query in (f"?at={position}", f"?after={position}", "?limit=0", "?limit=1&cursor=a.b", "x", "/me"):
        short, long, taken = await answers(house, PAGE + query)
        assert taken == 1, query
        assert alike(short, long), query


async def test_a_section_goes_the_short_way_in_every_language_and_level(house: House) -> None:
    more = re.findall(r'data-next="([^"]+)"', (await answers(house, f"{SECTION}?limit=1"))[0].text)
    queries = ("", "?sort=top&limit=2", "?lang=de&level=4", "?linked=1", f"?limit=1&cursor={more[0]}", "?lang=tlh")
    tags = set()
    for query in queries:
        short, long, taken = await answers(house, SECTION + query)
        assert (short.status_code, taken) == (200, 0), query
        assert alike(short, long), query
        tags.add(short.headers["etag"])
        known, _, taken = await answers(house, SECTION + query, **{"If-None-Match": short.headers["etag"]})
        assert (known.status_code, known.content, taken) == (304, b"", 0), query
    assert len(tags) == len(queries) - 3, "order and cursor are of the page, and nobody speaks Klingon"
    for query in ("?at=1-0", "?after=1-0", "?level=0", "?lang=" + "x" * 36, "?linked=2", "?limit=1&cursor=a.b", "?x"):
        short, long, taken = await answers(house, SECTION + query)
        assert taken == 1, query
        assert alike(short, long), query


async def test_a_policy_that_changes_is_seen_in_a_section_at_once(house: House) -> None:
    before = (await answers(house, SECTION))[0]
    for zone in ("Asia/Tokyo", "UTC"):
        answer = await house.ask("PATCH", "policy", ADMIN, {"timezone": zone})
        await house.settled(answer.json()["position"], "")
        short, long, taken = await answers(house, SECTION)
        assert taken == 0
        assert alike(short, long)
        assert (short.content == before.content, short.headers["etag"] == before.headers["etag"]) == (
            (True, True) if zone == "UTC" else (False, False)
        )


QUERIES = ("", "?sort=oldest", "?featured=true", "?featured=true&sort=oldest&limit=1")


async def shown(house: House) -> dict[str, str]:
    """The pages and sections that both ways answer, by path. Both are alike, and none was answered the long way."""
    found = {}
    for path in (path + query for path in (PAGE, SECTION) for query in QUERIES):
        short, long, taken = await answers(house, path)
        assert (short.status_code, taken) == (200, 0), path
        assert alike(short, long), path
        found[path] = short.text
    return found


async def test_the_pinned_comment_and_picks_are_alike_before_and_after_each_change(house: House) -> None:
    rows = (await answers(house, f"{PAGE}?sort=oldest"))[0].json()["comments"]
    top, below = rows[0]["id"], rows[0]["replies"]["comments"][0]["id"]
    before, picked = await shown(house), set[str]()
    for method, comment, what in (
        ("PUT", top, "pinned"),
        ("PUT", below, "featured"),
        ("PUT", top, "featured"),
        ("DELETE", top, "pinned"),
        ("DELETE", below, "featured"),
        ("DELETE", top, "featured"),
    ):
        answer = await house.ask(method, f"{at(comment)}/{what}", MOD)
        await house.settled(answer.json()["position"])
        after = await shown(house)
        assert all(after[path] != before[path] for path in (PAGE, SECTION)), "each change is seen"
        picks, section = json.loads(after[f"{PAGE}?featured=true"]), after[f"{SECTION}?featured=true"]
        names = [row["id"] for row in picks["comments"]]
        assert re.findall(r'<li data-key="([^"]+)"', section) == names
        picked ^= {comment} if what == "featured" else set()
        assert set(names) == picked
        if what == "pinned":
            first = json.loads(after[PAGE])["comments"][0]
            assert (first["id"] == top) == (method == "PUT")
            assert ("star pinned" in after[SECTION]) == (method == "PUT")
        before = after


@pytest.mark.parametrize("path", [PAGE, SECTION])
async def test_a_full_gate_is_for_the_long_way(house: House, path: str) -> None:
    full = Admission(reads=0, queue=0)
    one = replace(house.services, admission=full)
    async with client(shortened(one, endpoints(one))) as short:
        answer = await short.get(path)
    assert answer.status_code == 503
    assert full.reads.inside == 0


@pytest.mark.parametrize("path", [PAGE, SECTION])
@pytest.mark.parametrize("failure", [redis.exceptions.ConnectionError("gone"), Unavailable(), LookupError("words")])
async def test_what_fails_is_tried_again_the_long_way_and_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, failure: Exception, path: str
) -> None:
    whole = pages.page
    tries = 0

    async def fails(*given: Any, **more: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise failure
        return await whole(*given, **more)

    monkeypatch.setattr(pages, "page", fails)
    with told() as lines:
        short, _, taken = await answers(house, path)
    assert (short.status_code, taken) == (200, 1)
    assert [line["cause"] for line in lines if line["event"] == "page_retried"] == [type(failure).__name__]
    assert "words" not in repr(lines)
    assert house.services.admission.reads.inside == 0
