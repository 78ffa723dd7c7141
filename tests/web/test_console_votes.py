"""The votes of a ring in the console: chosen by pseudonym, voided with a reason, and brought back."""

from tests.support.following import Station
from tests.support.house import ADA, BEN, House, Who, at
from tests.web.consoles import enter
from tests.web.visiting import PHONE, Visitors, accessible, fits

RING = [Who(f"ring-{number}") for number in range(3)]


async def pushed(house: House) -> str:
    """A reported comment of Ada's that a ring votes up."""
    comment = await house.post(ADA, "Buy my book.")
    for who in RING:
        assert (await house.ask("PUT", f"{at(comment)}/vote", who, {"value": 1})).status_code == 200
    filed = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})
    await house.settled(filed.json()["position"])
    return comment


async def up(house: House, comment: str) -> int:
    await house.settled(str(await house.log.thread_last("kew", "palm-house")))
    votes: int = (await house.get(at(comment))).json()["comment"]["votes"]["up"]
    return votes


async def test_votes_are_chosen_voided_and_brought_back(visitors: Visitors, gateway: Station, house: House) -> None:
    comment = await pushed(house)
    console = await enter(visitors, gateway, **PHONE)
    await console.here.get_by_role("button", name="Votes").click()
    slips = console.part(".slip")
    await slips.nth(2).wait_for()
    said = await console.part(".listed").inner_text()
    assert "ring-" not in said
    await accessible(console.page)
    await fits(console.page)
    void = console.page.get_by_role("button", name="Void")
    assert await void.is_disabled()
    for number in (0, 1):
        await slips.nth(number).get_by_role("checkbox").check()
    await console.page.get_by_label("Reason, for staff").fill("A ring.")
    await console.page.get_by_role("button", name="Void 2 votes").click()
    await console.part(".why", has_text="“A ring.”").nth(1).wait_for()
    assert await up(house, comment) == 1
    await console.page.get_by_role("button", name="Undo the batch").first.click()
    await console.part(".why").first.wait_for(state="detached")
    assert await up(house, comment) == 3
    # The list is read again.
    await slips.nth(2).wait_for()
    assert await slips.count() == 3
