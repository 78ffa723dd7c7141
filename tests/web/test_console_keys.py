"""The console by keyboard alone: no key is lost, none acts on what nobody has read, and the focus is never nowhere."""

from typing import Final

import anyio

from tests.support.following import Station
from tests.support.house import ADA, BEN, THREAD, House, Who, at
from tests.web.consoles import enter, statuses, waiting
from tests.web.visiting import Visitors, withheld

MIA: Final = Who("mia", ("moderator",))
FIFTY: Final = 50
WAYS: Final = (("a",), ("r", "2", "Enter"), ("s",), ("f",), ("x", "j", "k", "a"))
"""Keys by which an item is decided."""

_WATCHED: Final = """
() => {
  window.unfocused = 0;
  const root = document.querySelector("hansard-console").shadowRoot;
  const look = () => {
    window.unfocused += root.activeElement ? 0 : 1;
    requestAnimationFrame(look);
  };
  look();
  addEventListener("keydown", () => (window.unfocused += root.activeElement ? 0 : 1), true);
}
"""
"""Counts the frames and the keys at which nothing in the console has the focus."""


async def test_fifty_items_are_decided_by_keyboard_alone_and_the_focus_is_never_lost(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comments = await waiting(house, *[ADA, BEN] * (FIFTY // 2), body="Number {n}: https://example.org/{n}/")
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.page.evaluate(_WATCHED)
    async with anyio.create_task_group() as tasks:

        async def others() -> None:
            for comment in comments[1::10]:  # the queue changes under the moderator's hands
                await house.ask("PUT", "moderation/hands", MIA, {"thread": THREAD, "comment": comment})
                await house.post(BEN, "Published.")
            await house.ask("DELETE", "moderation/hands", MIA, {"thread": THREAD, "comment": comments[-9]})

        tasks.start_soon(others)
        for number in range(FIFTY):
            text = await console.here.locator(".said").inner_text()
            await console.press(*WAYS[number % len(WAYS)])
            if number < FIFTY - 1:
                await console.leaves(text)
    await console.part(".nothing").wait_for()
    assert await console.page.evaluate("unfocused") == 0
    assert set(await statuses(house, *comments)) == {"published", "rejected"}


async def test_a_reason_is_typed_on_while_the_queue_changes(visitors: Visitors, gateway: Station, house: House) -> None:
    first, _ = await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("r", "2", "Tab")
    field = console.part(".reasons textarea")
    await field.fill("")
    await console.page.keyboard.type("Say it as ")
    await house.post(BEN, "Later: https://example.org/")
    await console.part(".slip .said", has_text="Later:").wait_for()
    await console.page.keyboard.type("a zebra has")
    assert await field.input_value() == "Say it as a zebra has"
    answer = await house.ask("POST", f"{at(first)}/decisions", MIA, {"verdict": "approve", "revision": 1})
    await house.settled(answer.json()["position"])
    await console.part(".slip.here .clash", has_text="approved this").wait_for()
    await console.page.keyboard.type(", jazz")
    assert await field.input_value() == "Say it as a zebra has, jazz"
    await console.press("Enter", "Escape")
    await console.part(".reasons").wait_for(state="detached")
    assert "here" in await console.focused()
    await console.press("j")
    await console.holds("Number 1:")
    assert await statuses(house, first) == ["published"]


async def test_keys_right_behind_one_another_wait_for_a_part_that_is_loading(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comments = await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    let = await withheld(console.page, "**/console/selection.js")
    await console.press("x", "j", "x", "Shift+R", "2", "Enter")
    assert await statuses(house, *comments) == ["pending"] * 2
    let.set()
    await console.part(".done", has_text="Rejected: 2 comments").wait_for()
    assert await statuses(house, *comments) == ["rejected"] * 2
    answer = await house.get(f"threads/{THREAD}/me", ADA)
    assert answer.json()["rejected"][0]["decision"]["reason"] == "It is not about this article."


async def test_no_key_decides_on_an_item_that_is_not_shown_yet(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comments = await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    let = await withheld(console.page, "**/decisions")
    await console.page.keyboard.down("a")
    await console.part(".slip.here[aria-busy]").wait_for()
    await console.press("s", "r")
    let.set()
    await console.holds("Number 1:")
    await console.page.keyboard.down("a")  # held down: it repeats
    await console.page.keyboard.up("a")
    assert await console.part(".reasons:not([hidden])").count() == 0
    assert await console.part("[aria-busy]").count() == 0
    assert await statuses(house, *comments) == ["published", "pending"]


async def test_undo_is_of_the_decision_that_is_on_its_way(visitors: Visitors, gateway: Station, house: House) -> None:
    comments = await waiting(house, ADA, BEN, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("a")
    await console.holds("Number 1:")
    let = await withheld(console.page, "**/decisions")
    await console.press("a")
    await console.part(".slip.here[aria-busy]").wait_for()
    await console.press("z")
    let.set()
    await console.part(".done", has_text="Undone.").wait_for()
    await console.holds("Number 1:")
    assert await statuses(house, *comments) == ["published", "pending", "pending"]


async def test_what_is_undone_comes_to_hand_also_where_the_views_have_it_later(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("a")
    await console.holds("Number 1:")
    await console.part(".place[aria-current] .n", has_text="1").wait_for()
    house.hold()
    try:
        await console.press("z")
        await console.part(".done", has_text="Undone.").wait_for()
    finally:
        house.release()
    await console.holds("Number 0:")
    assert [text[:9] for text in await console.texts()] == ["Number 0:", "Number 1:"]
