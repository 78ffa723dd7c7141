"""The model of the audit room's strip of time: places, gaps, columns and numbers, of any events."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.following import Station
from workers.gateway.web.assets import release

if TYPE_CHECKING:
    from playwright.async_api import Page

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BEGIN = 1_791_784_800_000
"""12 October 2026, 06:00 UTC."""

SEEDED = """
// Seeded, so that a failure comes again.
function dice(seed) {
  let state = seed + 1;
  return (sides) => {
    state = (state * 48271) % 2147483647;
    return state % sides;
  };
}
"""


@pytest.fixture
async def strip(gateway: Station, article: "Page") -> "Page":
    """A page that has the module as `strip`."""
    url = f"{gateway.client.base_url}{release().address('audit/strip.js')}"
    await article.evaluate("async (url) => { window.strip = await import(url); }", url)
    await article.add_script_tag(content=SEEDED)
    return article


async def of_events(page: "Page", times: list[int], scale: str = "time") -> dict[str, Any]:
    """The strip of posts at these times."""
    found: dict[str, Any] = await page.evaluate(
        """([times, scale]) => strip.ofEvents(times.map((at) => ({ position: "", at, kind: "post" })), scale)""",
        [times, scale],
    )
    return found


async def test_a_strip_of_events_has_equal_steps_and_a_strip_of_time_has_hours(strip: "Page") -> None:
    times = [BEGIN, BEGIN + MINUTE, BEGIN + 2 * HOUR, BEGIN + 3 * HOUR]
    even = (await of_events(strip, times, "events"))["xs"]
    assert [round(b - a, 9) for a, b in pairwise(even)] == [round(even[1] - even[0], 9)] * 3
    timed = await of_events(strip, times)
    xs = timed["xs"]
    assert round((xs[3] - xs[2]) / (xs[1] - xs[0])) == 60
    assert [(tick["at"] - BEGIN) / HOUR for tick in timed["ticks"]] == [0.5, 1, 1.5, 2, 2.5, 3]


async def test_a_night_is_drawn_short_and_its_length_is_told(strip: "Page") -> None:
    evening = [BEGIN + n * 10 * MINUTE for n in range(60)]
    morning = [evening[-1] + 9 * HOUR + n * 10 * MINUTE for n in range(10)]
    found = await of_events(strip, evening + morning)
    (gap,) = found["gaps"]
    assert gap["ms"] == 9 * HOUR
    assert gap["width"] < 0.05
    assert found["xs"][59] < gap["x"] < gap["x"] + gap["width"] < found["xs"][60]
    assert [tick["at"] % DAY == 0 for tick in found["ticks"]].count(True) == 1


@pytest.mark.parametrize("number", [0, 30, 59])
@pytest.mark.parametrize("days", [-50, 50])
async def test_one_event_out_of_order_does_not_squeeze_the_others(strip: "Page", number: int, days: int) -> None:
    times = [BEGIN + n * 10 * MINUTE for n in range(60)]
    right = (await of_events(strip, times))["xs"]
    times[number] += days * DAY
    wrong = (await of_events(strip, times))["xs"]
    if (number, days) in {(0, -50), (59, 50)}:  # in order after all, and a long gap
        return
    assert [abs(a - b) < 0.04 for a, b in zip(right, wrong, strict=True)] == [True] * 60


async def test_events_of_one_moment_and_none_at_all_have_a_strip(strip: "Page") -> None:
    assert (await of_events(strip, []))["marks"] == []
    assert (await of_events(strip, [BEGIN]))["xs"] == [0.5]
    assert (await of_events(strip, [BEGIN, BEGIN]))["xs"] == [0.5, 0.5]


async def test_whatever_the_times_a_strip_leads_from_numbers_to_places_and_back(strip: "Page") -> None:
    wrong = await strip.evaluate("""() => {
      const wrong = [];
      for (let seed = 0; seed < 300; seed++) {
        const roll = dice(seed);
        const steps = [0, 1, 500, 60000, 3600000, 36000000, 1e9, -5000];
        let at = 1.79e12;
        const dots = Array.from({ length: 1 + roll(60) }, () => {
          at += steps[roll(steps.length)];
          return { position: "", at, kind: "post" };
        });
        const made = strip.ofEvents(dots, roll(2) ? "time" : "events");
        const { xs, gaps, total } = made;
        const right = total === dots.length
          && xs.every((x, i) => x >= 0 && x <= 1 && (i === 0 || x >= xs[i - 1]))
          && gaps.every(({ x, width }) => xs.some((one, i) => i > 0 && xs[i - 1] < x && x + width < one))
          && xs.every((_, i) => {
            const there = strip.indexAt(made, strip.placeOf(made, i + 1));
            return xs[there - 1] === xs[i];
          });
        if (!right) wrong.push(seed);
      }
      return wrong;
    }""")
    assert wrong == []


async def test_the_columns_of_a_long_thread_hold_every_event_once(strip: "Page") -> None:
    wrong = await strip.evaluate("""() => {
      const wrong = [];
      for (let seed = 0; seed < 100; seed++) {
        const roll = dice(seed);
        const size = 1 + roll(120);
        const counts = {};
        let at = 1.79e12;
        const parts = Array.from({ length: 1 + roll(1000) }, () => {
          const until = at + roll(100000);
          const posted = roll(size + 1);
          const part = { from: "", to: "", at, until, counts: { posted, votes: size - posted } };
          at = until + roll(3) * roll(100000000);
          counts.posted = (counts.posted ?? 0) + posted;
          counts.votes = (counts.votes ?? 0) + size - posted;
          return part;
        });
        const made = strip.ofParts(parts, roll(2) ? "time" : "events", 10 + roll(200));
        const sum = (sort) => made.marks.reduce((all, mark) => all + (mark.counts[sort] ?? 0), 0);
        const numbers = [1, made.total, 1 + roll(made.total), 1 + roll(made.total)];
        const right = made.total === parts.length * size
          && sum("posted") === counts.posted && sum("votes") === counts.votes
          && made.marks.every((mark, i) => i === 0 || mark.first === made.marks[i - 1].first + made.marks[i - 1].count)
          && numbers.every((number) => {
            const mark = made.marks[strip.markOf(made, number)];
            const x = strip.placeOf(made, number);
            const there = strip.indexAt(made, x);
            const place = (one) => made.xs[strip.markOf(made, one)];
            return mark.first <= number && number < mark.first + mark.count && x >= 0 && x <= 1
              && (Math.abs(there - number) <= 1 || place(there) === place(number));
          });
        if (!right) wrong.push(seed);
      }
      return wrong;
    }""")
    assert wrong == []


async def test_a_hundred_thousand_events_are_no_more_columns_than_fit(strip: "Page") -> None:
    marks = await strip.evaluate("""() => {
      const parts = Array.from({ length: 1000 }, (_, n) => (
        { from: "", to: "", at: 1.79e12 + n * 60000, until: 1.79e12 + n * 60000 + 50000, counts: { votes: 100 } }));
      return strip.ofParts(parts, "time", 110).marks.length;
    }""")
    assert 100 <= marks <= 110
