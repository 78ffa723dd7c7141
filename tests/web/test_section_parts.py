"""Parts of the section that are loaded at their first use: when, what is said if one cannot be loaded, and its end."""

from typing import TYPE_CHECKING

import anyio
import pytest

from tests.support.bounds import BOUND
from tests.support.house import ADA, BEN, House, at
from tests.web.reading import Articles, equipped, frames, ids, live, texts, until
from tests.web.visiting import WIDE, Visitor, Visitors
from tests.workers.gateway.web.test_budgets import MOST_READING, READING, READING_BESIDE, closure
from workers.gateway.web.assets import release

if TYPE_CHECKING:
    from playwright.async_api import Route

FAILED = "This part could not be loaded. Try again."


def files(visitor: Visitor) -> set[str]:
    """The files of the release that were requested."""
    return {url.partition("/embed/")[2].partition("/")[2] for url in visitor.requests if "/embed/" in url}


async def test_a_reader_loads_the_parts_of_what_is_used_when_it_is_used(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    first = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    far = "addEventListener('DOMContentLoaded', () => (document.querySelector('#far').style.height = '4000px'))"
    url = await articles.served(start="now", before='<p id="far"></p>', script=far, sort="oldest")
    page = await visitor.context.new_page()
    await page.goto(url)
    await until(page, "customElements.get('hansard-comments')")
    await frames(page)
    at_once = closure(READING) | set(READING_BESIDE)
    assert files(visitor) == at_once
    assert sum(release().files[path].served for path in at_once) <= MOST_READING
    await page.evaluate("document.querySelector('hansard-comments').scrollIntoView()")
    await equipped(page)
    near = at_once | {"css/write.css", "words/write/en.json"}
    for path in ("feed", "writing", "acts", "composer"):
        near |= closure(f"section/{path}.js")
    assert files(visitor) == near
    await house.post(BEN, "Second.")
    await page.locator("hansard-comments .news").wait_for()
    assert files(visitor) == near | closure("section/render.js")
    await page.evaluate(f"location.hash = 'comment-{first}'")
    await until(page, f"section().activeElement?.id === 'comment-{first}'")
    assert "section/links.js" in files(visitor)
    assert not files(visitor) & {"section/pages.js", "section/made.js", "section/history.js", "shared/diff.js"}


class Held:
    """Requests for a file of the release: each fails, until `let` says that they are let through."""

    def __init__(self, visitor: Visitor, path: str) -> None:
        self.visitor = visitor
        self.pattern = f"**/{path}"
        self.tries = 0

    async def fail(self) -> "Held":
        await self.visitor.context.route(self.pattern, self._abort)
        return self

    async def _abort(self, route: "Route") -> None:
        self.tries += 1
        await route.abort()

    async def let(self) -> None:
        await self.visitor.context.unroute(self.pattern)
        assert self.tries > 0
        self.visitor.excuse("ERR_FAILED")


async def test_a_stream_whose_part_fails_says_so_and_is_followed_when_it_is_tried_again(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    held = await Held(visitor, "shared/live.js").fail()
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    button = page.get_by_role("button", name=FAILED)
    await button.wait_for()
    await held.let()
    await button.click()
    await live(page)
    await house.post(BEN, "Second.")
    await page.get_by_role("button", name="1 new comment").wait_for()


async def test_frames_whose_part_fails_are_kept_until_it_is_tried_again(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    first = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    held = await Held(visitor, "section/row.js").fail()
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await live(page)
    second = await house.post(BEN, "Second.")
    button = page.get_by_role("button", name=FAILED)
    await button.wait_for()
    assert await texts(page, ".title") == ["Discussion 1"]
    await held.let()
    await button.click()
    await page.get_by_role("button", name="1 new comment").click()
    assert await ids(page) == [first, second]
    assert await button.count() == 0


@pytest.mark.parametrize("path", ["section/pages.js", "section/render.js"])
async def test_an_order_whose_part_fails_leaves_what_is_shown_and_can_be_chosen_again(
    articles: Articles, house: House, visitors: Visitors, path: str
) -> None:
    comments = [await house.post(ADA, f"Comment {number}.") for number in range(2)]
    visitor = await visitors.arrive(**WIDE)
    held = await Held(visitor, path).fail()
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await live(page)
    await page.get_by_role("radio", name="Newest").check(force=True)
    button = page.get_by_role("button", name=FAILED)
    await button.wait_for()
    assert await ids(page) == comments
    assert await page.get_by_role("radio", name="Oldest").is_checked()
    await held.let()
    await button.click()
    await until(page, f"section().querySelector('.rows li').dataset.key === '{comments[1]}'")
    assert await page.get_by_role("radio", name="Newest").is_checked()
    assert await button.count() == 0


async def test_a_button_whose_part_fails_says_so_and_does_it_when_it_is_pressed_again(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = [await house.post(ADA, f"Comment {number}.") for number in range(21)]
    answer = await house.ask("PATCH", f"{at(comments[0])}", ADA, {"body": "Other."}, If_Match='"1"')
    await house.settled(answer.json()["position"])
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await live(page)
    for path, name, seen in (
        ("section/history.js", ".changes", ".past"),
        ("section/pages.js", ".more.end", f"#comment-{comments[20]}"),
    ):
        held = await Held(visitor, path).fail()
        button = page.locator(f"hansard-comments {name}")
        await button.click()
        await until(page, f"section().querySelector('{name}').textContent === '{FAILED}'")
        assert await texts(page, ".in > [role=status]") == [FAILED]
        await held.let()
        await button.click()
        await page.locator(f"hansard-comments {seen}").wait_for()
        assert FAILED not in await texts(page, "button")


async def test_a_link_whose_part_fails_leads_there_when_it_is_tried_again(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = [await house.post(ADA, f"Comment {number}.") for number in range(3)]
    visitor = await visitors.arrive(**WIDE)
    held = await Held(visitor, "section/links.js").fail()
    page = await visitor.open(f"{await articles.served(sort='oldest')}#comment-{comments[2]}")
    button = page.get_by_role("button", name=FAILED)
    await button.wait_for()
    await held.let()
    await button.click()
    await until(page, f"section().activeElement?.id === 'comment-{comments[2]}'")
    assert await button.count() == 0


@pytest.mark.parametrize("path", ["section/made.js", "section/pages.js", "section/row.js", "css/section.css"])
async def test_a_section_whose_part_fails_is_made_when_it_is_tried_again(
    articles: Articles, house: House, visitors: Visitors, path: str
) -> None:
    first = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    held = await Held(visitor, path).fail()
    page = await visitor.open(articles.bare(start="now"))
    await page.locator("hansard-comments .notice").wait_for()
    await held.let()
    await page.get_by_role("button", name="Try again").click()
    await live(page)
    assert await ids(page) == [first]


@pytest.mark.parametrize("path", ["section/made.js", "section/feed.js", "section/links.js", "section/render.js"])
async def test_a_section_that_ends_while_a_part_is_loaded_begins_nothing(
    articles: Articles, house: House, visitors: Visitors, path: str
) -> None:
    first = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    waiting: list[Route] = []

    async def wait(route: "Route") -> None:
        waiting.append(route)

    await visitor.context.route(f"**/{path}", wait)
    url = articles.bare(start="now") if path == "section/made.js" else await articles.served(start="now")
    page = await visitor.open(f"{url}#comment-{first}" if path == "section/links.js" else url)
    if path == "section/render.js":
        await live(page)
        await house.post(BEN, "Second.")
    with anyio.fail_after(BOUND):
        while not waiting:
            await frames(page)
    await page.evaluate("() => { window.tag = document.querySelector('hansard-comments'); tag.remove(); }")
    before = await page.evaluate("tag.shadowRoot.innerHTML")
    asked = len([url for url in visitor.requests if "/v1/" in url])
    for route in waiting:
        await route.continue_()
    await until(page, f"performance.getEntriesByType('resource').some((one) => one.name.endsWith('/{path}'))")
    await frames(page)
    assert await page.evaluate("tag.shadowRoot.innerHTML") == before
    assert len([url for url in visitor.requests if "/v1/" in url]) == asked
    await page.evaluate("document.querySelector('main').append(tag)")
    await live(page)
    assert first in await ids(page)
