"""The console where something fails: it says what is so, no word that was typed is lost, nothing is decided twice."""

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.following import Station, station
from tests.support.full import EVERYSEC, no_disk
from tests.support.house import ADA, ADMIN, BEN, MOD, SECRET, SITE, THREAD, House, built, claims_of, signed, token
from tests.support.servers import engines, started
from tests.web.consoles import Console, enter, opened, waiting
from tests.web.visiting import WIDE, Visitors, publishing

if TYPE_CHECKING:
    from playwright.async_api import APIResponse, Route

WORDS: Final = "Words that must not be lost."
HOUR: Final = 3600


@pytest.fixture
async def small(_here: None) -> AsyncIterator[tuple[str, House]]:
    """A house on a server of its own, whose disk can be full; the server's address comes first."""
    with started(engines()["embedded"], *EVERYSEC) as url:
        async with built(url) as house:
            await house.open_site()
            await house.open_thread()
            yield url, house


async def rejects(console: Console) -> None:
    """Type words for the author, and press Enter."""
    await console.press("r", "2", "Tab")
    await console.part(".reasons textarea").fill(WORDS)
    await console.press("Enter")


async def kept(console: Console, said: str) -> None:
    """The console says this, and has the words and the focus where they were."""
    await console.part(".deciding .problem", has_text=said).wait_for()
    assert await console.part(".reasons textarea").input_value() == WORDS
    assert await console.page.evaluate(
        "document.querySelector('hansard-console').shadowRoot.activeElement.matches('textarea')"
    )


async def read_by_the_author(house: House) -> list[str]:
    """The reasons that Ada reads of what was not published."""
    await house.settled(str(await house.log.thread_last(SITE, THREAD)))
    rejected = (await house.get(f"threads/{THREAD}/me", ADA)).json()["rejected"]
    return [one["decision"]["reason"] for one in rejected]


async def test_a_full_disk_behind_the_gateway_loses_no_word(visitors: Visitors, small: tuple[str, House]) -> None:
    url, house = small
    await waiting(house, ADA, BEN)
    async with station(house) as gateway:
        console = await enter(visitors, gateway)
        await console.holds("Number 0:")
        with no_disk(url):
            await rejects(console)
            await kept(console, "Hansard cannot be reached at the moment. What you typed is kept")
        await console.press("Enter")
        await console.holds("Number 1:")
        assert await read_by_the_author(house) == [WORDS]
        console.visitor.excuse("503")
        await console.page.close()


async def test_too_many_decisions_at_once_say_when_to_try_again(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")

    async def refuse(route: "Route") -> None:
        problem = {"type": "/problems/too-many-requests"}
        await route.fulfill(status=429, headers={"retry-after": "24"}, json=problem)

    await console.page.route("**/decisions", refuse)
    await rejects(console)
    await kept(console, "Try again in 24 seconds.")
    await console.page.unroute("**/decisions")
    await console.press("Enter")
    await console.holds("Number 1:")
    assert await read_by_the_author(house) == [WORDS]
    console.visitor.excuse("429")


async def test_a_decision_whose_answer_is_cut_off_is_made_once(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comment, _ = await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    cut: list[APIResponse] = []

    async def once(route: "Route") -> None:
        if cut:
            await route.continue_()
        else:
            cut.append(await route.fetch())  # the gateway has it, and the browser learns nothing of it
            await route.abort("connectionreset")

    await console.page.route("**/decisions", once)
    house.hold()
    try:
        await rejects(console)
        await kept(console, "Hansard cannot be reached at the moment.")
        await console.press("Enter")
        await console.holds("Number 1:")
    finally:
        house.release()
    assert await read_by_the_author(house) == [WORDS]
    decisions = (await house.get("moderation/decisions", MOD)).json()["decisions"]
    assert [one["comment"] for one in decisions] == [comment]
    console.visitor.excuse("ERR_CONNECTION_RESET")


async def test_a_sign_in_that_runs_out_while_a_reason_is_typed_loses_no_word(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA, BEN)
    async with publishing(gateway.url) as publisher:
        answer = await house.ask("PATCH", "policy", ADMIN, {"origins": [publisher.url]})
        assert answer.status_code == 200, answer.text
        cms = publisher.put("/cms", "<h1>CMS</h1>", policy="", head="<link rel=icon href='data:,'>")
        visitor = await visitors.arrive(**WIDE)
        opener = await visitor.open(cms)
        console = Console(await opened(opener, f"{gateway.url}/console/{SITE}", token(MOD)), visitor)
        await console.here.wait_for()
        await opener.close()
        await console.here.focus()
        house.now = time.time() + 2 * HOUR  # the gateway alone says when a token ends
        await rejects(console)
        await kept(console, "What you typed is kept: sign in again")
        await console.part(".signin", has_text="Nobody is signed in").wait_for()
        later = signed({**claims_of(MOD), "exp": int(time.time()) + 4 * HOUR}, SECRET)
        again = await visitor.open(cms)
        other = await opened(again, f"{gateway.url}/console/{SITE}", later)
        await Console(other, visitor).here.wait_for()
        await console.part(".signin").wait_for(state="hidden")
        await kept(console, "")
        await console.part(".reasons textarea").press("Enter")
        await console.part(".slip.here .said", has_text="Number 1:").wait_for()
        house.now = None
        assert await read_by_the_author(house) == [WORDS]
        stored = await console.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert "eyJ" not in stored
        visitor.excuse("401")
