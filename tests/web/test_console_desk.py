"""What a moderator does in the console besides the queue: cases of other kinds, members, discussions, word lists."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest

from projections.audit.rehearsals import Rehearser
from tests.support.following import Station
from tests.support.house import ADA, ADMIN, BEN, MOD, SITE, THREAD, House, Who, at
from tests.web.consoles import FOCUS, Console, enter
from tests.web.reading import until
from tests.web.visiting import PHONE, Visitors, accessible, fits

if TYPE_CHECKING:
    from playwright.async_api import Route

CHIEF = Who("mia", ("moderator", "admin"))


async def settled(house: House, answer: httpx2.Response, thread: str = THREAD) -> httpx2.Response:
    """The views have what was written."""
    assert answer.status_code in (200, 201), answer.text
    await house.settled(str(await house.log.thread_last(SITE, thread)), thread)
    return answer


async def noticed(house: House, comment: str, explanation: str, **more: Any) -> str:
    """A notice about a comment; its reference."""
    body = {"thread": THREAD, "comment": comment, "explanation": explanation, "good_faith": True, **more}
    reference: str = (await settled(house, await house.ask("POST", "notices", None, body))).json()["reference"]
    return reference


async def removal(house: House, comment: str, author: Who = ADA) -> None:
    """The author's wish that the first text of a comment be removed."""
    await settled(house, await house.ask("POST", f"{at(comment)}/revisions/1/removal-request", author))


async def go(console: Console, place: str) -> None:
    """Show another list."""
    await console.part(".place", has_text=place).click()
    await console.part("h1", has_text=place).wait_for()


async def trail(house: House, comment: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (await house.get(f"{at(comment)}/trail", MOD)).json()["events"]
    return events


async def test_notices_and_removals_are_decided_on_one_by_one(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    unlawful, fair = await house.post(ADA, "He lives at 3 Kiln Lane."), await house.post(BEN, "A fair question.")
    reference = await noticed(house, unlawful, "It names my address.", law="Data protection")
    left = await noticed(house, fair, "I do not like it.")
    edited = {"body": "He lives in town."}
    await settled(house, await house.ask("PATCH", at(unlawful), ADA, edited, If_Match='"1"'))
    await removal(house, unlawful)
    console = await enter(visitors, gateway, waits=False)

    # A notice: what it says and names, and a decision that has its ground.
    await go(console, "Legal notices")
    slip = console.part(".slip", has_text="“It names my address.”")
    await slip.locator(".why", has_text="Law named: Data protection").wait_for()
    await slip.locator("blockquote", has_text="He lives in town.").wait_for()
    await slip.get_by_label("The law").check()
    await slip.get_by_label("Reason").select_option("private-data")
    assert await slip.locator("textarea").input_value() == "It gives away private data of somebody."
    await slip.get_by_role("button", name="Take it down").click()
    await console.part(".done", has_text="Rejected: Ada").wait_for()
    assert await slip.count() == 0
    told = (await house.get(f"notices/{reference}", None)).json()["decision"]
    assert (told["action"], told["ground"]) == ("reject", "law")
    rejected = (await trail(house, unlawful))[-1]
    assert (rejected["type"], rejected["data"]["notice"]) == ("comment.rejected", reference)
    # The other one stays until it is decided on by itself.
    other = console.part(".slip", has_text="“I do not like it.”")
    await other.get_by_label("The rules of the publication").check()
    await other.get_by_role("button", name="Leave it").click()
    await console.part(".nothing").wait_for()
    assert (await house.get(f"notices/{left}", None)).json()["decision"]["action"] == "approve"

    # A removal that was asked for: refused, asked for again, and granted.
    await go(console, "Removal asked for")
    wish = console.part(".slip", has_text="He lives at 3 Kiln Lane.")
    await wish.get_by_role("button", name="Refuse: show it again").click()
    await console.part(".nothing").wait_for()
    assert (await trail(house, unlawful))[-1]["type"] == "removal.refused"
    await removal(house, unlawful)
    await go(console, "Appeals")
    await go(console, "Removal asked for")
    await wish.get_by_role("button", name="Destroy this text").click()
    assert await wish.locator("textarea").evaluate("node => node.matches(':invalid')"), "a reason is required"
    await wish.locator("textarea").fill("It names where somebody lives.")
    await wish.get_by_role("button", name="Destroy this text").click()
    await console.part(".nothing").wait_for()
    assert (await trail(house, unlawful))[-1]["type"] == "revision.redacted"


async def test_a_member_is_warned_noted_trusted_and_found_among_the_suspended(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await house.ask("PATCH", "policy", ADMIN, {"premoderation": "all"})
    await house.post(ADA, "First words.")
    console = await enter(visitors, gateway)
    drawer = console.part(".drawer")
    await drawer.get_by_role("button", name="Warn …").click()
    await drawer.get_by_label("Reason").select_option("insult")
    assert await drawer.get_by_label("Ada reads").input_value() == "It attacks a person. Argue with what they said."
    await drawer.get_by_role("button", name="Warn", exact=True).click()
    await drawer.locator("li", has_text="Not acknowledged yet").wait_for()
    refused = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "More."})
    assert refused.json()["type"].endswith("warning-open")
    await drawer.get_by_label("A note about the member").fill("Writes as a press officer.")
    await drawer.get_by_role("button", name="Add the note").click()
    await drawer.locator("li", has_text="Writes as a press officer.").wait_for()
    assert (await house.get("members/ada/notes", MOD)).json()["notes"][0]["text"] == "Writes as a press officer."
    await drawer.get_by_role("button", name="Standing …").click()
    await drawer.get_by_label("Trusted: passes rules that hold").check()
    await drawer.get_by_label("Reason, for staff").fill("Knows the subject.")
    await drawer.get_by_role("button", name="Save").click()
    await drawer.locator("p", has_text="Trusted, by staff. “Knows the subject.”").wait_for()
    assert (await house.ask("PUT", "members/ada/suspension", MOD, {"reason": "Third time."})).status_code == 200
    await go(console, "Members")
    await console.part(".search").get_by_role("button", name="Suspended").click()
    found = console.part(".search .slip", has_text="Ada")
    await found.wait_for()
    assert "Suspended for good. Trusted by staff" in await found.inner_text()
    await console.part(".search").get_by_role("button", name="Every text waits").click()
    await console.part(".search .nothing", has_text="Nobody is found.").wait_for()


async def test_a_suspension_that_ended_halfway_goes_on_and_one_press_undoes_all_of_it(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    published = [await house.post(ADA, f"Words {number}.") for number in range(3)]
    other = await house.post(BEN, "Words of another.")
    await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})
    await house.post(ADA, "See https://example.org/.")
    console = await enter(visitors, gateway)
    drawer = console.part(".drawer")
    await drawer.get_by_role("button", name="Suspend …").click()
    await drawer.get_by_label("Reason").select_option("spam")
    await drawer.get_by_label("And take down").select_option(label="All that is published (3)")
    lost: list[str] = []

    async def answer_once(route: "Route") -> None:
        path = urlsplit(route.request.url).path
        if path in lost or route.request.method == "GET":
            await route.continue_()
            return
        lost.append(path)
        await route.fetch()  # the gateway has it, and the browser learns nothing of it
        await route.abort("connectionreset")

    await console.page.route("**/members/ada/suspension", answer_once)
    await console.page.route("**/moderation/decisions", answer_once)
    press = drawer.get_by_role("button", name="Suspend", exact=True)
    for number in (1, 2):
        await press.click()
        await drawer.locator("form.suspend .problem", has_text="Hansard cannot be reached").wait_for()
        await until(console.page, f"{FOCUS}?.type === 'submit'")
        assert len(lost) == number
        assert await drawer.get_by_label("And take down").is_disabled()
        console.visitor.excuse("ERR_CONNECTION_RESET")
    await press.click()
    await console.part(".done", has_text="Suspended: Ada; 3 comments taken down").wait_for()
    told = (await house.get("members/ada", MOD)).json()["member"]
    assert len(told["suspensions"]) == 1
    await drawer.locator("p", has_text="Suspended until").wait_for()
    await house.settled(str(await house.log.thread_last(SITE, THREAD)))
    assert {row["id"] for row in await house.rows() if row["status"] == "published"} == {other}
    await console.part(".done .act").click()
    await console.part(".done", has_text="Undone.").wait_for()
    assert {row["id"] for row in await house.rows() if row["status"] == "published"} == {other, *published}
    assert (await house.get("members/ada", MOD)).json()["member"]["suspension"] is None
    await drawer.locator("p", has_text="Free to write.").wait_for()


async def test_desks_read_their_own_threads_and_set_them(visitors: Visitors, gateway: Station, house: House) -> None:
    await house.open_thread("fern-house")
    await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})
    for thread in (THREAD, "fern-house"):
        await house.post(ADA, f"See https://example.org/{thread}.", thread=thread)
    seen = await house.post(ADA, "Nothing to wait for.", thread="fern-house")
    console = await enter(visitors, gateway)
    assert len(await console.texts()) == 2
    await console.part(".place", has_text="About the fern-house").click()
    await console.part(".thread summary").click()
    await console.part(".thread").get_by_label("Labels").fill("plants, green")
    await console.part(".thread").get_by_role("button", name="Save").first.click()
    await console.part(".thread [role=status]", has_text="Changed.").wait_for()
    await console.part(".thread").get_by_role("button", name="Close the discussion").click()
    await console.part(".thread").get_by_role("button", name="Open the discussion").wait_for()
    await console.part(".thread").get_by_label("Text above the field").fill("Closed for the night.")
    await console.part(".thread").get_by_role("button", name="Save").last.click()
    await console.part(".thread [role=status]", has_text="Changed.").wait_for()
    policy = (await house.get("threads/fern-house/policy", None)).json()
    assert policy["banner"] == {"en": "Closed for the night."}
    await house.settled(str(await house.log.thread_last(SITE, "fern-house")), "fern-house")
    page = (await house.get("threads/fern-house", None)).json()["thread"]
    assert (page["labels"], page["status"]) == (["green", "plants"], "closed")

    # One label for all lists, from an item or by its name.
    await console.part(".place", has_text="All").first.click()
    await console.part(".rail .only input").fill("plants")
    await console.part(".rail .only input").press("Enter")
    await console.part(".slip.here .said", has_text="fern-house").wait_for()
    assert len(await console.texts()) == 1
    assert await console.part(".place", has_text="Waiting").locator(".n").inner_text() == "1"
    await go(console, "All comments")
    await console.part(".slip .said", has_text="Nothing to wait for.").wait_for()
    assert len(await console.texts()) == 2
    field = console.part(".filters input")
    await field.fill("noth wait")
    await field.press("Enter")
    await console.part(".slip.here .said", has_text="Nothing to wait for.").wait_for()
    assert len(await console.texts()) == 1
    await console.here.get_by_role("button", name="Pin").click()
    await console.here.get_by_role("button", name="Pin no longer").wait_for()
    await house.settled(str(await house.log.thread_last(SITE, "fern-house")), "fern-house")
    assert (await house.get(at(seen, "fern-house"), None)).json()["comment"]["pinned"] is True
    await console.here.focus()
    await console.press("z")
    await console.part(".done", has_text="Undone.").wait_for()
    await console.part(".rail .only input").fill("")
    await console.part(".rail .only input").press("Enter")


async def test_a_title_that_a_member_gave_is_read_by_staff_and_confirmed(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    changes = {"origins": ["https://kew.example"], "premoderation": "links"}
    assert (await house.ask("PATCH", "policy", ADMIN, changes)).status_code == 200
    first = {"body": "See https://example.org/.", "url": "https://kew.example/fern", "title": "Click <b>here</b>"}
    await settled(house, await house.ask("POST", "threads/fern-house/comments", ADA, first), "fern-house")
    seen = await house.post(BEN, "Nonsense.", thread="fern-house")
    verdict = {"verdict": "reject", "revision": 1, "code": "insult"}
    await settled(house, await house.ask("POST", f"{at(seen, 'fern-house')}/decisions", MOD, verdict), "fern-house")
    console = await enter(visitors, gateway)
    await console.here.locator(".on", has_text="Click <b>here</b>").wait_for()
    await console.part(".place", has_text="Click <b>here</b>").click()
    await console.part("h1", has_text="Click <b>here</b>").wait_for()
    thread = console.part(".thread")
    await thread.locator("summary").click()
    field = thread.get_by_label("Title that a member gave; only staff see it")
    assert await field.input_value() == "Click <b>here</b>"
    # Where only the thread is read, it has that title, too.
    await go(console, "Today")
    await console.part(".slip .on", has_text="Click <b>here</b>").wait_for()
    await go(console, "Waiting")
    await console.here.locator(".on", has_text="Click <b>here</b>").wait_for()
    await console.part(".place", has_text="Click <b>here</b>").click()
    await thread.locator("summary").click()
    await accessible(console.page)
    assert (await house.get("threads/fern-house", None)).json()["thread"]["title"] is None
    await field.fill("The fern house")
    await thread.get_by_role("button", name="Confirm").click()
    await thread.get_by_role("status").filter(has_text="Changed.").wait_for()
    assert await field.count() == 0
    assert await thread.get_by_label("Title", exact=True).input_value() == "The fern house"
    await house.settled(str(await house.log.thread_last(SITE, "fern-house")), "fern-house")
    assert (await house.get("threads/fern-house", None)).json()["thread"]["title"] == "The fern house"


async def test_word_lists_are_kept_and_a_wrong_term_is_named_by_its_line(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    console = await enter(visitors, gateway, CHIEF, waits=False)
    await go(console, "Word lists")
    await console.part(".begin input").fill("insults")
    await console.part(".begin").get_by_role("button").click()
    terms = console.part(".terms")
    await terms.fill("fool\n\n \u2060 \u2060 \nbad word\nFOOL")
    await terms.fill("fool\n\n***\nbad word\nfool")
    await console.part(".terms-of").get_by_role("button", name="Save").click()
    wrong = console.part(".terms-of .problem", has_text="Line 3, “***”")
    await wrong.wait_for()
    assert await terms.evaluate("node => node.value.slice(node.selectionStart, node.selectionEnd)") == "***"
    console.visitor.excuse("status of 400")
    await terms.press("Delete")
    await console.part(".terms-of").get_by_role("button", name="Save").click()
    await console.part(".terms-of [role=status]", has_text="2 terms").wait_for()
    assert await terms.input_value() == "fool\nbad word"
    # Somebody else puts the list meanwhile.
    assert (await house.ask("PUT", "lists/insults", ADMIN, {"terms": ["dolt"]})).status_code == 200
    await terms.fill("fool")
    await console.part(".terms-of").get_by_role("button", name="Save").click()
    await console.part(".problem", has_text="Somebody else changed this list").wait_for()
    assert (await house.get("lists/insults", MOD)).json()["terms"] == ["dolt"]
    await console.part(".terms-of").get_by_role("button", name="Save").click()
    await console.part(".terms-of [role=status]", has_text="1 term").wait_for()
    await console.part(".terms-of").get_by_role("button", name="Delete the list").click()
    await console.part("dialog").get_by_role("button", name="Delete the list").click()
    await console.part(".nothing", has_text="There is no list yet.").wait_for()
    assert (await house.get("lists", MOD)).json()["lists"] == []


async def test_an_admin_sees_what_terms_would_hold_before_they_are_saved(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    assert (await house.ask("PUT", "lists/insults", ADMIN, {"terms": ["dolt"]})).status_code == 200
    rules = [{"kind": "words", "lists": ["insults"]}]
    assert (await house.ask("PATCH", "policy", ADMIN, {"rules": rules})).status_code == 200
    await house.post(ADA, "A <b>knave</b> wrote this.")
    await house.post(ADA, "No knave did.")
    await house.post(BEN, "A dolt wrote this.")
    console = await enter(visitors, gateway, CHIEF)
    await go(console, "Word lists")
    await console.part(".what .act", has_text="insults").click()
    await console.part(".terms").fill("fool\n***")
    press = console.part(".terms-of").get_by_role("button", name="Preview")
    await press.click()
    await console.part(".terms-of .problem", has_text="Line 2, “***”").wait_for()
    console.visitor.excuse("status of 400")
    await console.part(".terms").fill("fool\nknave")
    await press.click()
    said = console.part(".preview [role=status]", has_text="Would hold 2, no longer hold 1 of 3 texts")
    await said.wait_for()
    shown = await console.part(".preview .slip .said").all_inner_texts()
    assert shown == ["A <b>knave</b> wrote this.", "No knave did.", "A dolt wrote this."]
    assert await console.part(".preview mark").all_inner_texts() == ["knave", "knave"]
    await accessible(console.page)
    await console.page.set_viewport_size(PHONE["viewport"])
    await fits(console.page)
    assert (await house.get("lists/insults", MOD)).json()["terms"] == ["dolt"], "nothing was saved"
    await console.part(".terms").fill("fool")
    await said.wait_for(state="detached")


async def test_a_preview_that_one_request_does_not_end_goes_on(
    visitors: Visitors, gateway: Station, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await house.ask("PUT", "lists/insults", ADMIN, {"terms": ["dolt"]})).status_code == 200
    rules = [{"kind": "words", "lists": ["insults"]}]
    assert (await house.ask("PATCH", "policy", ADMIN, {"rules": rules})).status_code == 200
    for number in range(3):
        await house.post(ADA, f"Knave number {number}.")
    monkeypatch.setattr(Rehearser.go_on, "__kwdefaults__", {"most": 2})
    console = await enter(visitors, gateway, CHIEF, waits=False)
    await go(console, "Word lists")
    await console.part(".what .act", has_text="insults").click()
    await console.part(".terms").fill("knave")
    await console.part(".terms-of").get_by_role("button", name="Preview").click()
    said = console.part(".preview [role=status]")
    await said.filter(has_text="Would hold 2, no longer hold 0 of 2 texts").wait_for()
    assert (await said.inner_text()).endswith("More texts follow.")
    press = console.part(".preview").get_by_role("button", name="Go on")
    await press.click()
    await said.filter(has_text="Would hold 3, no longer hold 0 of 3 texts").wait_for()
    assert await press.count() == 0
    assert "More texts follow." not in await said.inner_text()
    shown = await console.part(".preview .slip .said").all_inner_texts()
    assert shown == [f"Knave number {number}." for number in range(3)]
