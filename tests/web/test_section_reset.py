"""The section after a reset of the feed: what was missed is read again, and what is read stays where it is."""

from typing import TYPE_CHECKING

from tests.support.house import ADA, BEN, EVE, SITE, THREAD, House, at
from tests.web.reading import Articles, frames, ids, live, shift, texts, until
from tests.web.test_audit_replay import tell_reset
from tests.web.visiting import WIDE, Visitors

if TYPE_CHECKING:
    from playwright.async_api import Route

FEED = f"**/v1/sites/{SITE}/threads/{THREAD}/feed?*"


class Reset:
    """Answers the first stream with a reset, and lets all others through."""

    def __init__(self) -> None:
        self.position = ""
        self.asked: list[str] = []

    async def __call__(self, route: "Route") -> None:
        self.asked.append(route.request.url.partition("after=")[2])
        if len(self.asked) > 1:
            await route.fallback()
            return
        body = f"retry: 10\n\nid: {self.position}\nevent: reset\ndata: {{}}\n\n"
        headers = {"content-type": "text/event-stream", "access-control-allow-origin": "*"}
        await route.fulfill(status=200, headers=headers, body=body)


async def test_a_reset_reads_the_page_again_and_nothing_moves(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    first = await house.post(ADA, "First.")
    second = await house.post(BEN, "Second.")
    gone = await house.post(BEN, "Third, which goes.")
    url = await articles.served(start="now", sort="newest")
    before = await ids_of(house)
    assert before == [gone, second, first]
    fourth = await house.post(EVE, "Fourth.")
    reply = await house.post(EVE, "Reply.", parent=first)
    edited = await house.ask("PATCH", at(first), ADA, {"body": "First, edited."}, If_Match='"1"')
    await house.settled(edited.json()["position"])
    withdrawn = await house.ask("DELETE", at(gone), BEN)
    assert withdrawn.status_code == 200, withdrawn.text
    await house.settled(withdrawn.json()["position"])
    reset = Reset()
    reset.position = withdrawn.json()["position"]
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route(FEED, reset)
    page = await visitor.open(url)
    await live(page)
    await until(page, "section().querySelector('.title').textContent === 'Discussion 4'")
    await frames(page)
    assert await texts(page, ".news") == ["1 new comment"]
    assert sorted(await texts(page, f"#comment-{first} .notes button")) == ["1 new reply", "Edited just now · show"]
    assert [one for one in await ids(page) if one != gone] == [second, first]
    assert await texts(page, f"#comment-{first} .text") == ["First.\n"]
    assert await shift(page) == 0
    await page.locator("hansard-comments .news").click()
    await page.locator(f"hansard-comments #comment-{first} .edit").click()
    assert await texts(page, f"#comment-{first} .text p") == ["First, edited."]
    await page.locator(f"hansard-comments #comment-{first} .replies").click()
    assert [one for one in await ids(page) if one != gone] == [fourth, second, first, reply]
    fifth = await house.post(EVE, "Fifth.")
    await until(page, "section().querySelector('.title').textContent === 'Discussion 5'")
    await page.locator("hansard-comments .news").click()
    assert (await ids(page))[0] == fifth
    assert all(after >= reset.position for after in reset.asked[1:]), "the stream goes on where the page is"


async def ids_of(house: House) -> list[str]:
    return [row["id"] for row in await house.rows()]


async def test_a_reset_leaves_a_comment_that_is_shown_alone_alone(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    first = await house.post(ADA, "First.")
    for number in range(21):
        await house.post(BEN, f"Newer {number}.")
    url = await articles.served(start="now", sort="newest")
    reply = await house.post(EVE, "Reply.", parent=first)
    reset = Reset()
    reset.position = (await house.get(f"threads/{THREAD}")).json()["thread"]["position"]
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route(FEED, reset)
    page = await visitor.open(f"{url}#comment-{first}")
    await page.locator("hansard-comments .whole").wait_for()
    await until(page, f"section().querySelectorAll('.rows li').length === 2 && row('{reply}')")
    await live(page)
    await frames(page)
    assert await ids(page) == [first, reply]


async def test_a_reset_of_the_gateway_is_followed_and_the_stream_goes_on(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    first = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now", sort="newest"))
    await live(page)
    assert not any(f"/threads/{THREAD}?" in url for url in visitor.requests)
    async with page.expect_response(f"**/threads/{THREAD}?*"):
        await tell_reset(house.deployment)
    second = await house.post(BEN, "Second.")
    await until(page, "section().querySelector('.title').textContent === 'Discussion 2'")
    assert await texts(page, ".news") == ["1 new comment"]
    await page.locator("hansard-comments .news").click()
    assert await ids(page) == [second, first]
