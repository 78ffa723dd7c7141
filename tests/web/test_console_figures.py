"""The figures of the console: per day, by reason and by rule, each as a plot and as a table."""

import time
from functools import partial
from typing import Final

import pytest

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.moderation import Decide
from projections.figures import event_reader
from tests.policy.test_figures import LINKS, ask, decide, seen
from tests.support.following import Station
from tests.support.house import ADA, ADMIN, BEN, MOD, SITE, THREAD, House, at
from tests.web.consoles import Console, enter
from tests.web.test_console_desk import go
from tests.web.visiting import Visitors, accessible, fits

DAY_MS: Final = 86_400_000
HEIGHTS: Final = "nodes => nodes.map((node) => Number(node.getAttribute('height')))"


async def rows(console: Console, section: str) -> list[list[str]]:
    """The rows of the table of a section, which is opened."""
    place = console.part(".figures section", has=console.page.get_by_role("heading", name=section, exact=True))
    await place.locator("summary").click()
    await place.locator("table").wait_for()
    texts: list[str] = await place.locator("tbody tr").all_inner_texts()
    return [text.split("\t") for text in texts]


async def test_figures_are_drawn_per_day_by_reason_and_by_rule_and_stand_in_tables(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    console = await enter(visitors, gateway, waits=False)
    await go(console, "Figures")
    await console.part(".figures .nothing").first.wait_for()
    assert await console.part(".figures svg").count() == 0
    await accessible(console.page)

    old = int(time.time() * 1000) - 2 * DAY_MS
    author, staff = Caller(id="old", name="Old"), Caller(id="mod", name="Mo", roles=frozenset({"moderator"}))
    for command, caller in (
        (PostComment(comment="c-old", body="long ago"), author),
        (Decide(comment="c-old", verdict="reject", revision=1), staff),
    ):
        await transact(house.log, command, site=SITE, thread=THREAD, caller=caller, cause="import", occurred_at=old)
    await ask(house, "PATCH", "policy", ADMIN, {"rules": LINKS})
    waiting = [await house.post(ADA, f"see https://example.org/{number}") for number in range(3)]
    rude = await house.post(BEN, "You fool.")
    await ask(house, "PUT", f"{at(rude)}/vote", ADA, {"value": 1})
    await decide(house, waiting[0], MOD, "approve")
    await decide(house, waiting[1], MOD, "reject", code="spam")
    await decide(house, rude, MOD, "reject", code="insult")
    (vote,) = (await house.get(f"moderation/votes?thread={THREAD}", MOD)).json()["votes"]
    void = {"thread": THREAD, "comment": rude, "voter": vote["voter"]}
    await ask(house, "POST", "moderation/voids", MOD, {"votes": [void], "reason": "A ring."})
    await ask(house, "POST", f"{at(rude)}/appeal", BEN, {"text": "I quoted him."}, 201)
    await seen(house)
    await go(console, "Members")
    await go(console, "Figures")
    await console.part(".figures .plot").first.wait_for()
    assert await console.part(".figures .label").first.inner_text() == "1 event of an import was left out."
    drawn = console.part(".figures section").first.locator(".plot > svg rect:not(.all)")
    assert await drawn.evaluate_all(HEIGHTS) == [16.67, 50, 33.33]
    together, *days = await rows(console, "Decided per day")
    assert together == ["Together", "1", "3", "2"]
    assert len(days) == 30
    assert days[-1][1:] == together[1:]
    assert await rows(console, "By reason") == [
        ["No reason named", "4"],
        ["It attacks a person", "1"],
        ["Spam", "1"],
    ]
    assert await rows(console, "By rule") == [["many links", "3"]]
    assert await console.part(".figures p", has_text="50% of 6 decisions").count() == 1
    assert (await rows(console, "Decided by rules"))[0] == ["Together", "50%"]
    assert (await rows(console, "Time to a decision"))[0] == ["Together", "1 min", "1 min"]
    assert [row[1] for row in await rows(console, "Appeals and reversals")] == ["1", "0", "0", "0", "1", "0"]
    for width in (390, 1280):
        await console.page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("dark", "light"):
            await console.page.emulate_media(color_scheme=scheme)
            await accessible(console.page)
            await fits(console.page)


async def test_figures_of_more_than_one_request_say_which_days_are_not_there(
    visitors: Visitors, gateway: Station, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await decide(house, await house.post(ADA), MOD, "reject", code="spam")
    monkeypatch.setattr(event_reader, "AT_ONCE", 1)
    monkeypatch.setattr(event_reader, "read", partial(event_reader.read, most=1))
    console = await enter(visitors, gateway, waits=False)
    await go(console, "Figures")
    said = console.part(".figures .why", has_text="There is too much for one request")
    await said.wait_for()
    assert "hansard report" in await said.inner_text()
    assert await console.part(".figures .nothing").count() > 0, "today is not counted in part"
    await accessible(console.page)
