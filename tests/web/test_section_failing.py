"""Parts of the section that cannot be loaded: it says so, keeps what is there, and can be asked again."""

from typing import TYPE_CHECKING

import pytest

from tests.support.following import Station
from tests.support.house import ADA, House
from tests.web.reading import Articles, equipped, ids, live, texts
from tests.web.visiting import WIDE, Publisher, Visitors
from tests.web.writing import enter

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

TROUBLE = "This part could not be loaded. Try again."


@pytest.fixture
def night_train(sample: Station, publisher: Publisher) -> Articles:
    """The sample's article."""
    return Articles(publisher, sample, site="sample", thread="night-train")


async def lost(route: "Route") -> None:
    await route.abort()


async def test_an_order_that_cannot_be_read_leaves_the_one_that_is_shown(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now", sort="oldest"))
    await live(page)
    before = await ids(page)
    await page.route("**/threads/night-train?sort=newest*", lost)
    await page.get_by_role("radio", name="Newest").click()
    await page.get_by_role("button", name=TROUBLE).wait_for()
    assert await page.get_by_role("radio", name="Oldest").is_checked()
    assert await ids(page) == before
    await page.unroute("**/threads/night-train?sort=newest*")
    async with page.expect_response("**/threads/night-train?sort=newest*"):
        await page.get_by_role("radio", name="Newest").check()
    await page.locator("hansard-comments .rows:not([aria-busy])").wait_for()
    assert await ids(page) != before
    visitor.excuse("ERR_FAILED")


async def test_more_comments_that_cannot_be_read_can_be_asked_for_again(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    fragment = await night_train.fragment(sort="oldest", limit=1)
    page = await visitor.open(night_train.put(fragment, start="now"))
    await live(page)
    before = await ids(page)
    await page.route("**/threads/night-train?*cursor=*", lost)
    more = page.locator("hansard-comments .more.end")
    await more.click()
    await page.get_by_role("button", name=TROUBLE).wait_for()
    assert await ids(page) == before
    assert await more.get_attribute("aria-busy") is None
    await page.unroute("**/threads/night-train?*cursor=*")
    async with page.expect_response("**/threads/night-train?*cursor=*"):
        await more.click()
    await page.locator("hansard-comments .more.end:not([aria-busy])").wait_for()
    assert len(await ids(page)) > len(before)
    visitor.excuse("ERR_FAILED")


async def test_versions_that_cannot_be_loaded_leave_the_text_and_say_so(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route("**/section/history.js", lost)
    page = await visitor.open(await night_train.served(start="now", sort="oldest"))
    await live(page)
    before = await texts(page, ".row .text")
    await page.locator("hansard-comments .changes").first.click()
    await page.get_by_role("button", name=TROUBLE).wait_for()
    assert await texts(page, ".row .text") == before
    visitor.excuse("ERR_FAILED")


async def test_styles_that_cannot_be_loaded_are_asked_for_again_with_the_section(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route("**/css/section.css", lost)
    page = await visitor.open(night_train.bare(start="now"))
    again = page.get_by_role("button", name="Try again")
    await again.wait_for()
    assert await ids_or_none(page) == 0
    await visitor.context.unroute("**/css/section.css")
    await again.click()
    await equipped(page)
    assert len(await ids(page)) == 13
    # Tokens, section, write: each once.
    assert await page.evaluate("section().adoptedStyleSheets.length") == 3
    assert await page.locator("hansard-comments .notice").count() == 0
    visitor.excuse("ERR_FAILED")


async def ids_or_none(page: "Page") -> int:
    """The number of rows in the section, also where it has no list."""
    found: int = await page.locator("hansard-comments li[data-key]").count()
    return found


async def test_a_link_that_is_opened_in_another_tab_leaves_this_one_where_it_is(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now", sort="oldest"))
    await live(page)
    address = page.url
    await page.evaluate(
        """() => {
          window.pressed = [];
          addEventListener("click", (event) => {
            window.pressed.push(event.defaultPrevented);
            event.preventDefault();
          });
        }"""
    )
    link = page.locator("hansard-comments a.when").first
    await link.click(modifiers=["ControlOrMeta"])
    assert await page.evaluate("pressed") == [False]
    assert page.url == address
    await link.click()
    assert await page.evaluate("pressed") == [False, True]
    assert page.url.startswith(f"{address}#comment-")


@pytest.mark.parametrize(("button", "module"), [(".can.edit", "editing"), (".menu", "menu")])
async def test_an_act_whose_part_cannot_be_loaded_says_so_beside_the_row_and_can_be_pressed_again(
    articles: Articles, house: House, visitors: Visitors, button: str, module: str
) -> None:
    comment = await house.post(ADA, "Mine.")
    writer = await enter(visitors, articles, ADA)
    await writer.page.route(f"**/section/{module}.js", lost)
    await writer.row(comment).locator(button).click()
    said = writer.row(comment).locator(".beside", has_text=TROUBLE)
    await said.wait_for()
    await writer.page.unroute(f"**/section/{module}.js")
    await writer.row(comment).locator(button).click()
    await said.wait_for(state="detached")
    writer.visitor.excuse("ERR_FAILED")
