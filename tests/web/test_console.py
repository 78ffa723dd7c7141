"""The console: a queue that is worked through by keyboard and by thumb, alone and by several at once."""

import pytest

from tests.support.following import Station
from tests.support.house import ADA, BEN, EVE, MOD, SITE, THREAD, House, Who, at, token
from tests.web.consoles import Console, enter, opened, statuses, waiting
from tests.web.visiting import PHONE, Visitors, accessible, fits, publishing

MIA = Who("mia", ("moderator",))
MAX = Who("max", ("moderator",))
MEG = Who("meg", ("moderator",))


async def test_an_author_reads_exactly_the_words_of_the_moderator_and_never_the_note(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    (comment,) = await waiting(house, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("r", "3")
    await console.page.keyboard.press("Tab")
    await console.page.keyboard.type(" Say it otherwise.")
    await console.page.keyboard.press("Tab")
    await console.page.keyboard.type("third time")
    words = await console.part(".reasons textarea").input_value()
    assert words.endswith(" Say it otherwise.")
    await console.page.keyboard.press("Enter")
    await console.part(".nothing").wait_for()
    answer = await house.get(f"threads/{THREAD}/me", ADA)
    assert answer.json()["rejected"][0]["decision"]["reason"] == words
    assert "third time" not in answer.text
    assert (await house.get(at(comment), MOD)).json()["comment"]["moderation"]["note"] == "third time"


async def test_keys_rest_while_somebody_types_and_with_modifiers_and_can_be_turned_off(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    (comment,) = await waiting(house, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("Control+a", "Alt+a", "Meta+a")
    taken = await console.page.evaluate(
        """() => {
          const pressed = new KeyboardEvent("keydown", { key: "r", ctrlKey: true, bubbles: true, cancelable: true });
          return !document.body.dispatchEvent(pressed); // the browser reloads where nobody prevents it
        }"""
    )
    assert not taken
    assert await console.part(".reasons:not([hidden])").count() == 0
    assert await statuses(house, comment) == ["pending"]
    await console.press("r")
    await console.part(".reasons textarea").focus()
    await console.page.keyboard.type("a h s z")
    assert await console.part(".reasons textarea").input_value() == "a h s z"
    await console.press("Escape", "?")
    await console.part("dialog[open]").wait_for()
    await console.press("a")
    await console.part("dialog button", has_text="Turn single keys off").click()
    await console.part("dialog button", has_text="Close").click()
    await console.press("a")
    await console.page.reload()
    await console.here.wait_for()
    await console.press("a")
    assert await statuses(house, comment) == ["pending"]
    await console.here.locator("button", has_text="Approve").click()
    await console.part(".nothing").wait_for()
    assert await statuses(house, comment) == ["published"]


async def test_what_a_rule_matched_is_marked_as_typed(visitors: Visitors, gateway: Station, house: House) -> None:
    await waiting(house, ADA, body="🚂 https://example.org/x and https://example.org/x again, <b>not bold</b>")
    console = await enter(visitors, gateway)
    assert set(await console.here.locator("mark").all_inner_texts()) == {"https://example.org/x"}
    assert "<b>not bold</b>" in await console.here.locator(".said").inner_text()


async def test_a_held_edit_is_a_difference_from_what_readers_see(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    mine = await house.post(ADA, "It closed for two winters.")
    await waiting(house)
    edit = {"body": "It closed for eleven winters, https://example.org/r"}
    answer = await house.ask("PATCH", at(mine), ADA, edit, If_Match='"1"')
    await house.settled(answer.json()["position"])
    console = await enter(visitors, gateway)
    assert "An edit waits" in await console.here.inner_text()
    assert await console.here.locator("del").all_inner_texts() == ["two", "winters."]
    assert "eleven" in "".join(await console.here.locator("ins").all_inner_texts())


async def test_an_author_who_edits_in_between_is_read_again_and_nothing_is_sent(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    (comment,) = await waiting(house, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("r", "2")
    await console.part(".reasons textarea").fill("Words that must not be lost.")
    house.hold()
    try:
        await house.ask("PATCH", at(comment), ADA, {"body": "Otherwise: https://example.org/"}, If_Match='"1"')
        await console.part(".reasons textarea").press("Enter")
        await console.part(".problem", has_text="Nothing was sent").wait_for()
    finally:
        house.release()
    await console.part(".slip.here .said", has_text="Otherwise:").wait_for()
    assert await console.part(".reasons textarea").input_value() == "Words that must not be lost."
    assert await statuses(house, comment) == ["pending"]
    console.visitor.excuse("409")


async def test_who_else_reads_an_item_is_said_and_next_passes_over_it(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA, BEN, EVE)
    one = await enter(visitors, gateway, MIA)
    await one.holds("Number 0:")
    await one.press("j")
    await one.holds("Number 1:")
    other = await enter(visitors, gateway, MAX)
    await other.holds("Number 0:")
    await other.part(".hand", has_text="is reading this").wait_for()
    await other.press("j")
    await other.holds("Number 2:")
    await one.page.goto("about:blank")
    await other.part(".hand").wait_for(state="detached")


@pytest.mark.parametrize("pressed", [False, True])
async def test_what_somebody_else_decided_is_said_before_and_after_pressing(
    visitors: Visitors, gateway: Station, house: House, pressed: bool
) -> None:
    first, second = await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("r", "2")
    await console.part(".reasons textarea").fill("Words that must not be lost.")
    if pressed:
        house.hold()
    body = {"verdict": "reject", "revision": 1, "reason": "Argue with what he did."}
    answer = await house.ask("POST", f"{at(first)}/decisions", MIA, body)
    assert answer.status_code == 200
    if pressed:
        await console.part(".reasons textarea").press("Enter")
    else:
        await house.settled(answer.json()["position"])
    said = console.part(".clash", has_text="rejected this")
    await said.wait_for()
    house.release()
    assert "“Argue with what he did.”" in await said.inner_text()
    assert ("Nothing of yours was sent." in await said.inner_text()) == pressed
    await console.part(".slip.here").focus()
    await console.press("j")
    await console.holds("Number 1:")
    assert await statuses(house, first, second) == ["rejected", "pending"]
    if pressed:
        console.visitor.excuse("409")


async def test_several_are_decided_after_a_line_that_names_the_number_and_keys_act_on_the_item_in_hand(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    ids = await waiting(house, ADA, BEN, EVE, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("j", "x", "j", "j", "Shift+X")
    await console.part(".several", has_text="3 selected").wait_for()
    await console.press("k", "k", "k")
    await console.holds("Number 0:")
    await console.press("a")
    await console.holds("Number 1:")
    assert await statuses(house, *ids) == ["published", "pending", "pending", "pending"]
    await console.press("Shift+A")
    await console.part(".sure button", has_text="Approve 3").wait_for()
    await console.press("Escape")
    assert await statuses(house, *ids[1:]) == ["pending"] * 3
    await console.press("Shift+R", "2", "Enter")
    await console.part(".nothing").wait_for()
    assert await statuses(house, *ids[1:]) == ["rejected"] * 3
    await console.part(".done", has_text="Rejected: 3 comments").wait_for()


async def test_the_last_act_is_undone_exactly_single_or_several(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    ids = await waiting(house, ADA, BEN)
    before = (await house.get("moderation/queue", MOD)).json()["items"]
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    await console.press("r", "2", "Enter")
    await console.holds("Number 1:")
    await console.press("z")
    await console.holds("Number 0:")
    assert (await console.texts())[1].startswith("Number 1:")
    await console.press("x", "j", "x", "Shift+A")
    await console.part(".sure button:focus", has_text="Approve 2").wait_for()
    await console.press("Enter")
    await console.part(".nothing").wait_for()
    assert await statuses(house, *ids) == ["published"] * 2
    await console.press("z")
    await console.holds("Number 0:")
    assert await statuses(house, *ids) == ["pending"] * 2
    after = (await house.get("moderation/queue", MOD)).json()["items"]
    for one in (*before, *after):
        one["in_hand"] = None
    assert after == before


async def test_new_items_are_counted_and_put_in_below(visitors: Visitors, gateway: Station, house: House) -> None:
    await waiting(house, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    top = await console.here.evaluate("(slip) => slip.getBoundingClientRect().top")
    await house.post(BEN, "Later: https://example.org/")
    await console.part(".slip:not(.here) .said", has_text="Later:").wait_for()
    await console.part(".place[aria-current] .n", has_text="2").wait_for()
    assert await console.here.evaluate("(slip) => slip.getBoundingClientRect().top") == top
    assert "here" in await console.focused()


async def test_a_reported_comment_is_held_with_its_reports_beside_it(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comment = await house.post(BEN, "Then move.")
    report = {"reason": "insult", "note": "He throws it away."}
    answer = await house.ask("POST", f"{at(comment)}/reports", ADA, report)
    await house.settled(answer.json()["position"])
    console = await enter(visitors, gateway)
    said = await console.here.inner_text()
    assert "Published, reported once: It attacks a person" in said
    assert "“He throws it away.”" in said
    await console.press("h")
    await console.part(".place", has_text="Set aside by me").click()
    await console.part(".slip.here .why", has_text="Set aside by").wait_for()
    assert await statuses(house, comment) == ["pending"]


async def test_a_member_is_beside_the_item_and_is_suspended_with_a_reason(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await house.post(ADA, "Something published.")
    await waiting(house, ADA)
    console = await enter(visitors, gateway)
    drawer = console.part(".drawer")
    await drawer.locator("h2", has_text="Ada").wait_for()
    await drawer.get_by_role("button", name="Suspend …").click()
    await drawer.locator("select[name=days]").select_option("7")
    await drawer.locator(".suspend input").fill("Third time.")
    await drawer.locator(".suspend [type=submit]").click()
    await drawer.locator("p", has_text="Suspended until").wait_for()
    refused = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "More."})
    assert refused.status_code == 403
    await drawer.get_by_role("button", name="End the suspension").click()
    await drawer.locator("p", has_text="Free to write").wait_for()


async def test_all_comments_are_read_by_status_and_decided_after_the_fact(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    kept = await house.post(ADA, "Kept.")
    gone = await house.post(BEN, "Taken down later.")
    console = await enter(visitors, gateway, waits=False)
    await console.part(".place", has_text="All comments").click()
    await console.part(".statuses button", has_text="Published").click()
    await console.part(".slip .said", has_text="Kept.").wait_for()
    assert await console.texts() == ["Taken down later.", "Kept."]
    await console.press("r", "2", "Enter")
    await console.part(".done", has_text="Rejected: Ben").wait_for()
    assert await statuses(house, kept, gone) == ["published", "rejected"]


async def test_who_is_no_moderator_is_told_so(visitors: Visitors, gateway: Station, house: House) -> None:
    await house.post(ADA, "Something.")
    console = await enter(visitors, gateway, ADA, waits=False)
    await console.part(".status", has_text="who is no moderator here").wait_for()
    assert not [url for url in console.visitor.requests if "/moderation/" in url]


async def test_a_window_that_a_publisher_opens_is_signed_in_by_it_and_by_no_other(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA)
    base = gateway.url
    async with publishing(base) as publisher, publishing(base) as stranger:
        answer = await house.ask("PATCH", "policy", Who("adi", ("admin",)), {"origins": [publisher.url]})
        assert answer.status_code == 200, answer.text
        for site, signed_in in ((publisher, True), (stranger, False)):
            visitor = await visitors.arrive()
            icon = "<link rel=icon href='data:,'>"
            page = await visitor.open(site.put("/cms", "<h1>CMS</h1>", policy="", head=icon))
            console = await opened(page, f"{base}/console/{SITE}", token(MOD))
            if signed_in:
                await Console(console, visitor).here.wait_for()
            else:
                await console.locator("hansard-console .signin", has_text="Open the console").wait_for()
            await visitor.context.close()


async def test_on_a_phone_one_item_is_in_hand_and_is_rejected_by_touch(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    (comment,) = await waiting(house, ADA)
    console = await enter(visitors, gateway, **PHONE)
    await fits(console.page)
    await console.here.locator(".decide .no").tap()
    await console.part(".reasons label", has_text="Off topic").tap()
    await accessible(console.page)
    await console.part(".reasons [type=submit]").tap()
    await console.part(".nothing").wait_for()
    assert await statuses(house, comment) == ["rejected"]


async def test_nothing_is_asked_of_others_and_no_token_is_kept(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await waiting(house, ADA)
    console = await enter(visitors, gateway)
    await console.holds("Number 0:")
    base = gateway.url
    assert all(url.startswith(base) for url in console.visitor.requests)
    assert all("eyJ" not in url for url in console.visitor.requests)
    kept = await console.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie, "
        "document.documentElement.outerHTML, document.querySelector('hansard-console').shadowRoot.innerHTML])"
    )
    assert "eyJ" not in kept
