"""A browser's EventSource follows a thread, and comes again where the gateway says so."""

from typing import TYPE_CHECKING

from tests.support.following import Station
from tests.support.house import ADA, SITE, THREAD, House

if TYPE_CHECKING:
    from playwright.async_api import Page

CONNECTING, CLOSED = 0, 2

OPEN = """
(path) => new Promise((opened) => {
  const source = new EventSource(new URL(path, base));
  const told = [];
  source.addEventListener("comment.posted", (event) => told.push(event.data));
  window.posted = (words) => new Promise((found) => {
    const look = () => told.some((row) => row.includes(words)) && found(true);
    source.addEventListener("comment.posted", look);
    look();
  });
  window.failed = new Promise((state) => source.addEventListener("error", () => state(source.readyState)));
  source.addEventListener("open", () => opened(true));
  source.addEventListener("error", () => opened(false));
})
"""


async def follow(article: "Page", thread: str = THREAD) -> bool:
    """Open an EventSource; whether the gateway took it."""
    opened: bool = await article.evaluate(OPEN, f"/v1/sites/{SITE}/threads/{thread}/feed")
    return opened


async def test_a_browser_is_told_what_is_posted_and_comes_again_after_an_end_and_misses_nothing(
    article: "Page", gateway: Station, house: House
) -> None:
    assert await follow(article)
    await house.post(ADA, "While it listens.")
    assert await article.evaluate("() => posted('While it listens.')")
    gateway.hub.drain()
    assert await article.evaluate("() => failed") == CONNECTING
    await house.post(ADA, "While it is away.")
    gateway.hub.draining = False
    assert await article.evaluate("() => posted('While it is away.')")


async def test_a_browser_comes_again_to_a_gateway_that_drains(article: "Page", gateway: Station) -> None:
    gateway.hub.drain()
    assert await follow(article)
    assert await article.evaluate("() => failed") == CONNECTING


async def test_a_browser_gives_up_on_what_stays_wrong(article: "Page") -> None:
    assert not await follow(article, "no%20thread")
    assert await article.evaluate("() => failed") == CLOSED
