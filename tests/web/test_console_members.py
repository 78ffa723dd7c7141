"""The search for members in the console: by name or id, and what is shown of whom one chooses."""

from typing import TYPE_CHECKING

import anyio

from tests.support.following import Station
from tests.support.house import ADA, BEN, MOD, House, Who
from tests.web.consoles import Console, enter, waiting
from tests.web.reading import until
from tests.web.visiting import Visitors

if TYPE_CHECKING:
    from playwright.async_api import Route

ADAM = Who("adam")


async def search(console: Console) -> None:
    """Open the search; its field has the focus."""
    if await console.part(".rail .only-phone").is_visible():
        await console.part(".rail .only-phone").click()
    await console.part(".place", has_text="Members").click()
    await until(console.page, "document.querySelector('hansard-console').shadowRoot.activeElement?.name === 'q'")


async def test_members_are_found_by_the_beginning_of_a_name_or_an_id_and_shown_beside(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    for who in (ADA, ADAM, BEN):
        await house.post(who, f"Words of {who.name}.")
    body = {"reason": "Third time."}
    assert (await house.ask("PUT", "members/adam/suspension", MOD, body)).status_code == 200
    await waiting(house, BEN)
    console = await enter(visitors, gateway)
    await search(console)
    await console.page.keyboard.type("ada")
    await console.part(".search .slip", has_text="Adam").wait_for()
    found = await console.part(".search .slip b").all_inner_texts()
    assert found == ["Ada", "Adam"]
    assert "Suspended for good." in await console.part(".search .slip", has_text="Adam").inner_text()
    await console.page.keyboard.press("Backspace")
    await console.page.keyboard.type("zz")
    await console.part(".search .nothing", has_text="Nobody is found.").wait_for()
    await console.part(".search input").fill("adam")
    await console.part(".search .slip b", has_text="Adam").wait_for()
    await console.part(".search .slip button").press("Enter")
    drawer = console.part(".drawer")
    await drawer.locator("p", has_text="“Third time.”").wait_for()
    await drawer.get_by_role("button", name="All comments").click()
    await console.part("h1", has_text="All comments by Adam").wait_for()
    await console.part(".slip .said", has_text="Words of Adam.").wait_for()


async def test_what_is_typed_while_a_search_is_on_its_way_is_searched_for_after_it(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    for who in (ADA, BEN):
        await house.post(who, "Words.")
    console = await enter(visitors, gateway, waits=False)
    await search(console)
    let = anyio.Event()
    asked: list[str] = []

    async def held(route: "Route") -> None:
        asked.append(route.request.url.partition("q=")[2].partition("&")[0])
        await let.wait()
        await route.continue_()

    await console.page.route("**/members?*", held)
    async with console.page.expect_request("**/members?*"):
        await console.page.keyboard.type("a")
    await console.page.keyboard.press("Backspace")
    await console.page.keyboard.type("ben")
    let.set()
    await console.part(".search .slip b", has_text="Ben").wait_for()
    assert await console.part(".search .slip b").all_inner_texts() == ["Ben"]
    assert asked == ["a", "ben"]


async def test_no_key_acts_on_the_queue_while_another_list_is_shown(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await search(console)
    await console.part("h1").focus()
    await console.press("j", "a", "x", "Shift+A", "Enter")
    await console.part(".place", has_text="All").first.click()
    await console.here.wait_for()
    assert [text[:9] for text in await console.texts()] == ["Number 0:", "Number 1:"]
    assert (await house.get("moderation/decisions", MOD)).json()["decisions"] == []
