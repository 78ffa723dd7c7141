"""The appeals in the console: read with the decision, and decided by another moderator."""

from typing import TYPE_CHECKING

from tests.support.following import Station
from tests.support.house import ADA, MOD, House, Who, at
from tests.web.consoles import enter
from tests.web.visiting import PHONE, Visitors, accessible, fits

if TYPE_CHECKING:
    from playwright.async_api import Route

OTHER = Who("mia", ("moderator",))


async def appealed(house: House, by: Who = OTHER) -> str:
    """A comment of Ada's that a moderator rejected, and her appeal against that."""
    comment = await house.post(ADA, "The minister called them fools.")
    body = {"verdict": "reject", "revision": 1, "reason": "No insults."}
    answers = [await house.ask("POST", f"{at(comment)}/decisions", by, body)]
    answers.append(await house.ask("POST", f"{at(comment)}/appeal", ADA, {"text": "I quoted him."}))
    await house.settled(answers[-1].json()["position"])
    return comment


async def test_an_appeal_is_read_and_decided_by_keyboard(visitors: Visitors, gateway: Station, house: House) -> None:
    comment = await appealed(house)
    console = await enter(visitors, gateway, waits=False)
    await console.part(".place", has_text="Appeals1").click()
    slip = console.part(".slip", has_text="The minister called them fools.")
    await slip.locator(".why", has_text="“I quoted him.”").wait_for()
    assert "“No insults.”" in await slip.inner_text()
    await accessible(console.page)
    await slip.locator("textarea").press_sequentially("It is a quotation.")
    await console.page.keyboard.press("Tab")
    keys: list[str] = []

    async def once(route: "Route") -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            await route.continue_()
        else:
            await route.fetch()  # the gateway has it, and the browser learns nothing of it
            await route.abort("connectionreset")

    await console.page.route("**/appeal/decision", once)
    await console.page.keyboard.press("Enter")
    await slip.locator(".problem", has_text="Hansard cannot be reached at the moment.").wait_for()
    console.visitor.excuse("ERR_CONNECTION_RESET")
    await console.page.keyboard.press("Enter")
    await console.part(".nothing").wait_for()
    assert len(keys) == 2
    assert len(set(keys)) == 1
    events = (await house.get(f"{at(comment)}/trail", MOD)).json()["events"]
    assert [event["type"] for event in events][-2:] == ["comment.approved", "appeal.decided"]
    assert events[-1]["data"]["reason"] == "It is a quotation."


async def test_who_decided_first_reads_that_another_has_to_decide(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await appealed(house, MOD)
    console = await enter(visitors, gateway, waits=False, **PHONE)
    await console.part(".place", has_text="Appeals").click()
    slip = console.part(".slip", has_text="The minister called them fools.")
    await slip.locator("textarea").fill("Still an insult.")
    await slip.get_by_role("button", name="Uphold").click()
    await slip.locator(".problem", has_text="Another moderator has to decide this.").wait_for()
    console.visitor.excuse("status of 403")
    assert await slip.locator("textarea").input_value() == "Still an insult."
    await fits(console.page)
