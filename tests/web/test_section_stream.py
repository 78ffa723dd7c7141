"""The connection of a section: real cuts of it by a proxy, with the page's clock in the hands of the test."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from tests.support.bounds import BOUND
from tests.support.following import Station, station, until
from tests.support.house import ADA, BEN, House
from tests.web.feed_proxy import FeedProxy
from tests.web.reading import Articles, ids, live, texts
from tests.web.visiting import WIDE, Visitor, Visitors

if TYPE_CHECKING:
    from playwright.async_api import Page

SILENT_MS: Final = 30_000
HIDDEN_MS: Final = 60_000
LOST_MS: Final = 10_000
"""Bounds of the rules of a stream, in milliseconds of the page's clock."""
SLACK_MS: Final = 1000
"""What the clock of the page goes on at most while a frame is waited for."""
STEP_MS: Final = 20
JITTER: Final = "Math.random = () => 0.5;"
"""Script: every wait for the next stream is half of the longest that it may be."""

HIDE: Final = """
Object.defineProperty(document, "visibilityState", { get: () => window.hides ? "hidden" : "visible" });
window.hide = (hides) => { window.hides = hides; document.dispatchEvent(new Event("visibilitychange")); };
"""


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Station]:
    """The gateway of `house`, with frequent heartbeats: the clock of a page may go on by minutes in a second."""
    async with station(house, heartbeat=0.2) as found:
        yield found


class Reader:
    """A page with a section that is live, and a clock that goes on only when it is told to."""

    def __init__(self, page: "Page", proxy: FeedProxy) -> None:
        self.page = page
        self.proxy = proxy

    async def passes(self, ms: int) -> None:
        """Let the clock go on, and everything that follows from it reach the proxy."""
        await self.page.clock.run_for(ms)
        await self.page.evaluate("(url) => fetch(url).catch(() => null)", f"{self.proxy.url}/embed.js")

    async def until(self, selector: str, wanted: list[str], step: int = STEP_MS) -> int:
        """Let the clock go on in steps until elements have these texts; by how much it went on."""
        for turn in range(int(BOUND * 100)):
            if await texts(self.page, selector) == wanted:
                return turn * step
            await self.page.clock.run_for(step)
        raise AssertionError((await texts(self.page, selector), wanted))

    async def beats(self, ms: int) -> None:
        """Let heartbeats come, and then the clock go on."""
        passed = self.proxy.beats
        await until(lambda: self.proxy.beats >= passed + 3)
        await self.passes(ms)

    async def closed(self) -> None:
        """Let the clock go on until no stream is open."""
        with anyio.fail_after(BOUND):
            while self.proxy.open:
                await self.passes(STEP_MS)

    async def streams(self, opened: int) -> None:
        """Let the clock go on until so many streams were opened. The last is the only one."""
        with anyio.fail_after(BOUND):
            while len(self.proxy.asked) < opened:
                await self.passes(STEP_MS * 10)
        assert len(self.proxy.asked) == opened
        assert self.proxy.open == 1


async def reading(visitor: Visitor, proxied: Articles, proxy: FeedProxy, script: str = "") -> Reader:
    """A reader of the article. The clock stands."""
    await visitor.context.clock.install()
    page = await visitor.open(await proxied.served(start="now", sort="oldest", script=JITTER + script))
    await live(page)
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 1"))
    return Reader(page, proxy)


async def position(house: House) -> str:
    """The position of the thread."""
    found: str = (await house.get("threads/palm-house")).json()["thread"]["position"]
    return found


async def whole(reader: Reader, comments: list[str]) -> None:
    """Every comment is there once, when the waiting ones were asked for."""
    await reader.page.locator("hansard-comments .news").click()
    assert await ids(reader.page) == comments
    assert reader.proxy.most == 1


async def test_a_stream_that_is_silent_for_half_a_minute_is_left_for_another_which_begins_where_it_was(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    comments = [await house.post(ADA, "First.")]
    reader = await reading(await visitors.arrive(**WIDE), proxied, proxy)
    comments.append(await house.post(BEN, "Heard."))
    assert await reader.until(".news", ["1 new comment"]) < SLACK_MS
    last = await position(house)
    proxy.silence()
    comments.append(await house.post(BEN, "Unheard."))
    await reader.passes(SILENT_MS - SLACK_MS)
    assert len(proxy.asked) == proxy.open == 1
    await reader.passes(SLACK_MS)
    await reader.closed()
    proxy.speak()
    await reader.streams(2)
    assert proxy.asked[1].endswith(f"?after={last}")
    await reader.until(".news", ["2 new comments"])
    assert await texts(reader.page, ".live") == ["Live · Pause"]
    await whole(reader, comments)


async def test_heartbeats_keep_a_stream_open_on_which_nothing_happens(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    await house.post(ADA, "First.")
    reader = await reading(await visitors.arrive(**WIDE), proxied, proxy)
    for _ in range(4):
        await reader.beats(SILENT_MS - SLACK_MS)
    assert len(proxy.asked) == proxy.open == 1
    assert await texts(reader.page, ".live") == ["Live · Pause"]


async def test_while_every_stream_stays_silent_there_is_one_at_a_time_and_the_page_says_that_it_is_not_live(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    comments = [await house.post(ADA, "First.")]
    reader = await reading(await visitors.arrive(**WIDE), proxied, proxy)
    proxy.silence()
    comments.append(await house.post(BEN, "Unheard."))
    for opened in (2, 3, 4):
        await reader.passes(SILENT_MS - SLACK_MS)
        assert len(proxy.asked) == opened - 1
        await reader.closed()
        await reader.streams(opened)
    await reader.passes(LOST_MS)
    assert await reader.page.get_by_text("Not live. Trying again in").count() == 1
    assert proxy.open == 1
    proxy.speak()
    await reader.until(".news", ["1 new comment"])
    assert await texts(reader.page, ".live") == ["Live · Pause"]
    assert len(proxy.asked) == 4
    assert len(set(proxy.asked)) == 1, "it goes on from where it was"
    await whole(reader, comments)


@pytest.mark.parametrize("trouble", ["ended", "reset", "refused", "cut in its head", "cut in a frame"])
async def test_after_a_stream_that_is_cut_everything_is_there_once_and_no_second_stream(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy, trouble: str
) -> None:
    comments = [await house.post(ADA, "First.")]
    visitor = await visitors.arrive(**WIDE)
    reader = await reading(visitor, proxied, proxy)
    comments.append(await house.post(BEN, "Heard."))
    await reader.until(".news", ["1 new comment"])
    match trouble:
        case "ended" | "reset":
            proxy.cut(reset=trouble == "reset")
        case "refused":
            proxy.refuse()
        case "cut in its head":
            proxy.cut()
            proxy.cut_after(60)
        case _:
            proxy.cut_after(400)
    comments.append(await house.post(BEN, "Meanwhile."))
    if trouble == "refused":
        await reader.until(".live", [], step=1000)
        assert await reader.page.get_by_text("Not live. Trying again in").count() == 1
        await proxy.accept()
    await reader.until(".news", ["2 new comments"], step=500)
    assert await texts(reader.page, ".live") == ["Live · Pause"]
    assert len(proxy.asked) == (3 if trouble == "cut in its head" else 2)
    assert proxy.open == 1
    await whole(reader, comments)
    visitor.errors.clear()


async def test_a_page_that_is_hidden_for_a_minute_holds_no_stream_and_misses_nothing(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    comments = [await house.post(ADA, "First.")]
    reader = await reading(await visitors.arrive(**WIDE), proxied, proxy, HIDE)
    for hidden in (True, False, True):
        await reader.page.evaluate("(hidden) => hide(hidden)", hidden)
        for _ in range(3):
            await reader.beats((HIDDEN_MS - SLACK_MS) // 3)
    assert len(proxy.asked) == proxy.open == 1
    await reader.passes(2 * SLACK_MS)
    await until(lambda: not proxy.open)
    comments.append(await house.post(BEN, "Unseen."))
    await reader.passes(2 * HIDDEN_MS)
    assert len(proxy.asked) == 1
    await reader.page.evaluate("hide(false)")
    await reader.until(".news", ["1 new comment"])
    assert len(proxy.asked) == 2
    await whole(reader, comments)


async def test_a_pause_in_one_tab_ends_the_stream_of_that_tab_alone(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    still, other = [await visitor.open(await proxied.served(start="now", sort="oldest")) for _ in range(2)]
    for page in (still, other):
        await live(page)
    await until(lambda: proxy.open == 2)
    await still.get_by_role("button", name="Live · Pause").click()
    await until(lambda: proxy.open == 1)
    await house.post(BEN, "Meanwhile.")
    await other.get_by_role("button", name="1 new comment").wait_for()
    assert await texts(still, ".news") == []
    assert await texts(still, ".live") == ["Paused · Resume"]
    await still.get_by_role("button", name="Resume").click()
    await still.get_by_role("button", name="1 new comment").wait_for()
    assert proxy.open == proxy.most == 2
    assert len(proxy.asked) == 3
