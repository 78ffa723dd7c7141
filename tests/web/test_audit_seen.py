"""Who sees what in the audit room, to the byte, and what it says of what is gone."""

import time
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse

from tests.support.following import Station
from tests.support.house import (
    ADA,
    AUDITOR,
    BEN,
    EVE,
    MOD,
    SITE,
    THREAD,
    House,
    Who,
    at,
    claims_of,
    signed,
    token,
)
from tests.web.auditing import EVENTS, Room, enter, enter_sample
from tests.web.visiting import WIDE, Publisher, Visitors
from workers.gateway.web.assets import release
from workers.importers import sample as sample_of

if TYPE_CHECKING:
    from playwright.async_api import Route

VOTER = Who("velvet-voter")
REPORTER = Who("rosy-reporter")


async def heard(visitors: Visitors, gateway: Station, who: Who | None) -> tuple[Room, list[bytes]]:
    """The room after some steps in it, and every byte that its browser received from the API."""
    bodies: list[bytes] = []

    async def hear(route: "Route") -> None:
        answer = await route.fetch()
        bodies.append(await answer.body())
        assert ("authorization" in route.request.headers) == (who is not None and bool(who.roles))
        await route.fulfill(response=answer)

    room = await enter(visitors, gateway, who)
    await room.part(".trail .now").wait_for(state="attached")
    await room.page.wait_for_load_state("networkidle")
    await room.page.route("**/v1/**", hear)
    await room.page.reload()
    await room.part(".trail .now").wait_for(state="attached")
    for key in ("Home", *["ArrowRight"] * 12):
        await room.press(key)
    await room.page.wait_for_load_state("networkidle")
    return room, bodies


async def filled(house: House) -> str:
    """Comments that were voted on, reported, rejected and held; the rejected one."""
    kept = await house.post(ADA, "A comment that stays.")
    gone = await house.post(BEN, "A comment in vermilion.")
    await house.ask("PUT", f"{at(kept)}/vote", VOTER, {"value": 1})
    await house.ask("POST", f"{at(gone)}/reports", REPORTER, {"reason": "spam", "note": "a note in cerulean"})
    answer = await house.decide(gone, "reject", reason="Off topic in ochre.", note="For staff in umber.")
    await house.settled(answer.json()["position"])
    return gone


async def test_everybody_gets_what_is_public_and_not_a_byte_of_persons_or_of_what_is_hidden(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await filled(house)
    for who in (None, EVE):
        room, bodies = await heard(visitors, gateway, who)
        everything = b"".join(bodies)
        assert b"A comment that stays." in everything
        for hidden in ("vermilion", "cerulean", "ochre", "umber", VOTER.id, REPORTER.id, '"mod"'):
            assert hidden.encode() not in everything, (who, hidden)
        said = await room.said()
        assert "Self-check" not in said
        assert "Make an exhibit" not in said
        assert ("who is neither moderator nor auditor" in said) == (who is EVE)


async def test_moderators_get_votes_as_tallies_and_auditors_get_everything(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await filled(house)
    seen = []
    for who in (MOD, AUDITOR):
        room, bodies = await heard(visitors, gateway, who)
        everything = b"".join(bodies)
        for word in ("vermilion", "cerulean", "ochre", "umber", REPORTER.id):
            assert word.encode() in everything, (who, word)
        seen.append(VOTER.id.encode() in everything)
        assert ("only auditors see who voted" in await room.said()) == (who is MOD)
    assert seen == [False, True]


async def test_readers_are_told_what_they_see_and_what_a_token_would_show_and_are_led_to_the_article(
    visitors: Visitors, sample: Station
) -> None:
    reader = await enter_sample(visitors, sample, None)
    heading = await reader.part("h1").inner_text()
    assert heading.startswith("The night train to Mirena runs again: what is public now, as it stood on")
    note = await reader.part(".note", has_text="You are not signed in.").inner_text()
    assert "You see what everybody may see: what is public now, as it stood then." in note
    assert "With a moderator’s token this page also shows removed texts, reports and decisions" in note
    assert "with an auditor’s, also who voted" in note
    staff = await enter_sample(visitors, sample, "wilma")
    assert "what is public now" not in await staff.said()
    assert await staff.page.title() == (
        "The night train to Mirena runs again · Audit room: earlier states of this discussion"
    )
    for room in (reader, staff):
        assert "Audit room: earlier states of this discussion" in await room.part(".moment").inner_text()
        site = room.part(".bar .site")
        assert (await site.inner_text(), await site.get_attribute("title")) == ("lamplighter.example", "sample")
        link = room.part(".moment a", has_text="To the article")
        assert await link.get_attribute("href") == "https://lamplighter.example/2026/10/night-train"


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (None, "Earlier states of this discussion are not public. Moderators and auditors of the publication may"),
        (EVE, "You are signed in as Eve, who is neither moderator nor auditor. Earlier states"),
    ],
)
async def test_where_history_is_not_public_the_room_says_so(
    visitors: Visitors, gateway: Station, house: House, who: Who | None, words: str
) -> None:
    await house.post(ADA, "A comment that stays.")
    overrides = await house.ask("PUT", f"threads/{THREAD}/policy", MOD, {"history": "staff"})
    assert overrides.status_code == 200, overrides.text
    room = await enter(visitors, gateway, who)
    await room.part("[role=alert]", has_text=words).wait_for()
    assert "A comment that stays." not in await room.said()
    room.visitor.excuse("403")
    staff = await enter(visitors, gateway, AUDITOR)
    await staff.part(".then", has_text="A comment that stays.").wait_for()
    await staff.part(".check-line.ok").wait_for()


async def test_a_thread_that_is_not_there_is_said_not_to_be_there(visitors: Visitors, gateway: Station) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(f"{gateway.url}/audit/kew/nowhere")
    await page.get_by_text("There is no such discussion").wait_for()
    visitor.excuse("404")


async def test_a_rejected_text_stands_in_plain_letters_below_what_happened_to_whom_it_is_shown_and_why(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    gone = await filled(house)
    room = await enter(visitors, gateway, MOD)
    hit = room.part(".then .hit")
    await hit.wait_for()
    assert [line.strip() for line in (await hit.inner_text()).splitlines() if line.strip()][:6] == [
        "Rejected at this moment. Readers do not see it from here on.",
        "Gone now: rejected. Still shown to its author, to moderators and to auditors.",
        "Reason: “Off topic in ochre.”",
        "Ben",
        (await hit.locator("time").inner_text()).strip(),
        "A comment in vermilion.",
    ]
    struck = await hit.evaluate(
        """(row) => [...row.querySelectorAll("*")].some((one) => getComputedStyle(one).textDecorationLine
          .includes("line-through"))"""
    )
    assert not struck
    assert await hit.evaluate("(row) => getComputedStyle(row).boxShadow") != "none"

    # Before that moment it stood on the page: it is marked there as gone now.
    await room.press("ArrowLeft", "ArrowLeft")
    row = room.part(f"#then-{gone}")
    await row.locator(".since", has_text="Gone now: rejected.").wait_for()
    await row.locator(".why", has_text="Off topic in ochre.").wait_for()


async def test_a_redacted_text_is_gone_for_auditors_too(visitors: Visitors, gateway: Station, house: House) -> None:
    gone = await filled(house)
    answer = await house.ask("PUT", f"{at(gone)}/revisions/1/redaction", MOD, {"reason": "it names somebody"})
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])
    room, bodies = await heard(visitors, gateway, AUDITOR)
    assert b"vermilion" not in b"".join(bodies)
    await room.press("Home", "ArrowRight", "ArrowRight")
    row = room.part(f"#then-{gone}")
    await row.locator("text=It is gone for everybody.").wait_for()
    await row.locator(".since", has_text="It is shown to nobody, auditors included.").wait_for()
    await room.page.wait_for_load_state("networkidle")


async def test_a_tombstone_shows_staff_what_it_hides_when_they_ask(visitors: Visitors, sample: Station) -> None:
    room = await enter_sample(visitors, sample, "wilma")
    await room.part(".then .tombstone button", has_text="Show what it said").click()
    row = room.part("#then-nt-09")
    await row.locator("text=Then move.").wait_for()
    await row.locator(".say", has_text="Rejected by then; readers did not see it.").wait_for()
    reader = await enter_sample(visitors, sample, "bea")
    assert await reader.part("#then-nt-09").inner_text() != ""
    assert await reader.part(".then button", has_text="Show what it said").count() == 0


async def test_a_token_that_is_refused_is_asked_for_once_more_and_never_written_anywhere(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await house.post(ADA, "Here.")
    visitor = await visitors.arrive(**WIDE)
    expired = signed({**claims_of(MOD), "exp": int(time.time()) + 3600}, "a secret of nobody, 32 bytes and more")
    good = token(MOD)
    await visitor.context.add_init_script(TWO.replace("FIRST", expired).replace("SECOND", good))
    page = await visitor.open(f"{gateway.url}/audit/{SITE}/{THREAD}")
    room = Room(page, visitor)
    await room.stands(2, 2)
    assert await page.evaluate("window.asked") == 2
    visitor.excuse("401")
    kept = await page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    markup = await page.evaluate("document.documentElement.getHTML({ serializableShadowRoots: true })")
    for secret in (expired, good):
        assert secret.split(".")[2] not in kept + markup + "".join(visitor.requests)


TWO = """
window.asked = 0;
new MutationObserver(() => {
  const room = document.querySelector("hansard-audit");
  if (room && !room.token) room.token = async () => (window.asked++ ? "SECOND" : "FIRST");
}).observe(document, { childList: true, subtree: true });
"""


async def test_the_room_stands_in_a_page_of_a_publisher_under_a_strict_policy(
    visitors: Visitors, publisher: Publisher
) -> None:
    claims = {**claims_of(MOD, sample_of.SITE), "name": "Wilma Drost"}
    publisher.give("/token", JSONResponse({"token": signed(claims)}))
    script = f'<script type="module" src="{publisher.gateway}{release().address("audit/audit.js")}"></script>'
    tag = (
        f'<hansard-audit site="{sample_of.SITE}" thread="{sample_of.THREAD}" name="The Lamplighter" token-url="/token">'
        "</hansard-audit>"
    )
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(publisher.put("/cms", tag, head=script))
    room = Room(page, visitor)
    await room.stands(EVENTS)
    assert await room.part(".bar .site").inner_text() == "The Lamplighter"
    assert await page.title() == "The palm house"
    await room.part(".bar", has_text="Wilma Drost, moderator").wait_for()
    await room.part(".trail li a").first.click()
    await room.stands(1)
    assert page.url == f"{publisher.url}/cms"
    link = await room.part(".trail .now a").get_attribute("href")
    assert (link or "").startswith(f"{publisher.gateway}/audit/{sample_of.SITE}/{sample_of.THREAD}?at=")
