"""Every list, form, sheet and dialog of the console: accessible and without anything that sticks out.

Each state is looked at on a desk and on a phone, light and dark, in one page: loading it takes longer than looking.
"""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Final, Literal

from tests.support.following import Station
from tests.support.house import ADA, BEN, MOD, SITE, THREAD, House, Who, at
from tests.web.consoles import Console, enter, waiting
from tests.web.test_console_appeals import appealed
from tests.web.test_console_desk import CHIEF, noticed, removal, settled
from tests.web.visiting import Visitors, accessible, fits

if TYPE_CHECKING:
    from playwright.async_api import Locator

MIA = Who("mia", ("moderator",))
DESK: Final = (1280, 800)
PHONE: Final = (390, 800)
SCHEMES: Final[Sequence[Literal["dark", "light"]]] = ("dark", "light")


async def resized(console: Console, size: tuple[int, int]) -> None:
    width, height = size
    await console.page.set_viewport_size({"width": width, "height": height})


async def looked_at(console: Console, shown: "Locator", *sizes: tuple[int, int]) -> None:
    """It is there, and right in every size and scheme. The last size is that of a desk, which the page keeps."""
    await shown.wait_for()
    for size, scheme in product(sizes or (PHONE, DESK), SCHEMES):
        await resized(console, size)
        await console.page.emulate_media(color_scheme=scheme)
        await accessible(console.page)
        await fits(console.page)


async def test_the_queue_its_forms_and_what_was_done_are_accessible_and_fit(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    _, second, *_ = await waiting(house, ADA, BEN, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.part(".drawer .tally").wait_for()
    await looked_at(console, console.here)
    await console.press("?")
    await looked_at(console, console.part("dialog[open]"))
    await console.press("Escape")
    await console.part("dialog[open]").wait_for(state="hidden")
    await console.here.locator("input[type=checkbox]").check()
    await console.press("Shift+R")
    await looked_at(console, console.part(".sure fieldset"), DESK)
    await console.press("Escape", "Escape")
    await console.here.locator(".decide .do").first.click()
    await console.part(".done", has_text="Approved: Ada").wait_for()
    await house.ask("PUT", "moderation/hands", MIA, {"thread": THREAD, "comment": second})
    await console.here.locator(".decide .no").click()
    await console.part(".reasons textarea").fill("Words that are kept.")
    await looked_at(console, console.part(".reasons"))
    answer = await house.ask("POST", f"{at(second)}/decisions", MIA, {"verdict": "reject", "revision": 1})
    await house.settled(answer.json()["position"])
    await looked_at(console, console.part(".slip.here .clash", has_text="rejected this"))
    assert await console.part(".reasons textarea").input_value() == "Words that are kept."


async def test_every_list_is_accessible_and_fits(visitors: Visitors, gateway: Station, house: House) -> None:
    (comment,) = await waiting(house, ADA)
    answer = await house.decide(comment, "reject", reason="Off topic.", note="Third time.")
    await house.settled(answer.json()["position"])
    edited = await house.post(BEN, "Before.")
    await settled(house, await house.ask("PATCH", at(edited), BEN, {"body": "After."}, If_Match='"1"'))
    await removal(house, edited, BEN)
    await noticed(house, edited, "It names my address.", law="Data protection")
    await appealed(house)
    await waiting(house, BEN)
    await settled(house, await house.ask("PUT", "members/ben/suspension", MOD, {"reason": "Third time."}))
    console = await enter(visitors, gateway, CHIEF)
    await resized(console, PHONE)
    await console.part(".rail .only-phone").click()
    await looked_at(console, console.part(".rail.unfolded"))
    for place, shown in (
        ("Removal asked for", ".slip form"),
        ("Appeals", ".slip form"),
        ("Legal notices", ".grounds"),
        ("Decided today", ".slip.plain"),
        ("All comments", ".filters input"),
        ("Passages not found", ".nothing"),
        ("Members", ".search input"),
    ):
        await console.part(".place", has_text=place).click()
        await console.part("h1", has_text=place).wait_for(state="attached")
        await looked_at(console, console.part(shown).first)
    await console.part(".search").get_by_role("button", name="Suspended").click()
    await looked_at(console, console.part(".search .slip b"))
    await console.part(".place.sub").first.click()
    await console.part(".thread summary").click()
    await looked_at(console, console.part(".thread form").first)
    await console.part(".place", has_text="Word lists").click()
    await looked_at(console, console.part(".begin"))
    await console.part(".begin input").fill("insults")
    await console.part(".begin").get_by_role("button").click()
    await console.part(".terms").fill("fool\n***")
    await console.part(".terms-of").get_by_role("button", name="Save").click()
    await console.part(".terms-of .problem", has_text="Line 2").wait_for()
    console.visitor.excuse("status of 400")
    await looked_at(console, console.part(".terms-of .problem"))


async def test_the_member_and_every_act_on_them_are_accessible_and_fit(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA)
    await settled(house, await house.ask("POST", "members/ada/notes", MOD, {"text": "Writes as a press officer."}))
    await settled(house, await house.ask("POST", "members/ada/warnings", MOD, {"reason": "Please stop."}))
    await settled(house, await house.ask("PUT", "members/ada/standing", MOD, {"standing": "trusted"}))
    console = await enter(visitors, gateway)
    await resized(console, PHONE)
    await console.here.get_by_role("button", name="The member").click()
    await looked_at(console, console.part(".drawer.open .tally"))
    for act, field in (("Suspend …", "select"), ("Warn …", "select"), ("Standing …", "input[type=radio]")):
        await console.part(".drawer").get_by_role("button", name=act).click()
        await looked_at(console, console.part(f".drawer .suspend {field}").first)


async def test_the_sign_in_is_accessible_and_fits(visitors: Visitors, gateway: Station, house: House) -> None:
    del house
    visitor = await visitors.arrive()
    page = await visitor.open(f"{gateway.url}/console/{SITE}")
    console = Console(page, visitor)
    await console.part(".signin summary").click()
    await looked_at(console, console.part(".signin input"))
