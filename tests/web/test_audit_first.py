"""The first picture of the audit room: what it needs, and what comes into its places afterwards without moving it."""

from typing import TYPE_CHECKING, Any

import anyio
import pytest

from core.partitions import partition_of
from core.position import START
from tests.support.following import Station
from tests.web.auditing import EVENTS, Room
from tests.web.visiting import PHONE, WIDE, Visitors
from workers.importers import sample as sample_of

if TYPE_CHECKING:
    from playwright.async_api import Route

PARTS = ("record.js", "timeline.js", "drawing.js", "foot.js", "gone.js")
"""Files that are not to be there before the first picture."""
SHIFTS = """
() => {
  window.shifts = [];
  const told = ({ previousRect: a, currentRect: b }) =>
    [a, b].map(({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ")).join(" to ");
  // The self-check is words of the gateway, which may be a line longer on a phone than those that stand for them.
  const inFoot = ({ previousRect: a }) => {
    const foot = document.querySelector("hansard-audit").shadowRoot.querySelector(".check");
    return a.top > foot.getBoundingClientRect().top - 20;
  };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      const moved = one.hadRecentInput ? [] : one.sources.filter((source) => !inFoot(source));
      if (moved.length) shifts.push(`${one.value}: ${moved.map(told)}`);
    }
  }).observe({ type: "layout-shift", buffered: true });
}
"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


@pytest.mark.parametrize("locale", ["en", "ar", "de", "es", "fr", "he"])
@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
async def test_the_page_then_is_shown_before_its_surroundings_which_move_nothing_when_they_come(
    visitors: Visitors, sample: Station, screen: dict[str, Any], locale: str
) -> None:
    visitor = await visitors.arrive(**screen, locale=locale)
    await visitor.context.add_init_script(f"({SHIFTS})()")
    free = anyio.Event()

    async def hold(route: "Route") -> None:
        if route.request.url.endswith(PARTS) or "/later/" in route.request.url:
            await free.wait()
        await route.continue_()

    await visitor.context.route("**/embed/**", hold)
    partition = partition_of(sample_of.SITE, sample_of.THREAD, sample.house.log.partitions)
    position = str((await sample.house.log.read(partition, START, limit=1000))[-1].position)
    page = await visitor.open(f"{sample.url}/audit/{sample_of.SITE}/{sample_of.THREAD}?as=auditor&at={position}")
    room = Room(page, visitor)
    await room.part(".then .row.hit").wait_for()
    assert await room.part("h1 time").get_attribute("datetime") == "2026-10-13T09:14:05.749Z"
    assert await room.part("input[type=range]").count() == 0
    assert len([url for url in visitor.requests if "/v1/" in url]) <= 4
    change = room.part(".walk button").nth(4)
    await change.focus()
    await page.evaluate("window.scrollTo(0, 0)")
    await page.evaluate(FRAMES)
    free.set()
    await room.part(".check-line.ok").wait_for(state="attached")
    await room.part(".legend svg").nth(6).wait_for(state="attached")
    await page.evaluate(FRAMES)
    assert await page.evaluate("shifts") == []
    assert await change.evaluate("(one) => one.getRootNode().activeElement === one")
    assert await room.part(".trail li details").count() == EVENTS
