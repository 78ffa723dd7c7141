"""The audit room for everybody: rules of accessibility, geometry on small and wide screens, and keys alone."""

from typing import Any

import pytest

from core.partitions import partition_of
from core.position import START
from tests.support.following import Station
from tests.web.auditing import EVENTS, REJECTED, Room, enter_sample
from tests.web.reading import until
from tests.web.visiting import PHONE, WIDE, Visitors, accessible, fits
from workers.importers import sample as sample_of

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
  const all = [...room.querySelectorAll(".walk button, .when > *, .tabs label, .panel > summary, .check button")]
    .filter((one) => one.checkVisibility()).map((one) => [one.textContent, one.getBoundingClientRect()]);
  return all.flatMap(([one, a], i) => all.slice(i + 1).filter(([, b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${one} / ${other}`));
}
"""
FOCUSED = """
() => {
  const one = document.querySelector("hansard-audit").shadowRoot.activeElement;
  const names = [one?.getAttribute("aria-label"), one?.getAttribute("aria-labelledby"), one?.labels?.[0]?.textContent];
  return one && (names.find((name) => name) ?? one.textContent).trim();
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
    assert list(dict.fromkeys(stops))[:12] == [
        "To the article",
        "The event before",
        "Replay from here, one event a second",
        "Speed: 1 event a second",
        "The event after",
        "Next change",
        "Now",
        "Go to a time in UTC",  # once for each part of the field
        "Go",
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


@pytest.mark.parametrize(("locale", "event"), [("ar", "الحدث"), ("he", "אירוע")])
async def test_right_to_left_the_strip_and_the_keys_are_mirrored(
    visitors: Visitors, sample: Station, locale: str, event: str
) -> None:
    room = await enter_sample(visitors, sample, "auditor", locale=locale)
    await room.part(".check-line.ok").wait_for()
    assert await room.part(".audit").get_attribute("lang") == locale
    await room.press("Home")
    await room.part(f'[aria-valuetext^="{event} 1 "]').wait_for()
    needle = await room.part(".needle").bounding_box()
    track = await room.part(".track").bounding_box()
    assert needle is not None
    assert track is not None
    assert needle["x"] > track["x"] + track["width"] * 0.9
    await room.press("ArrowLeft")
    await room.part(f'[aria-valuetext^="{event} 2 "]').wait_for()
    await fits(room.page)


@pytest.mark.parametrize("locale", ["ar", "de", "es", "fr", "he"])
async def test_the_room_fits_a_narrow_window_in_every_language(
    visitors: Visitors, sample: Station, locale: str
) -> None:
    room = await enter_sample(visitors, sample, "auditor", locale=locale, viewport={"width": 320, "height": 720})
    await room.part(".check-line.ok").wait_for(state="attached")
    assert await room.part(".audit").get_attribute("lang") == locale
    await fits(room.page)
    await accessible(room.page)


async def test_forced_colours_and_print_keep_everything_that_is_said(visitors: Visitors, sample: Station) -> None:
    room = await at_rejection(visitors, sample, forced_colors="active", reduced_motion="reduce")
    for marked in (".then .hit", ".trail .now"):
        style = "(one) => getComputedStyle(one).borderInlineStartStyle"
        assert await room.part(marked).evaluate(style) == "solid", marked
    assert await room.page.evaluate("document.getAnimations().length") == 0
    await room.page.emulate_media(media="print")
    for hidden in (".walk", ".when", ".find", ".check", ".panel"):
        assert not await room.part(hidden).is_visible()
    assert await room.part(".then .hit").is_visible()
    await fits(room.page)


IN_VIEW = """
(() => {
  const node = document.querySelector("hansard-audit").shadowRoot.querySelector(arg);
  const box = node?.getBoundingClientRect();
  return box?.height > 0 && box.top >= 0 && box.top < innerHeight * 0.85;
})()
"""


async def test_on_a_phone_what_changed_is_brought_into_view_after_a_link_and_after_a_mark(
    visitors: Visitors, sample: Station
) -> None:
    log = sample.house.log
    partition = partition_of(sample_of.SITE, sample_of.THREAD, log.partitions)
    position = str((await log.read(partition, START, limit=1000))[REJECTED - 1].position)
    room = await enter_sample(visitors, sample, "auditor", position, **PHONE)
    await until(room.page, IN_VIEW, ".then .hit")
    assert await room.page.evaluate("scrollY") > 0

    await room.page.evaluate("scrollTo(0, 0)")
    box = await room.slider.bounding_box()
    assert box is not None
    await room.page.touchscreen.tap(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2)
    await room.part('input[aria-valuetext*="13 October 2026"]').wait_for(state="attached")
    await until(room.page, IN_VIEW, ".then .hit")

    await room.part(".tabs label", has_text="The record").click()
    await room.part(".trail li a").first.click()
    await room.stands(1)
    await until(room.page, IN_VIEW, ".trail .now")


@pytest.mark.parametrize("who", [None, "auditor"])
async def test_the_record_opens_at_the_moment_and_stays_there(
    visitors: Visitors, sample: Station, who: str | None
) -> None:
    log = sample.house.log
    partition = partition_of(sample_of.SITE, sample_of.THREAD, log.partitions)
    position = str((await log.read(partition, START, limit=1000))[4].position)
    for at in ("", position):
        room = await enter_sample(visitors, sample, who, at)
        await room.part(".legend", has_text="approved").wait_for()
        await room.page.wait_for_load_state("networkidle")
        assert await room.page.evaluate(WITHIN), (at, await room.page.evaluate("scrollY"))


WITHIN = """
() => {
  const trail = document.querySelector("hansard-audit").shadowRoot.querySelector(".trail");
  const [box, now] = [trail, trail.querySelector(".now")].map((one) => one.getBoundingClientRect());
  return now.top >= box.top && now.bottom <= box.bottom + 1;
}
"""
