"""The section while others write: nothing moves under a reader's eyes, and nothing is missed."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.house import ADA, BEN, EVE, MOD, SITE, House, at
from tests.web.reading import Articles, equipped, frames, ids, live, shift, texts, until
from tests.web.visiting import PHONE, WIDE, Visitors, withheld

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

FEED = f"**/v1/sites/{SITE}/threads/palm-house/feed?*"


async def edit(house: House, comment: str, body: str, revision: int = 1) -> None:
    """Edit a comment of Ada's. The views have it."""
    answer = await house.ask("PATCH", at(comment), ADA, {"body": body}, If_Match=f'"{revision}"')
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])


async def vote(house: House, comment: str, value: int) -> None:
    """Vote as Ben. The views have it."""
    answer = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": value})
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])


async def told(page: "Page", number: int) -> None:
    """Wait until the heading has this number of comments: frames come in order."""
    await until(page, f"section().querySelector('.title').textContent === 'Discussion {number}'")
    await frames(page)


HOURS = """
window.hours = () => [...section().querySelectorAll(".when b")].map((hour) => {
  const at = new Date(hour.parentElement.dateTime);
  return hour.textContent === [at.getHours(), at.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");
});
"""
"""Script: whether the time of each row is that of the reader's zone."""


async def test_times_of_the_gateway_become_the_readers_where_they_come_near_and_all_where_they_are_printed(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    for _ in range(20):
        await house.post(ADA, "A long comment. " * 40)
    visitor = await visitors.arrive(timezone_id="Pacific/Kiritimati", **PHONE)
    page = await visitor.open(await articles.served(start="now", sort="newest", script=HOURS))
    await live(page)
    await until(page, "hours()[0]")
    await frames(page)
    near = await page.evaluate("hours()")
    assert (len(near), near[-1]) == (20, False), near
    await page.evaluate("section().querySelector('.rows > li:last-child').scrollIntoView()")
    await until(page, "hours()[19]")
    assert not all(await page.evaluate("hours()"))
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(await page.evaluate("hours()"))


async def test_what_only_writers_need_comes_late_and_moves_no_note(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    first = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    free = await withheld(visitor.context, "**/section/writing.js")
    page = await visitor.open(await articles.served(start="now", sort="newest"))
    await live(page)
    for number, write in enumerate((edit(house, first, "First, edited."), house.post(BEN, "Reply.", parent=first)), 1):
        await write
        await until(page, f"row('{first}').querySelectorAll('.notes button').length === {number}")
        await frames(page)
    free.set()
    await equipped(page)
    await frames(page)
    assert await shift(page) == 0


@pytest.mark.parametrize("size", ["wide", "phone"])
async def test_new_comments_and_replies_wait_until_they_are_asked_for_and_nothing_moves(
    articles: Articles, house: House, visitors: Visitors, size: str
) -> None:
    first = await house.post(ADA, "First.")
    second = await house.post(BEN, "Second.")
    visitor = await visitors.arrive(**(PHONE if size == "phone" else WIDE))
    page = await visitor.open(await articles.served(start="now", sort="newest"))
    await equipped(page)
    before = await page.evaluate("section().querySelector('.rows').getBoundingClientRect().top")
    third = await house.post(EVE, "Third.")
    reply = await house.post(EVE, "Reply.", parent=first)
    await told(page, 4)
    assert await ids(page) == [second, first]
    assert await texts(page, ".news") == ["1 new comment"]
    assert await texts(page, ".in > [role=status]") == ["1 new comment"]
    assert await texts(page, f"#comment-{first} .notes") == ["1 new reply"]
    assert await page.evaluate("section().querySelector('.rows').getBoundingClientRect().top") == before
    assert await shift(page) == 0
    await page.locator("hansard-comments .news").click()
    assert await ids(page) == [third, second, first]
    assert await page.evaluate("section().activeElement.id") == f"comment-{third}"
    assert await texts(page, ".new") == ["New"]
    await page.locator("hansard-comments .notes button").click()
    assert await ids(page) == [third, second, first, reply]
    assert await page.evaluate("section().activeElement.id") == f"comment-{reply}"
    assert await texts(page, f"#comment-{first} .fold") == ["Hide 1 reply"]
    assert await texts(page, ".news") == []


async def test_screen_readers_are_told_the_number_once_a_minute_and_as_it_is_then(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.clock.install()
    page = await visitor.open(await articles.served(start="now"))
    await page.clock.resume()
    await live(page)
    for number in range(3):
        await house.post(BEN, f"Number {number}.")
        await told(page, number + 1)
    assert await texts(page, ".news") == ["3 new comments"]
    assert await texts(page, ".in > [role=status]") == ["1 new comment"]
    await page.clock.fast_forward(61_000)
    await until(page, "section().querySelector('.in > [role=status]').textContent === '3 new comments'")
    await page.locator("hansard-comments .news").click()
    await until(page, "section().querySelector('.in > [role=status]').textContent === ''")


@pytest.mark.parametrize("size", ["wide", "phone", "narrow"])
async def test_an_edit_in_view_is_shown_when_it_is_asked_for_and_votes_move_nothing(
    articles: Articles, house: House, visitors: Visitors, size: str
) -> None:
    comments = [await house.post(ADA, f"Words of {number}.") for number in range(4)]
    await house.post(ADA, "Nine lives.", parent=comments[1])
    narrow = {"viewport": {"width": 320, "height": 700}}
    visitor = await visitors.arrive(**{"wide": WIDE, "phone": PHONE, "narrow": narrow}[size])
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await equipped(page)
    longer = "Other words. " * 40
    for comment in comments[:2]:
        await edit(house, comment, longer)
    await vote(house, comments[0], 1)
    await vote(house, comments[2], -1)
    await until(page, f"row('{comments[2]}').querySelector('.against').textContent === 'Against 1'")
    await until(page, f"row('{comments[0]}').querySelector('.for').textContent === 'For 1'")
    await frames(page)
    assert await texts(page, f"#comment-{comments[0]} .text p") == ["Words of 0."]
    assert await texts(page, f"#comment-{comments[0]} .notes") == ["Edited just now · show"]
    assert await shift(page) == 0
    await page.locator(f"hansard-comments #comment-{comments[0]} .notes button").click()
    assert (await texts(page, f"#comment-{comments[0]} .text"))[0].strip() == longer.strip()
    assert "Last edited" in (await texts(page, f"#comment-{comments[0]} .edited"))[0]
    assert await texts(page, f"#comment-{comments[0]} .notes") == [""]
    assert await page.evaluate("section().activeElement.id") == f"comment-{comments[0]}"


async def test_an_edit_out_of_view_is_shown_at_once_and_a_removal_keeps_its_room_while_it_is_seen(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = [await house.post(ADA, f"Words of {number}.") for number in range(20)]
    answered = await house.post(BEN, "An answer.", parent=comments[1])
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await live(page)
    await edit(house, comments[19], "Out of sight.")
    for comment in comments[:2]:
        await house.settled((await house.decide(comment, "reject")).json()["position"])
    await told(page, 19)
    assert await texts(page, f"#comment-{comments[19]} .text p") == ["Out of sight."]
    assert await texts(page, f"#comment-{comments[0]} .text") == []
    assert await texts(page, f"#comment-{comments[1]} .text") == []
    assert await texts(page, f"#r-{answered}") == ["in reply to a removed comment"]
    assert await shift(page) == 0
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await until(page, f"!row('{comments[0]}')")
    assert (await ids(page))[:2] == [comments[1], answered]
    await house.settled((await house.decide(comments[0], "approve")).json()["position"])
    await told(page, 20)
    await page.locator("hansard-comments .news").click()
    assert (await ids(page))[0] == comments[0]


async def test_a_paused_section_stays_as_it_is_until_it_goes_on(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comment = await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await live(page)
    await house.post(BEN, "Before the pause.")
    await told(page, 2)
    await page.get_by_role("button", name="Live · Pause").click()
    assert await texts(page, ".live") == ["Paused · 1 new · Resume"]
    before = await page.evaluate("section().querySelector('.rows').getHTML()")
    for number in range(10):
        await house.post(BEN, f"Number {number}.")
        await vote(house, comment, number % 2)
    assert await page.evaluate("section().querySelector('.rows').getHTML()") == before
    assert await texts(page, ".title") == ["Discussion 2"]
    await page.get_by_role("button", name="Resume").click()
    await told(page, 12)
    assert await texts(page, ".news") == ["11 new comments"]
    assert await texts(page, f"#comment-{comment} .for") == ["For 1"]


@pytest.mark.parametrize("trouble", ["empty", "bad gateway", "unavailable", "broken"])
async def test_a_stream_that_fails_is_tried_again_says_so_and_misses_nothing(
    articles: Articles, house: House, visitors: Visitors, trouble: str
) -> None:
    await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    tries: list[str] = []

    async def fail(route: "Route") -> None:
        tries.append(route.request.url)
        headers = {"access-control-allow-origin": "*", "retry-after": "1", "content-type": "text/event-stream"}
        match trouble:
            case "empty":
                await route.fulfill(status=200, headers=headers, body="retry: 500\n\n")
            case "bad gateway":
                await route.fulfill(status=502, body="<html>")
            case "unavailable":
                await route.fulfill(status=503, headers={**headers, "access-control-expose-headers": "Retry-After"})
            case _:
                await route.abort()

    context = visitor.context
    await context.clock.install()
    await context.route(FEED, fail)
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await page.clock.resume()
    for _ in range(60):
        if len(tries) >= 3:
            break
        await page.clock.fast_forward(2000)
        await frames(page)
    assert len(tries) >= 3
    await page.clock.fast_forward(11_000)
    await page.get_by_text("Not live. Trying again in").wait_for()
    await house.post(BEN, "Meanwhile.")
    await context.unroute(FEED)
    for _ in range(60):
        await page.clock.fast_forward(5000)
        if await texts(page, ".news") == ["1 new comment"]:
            break
        await frames(page)
    assert await texts(page, ".news") == ["1 new comment"]
    assert await texts(page, ".live") == ["Live · Pause"]
    assert len(set(tries)) == 1, "it goes on from where it was"
    visitor.errors.clear()


async def test_an_archived_discussion_is_not_asked_for_again(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    await house.post(ADA, "First.")
    answer = await house.ask("PUT", "threads/palm-house/status", MOD, {"status": "archived"})
    await house.settled(answer.json()["position"])
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now"))
    await page.get_by_text("This discussion is in the archive.").wait_for()
    await until(page, "performance.getEntriesByType('resource').some(({ name }) => name.includes('/feed?'))")
    await until(page, "section().querySelector('.stream').childElementCount === 0")
    assert sum("/feed?" in url for url in visitor.requests) == 1


async def test_an_eighth_tab_loads_because_tabs_that_are_not_looked_at_hold_no_stream(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    await house.post(ADA, "First.")
    visitor = await visitors.arrive(**WIDE)
    hide = """
    Object.defineProperty(document, "visibilityState", { get: () => window.hides ? "hidden" : "visible" });
    window.hide = () => { window.hides = true; document.dispatchEvent(new Event("visibilitychange")); };
    """
    await visitor.context.clock.install()
    for _ in range(8):
        page = await visitor.open(await articles.served(start="now", script=hide))
        await page.clock.resume()
        await live(page)
        assert await ids(page) != []
        await page.evaluate("hide()")
        await page.clock.fast_forward(61_000)
        await frames(page)


LAWS = """
async (path) => {
  const { step, START } = await import(path);
  window.run = (changes) => {
    let state = START;
    const told = [];
    for (const change of changes) {
      const [next, wanted] = step(state, change);
      told.push([state, change, next, wanted]);
      state = next;
    }
    return told;
  };
}
"""
CHANGES = ("good", "end", "gone", "timer", "now", "visible", "hidden", "near", "pause", "resume")


async def test_whatever_happens_there_is_one_stream_where_there_should_be_one_and_waits_are_bounded(
    articles: Articles, visitors: Visitors
) -> None:
    import random  # noqa: PLC0415 - beside its only use

    visitor = await visitors.arrive()
    page = await visitor.open(articles.bare())
    address = await page.evaluate("document.querySelector('script[type=module]').src")
    release = (await articles.station.client.get("/embed.js")).text.partition("embed/")[2].partition("/")[0]
    await page.evaluate(LAWS, address.replace("/embed.js", f"/embed/{release}/shared/live.js"))
    chance = random.Random(7)
    runs = [
        [
            {"type": chance.choice(CHANGES[:2] + CHANGES[3:] if chance.random() < 0.98 else CHANGES)}
            | {"chance": chance.random(), "asked": chance.choice((0, 5000))}
            for _ in range(60)
        ]
        for _ in range(200)
    ]
    for told_of in await page.evaluate("(runs) => runs.map(run)", runs):
        for step in told_of:
            holds(*step)


def holds(state: dict[str, Any], change: dict[str, Any], following: dict[str, Any], wanted: Any) -> None:
    """The law of one step."""
    wants = following["seen"] and following["near"] and not following["paused"]
    if following["phase"] == "over":
        assert wanted == ("close" if state["phase"] != "over" else None)
        return
    assert (following["phase"] in ("open", "waiting")) == wants
    if wanted == "open":
        assert state["phase"] != "open"
        assert following["phase"] == "open"
    elif wanted == "close":
        assert following["phase"] == "idle"
    elif wanted is not None:
        assert state["phase"] == "open"
        assert following["phase"] == "waiting"
        assert 0 <= wanted <= max(60_000, change["asked"])
        assert wanted >= change["asked"]
        assert following["failures"] == state["failures"] + 1
    elif change["type"] == "good" and state["phase"] == "open":
        assert following["failures"] == 0
    else:
        assert state["phase"] == following["phase"]
