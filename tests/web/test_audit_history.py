"""Ways to a moment besides the slider: a time that is entered, and Back and Forward of the browser."""

from typing import Any

import pytest

from tests.support.following import Station
from tests.web.auditing import EVENTS, REJECTED, Room, enter_sample
from tests.web.reading import until
from tests.web.visiting import PHONE, WIDE, Visitors, accessible, fits

LENGTH = "history.length"
FOCUSED = """
() => {
  const one = document.querySelector("hansard-audit").shadowRoot.activeElement;
  return one && `${one.localName} ${one.closest(".trail, .then, .track, .walk, .when")?.className}`;
}
"""


@pytest.fixture
async def room(visitors: Visitors, sample: Station) -> Room:
    """The room of the sample as an auditor has it, at the last event."""
    found = await enter_sample(visitors, sample, "auditor")
    await found.part(".check-line.ok").wait_for()
    return found


async def ask(room: Room, time: str) -> None:
    """Enter a time, as the field's value has it, and go there by keys."""
    field = room.part("input[type=datetime-local]")
    await field.fill(time)
    await field.press("Enter")


async def test_a_time_that_is_entered_leads_to_the_moment_that_stood_then(room: Room) -> None:
    label = room.part(".when label")
    assert await label.inner_text() == "Go to a time in UTC"
    await ask(room, "2026-10-12T10:02:13")  # within a second in which an event happened
    await room.stands(REJECTED)
    await ask(room, "2026-10-12T10:02:12")
    await room.stands(REJECTED - 1)
    await room.page.go_back()
    await room.stands(REJECTED)
    await ask(room, "2026-10-20T00:00:00")  # nothing happened after it
    await room.stands(EVENTS)
    assert await room.part(".wrong").inner_text() == ""


async def test_an_empty_field_is_filled_with_the_moment_when_it_is_focused(room: Room) -> None:
    await room.press("ArrowLeft")
    await room.stands(EVENTS - 1)
    moment = await room.part("h1 time").get_attribute("datetime")
    field = room.part("input[type=datetime-local]")
    await field.focus()
    assert await field.input_value() == (moment or "")[:19]


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("", "This is not a whole date with a time."),
        ("2026-10-12T05:00:00", "The discussion began later: 12 October 2026, "),
        ("1970-01-01T00:00:00", "The discussion began later: 12 October 2026, "),
        ("9999-12-31T23:59:59", "This time is still to come."),
    ],
)
async def test_a_time_that_is_none_or_out_of_range_is_said_and_changes_nothing(
    room: Room, time: str, words: str
) -> None:
    before = await room.page.evaluate("[location.href, history.length]")
    field = room.part("input[type=datetime-local]")
    await ask(room, "2026-10-12T10:02:13" if time == "" else time)
    if time == "":
        await room.stands(REJECTED)
        before = await room.page.evaluate("[location.href, history.length]")
        await field.press("Backspace")  # the part that has the focus is empty now
        await field.press("Enter")
    wrong = room.part(".wrong[role=alert]", has_text=words)
    await wrong.wait_for()
    assert await field.get_attribute("aria-invalid") == "true"
    assert await field.get_attribute("aria-describedby") == await wrong.get_attribute("id")
    assert await room.page.evaluate(FOCUSED) == "input when label"
    assert await room.page.evaluate("[location.href, history.length]") == before
    await room.stands(REJECTED if time == "" else EVENTS)
    await accessible(room.page)
    await fits(room.page)
    await ask(room, "2026-10-12T10:02:12")
    await room.stands(REJECTED - 1)
    assert await wrong.count() == 0
    assert await field.get_attribute("aria-invalid") is None


@pytest.mark.parametrize("locale", ["ar", "de", "es", "fr", "he"])
@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
async def test_what_is_wrong_with_a_time_fits_in_every_language(
    visitors: Visitors, sample: Station, locale: str, screen: dict[str, Any]
) -> None:
    room = await enter_sample(visitors, sample, "auditor", locale=locale, **screen)
    await room.part(".check-line.ok").wait_for(state="attached")
    assert "UTC" in await room.part(".when label").inner_text()
    await ask(room, "1970-01-01T00:00:00")
    await room.part(".wrong:not(:empty)").wait_for()
    await fits(room.page)


async def test_steps_in_a_row_are_one_entry_of_the_history_and_a_jump_is_one(room: Room) -> None:
    begin = await room.page.evaluate(LENGTH)
    for number in range(1, 6):
        await room.press("ArrowLeft")
        await room.stands(EVENTS - number)
    assert await room.page.evaluate(LENGTH) == begin + 1
    await room.part("button", has_text="Now").click()
    await room.stands(EVENTS)
    assert await room.page.evaluate(LENGTH) == begin + 2


async def test_steps_after_a_pause_are_another_entry(room: Room) -> None:
    await room.page.clock.install()
    begin = await room.page.evaluate(LENGTH)
    await room.press("ArrowLeft", "ArrowLeft")
    await room.stands(EVENTS - 2)
    assert await room.page.evaluate(LENGTH) == begin + 1
    await room.page.clock.run_for(2000)
    await room.press("ArrowLeft", "ArrowLeft")
    await room.stands(EVENTS - 4)
    assert await room.page.evaluate(LENGTH) == begin + 2
    await room.page.go_back()
    await room.stands(EVENTS - 2)


async def test_a_drag_of_the_slider_is_one_entry_and_two_drags_are_two(room: Room) -> None:
    begin = await room.page.evaluate(LENGTH)
    box = await room.slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    for drag, places in enumerate(((0.8, 0.7, 0.6, 0.5), (0.4, 0.3)), 1):
        before = await room.page.evaluate("new URL(location.href).searchParams.get('at')")
        await room.page.mouse.move(box["x"] + box["width"] * places[0], y)
        await room.page.mouse.down()
        for place in places:
            await room.page.mouse.move(box["x"] + box["width"] * place, y)
        text = await room.slider.get_attribute("aria-valuetext")
        await room.page.mouse.up()
        await until(room.page, SETTLED, before)
        assert await room.page.evaluate(LENGTH) == begin + drag, text
    text = await room.slider.get_attribute("aria-valuetext")
    await room.page.go_back()
    slider = "document.querySelector('hansard-audit').shadowRoot.querySelector('input[type=range]')"
    await until(room.page, f"{slider}.getAttribute('aria-valuetext') !== arg", text)
    await room.page.go_back()
    await room.stands(EVENTS)


SETTLED = """
(() => {
  const room = document.querySelector("hansard-audit").shadowRoot;
  const position = new URL(room.querySelector(".trail .now a").href).searchParams.get("at");
  return position !== arg && new URL(location.href).searchParams.get("at") === position;
})()
"""


async def test_back_and_forward_keep_the_focus(room: Room) -> None:
    await room.press("Home")
    await room.stands(1)
    for selector, focused in (
        ("input[type=range]", "input track"),
        ("button[aria-label='The event before']", "button walk"),
        (".trail", "section trail"),
    ):
        await room.part("button", has_text="Now").click()
        await room.stands(EVENTS)
        await room.part(selector).focus()
        await room.page.go_back()
        await room.stands(1)
        assert await room.page.evaluate(FOCUSED) == focused
    # What had the focus is not shown any more: what is in its place has it.
    await room.part("button", has_text="Now").click()
    await room.stands(EVENTS)
    await room.part(".then .tombstone button", has_text="Show what it said").focus()
    await room.page.go_back()
    await room.stands(1)
    await until(room.page, f"({FOCUSED})() === arg", "section then")
