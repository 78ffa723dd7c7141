"""The words that the gateway writes are those that a browser makes of the same files: dates, numbers, plural forms."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.following import Station
from tests.web.visiting import Publisher, Visitors
from workers.gateway.html.words import languages
from workers.gateway.web.assets import release

if TYPE_CHECKING:
    from playwright.async_api import Page

NUMBERS = [*range(130), 199, 200, 203, 999, 1000, 1001, 9999, 10_000, 123_456, 1_000_000, 2_000_000, 2_000_003]

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
