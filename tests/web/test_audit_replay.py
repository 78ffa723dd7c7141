"""The replay of the audit room: one event after another, on into what is recorded next."""

import pytest

from core.redis.deployment import Deployment
from tests.support.following import Station
from tests.support.house import ADA, BEN, MOD, SITE, THREAD, House
from tests.web.auditing import Room, enter, enter_sample
from tests.web.visiting import Visitors


@pytest.fixture
async def still(visitors: Visitors, sample: Station) -> Room:
    """The room of the sample, at an event in the middle, in a browser whose clock stands still."""
    room = await enter_sample(visitors, sample, "auditor")
    await room.press("Home", *["PageUp"] * 3)
    await room.stands(31)
    await room.page.clock.install()
    await room.page.clock.pause_at(await room.page.evaluate("Date.now() + 1000"))
    await room.page.evaluate(DUE)
    return room


DUE = """
() => {
  const real = setTimeout;
  const { dataset } = document.documentElement;
  const due = (more) => (dataset.due = Number(dataset.due ?? 0) + more);
  window.setTimeout = (done, ms) => {
    if (ms === 1000 || ms === 250) due(1);
    return real(() => {
      if (ms === 1000 || ms === 250) due(-1);
      done();
    }, ms);
  };
}
"""
"""Counts the steps of the replay that wait for their time, in an attribute: the page has no timer to look by."""


async def due(room: Room) -> None:
    """Wait until a step waits for its time."""
    await room.page.locator("html[data-due='1']").wait_for()


async def steps(room: Room, number: int, ms: int) -> None:
    """The next step is due in so many milliseconds, and leads there."""
    await due(room)
    await room.page.clock.run_for(ms - 1)
    await room.stands(number - 1)
    await room.page.clock.run_for(1)
    await room.stands(number)


async def test_the_replay_goes_one_or_four_events_a_second_and_stops_where_it_is_paused(still: Room) -> None:
    await still.part("button[aria-label^='Replay from here, one event']").click()
    pause = still.part("button[aria-label='Pause the replay']")
    await pause.wait_for()
    await steps(still, 32, 1000)
    await steps(still, 33, 1000)
    await due(still)
    await still.part("button[aria-label='Speed: 1 event a second']").click()
    await still.part("button[aria-label='Speed: 4 events a second']").wait_for()
    await steps(still, 34, 1000)  # was due before the other speed was chosen
    await steps(still, 35, 250)
    await steps(still, 36, 250)
    await due(still)
    await pause.click()
    await still.part("button[aria-label^='Replay from here, four events']").wait_for()
    await still.page.clock.run_for(5000)
    await still.stands(36)
    assert await still.part(".trail .now a").get_attribute("href") == await still.page.evaluate(
        "location.href.replace(/&as=[a-z]+/, '')"
    )


async def test_two_pages_are_fetched_ahead(still: Room) -> None:
    def pages() -> int:
        return sum("/night-train?at=" in url for url in still.visitor.requests)

    before = pages()
    async with still.page.expect_response(lambda answer: "/night-train?at=" in answer.url and pages() == before + 2):
        await still.part("button[aria-label^='Replay']").click()
    await steps(still, 32, 1000)
    await due(still)
    assert pages() == before + 3


async def test_at_the_end_the_replay_goes_on_with_what_is_recorded(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await house.post(ADA, "Before.")
    room = await enter(visitors, gateway, MOD)
    await room.stands(2, 2)
    async with room.page.expect_response("**/feed?after=*"):
        await room.part("button[aria-label^='Replay']").click()
    await room.part(".walk button", has_text="Live").wait_for()
    await house.post(BEN, "While it plays.")
    await room.stands(3, 3)
    assert (await room.rows())[-1]["text"].strip() == "While it plays."
    assert (await room.sentences())[-1] == "Ben wrote a comment"

    # A reset: everything is read again, and the replay goes on.
    async with room.page.expect_response(lambda answer: "strip=" in answer.url):
        await tell_reset(house.deployment)
    await house.post(ADA, "After the reset.")
    await room.stands(4, 4)
    await room.part("button[aria-label='Pause the replay']").click()
    await room.part(".walk button", has_text="Live").wait_for(state="detached")


async def tell_reset(deployment: Deployment) -> None:
    """Lose the last entry of the feed, as a failover does, so that every client is told to read again."""
    keys = deployment.keys.of(SITE, THREAD)
    ((last, _),) = await deployment.calls.call("XREVRANGE", keys.feed, "+", "-", "COUNT", 1)
    async with deployment.writing.pipeline(transaction=True) as pipe:
        pipe.xdel(keys.feed, last)
        pipe.spublish(keys.view_channel, "")
        await pipe.execute()
