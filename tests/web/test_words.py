"""The words that the gateway writes are those that a browser makes of the same files: dates, numbers, plural forms."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.following import Station
from tests.web.reading import equipped, until
from tests.web.visiting import Publisher, Visitors, accessible, fits
from workers.gateway.html.words import languages
from workers.gateway.web.assets import release

if TYPE_CHECKING:
    from playwright.async_api import Page

NUMBERS = [*range(130), 199, 200, 203, 999, 1000, 1001, 9999, 10_000, 123_456, 1_000_000, 2_000_000, 2_000_003]

NARROW = {"viewport": {"width": 320, "height": 720}}

_MADE = """
async ([base, language, numbers]) => {
  const { words } = await import(`${base}words.js`);
  const { times } = await import(`${base}time.js`);
  const said = await words(language);
  const format = times(said.locale, "UTC");
  const days = [...Array(12).keys()].map((month) => new Date(Date.UTC(2026, month, 9, 8, 5, 42)));
  return {
    days: days.map((day) => [format.day(day), format.date(day), format.longDay(day), format.longDate(day)]),
    exact: format.exact(days[9]),
    numbers: numbers.map((n) => [said.number(n), said.say("new_replies", { n })]),
  };
}
"""


@pytest.fixture
async def page(sample: Station, publisher: Publisher, visitors: Visitors) -> "Page":
    """A page that may import the modules of the release."""
    del sample
    visitor = await visitors.arrive()
    return await visitor.open(publisher.put("/", "", head="<link rel=icon href='data:,'>", policy=""))


@pytest.mark.parametrize("language", sorted(languages()))
async def test_server_and_browser_word_dates_and_numbers_alike(
    page: "Page", publisher: Publisher, language: str
) -> None:
    base = publisher.gateway + release().address("shared/words.js").removesuffix("words.js")
    made: dict[str, Any] = await page.evaluate(_MADE, [base, language, NUMBERS])
    words = languages()[language]
    assert made["days"] == [list(words.day_names(2026, month, 9)) for month in range(1, 13)]
    assert made["numbers"] == [[words.number(n), words.count("new_replies", n)] for n in NUMBERS]
    date = words.day_names(2026, 10, 9).long_date
    assert made["exact"] == words.say("exact", date=date, clock="08:05:42", zone="UTC")


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize("included", [False, True], ids=["script", "server"])
async def test_a_section_fits_a_narrow_window_in_every_language_and_direction(
    sample: Station, publisher: Publisher, visitors: Visitors, language: str, included: bool
) -> None:
    inside = ""
    if included:
        path = "/v1/sites/sample/threads/night-train/section"
        inside = (await sample.client.get(path, params={"lang": language, "sort": "oldest"})).text
    body = (
        f'<main lang="{language}"><h1>Mirena</h1><hansard-comments site="sample" thread="night-train" sort="oldest">'
        f'{inside}</hansard-comments></main><script type="module" src="{publisher.gateway}/embed.js"></script>'
    )
    visitor = await visitors.arrive(**NARROW)
    url = publisher.put("/article", body, policy="", head="<link rel=icon href='data:,'>")
    page = await visitor.open(url)
    section = page.locator("hansard-comments section.in")
    await page.locator("hansard-comments .live").wait_for()
    await page.locator("hansard-comments .changes").first.click()
    await page.locator("hansard-comments .past").wait_for()
    assert await section.get_attribute("lang") == language
    assert await section.evaluate("node => getComputedStyle(node).direction") == languages()[language].direction
    await fits(page)
    sideways = "node => [...node.querySelectorAll('*')].filter((one) => one.scrollWidth > one.clientWidth + 1"
    sideways += " && getComputedStyle(one).overflowX === 'visible' && one.clientWidth).map((one) => one.outerHTML)"
    assert await section.evaluate(sideways) == []
    words = languages()[language]
    assert await section.evaluate(_NOTED, [words.count("new_replies", 12), words.say("edited_now")]) == []
    await accessible(page)


_NOTED = """
(section, notes) => {
  const before = section.offsetHeight;
  for (const place of section.querySelectorAll(".notes")) {
    for (const note of notes) place.append(Object.assign(document.createElement("button"), { textContent: note }));
  }
  const range = document.createRange();
  const texts = [];
  const walk = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    if (walk.currentNode.parentElement.closest(".sr, .skip, details:not([open]) > :not(summary)")) continue;
    range.selectNode(walk.currentNode);
    for (const box of range.getClientRects()) texts.push([walk.currentNode, box]);
  }
  const bad = section.offsetHeight === before ? [] : ["the notes took room"];
  for (const button of section.querySelectorAll(".notes button")) {
    range.selectNodeContents(button);
    const line = range.getBoundingClientRect();
    const { left, right } = section.getBoundingClientRect();
    const cut = button.scrollWidth > button.clientWidth || line.left < left || line.right > right;
    if (cut) bad.push(`cut: ${button.textContent}`);
    if (button.offsetHeight < 24) bad.push("too small to press");
    for (const [node, box] of texts) {
      const beside = box.right <= line.left || box.left >= line.right;
      const apart = beside || box.bottom <= line.top || box.top >= line.bottom;
      if (!apart && !button.contains(node)) bad.push(`${button.textContent} covers ${node.data}`);
    }
  }
  return bad;
}
"""
"""The faults of two notes beside each row: nothing of them is cut, they cover nothing, and take no room of others."""

_COUNTED = """
window.made = 0;
for (const name of ["DateTimeFormat", "NumberFormat", "PluralRules"]) {
  const construct = (target, given) => (window.made += 1, Reflect.construct(target, given));
  Intl[name] = new Proxy(Intl[name], { construct });
}
"""


async def test_formatters_are_made_once_however_many_rows_are_written(
    sample: Station, publisher: Publisher, visitors: Visitors
) -> None:
    del sample
    visitor = await visitors.arrive()
    await visitor.context.add_init_script(_COUNTED)
    body = (
        '<hansard-comments site="sample" thread="night-train" start="now"></hansard-comments>'
        f'<script type="module" src="{publisher.gateway}/embed.js"></script>'
    )
    page = await visitor.open(publisher.put("/article", body, policy="", head="<link rel=icon href='data:,'>"))
    shown = page.locator("hansard-comments .rows > li").first
    await equipped(page)
    before, top = await page.evaluate("made"), await shown.get_attribute("data-key")
    assert 0 < before < await page.locator("hansard-comments .row time").count()
    await page.locator("hansard-comments input[value=oldest]").check()
    top_row = "document.querySelector('hansard-comments').shadowRoot.querySelector('.rows > li')"
    await until(page, f"{top_row}?.dataset.key !== arg", top)
    await page.locator("hansard-comments .row").nth(11).wait_for(state="attached")
    assert await page.evaluate("made") == before
