"""The audit room for everybody: rules of accessibility, geometry on small and wide screens, and keys alone."""

from typing import Any

import pytest

from tests.support.following import Station
from tests.web.auditing import EVENTS, REJECTED, Room, enter_sample
from tests.web.visiting import PHONE, WIDE, Visitors, accessible, fits

SMALL = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}

TARGETS = """
() => {
  const room = document.querySelector("hansard-audit").shadowRoot;
  return [...room.querySelectorAll("button, summary, .trail li > a, label, input:not([type=radio], [type=checkbox])")]
    .filter((one) => one.checkVisibility({ checkVisibilityCSS: true }))
    .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 23.9))
    .map(([html, box]) => `${html} ${box.width}x${box.height}`);
}
"""
OVERLAPS = """
() => {
  const room = document.querySelector("hansard-audit").shadowRoot;
  const all = [...room.querySelectorAll(".walk button, .tabs label, .panel > summary, .check button")]
    .filter((one) => one.checkVisibility()).map((one) => [one.textContent, one.getBoundingClientRect()]);
  return all.flatMap(([one, a], i) => all.slice(i + 1).filter(([, b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${one} / ${other}`));
}
"""
FOCUSED = """
() => {
  const one = document.querySelector("hansard-audit").shadowRoot.activeElement;
  return one && (one.getAttribute("aria-label") ?? one.getAttribute("aria-labelledby") ?? one.textContent).trim();
}
"""


async def at_rejection(visitors: Visitors, sample: Station, who: str | None = "auditor", **options: Any) -> Room:
    """The room at the moment of the rejection."""
    room = await enter_sample(visitors, sample, who, **options)
    if who:
        await room.part(".check-line.ok").wait_for()
    await room.press("Home", *["PageUp"] * 3)
    await room.press(*["ArrowRight"] * (7 if who else 3))
    await room.part("input[aria-valuetext*='rejected']").wait_for(state="attached")
    return room


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
async def test_no_rule_of_accessibility_is_broken(visitors: Visitors, sample: Station, screen: dict[str, Any]) -> None:
    room = await at_rejection(visitors, sample, **screen)
    await room.part("summary", has_text="Key and table").click()
    await room.part("tbody tr").first.wait_for()
    await accessible(room.page)
    await room.page.emulate_media(color_scheme="dark")
    await room.part("label", has_text="Whole texts").click()
    if screen is PHONE:
        await room.part(".tabs label", has_text="The record").click()
    await accessible(room.page)


@pytest.mark.parametrize("screen", [SMALL, PHONE, WIDE], ids=["320", "390", "1280"])
async def test_nothing_sticks_out_is_too_small_or_lies_upon_another(
    visitors: Visitors, sample: Station, screen: dict[str, Any]
) -> None:
    for who in ("auditor", "bea"):
        room = await enter_sample(visitors, sample, who, **screen)
        await fits(room.page)
        assert await room.page.evaluate(TARGETS) == []
        assert await room.page.evaluate(OVERLAPS) == []
        await room.part("summary", has_text="Key and table").click()
        await room.part("tbody tr").first.wait_for()
        await fits(room.page)
        if screen is not WIDE:
            await room.part(".tabs label", has_text="The record").click()
            await room.part(".trail .now").wait_for()
            await fits(room.page)
            assert await room.page.evaluate(TARGETS) == []


async def test_the_room_is_walked_by_keys_alone_without_a_trap(visitors: Visitors, sample: Station) -> None:
    room = await at_rejection(visitors, sample)
    await room.page.goto(f"{await room.part('.trail .now a').get_attribute('href')}&as=auditor")
    await room.part(".check-line.ok").wait_for()
    stops: list[str] = []
    for _ in range(60):
        await room.page.keyboard.press("Tab")
        focused = await room.page.evaluate(FOCUSED)
        if focused is None:
            break
        stops.append(focused)
    assert stops[:9] == [
        "The event before",
        "Replay from here, one event a second",
        "Speed: 1 event a second",
        "The event after",
        "Next change",
        "Now",
        "Moment",
        "Key and table",
        "then-title",
    ]
    assert "Whole texts" in stops or "" in stops
    assert stops[stops.index("record-title") :][:6] == [
        "record-title",
        "Search the record",
        "Search",
        "All",
        "Texts",
        "Decisions",
    ]
    outline = await room.slider.evaluate(
        """(slider) => { slider.focus(); return getComputedStyle(slider).outlineStyle; }"""
    )
    assert outline != "none"
    await room.part(".trail .yet a").first.focus()
    await room.page.keyboard.press("Enter")
    await room.stands(REJECTED + 1)
    await room.part("button", has_text="Now").focus()
    await room.page.keyboard.press("Space")
    await room.stands(EVENTS)


async def test_the_slider_the_moment_and_the_current_event_have_names_for_who_does_not_see(
    visitors: Visitors, sample: Station
) -> None:
    room = await at_rejection(visitors, sample)
    snapshot = await room.part(".moment").aria_snapshot()
    assert 'heading "The night train to Mirena runs again, as it stood on 12 October 2026, 10:02:13 UTC"' in snapshot
    assert 'slider "Moment"' in snapshot
    assert await room.part(".trail [aria-current=true]").count() == 1
    assert await room.part("svg:not([aria-hidden=true])").count() == 0


async def test_right_to_left_the_strip_and_the_keys_are_mirrored(visitors: Visitors, sample: Station) -> None:
    room = await enter_sample(visitors, sample, "auditor")
    await room.part(".check-line.ok").wait_for()
    await room.page.evaluate("document.documentElement.dir = 'rtl'")
    await room.press("Home")
    await room.stands(1)
    needle = await room.part(".needle").bounding_box()
    track = await room.part(".track").bounding_box()
    assert needle is not None
    assert track is not None
    assert needle["x"] > track["x"] + track["width"] * 0.9
    await room.press("ArrowLeft")
    await room.stands(2)
    await fits(room.page)


async def test_forced_colours_and_print_keep_everything_that_is_said(visitors: Visitors, sample: Station) -> None:
    room = await at_rejection(visitors, sample, forced_colors="active", reduced_motion="reduce")
    for marked in (".then .hit", ".trail .now"):
        style = "(one) => getComputedStyle(one).borderInlineStartStyle"
        assert await room.part(marked).evaluate(style) == "solid", marked
    assert await room.page.evaluate("document.getAnimations().length") == 0
    await room.page.emulate_media(media="print")
    for hidden in (".walk", ".find", ".check", ".panel"):
        assert not await room.part(hidden).is_visible()
    assert await room.part(".then .hit").is_visible()
    await fits(room.page)
