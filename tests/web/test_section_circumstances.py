"""The section on a machine that sleeps or has a wrong clock, in many tabs, and with a server that is updated under it.

Nothing is lost, nothing appears twice, and the page says what is so.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from tests.support.bounds import BOUND
from tests.support.following import Station, station, until
from tests.support.house import ADA, BEN, House, at
from tests.web.feed_proxy import FeedProxy
from tests.web.reading import Articles, frames, ids, live, texts
from tests.web.visiting import WIDE, Visitors
from tests.web.writing import enter
from workers.gateway import web
from workers.gateway.web import assets
from workers.gateway.web.assets import Release, release_of

if TYPE_CHECKING:
    from playwright.async_api import Page

SILENT_MS: Final = 30_000
LOST_MS: Final = 10_000
DAY_S: Final = 86_400
STATIC: Final = Path(web.__file__).parent / "static"


async def shows(page: "Page", comments: list[str], news: str) -> None:
    """Every comment is there once, after the new ones were asked for by a button with these words."""
    await page.get_by_role("button", name=news, exact=True).click()
    assert await ids(page) == comments
    assert await texts(page, ".live") == ["Live · Pause"]


async def retried(page: "Page", proxy: FeedProxy) -> None:
    """Let the page try again at once, until it has a stream."""
    with anyio.fail_after(BOUND):
        while not proxy.open:
            await page.evaluate("window.dispatchEvent(new Event('online'))")


def newer() -> Release:
    """A release with one file more."""
    contents = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}
    return release_of({**contents, "section/newer.js": b"export {};\n"})


@pytest.mark.parametrize("meanwhile", ["kept", "reset", "forgotten"])
async def test_a_tab_that_slept_has_everything_once_it_is_awake(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy, meanwhile: str
) -> None:
    comments = [await house.post(ADA, "First.")]
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.clock.install()
    page = await visitor.open(await proxied.served(start="now", sort="oldest"))
    await page.clock.resume()
    await live(page)
    devtools = await visitor.context.new_cdp_session(page)
    await devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    comments.append(await house.post(BEN, "While it sleeps."))
    if meanwhile == "reset":
        proxy.cut(reset=True)
    elif meanwhile == "forgotten":
        proxy.silence()
    comments.append(await house.post(BEN, "While it still sleeps."))
    await devtools.send("Page.setWebLifecycleState", {"state": "active"})
    if meanwhile == "forgotten":
        await page.clock.fast_forward(SILENT_MS)
        await frames(page)
        proxy.cut()
        await proxy.mend()
    await retried(page, proxy)
    await shows(page, comments, "2 new comments")
    visitor.errors.clear()


async def test_each_of_eight_tabs_has_everything_once_it_is_looked_at(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    comments = [await house.post(ADA, "First.")]
    visitor = await visitors.arrive(**WIDE)
    hide = """
    Object.defineProperty(document, "visibilityState", { get: () => window.shown ? "visible" : "hidden" });
    window.look = (shown) => {
      window.shown = shown;
      document.dispatchEvent(new Event("visibilitychange"));
      if (!shown) window.dispatchEvent(new Event("pagehide"));
    };
    """
    address = await proxied.served(start="now", sort="oldest", script=hide)
    tabs = [await visitor.open(address) for _ in range(8)]
    for tab in tabs:
        await live(tab)
        assert await ids(tab) == comments
    assert proxy.asked == [], "tabs that were opened in the background hold no stream"
    comments.append(await house.post(BEN, "In the background."))
    for tab in tabs:
        await tab.evaluate("look(true)")
        await shows(tab, comments, "1 new comment")
        await tab.evaluate("look(false)")
    assert len(proxy.asked) == len(tabs)


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
async def test_a_clock_that_is_wrong_changes_nothing_of_what_comes_and_of_when_it_was(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy, days: int
) -> None:
    comments = [await house.post(ADA, "First.")]
    visitor = await visitors.arrive(**WIDE)
    right = await visitor.open(proxied.bare(start="now", sort="oldest"))
    await live(right)
    times = "[...section().querySelectorAll('time')].map((time) => time.dateTime)"
    now = await right.evaluate("Date.now() / 1000")
    await visitor.context.clock.install(time=now + days * DAY_S)
    page = await visitor.open(proxied.bare(start="now", sort="oldest"))
    await page.clock.resume()
    await live(page)
    comments.append(await house.post(BEN, "Now."))
    await shows(page, comments, "1 new comment")
    proxy.cut()
    comments.append(await house.post(BEN, "Meanwhile."))
    await retried(page, proxy)
    await shows(page, comments, "1 new comment")
    await right.get_by_role("button", name="2 new comments").click()
    assert await page.evaluate(times) == await right.evaluate(times)
    visitor.errors.clear()


async def test_a_clock_that_is_put_back_while_the_page_is_cut_off_does_not_make_it_live(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    comments = [await house.post(ADA, "First.")]
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.clock.install()
    page = await visitor.open(await proxied.served(start="now", sort="oldest"))
    await page.clock.resume()
    await live(page)
    proxy.refuse()
    comments.append(await house.post(BEN, "Meanwhile."))
    await until(lambda: sum("/feed?" in url for url in visitor.requests) > 1)
    await page.clock.set_system_time(await page.evaluate(f"Date.now() / 1000 - {DAY_S}"))
    await page.clock.run_for(LOST_MS)
    said = page.get_by_text("Not live. Trying again in")
    await said.wait_for()
    assert int("".join(filter(str.isdigit, await said.inner_text()))) <= 60
    await proxy.mend()
    await retried(page, proxy)
    await shows(page, comments, "1 new comment")
    visitor.errors.clear()


async def test_under_a_server_that_was_updated_the_page_follows_on_and_says_what_it_cannot_load(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = [await house.post(ADA, "First."), await house.post(ADA, "Second.")]
    edited = await house.ask("PATCH", at(comments[0]), ADA, {"body": "First, edited."}, If_Match='"1"')
    await house.settled(edited.json()["position"])
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(proxied.bare(start="now", sort="oldest"))
    await live(page)
    comments.append(await house.post(BEN, "Before the update."))
    await shows(page, comments, "1 new comment")
    monkeypatch.setattr(assets, "release", newer)
    async with station(house) as updated:
        proxy.to(port_of(updated))
        comments.append(await house.post(BEN, "After the update."))
        await retried(page, proxy)
        await shows(page, comments, "1 new comment")
        await page.get_by_role("button", name="see changes").click()
        await page.get_by_text("This part could not be loaded.").first.wait_for()
        assert await ids(page) == comments
        visitor.excuse("410")
        await page.reload()
        await live(page)
        assert await ids(page) == comments
        await page.get_by_role("button", name="see changes").click()
        await page.locator("hansard-comments .past").wait_for()
        await page.close()
        visitor.errors.clear()


async def test_under_a_server_that_was_updated_a_draft_is_kept_and_there_again_after_the_reload(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = await house.post(ADA, "Mine."), await house.post(BEN, "Another.")
    writer = await enter(visitors, proxied, ADA, served=False)
    await writer.field.fill("Half a thought")
    await writer.row(other).locator(".reply").click()
    await writer.part("li .write textarea").fill("Half an answer")
    monkeypatch.setattr(assets, "release", newer)
    async with station(house) as updated:
        proxy.to(port_of(updated))
        await writer.row(mine).locator(".can.edit").click()
        await writer.row(mine).locator(".beside", has_text="This part could not be loaded.").wait_for()
        said = writer.part(".missing", has_text="A newer version is here.")
        await said.wait_for()
        assert "Your text is kept." in await said.inner_text()
        assert await writer.field.input_value() == "Half a thought"
        assert await writer.part("li .write textarea").input_value() == "Half an answer"
        async with writer.page.expect_navigation():
            await said.get_by_role("button", name="Reload").click()
        await writer.part("li .write textarea").wait_for()
        assert await writer.field.input_value() == "Half a thought"
        assert await writer.part("li .write textarea").input_value() == "Half an answer"
        await writer.row(mine).locator(".can.edit").click()
        await writer.row(mine).locator("xpath=..").locator("textarea").first.wait_for()
        writer.visitor.excuse("410")
        await writer.page.close()
        writer.visitor.errors.clear()


async def test_what_a_newer_server_tells_beside_what_is_known_is_passed_over(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy
) -> None:
    comments = [await house.post(ADA, "First.")]
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await proxied.served(start="now", sort="oldest"))
    await live(page)
    proxy.insert(b'event: site.praised\ndata: {"praise": 1}\n\n')
    proxy.insert(b"event: thread.praised\nfuture: 1\ndata: [1,\ndata: 2]\n\n")
    comments.append(await house.post(BEN, "Second."))
    await shows(page, comments, "1 new comment")
    assert len(proxy.asked) == 1


def port_of(gateway: Station) -> int:
    """The port where a gateway listens."""
    return int(gateway.url.rpartition(":")[2])
