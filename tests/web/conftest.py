from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import anyio
import pytest
from starlette.responses import HTMLResponse

from tests.support.following import Station, station
from tests.support.house import ADMIN_SECRET, SECRET, built
from tests.support.servers import engines, started
from tests.support.serving import _quiet, gateway, house
from tests.web.chromium import launched, require
from tests.web.coverage import recorded
from tests.web.feed_proxy import FeedProxy, proxying
from tests.web.reading import Articles
from tests.web.visiting import Publisher, Visitors, publishing
from workers.gateway.http.http_server import HttpServer
from workers.gateway.web.desk import Sample
from workers.importers import sample as sample_of
from workers.roles.up import load_sample
from workers.runtime.generated_secrets import Secrets

__all__ = ["_quiet", "gateway", "house"]

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

ARTICLE = "<!doctype html><html lang=en><meta charset=utf-8><link rel=icon href='data:,'><title>The palm house</title>"


@pytest.fixture(scope="session")
def _here() -> None:
    require()


@pytest.fixture(scope="session")
def server(_here: None) -> Iterator[str]:
    """One server: a browser sees nothing of which engine it is."""
    with started(engines()["embedded"]) as url:
        yield url


@pytest.fixture(scope="session")
async def browser(_here: None) -> "AsyncIterator[Browser]":
    """The browser of this run. Tests take `article`, or `visitor` for another reader."""
    with recorded():
        async with launched() as found:
            yield found


def pytest_itemcollected(item: pytest.Item) -> None:
    """Set visitors up last, so that they leave before the gateway that they visit goes."""
    assert isinstance(item, pytest.Function)
    if "visitors" in item.fixturenames:
        item.fixturenames.remove("visitors")
        item.fixturenames.append("visitors")


@pytest.fixture
async def visitors(browser: "Browser") -> AsyncIterator[Visitors]:
    """Readers with a browser each. An error in any of their pages, or a violation of its policy, fails the test."""
    found = Visitors(browser)
    yield found
    await found.leave()


@pytest.fixture
async def sample(fresh: str) -> AsyncIterator[Station]:
    """A gateway on a socket with the sample discussion, whose site has the secret `SECRET`."""
    async with built(fresh) as house:
        await load_sample(house.services, Secrets(admin=ADMIN_SECRET, sample=SECRET))
        async with station(house, sample=Sample(site=sample_of.SITE, thread=sample_of.THREAD)) as found:
            yield found


@pytest.fixture
async def publisher(sample: Station) -> AsyncIterator[Publisher]:
    """A publisher's site whose pages load from the gateway with the sample."""
    async with publishing(sample.url) as found:
        yield found


@pytest.fixture
async def articles(gateway: Station) -> AsyncIterator[Articles]:
    """Articles about the thread of a house."""
    async with publishing(gateway.url) as publisher:
        yield Articles(publisher, gateway)


@pytest.fixture
async def proxy(gateway: Station) -> AsyncIterator[FeedProxy]:
    """The way that browsers take to the gateway."""
    async with proxying(gateway.url) as found:
        gateway.house.services.public.listens(found.url)
        yield found


@pytest.fixture
async def proxied(gateway: Station, proxy: FeedProxy) -> AsyncIterator[Articles]:
    """An article of the house, whose section reaches the gateway by the proxy."""
    async with publishing(proxy.url) as publisher:
        yield Articles(publisher, gateway)


@pytest.fixture
async def article(gateway: Station, browser: "Browser") -> "AsyncIterator[Page]":
    """An article in a browser with an empty cache, at an origin other than the gateway's.

    Whatever it writes to its console as an error fails the test. The page has `ask(path, options)`, which answers with
    the status and the body of what `fetch` got from the gateway.
    """
    server = HttpServer(HTMLResponse(ARTICLE), "localhost", 0, drain=1)
    async with anyio.create_task_group() as tasks:
        url = await tasks.start(server.run)
        context = await browser.new_context()
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(url)
        await page.evaluate(_ASK, str(gateway.client.base_url))
        yield page
        await context.close()
        await server.drain()
        assert errors == []


_ASK = """
(base) => {
  window.base = base;
  window.ask = async (path, options) => {
    const answer = await fetch(new URL(path, base), options);
    return { status: answer.status, body: await answer.text() };
  };
}
"""
