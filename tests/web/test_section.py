"""The section as a reader finds it: the gateway's HTML taken over, or the same made from JSON."""

from typing import TYPE_CHECKING

import pytest

from tests.support.following import Station
from tests.web.reading import Articles, equipped, frames, ids, live, shift, texts, until
from tests.web.visiting import PHONE, STRICT, WIDE, Publisher, Visitors, accessible, fits

if TYPE_CHECKING:
    pass

KEEP = """
document.addEventListener("DOMContentLoaded", () => {
  window.before = [...section().querySelectorAll(".rows, .rows *")].filter((node) => !node.closest("time"));
});
"""


@pytest.fixture
def night_train(sample: Station, publisher: Publisher) -> Articles:
    """The sample's article."""
    return Articles(publisher, sample, site="sample", thread="night-train")


async def test_without_a_script_everything_can_be_read(night_train: Articles, visitors: Visitors) -> None:
    visitor = await visitors.arrive(java_script_enabled=False, **WIDE)
    page = await visitor.open(await night_train.served())
    section = page.locator("hansard-comments")
    assert await section.locator(".title").inner_text() == "Discussion 14"
    for words in ("Nobody has mentioned the soup.", "Ilse Marchetti", "06:41", "[Removed", "★ Editors’ pick"):
        assert await section.get_by_text(words).first.is_visible()
    link = section.locator("#t-nt-01")
    assert await link.get_attribute("href") == "https://lamplighter.example/2026/10/night-train#comment-nt-01"
    assert await link.is_visible()
    orders = section.locator("noscript .sorts a")
    assert await orders.all_text_contents() == ["Top", "Newest", "Oldest"]
    assert await orders.nth(1).is_visible()
    assert not await section.locator(".fold").first.is_visible()


async def test_with_a_script_no_node_of_a_row_is_replaced_and_nothing_moves(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(timezone_id="Pacific/Kiritimati", locale="en-GB", **WIDE)
    page = await visitor.open(await night_train.served(script=KEEP, start="now"))
    await equipped(page)
    assert await page.evaluate("before.length") > 100
    gone = await page.evaluate(
        "before.filter((node) => !node.isConnected).map(({ localName, className }) => `${localName}.${className}`)"
    )
    tally = {"span.for", "span.against"}
    assert set(gone) - tally <= {"noscript."}, "what is for browsers without a script is taken out"
    assert tally <= set(gone), "a tally becomes two buttons"
    assert await texts(page, "#t-nt-01 b") == ["20:41"]
    assert await shift(page) == 0


async def test_without_a_fragment_the_section_is_fetched_when_a_reader_comes_near(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    filler = "<p>A paragraph of the article.</p>" * 80
    page = await visitor.open(night_train.bare(before=filler, after=filler))
    gateway = night_train.publisher.gateway
    assert [url for url in visitor.requests if url.startswith(gateway)] == [f"{gateway}/embed.js"]
    await page.evaluate("scrollTo(0, document.querySelector('hansard-comments').offsetTop - innerHeight - 500)")
    await live(page)
    await page.evaluate("document.querySelector('hansard-comments').scrollIntoView()")
    await frames(page)
    assert len(await ids(page)) == 13
    assert await shift(page) < 0.02


async def test_a_section_that_cannot_be_loaded_says_so_and_tries_again_when_asked(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route("**/threads/night-train?*", lambda route: route.abort())
    page = await visitor.open(night_train.bare(start="now"))
    notice = page.locator("hansard-comments .notice")
    await notice.wait_for()
    assert await notice.get_by_role("link").get_attribute("href") == (
        f"{night_train.publisher.gateway}/read/sample/night-train"
    )
    await accessible(page)
    await visitor.context.unroute("**/threads/night-train?*")
    await notice.get_by_role("button", name="Try again").click()
    await live(page)
    assert len(await ids(page)) == 13
    visitor.excuse("ERR_FAILED")


async def test_a_section_that_waits_to_be_asked_shows_the_number_and_nothing_else(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(night_train.bare(start="asked") + "#comment-nt-01")
    button = page.get_by_role("button", name="Read 14 comments")
    await button.wait_for()
    assert not any("/threads/" in url for url in visitor.requests)
    await button.click()
    await live(page)
    assert len(await ids(page)) == 13


@pytest.mark.parametrize("served", [True, False])
async def test_orders_are_radio_buttons_the_focus_stays_and_the_last_choice_wins(
    night_train: Articles, visitors: Visitors, *, served: bool
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now") if served else night_train.bare(start="now"))
    await live(page)
    held: list[str] = []

    async def late(route: object) -> None:
        held.append("newest")

    await page.route("**/threads/night-train?sort=newest*", late)
    await page.get_by_role("radio", name="Top").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    rows = "[...section().querySelectorAll('.rows > li')].map((li) => li.dataset.key)"
    await until(page, f"{rows}[0] === 'nt-01' && {rows}.length === 5")
    top = await page.evaluate(rows)
    assert top == ["nt-01", "nt-03", "nt-04", "nt-12", "nt-14"]
    assert held == ["newest"]
    assert await page.evaluate("section().activeElement.value") == "oldest"
    assert "sort" not in page.url


async def test_versions_are_shown_newest_first_with_their_differences_and_the_focus_comes_back(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    assert not any("history.js" in url for url in visitor.requests)
    button = page.locator("hansard-comments #comment-nt-03 .changes")
    await button.click()
    past = page.locator("hansard-comments .past")
    await past.wait_for()
    assert await past.locator("b").all_text_contents() == ["Version 3", "Version 2", "Version 1"]
    assert await past.locator("li").nth(1).locator(".v span").inner_text() == "when replaced: 1 for, 3 against"
    assert await past.locator("li").nth(1).locator("del").all_text_contents() == ["98"]
    assert await past.locator("li").nth(1).locator("ins").all_text_contents() == ["89"]
    assert await past.locator("li").first.locator("ins").first.text_content() == "I hope to be wrong. "
    assert await past.locator(".because").first.inner_text() == "“Greta and Nadia have moved me, a little.”"
    await accessible(page)
    await fits(page)
    await past.get_by_role("button", name="Close").focus()
    await page.keyboard.press("Escape")
    assert await past.count() == 0
    assert await page.evaluate("section().activeElement.textContent") == "see changes"
    await page.keyboard.press("Enter")
    await past.get_by_role("button", name="Close").click()
    assert await past.count() == 0
    assert await page.evaluate("section().activeElement.className") == "changes"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone", "narrow"])
async def test_nothing_of_it_breaks_a_rule_of_accessibility_or_sticks_out(
    night_train: Articles, visitors: Visitors, scheme: str, size: str
) -> None:
    narrow = {"viewport": {"width": 320, "height": 700}}
    options = {"wide": WIDE, "phone": PHONE, "narrow": narrow}[size]
    visitor = await visitors.arrive(color_scheme=scheme, **options)
    page = await visitor.open(await night_train.served(start="now"))
    await equipped(page)
    await fits(page)
    await accessible(page)
    if size == "phone":
        small = await page.evaluate(
            "[...section().querySelectorAll('button, input, summary')].filter((one) => one.checkVisibility()"
            " && !one.matches('.skip')).map((one) => [one.className, one.getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 24 || box.height < 24).map(([name, { width }]) => [name, width])"
        )
        assert small == []


async def test_the_tab_key_walks_through_it_and_out_of_it(night_train: Articles, visitors: Visitors) -> None:
    visitor = await visitors.arrive(**WIDE)
    url = await night_train.served(start="now", before='<a id="a" href="#x">before</a>', after='<a href="#y">after</a>')
    page = await visitor.open(url)
    await equipped(page)
    await page.locator("#a").focus()
    walked: list[str] = []
    for _ in range(120):
        await page.keyboard.press("Tab")
        name = await page.evaluate(
            "() => { const at = section().activeElement ?? document.activeElement;"
            " return `${at.localName}.${at.className || at.value || at.textContent}`; }"
        )
        walked.append(name)
        if name == "a.after":
            break
    assert walked[:12] == [
        "button.skip",
        "input.top",
        "button.act live",
        "a.Earlier states of this discussion",
        "button.act",
        "button.act",
        "textarea.",
        "a.when",
        "button.act for",
        "button.act against",
        "button.act can reply",
        "button.act can menu",
    ]
    assert walked[-3:] == ["button.back", "a.The whole discussion for printing", "a.after"]
    assert walked.count("a.when") == 13
    assert walked.count("button.fold") == 7
    await page.locator("#a").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("section().activeElement.className") == "back"
    await page.keyboard.press("Enter")
    assert await page.evaluate("section().activeElement.className") == "title"


async def test_branches_are_hidden_for_as_long_as_the_tab_is_open_and_found_text_opens_them(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    button = page.locator("hansard-comments #comment-nt-04 > .acts > .fold")
    assert await button.inner_text() == "Hide 3 replies"
    await page.locator("hansard-comments #comment-nt-09 .fold").focus()
    await page.evaluate("row('nt-04').querySelector('.fold').click()")
    assert await button.inner_text() == "Show 3 replies"
    assert await button.get_attribute("aria-expanded") == "false"
    assert await page.evaluate("section().activeElement === row('nt-04').querySelector('.fold')")
    assert not await page.locator("hansard-comments #comment-nt-09").is_visible()
    await page.reload()
    await live(page)
    assert await button.inner_text() == "Show 3 replies"
    await page.evaluate(
        "row('nt-04').parentElement.querySelector('.under').dispatchEvent(new Event('beforematch', { bubbles: true }))"
    )
    assert await button.inner_text() == "Hide 3 replies"
    assert await page.locator("hansard-comments #comment-nt-09").is_visible()


async def test_what_stands_in_a_column_begins_where_the_column_begins(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    left = "(one) => one.getBoundingClientRect().left + parseFloat(getComputedStyle(one).paddingLeft)"
    assert await page.evaluate(
        f"() => {{ const left = {left}; return [...section().querySelectorAll('.fold')]"
        ".every((fold) => Math.abs(left(fold) - left(fold.closest('.row'))) < 1); }"
    )
    assert await page.evaluate(
        f"() => {{ const left = {left}; const one = (name) => left(section().querySelector(name));"
        " return Math.abs(one('.back') - one('.title')) < 1; }"
    )


async def test_what_is_printed_is_what_is_on_screen_without_buttons(night_train: Articles, visitors: Visitors) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    link = page.get_by_role("link", name="The whole discussion for printing")
    assert await link.get_attribute("href") == f"{night_train.publisher.gateway}/read/sample/night-train?all"
    await page.emulate_media(media="print")
    assert await page.locator("hansard-comments button:visible").count() == 0
    assert await page.locator("hansard-comments .text:visible").count() == 12


@pytest.mark.parametrize(("branches", "replies", "full"), [(14, 0, 11), (9, 1, 6), (6, 3, 3)])
async def test_rows_after_the_first_twelve_are_laid_out_when_they_come_near(
    night_train: Articles, visitors: Visitors, branches: int, replies: int, full: int
) -> None:
    visitor = await visitors.arrive(**PHONE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    found = await page.evaluate(
        """([branches, replies]) => {
          const list = section().querySelector(".rows");
          const node = (name, ...children) => {
            const made = document.createElement(name);
            made.append(...children);
            return made;
          };
          const below = (n) => {
            const under = node("div", node("ol", ...Array.from({ length: n }, () => node("li", "A reply."))));
            under.className = "under";
            return under;
          };
          const branch = () => node("li", "A comment.", ...(replies ? [below(replies)] : []));
          list.replaceChildren(...Array.from({ length: branches }, branch));
          return [...list.children].map((li) => getComputedStyle(li).contentVisibility);
        }""",
        [branches, replies],
    )
    assert found == ["visible"] * full + ["auto"] * (branches - full)


async def test_with_forced_colours_and_reduced_motion_it_is_whole_and_nothing_moves_by_itself(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(forced_colors="active", reduced_motion="reduce", **WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    assert await page.evaluate("section().getAnimations().length + document.getAnimations().length") == 0
    await fits(page)
    await accessible(page)


async def test_without_the_sanitizer_of_the_browser_the_same_is_shown(
    night_train: Articles, visitors: Visitors
) -> None:
    shown = []
    for policy in ("trusted-types 'none'", "trusted-types hansard"):
        visitor = await visitors.arrive(**WIDE)
        if "hansard" in policy:
            await visitor.context.add_init_script("delete Element.prototype.setHTML; delete window.Sanitizer;")
        url = night_train.bare(start="now", policy=STRICT.replace("trusted-types 'none'", policy))
        page = await visitor.open(url)
        await live(page)
        # What one can do with a row depends on whether it came near.
        texts = "[...section().querySelectorAll('.rows .text')].map((text) => text.getHTML())"
        shown.append(await page.evaluate(texts))
    assert shown[0] == shown[1]
    assert 'rel="nofollow ugc noopener"' in "".join(shown[0])


async def test_two_sections_stand_on_one_page_and_one_that_is_moved_goes_on(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    await page.evaluate(
        "() => { const other = document.createElement('hansard-comments'); other.setAttribute('site', 'sample');"
        " other.setAttribute('thread', 'night-train'); other.setAttribute('start', 'now');"
        " document.querySelector('main').append(other); }"
    )
    await until(page, "document.querySelectorAll('hansard-comments')[1].shadowRoot?.querySelector('.row')")
    await page.evaluate("document.querySelectorAll('hansard-comments')[1].scrollIntoView()")
    await until(page, "document.querySelectorAll('hansard-comments')[1].shadowRoot.querySelector('.live')")
    assert await page.locator("hansard-comments .live").count() == 2
    await page.evaluate(
        "() => { window.list = section().querySelector('.rows');"
        " document.querySelector('main').append(document.querySelector('hansard-comments')); }"
    )
    await frames(page)
    assert await page.evaluate("list.isConnected")
    assert sum("/feed?" in url for url in visitor.requests) <= 2


async def test_an_element_that_is_taken_away_leaves_nothing_behind(night_train: Articles, visitors: Visitors) -> None:
    visitor = await visitors.arrive(**WIDE)
    count = """
    window.open_ = new Set();
    const ask = window.fetch;
    window.fetch = (address, options) => {
      const made = ask(address, options);
      if (String(address).includes("/feed")) {
        open_.add(options.signal);
        options.signal.addEventListener("abort", () => open_.delete(options.signal));
      }
      return made;
    };
    window.heard = 0;
    for (const target of [window, document]) {
      const listen = target.addEventListener;
      target.addEventListener = function (kind, heard_, options) {
        if (options?.signal) {
          heard += 1;
          options.signal.addEventListener("abort", () => (heard -= 1));
        }
        return listen.call(this, kind, heard_, options);
      };
    }
    """
    page = await visitor.open(night_train.bare(start="now", script=count))
    await live(page)
    assert await page.evaluate("open_.size") == 1
    assert await page.evaluate("heard") > 0
    await page.evaluate(
        """async () => {
          const tag = document.querySelector("hansard-comments");
          const rest = () => new Promise((done) => setTimeout(done));
          for (let i = 0; i < 50; i += 1) {
            tag.remove();
            await rest();
            document.querySelector("main").append(tag);
            await rest();
          }
          tag.remove();
          await rest();
        }"""
    )
    assert await page.evaluate("open_.size") == 0
    assert await page.evaluate("heard") == 0


async def test_another_thread_is_shown_when_the_attribute_changes_and_there_is_one_stream(
    night_train: Articles, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await night_train.served(start="now"))
    await live(page)
    answer = await night_train.station.client.get("/v1/sites/sample/threads/night-train")
    empty = {**answer.json(), "comments": [], "next": None}
    empty["thread"] |= {"id": "other", "comments": 0}
    await page.route("**/threads/other?*", lambda route: route.fulfill(json=empty))
    await page.route("**/threads/other/policy", lambda route: route.fulfill(json={}))
    await page.route("**/threads/other/feed?*", lambda route: route.fulfill(status=204))
    await page.evaluate("document.querySelector('hansard-comments').setAttribute('thread', 'other')")
    await page.wait_for_selector("hansard-comments .say:text('No comments yet.')")
    assert await ids(page) == []
    assert await texts(page, ".title") == ["Discussion 0"]
    await until(page, "!section().querySelector('.live')")
    assert sum("/other/feed" in url for url in visitor.requests) == 1
