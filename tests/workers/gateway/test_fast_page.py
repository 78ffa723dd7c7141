"""The short way to a page: the same answer as the long one, whatever is asked, and nothing of its own to say."""

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
from tests.support.house import ADA, BEN, SITE, THREAD, House, at, token, told
from workers.gateway.app import Gateway, endpoints
from workers.gateway.fast_page import FastPage
from workers.gateway.http.admission import Admission
from workers.gateway.operations.operation import THREAD as THREAD_PATH
from workers.gateway.operations.services import Services

PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"


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
    """These endpoints, with the short way in front of that of pages."""
    return Gateway({**found, THREAD_PATH: FastPage(services).before(found[THREAD_PATH])})


def alike(one: httpx2.Response, other: httpx2.Response) -> bool:
    return (one.status_code, one.content, one.headers) == (other.status_code, other.content, other.headers)


NAMES = ("sort", "limit", "depth", "replies", "cursor", "anchor", "at", "after", "other", "%zz")
VALUES = ("newest", "oldest", "top", "1", "2", "200", "201", "0", "-1", "", "null", "a.b", "x" * 300, "%", "%00", "%ff")
PATHS = (PAGE, f"{PAGE}x", f"{PAGE}%0A", f"{PAGE}/", "/v1/sites/Kew/threads/a", f"/v1/sites/{SITE}/threads/%2E%20")


def queries() -> SearchStrategy[str]:
    pair = some.tuples(some.sampled_from(NAMES), some.sampled_from(VALUES)).map("=".join)
    good = some.sampled_from(("sort=top", "sort=oldest", "limit=1", "depth=1", "replies=0"))
    return some.lists(pair | good, max_size=4).map("&".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries(), path=some.sampled_from(PATHS), who=some.sampled_from((None, ADA)))
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


async def test_a_full_gate_is_for_the_long_way(house: House) -> None:
    full = Admission(reads=0, queue=0)
    one = replace(house.services, admission=full)
    async with client(shortened(one, endpoints(one))) as short:
        answer = await short.get(PAGE)
    assert answer.status_code == 503
    assert full.reads.inside == 0


@pytest.mark.parametrize("failure", [redis.exceptions.ConnectionError("gone"), Unavailable(), LookupError("words")])
async def test_what_fails_is_tried_again_the_long_way_and_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, failure: Exception
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
        short, _, taken = await answers(house, PAGE)
    assert (short.status_code, taken) == (200, 1)
    assert [line["cause"] for line in lines if line["event"] == "page_retried"] == [type(failure).__name__]
    assert "words" not in repr(lines)
    assert house.services.admission.reads.inside == 0
