"""Links to single comments, and what is loaded of long discussions when a reader asks for it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.support.fragments import document
from tests.support.house import ADA, ADMIN, BEN, MOD, House, Who, at
from tests.web.reading import Articles, frames, ids, live, shift, texts, until
from tests.web.visiting import WIDE, Visitors
from workers.gateway.html.fragment import SectionContext, write_section
from workers.gateway.html.page import decode
from workers.gateway.html.words import words_of

if TYPE_CHECKING:
    from playwright.async_api import Page

HERE = "document.querySelector('hansard-comments').shadowRoot?.activeElement?.id"


async def thread_of(house: House, roots: int, replies: int = 0) -> list[str]:
    """A discussion: so many comments, with so many replies each; the comments."""
    found = []
    for number in range(roots):
        comment = await house.post(ADA, f"Comment {number}.")
        found.append(comment)
        for reply in range(replies):
            await house.post(BEN, f"Reply {number}.{reply}.", parent=comment)
    return found


async def top_of(page: "Page", comment: str) -> float:
    """How far from the top of the window a comment is."""
    found: float = await page.evaluate(f"row('{comment}').getBoundingClientRect().top")
    return found


async def test_a_linked_comment_is_scrolled_to_and_stays_when_something_loads_above_until_the_reader_scrolls(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = await thread_of(house, 12)
    visitor = await visitors.arrive(**WIDE)
    url = await articles.served(before='<p id="ad"></p>' + "<p>Article.</p>" * 60, sort="oldest")
    page = await visitor.open(f"{url}#comment-{comments[5]}")
    await live(page)
    await until(page, f"section().activeElement === row('{comments[5]}')")
    assert await page.locator("hansard-comments .here").count() == 1
    before = await top_of(page, comments[5])
    assert 0 <= before < 200
    await page.evaluate("document.querySelector('#ad').style.height = '600px'")
    await frames(page)
    assert abs(await top_of(page, comments[5]) - before) < 2
    await page.mouse.move(600, 400)
    await page.mouse.wheel(0, -200)
    await until(page, f"row('{comments[5]}').getBoundingClientRect().top > {before} + 100")
    await page.evaluate("document.querySelector('#ad').style.height = '900px'")
    await frames(page)
    assert await top_of(page, comments[5]) > before + 100


async def test_a_linked_comment_that_is_not_on_the_page_is_shown_below_those_that_it_answers(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = await thread_of(house, 25)
    reply = await house.post(BEN, "Deep.", parent=comments[24])
    deep = await house.post(ADA, "Deeper.", parent=reply)
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(f"{await articles.served(sort='oldest')}#comment-{deep}")
    await until(page, f"{HERE} === 'comment-{deep}'")
    assert await ids(page) == [comments[24], reply, deep]
    await page.get_by_role("button", name="Show the whole discussion").click()
    await until(page, "section().querySelectorAll('.rows > li').length === 20")
    assert await texts(page, ".line-of") == []


@pytest.mark.parametrize(
    ("old", "link", "comment"),
    [
        ("wp", "#comment-712400", "wp-712400"),
        ("dsq", "#comment-99", "dsq-99"),
        ("coral", "?commentID=3f2b-9", "coral-3f2b-9"),
        ("r42", "#remark42__comment-f863bd79-fec6", "r42-f863bd79-fec6"),
        ("isso", "#isso-12", "isso-12"),
        ("cm", "#commento-0a1b", "cm-0a1b"),
        ("cm", "#comentario-476088a7-f3d5", "cm-476088a7-f3d5"),
    ],
)
async def test_links_of_the_system_before_lead_to_the_same_comment_and_are_replaced_by_ours(
    articles: Articles, house: House, visitors: Visitors, old: str, link: str, comment: str
) -> None:
    await thread_of(house, 2)
    page_json = (await articles.station.client.get("/v1/sites/kew/threads/palm-house?sort=oldest")).json()
    page_json["comments"][1]["id"] = comment
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route("**/threads/palm-house?*", lambda route: route.fulfill(json=page_json))
    url = articles.bare(old=old)
    page = await visitor.open(url + link)
    await until(page, f"{HERE} === 'comment-{comment}'")
    assert page.url == f"{url}#comment-{comment}"


async def test_a_link_that_leads_nowhere_says_so_at_the_head_of_the_section(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    await thread_of(house, 3)
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(f"{await articles.served()}#comment-{'z' * 26}")
    await page.get_by_text("That comment is not here (any more).").wait_for()
    assert await page.evaluate(HERE) == "h"
    assert len(await ids(page)) == 3
    visitor.excuse("404")


async def test_what_is_said_of_a_link_that_leads_nowhere_stays_while_others_write_until_another_link_is_followed(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = await thread_of(house, 3)
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(f"{await articles.served(start='now')}#comment-nt-99")
    await live(page)
    await page.get_by_text("That comment is not here (any more).").wait_for()
    await house.post(BEN, "New.")
    await until(page, "section().querySelector('.title').textContent === 'Discussion 4'")
    assert await texts(page, ".missing") == ["That comment is not here (any more)."]
    await page.evaluate(f"location.hash = 'comment-{comments[0]}'")
    await until(page, f"{HERE} === 'comment-{comments[0]}'")
    assert await texts(page, ".missing") == []
    visitor.excuse("404")


async def test_a_link_to_what_is_answered_goes_there_without_leaving_the_page(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    (comment,) = await thread_of(house, 1)
    reply = await house.post(BEN, "Reply.", parent=comment)
    visitor = await visitors.arrive(**WIDE)
    url = await articles.served(start="now")
    page = await visitor.open(url)
    await live(page)
    link = page.locator(f"hansard-comments #r-{reply}")
    assert await link.get_attribute("href") == f"https://kew.example/palm-house#comment-{comment}"
    assert await link.inner_text() == "in reply to Ada"
    await link.click()
    await until(page, f"{HERE} === 'comment-{comment}'")
    assert page.url == f"{url}#comment-{comment}"
    await page.go_back()
    assert page.url == url


async def test_a_long_discussion_is_walked_by_buttons_alone_and_each_comment_is_there_once(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    expected = []
    for number in range(45):
        comment = await house.post(ADA, f"Comment {number}.")
        expected.append(comment)
        if number == 3:
            for reply in range(27):
                expected.append(await house.post(BEN, f"Reply {reply}.", parent=comment))  # noqa: PERF401 - awaits
        if number == 5:
            parent = comment
            for level in range(30):
                parent = await house.post(BEN, f"Level {level}.", parent=parent)
                expected.append(parent)
    visitor = await visitors.arrive(viewport={"width": 320, "height": 800})
    page = await visitor.open(await articles.served(sort="oldest", start="now"))
    await live(page)
    for _ in range(60):
        button = page.locator("hansard-comments .more").first
        if await button.count() == 0:
            break
        before = len(await ids(page))
        await button.focus()
        await page.keyboard.press("Enter")
        await until(page, f"section().querySelectorAll('li[data-key]').length > {before}")
        await until(page, "section().activeElement?.matches('.row')")
        await until(page, "!section().querySelector('.more[aria-busy]')")
    assert await ids(page) == expected
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide == 320
    assert await page.evaluate("[...section().querySelectorAll('.text')].every((one) => one.clientWidth > 150)")


@pytest.mark.parametrize("served", [True, False])
async def test_a_fold_counts_what_it_hides_before_and_after_more_replies_are_loaded(
    articles: Articles, house: House, visitors: Visitors, *, served: bool
) -> None:
    line = await thread_of(house, 1)
    for level in range(5):
        line.append(await house.post(BEN, f"Level {level}.", parent=line[-1]))
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now") if served else articles.bare(start="now"))
    await live(page)
    assert await ids(page) == line[:4]
    assert await texts(page, ".fold") == ["Hide 3 replies", "Hide 2 replies", "Hide 1 reply"]
    assert await texts(page, ".more") == ["More replies"]
    await page.locator("hansard-comments .more").click()
    await until(page, "section().querySelectorAll('li[data-key]').length === 6")
    assert await texts(page, ".fold") == [f"Hide {n} repl{'y' if n == 1 else 'ies'}" for n in (5, 4, 3, 2, 1)]
    assert await texts(page, ".more") == []


async def test_a_long_text_is_folded_and_opened_by_a_press_and_where_a_link_points(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comment = await house.post(ADA, "Some words that go on. " * 80 + "\n\nThe end of it.")
    visitor = await visitors.arrive(**WIDE)
    url = await articles.served(start="now")
    page = await visitor.open(url)
    await live(page)
    end = page.locator("hansard-comments").get_by_text("The end of it.")
    assert not await end.is_visible()
    assert await shift(page) == 0
    await page.locator("hansard-comments summary", has_text="Read all (1,8").click()
    assert await end.is_visible()
    other = await visitor.open(f"{url}#comment-{comment}")
    await live(other)
    assert await other.locator("hansard-comments").get_by_text("The end of it.").is_visible()


async def test_a_folded_text_can_be_read_without_a_script(articles: Articles, house: House, visitors: Visitors) -> None:
    await house.post(ADA, "Some words that go on. " * 80 + "\n\nThe end of it.")
    visitor = await visitors.arrive(java_script_enabled=False, **WIDE)
    page = await visitor.open(await articles.served())
    await page.locator("hansard-comments summary").click()
    assert await page.locator("hansard-comments").get_by_text("The end of it.").is_visible()


async def test_names_and_texts_from_right_to_left_have_their_own_direction(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comment = await house.post(Who("samir", more={"name": "سمير حداد"}), "ركبت القطار الليلي إلى ميرينا.")
    await house.post(ADA, "Four minutes early.", parent=comment)
    visitor = await visitors.arrive(viewport={"width": 320, "height": 700})
    page = await visitor.open(await articles.served(start="now", dir="rtl"))
    await live(page)
    directions = await page.evaluate(
        "[...section().querySelectorAll('.text')].map((one) => getComputedStyle(one).direction)"
    )
    assert directions == ["rtl", "ltr"]
    assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def test_a_pinned_comment_is_first_under_every_order_and_picks_are_an_order_of_their_own(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comments = await thread_of(house, 4)
    for comment, path in ((comments[1], "pinned"), (comments[2], "featured")):
        answer = await house.ask("PUT", f"{at(comment)}/{path}", MOD)
        await house.settled(answer.json()["position"])
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now", sort="oldest"))
    await live(page)
    assert await ids(page) == [comments[1], comments[0], comments[2], comments[3]]
    assert await texts(page, f"#comment-{comments[1]} .star") == ["Pinned by the editors"]
    assert await texts(page, f"#comment-{comments[2]} .star") == ["★ Editors’ pick"]
    await page.get_by_role("radio", name="Newest").check()
    await until(page, f"section().querySelectorAll('.rows > li')[1]?.dataset.key === '{comments[3]}'")
    assert await ids(page) == [comments[1], comments[3], comments[2], comments[0]]
    new = await house.post(BEN, "New.")
    await page.locator("hansard-comments .news").click()
    assert (await ids(page))[:2] == [comments[1], new]
    await page.get_by_role("radio", name="Picks (1)").check()
    await until(page, "section().querySelectorAll('.rows > li').length === 1")
    assert await ids(page) == [comments[2]]


@pytest.mark.parametrize("served", [True, False])
async def test_what_is_gone_says_by_what_in_brackets_and_replies_stay(
    articles: Articles, house: House, visitors: Visitors, *, served: bool
) -> None:
    told = {
        "moderator": "[Removed by a moderator.]",
        "rule": "[Not published.]",
        "author": "[Withdrawn by its author.]",
        "erased": "[Erased.]",
        "unknown": "[Removed.]",
    }
    parents = await thread_of(house, len(told), 1)
    page_json = (await articles.station.client.get("/v1/sites/kew/threads/palm-house?sort=oldest")).json()
    nothing = dict.fromkeys(("author", "revision", "body", "html", "edited", "featured", "pinned", "votes"))
    for row, gone in zip(page_json["comments"], told, strict=True):
        row |= {**nothing, "status": "rejected", "gone": gone}
    visitor = await visitors.arrive(**WIDE)
    if served:
        given = SectionContext(words=words_of("en"), zone=UTC, now=datetime.now(UTC))
        release_ = (await articles.station.client.get("/embed.js")).text.partition("embed/")[2].partition("/")[0]
        styles = [f"{articles.publisher.gateway}/embed/{release_}/css/{name}.css" for name in ("tokens", "section")]
        html = write_section(decode(document(page_json)), given._replace(styles=styles))
        page = await visitor.open(articles.put(html, start="now"))
    else:
        await visitor.context.route("**/threads/palm-house?*", lambda route: route.fulfill(json=page_json))
        page = await visitor.open(articles.bare(start="now", sort="oldest"))
    await live(page)
    for parent, words in zip(parents, told.values(), strict=True):
        assert await texts(page, f"#comment-{parent} .gone") == [words]
        assert await page.evaluate(f"getComputedStyle(row('{parent}').querySelector('.gone')).fontStyle") == "italic"
    assert await page.locator("hansard-comments .under .text").count() == len(told)


async def test_versions_are_not_offered_where_readers_may_not_see_them_and_a_destroyed_one_says_so(
    articles: Articles, house: House, visitors: Visitors
) -> None:
    comment = await house.post(ADA, "A telephone number.")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "No number."}, If_Match='"1"')
    answer = await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "A number."})
    await house.settled(answer.json()["position"])
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(articles.bare(start="now"))
    await live(page)
    await page.locator("hansard-comments .changes").click()
    await page.locator("hansard-comments .past .gone").wait_for()
    assert await texts(page, ".past .gone") == ["[This version was destroyed.]"]
    answer = await house.ask("PATCH", "policy", ADMIN, {"history": "staff"})
    await house.settled(answer.json()["position"], "")
    for url in (articles.bare(start="now"), await articles.served(start="now")):
        other = await visitor.open(url)
        await live(other)
        assert len(await texts(other, ".edited")) == 1
        assert await texts(other, ".changes") == []
