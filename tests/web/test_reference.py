"""The page about the interface, as the gateway serves it to a browser."""

from typing import TYPE_CHECKING

from tests.support.bounds import BOUND
from tests.support.following import Station

if TYPE_CHECKING:
    from playwright.async_api import Browser


async def test_the_page_about_the_interface_leads_to_each_call_and_needs_nothing(
    gateway: Station, browser: "Browser"
) -> None:
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(BOUND * 1000)
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(f"{gateway.client.base_url}/docs")
    await page.click("nav a:has-text('Post a comment')")
    heading = page.locator("#postComment h3")
    await heading.wait_for(state="visible")
    box = await heading.bounding_box()
    assert box is not None
    assert -1 < box["y"] < 200  # windows scroll by whole pixels
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    assert said == []
