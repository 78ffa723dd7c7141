"""Writing in the section: posting, what waits, drafts, and requests whose answer is cut off."""

from typing import TYPE_CHECKING

import pytest

from tests.support.following import Station
from tests.support.house import ADA, ADMIN, BEN, MOD, SUBSCRIBER, THREAD, House, Who, at
from tests.web.reading import Articles, ids, shift, texts
from tests.web.visiting import PHONE, Visitors, accessible, fits, publishing
from tests.web.writing import Writer, enter, sign_in, sign_out

if TYPE_CHECKING:
    from playwright.async_api import APIResponse, Route

OTHER_MOD = Who("mia", ("moderator",))


async def overrides(house: House, **policy: object) -> None:
    """Override the policy of the thread."""
    answer = await house.ask("PUT", f"threads/{THREAD}/policy", MOD, policy)
    assert answer.status_code == 200, answer.text


async def test_a_comment_stands_where_it_belongs_at_once_and_is_there_once_when_its_frame_comes(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    first = await house.post(BEN, "There before.")
    reader = await enter(visitors, articles, None)
    writer = await enter(visitors, articles, ADA)
    await writer.write("Written in a browser, with *emphasis*.")
    await writer.part(".row em", has_text="emphasis").wait_for()
    assert await writer.field.input_value() == ""
    mine = (await ids(writer.page))[0]
    assert await writer.focused() == f"comment-{mine}"
    await reader.part(".news").click()
    await reader.row(mine).wait_for()
    answer = await house.ask("PUT", f"{at(mine)}/vote", BEN, {"value": 1})
    await house.settled(answer.json()["position"])
    await writer.row(mine).locator(".for", has_text="For 1").wait_for()  # the frames of both have come
    assert sorted(await ids(writer.page)) == sorted([mine, first])
    assert await writer.part(".news").count() == 0


async def test_a_reply_stands_below_what_it_answers(visitors: Visitors, articles: Articles, house: House) -> None:
    parent = await house.post(BEN, "A question.")
    writer = await enter(visitors, articles, ADA)
    reply = writer.row(parent).locator(".reply")
    assert await reply.get_attribute("aria-label") == "Reply to Ben"
    await reply.click()
    field = writer.part("li .write textarea")
    await field.fill("An answer.")
    await field.press("Control+Enter")
    await writer.part(f'li[data-key="{parent}"] li .text', has_text="An answer.").wait_for()
    assert await writer.part("li .write").count() == 0
    assert "in reply to Ben" in (await texts(writer.page, "li li .who"))[0]


async def test_what_waits_is_seen_by_its_author_alone_with_why_until_it_is_published(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    await overrides(house, premoderation="links")
    bodies: list[bytes] = []
    reader = await enter(visitors, articles, BEN)

    async def hear(route: "Route") -> None:
        answer = await route.fetch()
        bodies.append(await answer.body())
        await route.fulfill(response=answer)

    await reader.page.route(f"**/threads/{THREAD}?*", hear)
    writer = await enter(visitors, articles, ADA)
    await writer.write("See https://example.org/vermilion for it.")
    own = writer.part(".own.pending")
    await own.locator(".why", has_text="Comments with a link are read first.").wait_for()
    assert "Until then only you see this." in await own.inner_text()
    assert "https://example.org/vermilion" in await own.inner_text()
    await reader.part(".sorts input[value=oldest]").check()
    await reader.part(".rows:not([aria-busy])").wait_for(state="attached")
    assert bodies
    assert b"vermilion" not in b"".join(bodies)
    queue = (await house.get("moderation/queue?state=pending", MOD)).json()["items"]
    await house.decide(queue[0]["comment"]["id"], "approve")
    await writer.row(queue[0]["comment"]["id"]).wait_for()
    assert await own.count() == 0
    assert await writer.part(".news").count() == 0


async def test_an_author_reads_by_what_a_text_is_held_in_the_words_of_the_rule_or_in_ours(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    told = {"en": "We read what names the palm house first."}
    rules = [
        {"kind": "words", "lists": ["rude"], "action": "reject"},
        {"kind": "words", "lists": ["plants"], "tells": told},
        {"kind": "length", "over": 40},
    ]
    for name, term in (("rude", "fool"), ("plants", "palm")):
        assert (await house.ask("PUT", f"lists/{name}", ADMIN, {"terms": [term]})).status_code == 200
    assert (await house.ask("PATCH", "policy", ADMIN, {"rules": rules})).status_code == 200
    writer = await enter(visitors, articles, ADA)
    for text, kind, why in (
        ("The palm is dying.", "pending", "We read what names the palm house first."),
        ("It is a long story, and it began in the spring.", "pending", "Very short and very long comments are read"),
        ("You fool.", "rejected", "A rule of the publication takes no texts like this."),
    ):
        await writer.write(text)
        await writer.part(f".own.{kind}", has_text=text).locator(".why", has_text=why).wait_for()


async def test_what_was_not_published_says_why_and_can_be_edited_and_sent_again(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    gone = await house.post(ADA, "An insult.")
    await house.decide(gone, "reject", reason="Argue with what she says.", note="for staff only")
    answer = await house.get(f"threads/{THREAD}/me", ADA)
    await house.settled((await house.decide(gone, "reject", reason="Argue with what she says.")).json()["position"])
    assert "for staff only" not in answer.text
    writer = await enter(visitors, articles, ADA)
    own = writer.part(".own.rejected")
    await own.wait_for()
    assert "Argue with what she says." in await own.inner_text()
    await own.get_by_role("button", name="Edit and send again").click()
    field = writer.part(".rows .write textarea")
    assert await field.input_value() == "An insult."
    await field.fill("An argument.")
    await field.press("Control+Enter")
    await writer.part(".own.pending .text", has_text="An argument.").wait_for()


async def test_an_edit_that_waits_stands_below_the_text_that_readers_see(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    mine = await house.post(ADA, "The text before.")
    await overrides(house, premoderation="links")
    writer = await enter(visitors, articles, ADA)
    await writer.row(mine).locator(".can.edit").click()
    field = writer.part(".rows .write textarea")
    await field.fill("The text after, https://example.org/x")
    await field.press("Control+Enter")
    await writer.part(".waiting-edit .text", has_text="The text after").wait_for()
    assert await writer.row(mine).locator(".text").first.inner_text() == "The text before."
    assert "Your edit waits for a moderator." in await writer.part(".waiting-edit").inner_text()
    await writer.row(mine).locator(".withdraw").first.click()
    await writer.part("dialog[open]").get_by_role("button", name="Withdraw").click()
    await writer.part("li > .own.withdrawn").wait_for()
    assert await writer.part(".waiting-edit").count() == 0
    await accessible(writer.page)


async def test_a_draft_is_back_after_a_reload_a_crash_and_an_order_with_its_caret(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    parent = await house.post(BEN, "A question.")
    writer = await enter(visitors, articles, ADA)
    await writer.field.fill("Not sent yet, not finished")
    await writer.field.press("ArrowLeft")
    await writer.row(parent).locator(".reply").click()
    await writer.part("li .write textarea").fill("Nor is this")
    await writer.part(".sorts input[value=oldest]").check()
    await writer.part(".rows:not([aria-busy])").wait_for(state="attached")
    assert await writer.field.input_value() == "Not sent yet, not finished"
    await writer.page.reload()
    await writer.field.wait_for()
    assert await writer.field.input_value() == "Not sent yet, not finished"
    assert await writer.part("li .write textarea").input_value() == "Nor is this"
    assert await writer.field.evaluate("(area) => area.selectionStart") == len("Not sent yet, not finished") - 1
    assert "Your draft from" in await writer.part(".writing .found").inner_text()
    await writer.part(".writing .found button").click()
    assert await writer.field.input_value() == ""


async def test_a_post_whose_answer_is_cut_off_is_posted_once(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    writer = await enter(visitors, articles, ADA)
    cut: list[APIResponse] = []

    async def once(route: "Route") -> None:
        if route.request.method == "POST" and not cut:
            cut.append(await route.fetch())  # the gateway has it, and the browser learns nothing of it
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await writer.page.route(f"**/threads/{THREAD}/comments", once)
    await writer.write("Said once.")
    bad = writer.part(".writing .bad", has_text="Not posted yet.")
    await bad.wait_for()
    assert "posting again will not post it twice" in await bad.inner_text()
    await writer.page.reload()  # the key is kept with the draft
    await writer.field.wait_for()
    assert await writer.field.input_value() == "Said once."
    await writer.part(".writing .do").click()
    await writer.part(".rows .text", has_text="Said once.").wait_for()
    writer.visitor.excuse("ERR_CONNECTION_RESET")
    assert cut[0].status == 201
    assert [row["body"] for row in await house.rows()] == ["Said once."]


async def test_too_many_at_once_says_when_to_try_again(visitors: Visitors, articles: Articles) -> None:
    writer = await enter(visitors, articles, ADA)

    async def refuse(route: "Route") -> None:
        headers = {
            "retry-after": "24",
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "Retry-After",
        }
        if route.request.method == "POST":
            await route.fulfill(status=429, headers=headers, json={"type": "/problems/too-many-requests"})
        else:
            await route.continue_()

    await writer.page.route(f"**/threads/{THREAD}/comments", refuse)
    await writer.write("One more.")
    await writer.part(".writing .bad", has_text="You can post again in 24 seconds.").wait_for()
    button = writer.part(".writing .do")
    assert await button.get_attribute("aria-disabled") == "true"
    assert await writer.field.input_value() == "One more."
    writer.visitor.excuse("429")


async def test_a_sign_in_that_has_run_out_keeps_the_text_also_for_a_tab_that_comes_back_signed_in(
    visitors: Visitors, articles: Articles
) -> None:
    articles.publisher.put("/signin", "<h1>Sign in</h1>")
    sign_in(articles, ADA)
    sign_out(articles, ADA)
    writer = await enter(visitors, articles, None, attributes={"token-url": "/token/ada", "signin": "/signin"})
    assert "Sign in when you post." in await writer.part(".writing .hint").inner_text()
    await writer.field.fill("Worth signing in for.")
    article = writer.page.url
    async with writer.page.expect_navigation(url="**/signin"):
        await writer.field.press("Control+Enter")
    sign_in(articles, ADA)
    other = await writer.visitor.open(article)  # a mailed link opens another tab
    again = Writer(other, writer.visitor)
    await again.field.wait_for()
    assert await again.field.input_value() == "Worth signing in for."
    assert await other.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft'))") == []
    await again.field.press("Control+Enter")
    await again.part(".rows .text", has_text="Worth signing in for.").wait_for()


async def test_no_token_is_in_storage_address_or_attribute(visitors: Visitors, articles: Articles) -> None:
    writer = await enter(visitors, articles, ADA)
    await writer.write("Something.")
    await writer.part(".rows .text", has_text="Something.").wait_for()
    kept = await writer.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie, "
        "document.documentElement.outerHTML, section().innerHTML])"
    )
    assert "eyJ" not in kept
    assert all("eyJ" not in url for url in writer.visitor.requests)


async def test_who_is_not_entitled_gets_the_offer_and_who_is_signed_out_the_condition_before_the_field(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    await overrides(house, comment="entitled")
    told = "window.told = []; addEventListener('hansard:subscribe', (event) => { told.push(event.detail.needs); });"
    reader = await enter(visitors, articles, BEN, attributes={"script": told})
    assert "Only subscribers can comment." in await reader.part(".offer").inner_text()
    assert await reader.field.count() == 0
    await reader.part(".offer .do").click()
    assert await reader.page.evaluate("told") == ["subscriber"]
    nobody = await enter(visitors, articles, None)
    condition = nobody.part(".cond")
    assert "Only subscribers can comment." in await condition.inner_text()
    described = str(await nobody.field.get_attribute("aria-describedby")).split()
    assert await condition.get_attribute("id") in described
    assert await (await enter(visitors, articles, SUBSCRIBER)).field.count() == 1


async def test_a_suspended_member_is_told_until_when_and_why_appeals_and_reads_the_outcome(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    body = {"until": "2044-10-19T00:00:00.000Z", "reason": "Third time this month."}
    assert (await house.ask("PUT", "members/ada/suspension", MOD, body)).status_code == 200
    writer = await enter(visitors, articles, ADA)
    said = await writer.part(".bad-note").inner_text()
    assert "You cannot write here until 19 October 2044." in said
    assert "Third time this month." in said
    assert await writer.field.count() == 0
    note = writer.part(".bad-note")
    await note.get_by_text("You can appeal until").wait_for()
    await note.get_by_role("button", name="Appeal").click()
    dialog = writer.part("dialog[open]")
    await dialog.locator("textarea").fill("It was irony.")
    await dialog.get_by_role("button", name="Appeal").click()
    await note.get_by_text("You appealed. Another moderator reads it.").wait_for()
    assert await note.get_by_role("button", name="Appeal").count() == 0
    await accessible(writer.page)
    waits = (await house.get("moderation/queue?state=appeal", MOD)).json()["items"]
    assert [item["appeal"]["text"] for item in waits] == ["It was irony."]
    verdict = {"verdict": "uphold", "reason": "It was none."}
    path = "members/ada/suspension/appeal/decision"
    assert (await house.ask("PUT", path, OTHER_MOD, verdict)).status_code == 200
    again = await enter(visitors, articles, ADA)
    line = again.part(".bad-note p", has_text="Another moderator upheld the decision.")
    await line.wait_for()
    assert "It was none." in await line.inner_text()


async def test_a_warned_member_reads_why_and_writes_on_once_it_is_acknowledged(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    assert (await house.ask("POST", "members/ada/warnings", MOD, {"reason": "No insults."})).status_code == 201
    writer = await enter(visitors, articles, ADA)
    note = writer.part(".bad-note", has_text="No insults.")
    await note.wait_for()
    assert await writer.field.count() == 0
    await accessible(writer.page)
    await note.locator("button").click()
    await writer.field.wait_for()
    await writer.write("I am sorry.")
    await writer.part(".rows .text", has_text="I am sorry.").wait_for()


async def test_a_closed_discussion_has_no_field_and_one_that_is_closed_meanwhile_keeps_the_text(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    writer = await enter(visitors, articles, ADA)
    await writer.field.fill("Too late.")
    answer = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "closed"})
    await house.settled(answer.json()["position"])
    await writer.part(".say", has_text="closed").wait_for()
    await writer.field.press("Control+Enter")
    await writer.part(".writing .bad", has_text="This discussion is closed.").wait_for()
    assert await writer.field.input_value() == "Too late."
    writer.visitor.excuse("409")
    again = await enter(visitors, articles, BEN)
    assert await again.field.count() == 0


async def test_a_first_comment_opens_its_thread_with_the_canonical_address_and_the_title(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    async with publishing(gateway.url) as publisher:
        articles = Articles(publisher, gateway, thread="fern-house")
        answer = await house.ask("PATCH", "policy", Who("adi", ("admin",)), {"origins": [publisher.url]})
        assert answer.status_code == 200, answer.text
        link = f"{{rel: 'canonical', href: '{publisher.url}/fern'}}"
        canonical = f"document.head.append(Object.assign(document.createElement('link'), {link}));"
        writer = await enter(visitors, articles, ADA, served=False, attributes={"script": canonical})
        await writer.part(".say", has_text="No comments yet.").wait_for()
        await writer.write("The first word.")
        await writer.part(".rows .text", has_text="The first word.").wait_for()
        (thread,) = (await house.get("threads?opened_by=member", MOD)).json()["threads"]
        assert (thread["url"], thread["unverified_title"]) == (f"{publisher.url}/fern", "The palm house")
        await house.settled(thread["position"], "fern-house")
        later = await house.post(BEN, "The second word.", thread="fern-house")
        await writer.part(".news").click()
        await writer.row(later).wait_for()
        writer.visitor.excuse("404")


async def test_esc_asks_where_something_is_written(visitors: Visitors, articles: Articles, house: House) -> None:
    parent = await house.post(BEN, "A question.")
    writer = await enter(visitors, articles, ADA)
    await writer.row(parent).locator(".reply").click()
    field = writer.part("li .write textarea")
    await field.fill("Half a thought")
    await field.press("Escape")
    await writer.part("li .more-acts", has_text="Discard what you wrote?").wait_for()
    await writer.part("li .more-acts button", has_text="Keep writing").click()
    assert await field.input_value() == "Half a thought"
    await field.press("Escape")
    await writer.part("li .more-acts button", has_text="Discard").last.click()
    assert await field.count() == 0
    assert await writer.page.evaluate("section().activeElement.className") == "act can reply"


async def test_characters_are_counted_near_the_limit(visitors: Visitors, articles: Articles) -> None:
    writer = await enter(visitors, articles, ADA)
    await writer.field.fill("x" * 4700)
    await writer.part(".count", has_text="300 characters left").wait_for()
    await writer.field.fill("🚂" * 5001)
    await writer.part(".count", has_text="1 character too many").wait_for()
    assert await writer.field.get_attribute("aria-invalid") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_writing_is_accessible_fits_and_moves_nothing(
    visitors: Visitors, articles: Articles, house: House, scheme: str, phone: bool
) -> None:
    parent = await house.post(BEN, "A question.")
    await overrides(house, premoderation="links")
    pending = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "https://example.org/"})
    assert pending.json()["comment"]["status"] == "pending"
    gone = await house.post(ADA, "An insult.")
    await house.settled((await house.decide(gone, "reject", reason="Off topic.")).json()["position"])
    writer = await enter(visitors, articles, ADA, color_scheme=scheme, **(PHONE if phone else {}))
    await writer.part(".own.rejected").wait_for()
    await writer.row(parent).locator(".reply").click()
    await writer.part("li .write textarea").fill("Half a thought")
    await accessible(writer.page)
    await fits(writer.page)
    await writer.row(parent).locator(".menu").click()
    await writer.part(".menu button", has_text="Report").wait_for()
    await accessible(writer.page)
    await writer.part(".menu button", has_text="Report").click()
    await writer.part("dialog[open]").wait_for()
    await accessible(writer.page)


async def test_a_field_that_comes_moves_nothing(visitors: Visitors, articles: Articles, house: House) -> None:
    for number in range(3):
        await house.post(BEN, f"Number {number}.")
    writer = await enter(visitors, articles, ADA)
    await writer.part(".can.reply").first.wait_for()
    assert await shift(writer.page) == 0
