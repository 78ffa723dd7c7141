"""What readers do with a row: vote, edit, withdraw, report, and what a moderator does where they read."""

from typing import TYPE_CHECKING

import pytest

from tests.support.house import ADA, BEN, EVE, MOD, THREAD, House, Who, at
from tests.support.legal import waiting_notices
from tests.web.reading import Articles, ids, until
from tests.web.visiting import PHONE, WIDE, Visitors, accessible, fits, withheld
from tests.web.writing import Writer, enter, sign_in

OTHER_MOD = Who("mia", ("moderator",))

if TYPE_CHECKING:
    from playwright.async_api import Request


async def tally(house: House, comment: str) -> dict[str, int]:
    """The votes of a comment."""
    found: dict[str, int] = (await house.get(at(comment))).json()["comment"]["votes"]
    return found


async def test_a_vote_is_pressed_at_once_and_two_presses_are_one_vote(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "Vote on this.")
    writer = await enter(visitors, articles, ADA)
    up, down = writer.row(comment).locator(".for"), writer.row(comment).locator(".against")
    assert await up.inner_text() == "For"
    sent: list[str] = []

    def hear(request: "Request") -> None:
        if request.method == "PUT":
            sent.append(str(request.post_data))

    writer.page.on("request", hear)
    await writer.row(comment).evaluate(
        "(row) => { row.querySelector('.for').click(); row.querySelector('.against').click(); }"
    )
    assert await down.get_attribute("aria-pressed") == "true"
    await writer.row(comment).locator(".against", has_text="Against 1").wait_for()
    assert sent == ['{"value":-1}']
    assert await up.get_attribute("aria-pressed") == "false"
    await down.click()
    await until(writer.page, "row(arg).querySelector('.against').textContent === 'Against'", comment)
    assert await tally(house, comment) == {"up": 0, "down": 0, "score": 0}


async def test_one_cannot_vote_on_ones_own_comment_and_is_told_why(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(ADA, "Mine.")
    writer = await enter(visitors, articles, ADA)
    up = writer.row(comment).locator("button.for")
    assert await up.get_attribute("aria-disabled") == "true"
    assert await up.get_attribute("aria-description") == "You cannot vote on your own comment."
    await up.focus()
    await up.press("Enter")
    assert await tally(house, comment) == {"up": 0, "down": 0, "score": 0}


async def test_a_vote_that_is_refused_is_undone_with_words(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "Vote on this.")
    writer = await enter(visitors, articles, ADA)
    await writer.row(comment).locator("button.for").wait_for()
    answer = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "archived"})
    await house.settled(answer.json()["position"])
    await writer.row(comment).locator("button.for").click()
    await writer.row(comment).locator(".beside", has_text="This discussion is in the archive.").wait_for()
    assert await writer.row(comment).locator("button.for").get_attribute("aria-pressed") == "false"
    writer.visitor.excuse("409")


async def test_own_comments_are_edited_where_they_stand(visitors: Visitors, articles: Articles, house: House) -> None:
    comment = await house.post(ADA, "The first text.")
    writer = await enter(visitors, articles, ADA)
    await writer.row(comment).locator(".can.edit").click()
    field = writer.part(".rows .write textarea")
    await field.fill("The second text.")
    await field.press("Control+Enter")
    await writer.row(comment).locator(".text", has_text="The second text.").wait_for()
    assert "Last edited" in await writer.row(comment).locator(".edited").inner_text()
    await writer.focus_on(f"comment-{comment}")
    assert await writer.part(".rows .write").count() == 0


async def test_a_comment_that_was_edited_in_another_window_is_shown_and_nothing_is_overwritten(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(ADA, "Lovely, but who is it for?")
    writer = await enter(visitors, articles, ADA)
    await writer.row(comment).locator(".can.edit").click()
    field = writer.part(".rows .write textarea")
    await field.fill("Mine.")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "Lovely, but who pays for it?"}, If_Match='"1"')
    await house.settled(answer.json()["position"])
    await field.press("Control+Enter")
    bad = writer.part(".rows .write .bad", has_text="This comment has a newer version.")
    await bad.wait_for()
    assert "pays" in "".join(await bad.locator("ins").all_inner_texts())
    assert await field.input_value() == "Mine."
    await field.press("Control+Enter")
    await writer.row(comment).locator(".text", has_text="Mine.").wait_for()
    assert (await house.get(at(comment))).json()["comment"]["revision"] == 3
    writer.visitor.excuse("412")


async def test_the_time_left_for_an_edit_is_said_by_the_clock_of_the_server(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    answer = await house.ask("PUT", f"threads/{THREAD}/policy", MOD, {"edit_window": 240})
    assert answer.status_code == 200
    comment = await house.post(ADA, "Just now.")
    writer = await enter(visitors, articles, ADA)
    await writer.row(comment).locator(".soon", has_text="4 minutes left").wait_for()


async def test_a_comment_is_withdrawn_and_that_is_undone(visitors: Visitors, articles: Articles, house: House) -> None:
    comment = await house.post(ADA, "Regrets.")
    writer = await enter(visitors, articles, ADA)
    await writer.row(comment).locator(".withdraw").click()
    dialog = writer.part("dialog[open]")
    assert "The record keeps the text" in await dialog.inner_text()
    await dialog.get_by_role("button", name="Withdraw").click()
    await writer.part(".own.withdrawn", has_text="Regrets.").wait_for()
    await writer.row(comment).locator(".text").wait_for(state="detached")
    await writer.part(".withdrawn-line button").click()
    await writer.row(comment).locator(".text").wait_for()
    assert await writer.part(".own").count() == 0
    assert await ids(writer.page) == [comment]


async def test_a_report_has_no_reason_before_one_is_chosen(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "Then move.")
    writer = await enter(visitors, articles, ADA)
    opener = writer.row(comment).locator(".menu")
    await opener.click()
    await writer.part(".menu button", has_text="Report").click()
    dialog = writer.part("dialog[open]")
    assert await dialog.locator("input:checked").count() == 0
    await dialog.get_by_role("button", name="Report").click()
    assert await dialog.count() == 1
    await dialog.locator("label", has_text="It attacks a person").click()
    await dialog.locator("textarea").fill("He throws it away.")
    await dialog.get_by_role("button", name="Report").click()
    await writer.row(comment).locator(".beside", has_text="You will see here what became of it.").wait_for()
    (item,) = (await house.get("moderation/queue?state=reported", MOD)).json()["items"]
    assert [(one["reason"], one["note"]) for one in item["reports"]] == [("insult", "He throws it away.")]
    await writer.focus_on("act can menu")


async def test_a_reason_of_the_law_opens_the_form_for_notices(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "She lives in Elm Street 4.")
    writer = await enter(visitors, articles, ADA)
    await writer.row(comment).locator(".menu").click()
    await writer.part(".menu button", has_text="Report").click()
    dialog = writer.part("dialog[open]")
    await dialog.locator("input[value=private-data]").check()
    async with writer.page.context.expect_page() as opened:
        await dialog.get_by_role("button", name="Report").click()
    form = await opened.value
    await form.locator("textarea").fill("It publishes where she lives.")
    await form.locator("[name=good_faith]").check()
    await form.locator("button").click()
    await form.locator("dd code").wait_for()
    reference = await form.locator("dd code").inner_text()
    (item,) = await waiting_notices(house)
    assert item["notice"]["reference"] == reference
    assert (await house.get("moderation/queue?state=reported", MOD)).json()["items"] == []


async def test_the_menu_is_walked_by_keys_and_closes_with_escape(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "Then move.")
    writer = await enter(visitors, articles, ADA)
    opener = writer.row(comment).locator(".menu")
    await opener.focus()
    await writer.page.keyboard.press("Enter")
    await writer.part(".menu:popover-open").wait_for()
    await writer.page.keyboard.press("ArrowDown")
    assert await writer.page.evaluate("section().activeElement.textContent") == "Report"
    await writer.page.keyboard.press("Escape")
    await writer.focus_on("act can menu")


async def moderating(visitors: Visitors, articles: Articles) -> Writer:
    """The section as a moderator reads it."""
    writer = await enter(visitors, articles, MOD)
    await writer.part(".moderate").wait_for()
    return writer


async def test_a_moderator_rejects_where_they_read_and_undoes_it(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "Then move.")
    reader = await enter(visitors, articles, EVE)
    writer = await moderating(visitors, articles)
    await writer.row(comment).locator(".menu").click()
    await accessible(writer.page)
    await writer.part(".menu button", has_text="Reject …").click()
    dialog = writer.part("dialog[open]")
    await dialog.locator("label", has_text="Off topic").click()
    assert await dialog.locator("textarea").input_value() == "It is not about this article."
    await accessible(writer.page)
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await reader.row(comment).locator(".text").wait_for(state="detached")
    (rejected,) = (await house.get(f"threads/{THREAD}/me", BEN)).json()["rejected"]
    assert rejected["decision"]["reason"] == "It is not about this article."
    await writer.part(".done button", has_text="Undo").click()
    await writer.part(".done", has_text="Undone.").wait_for()
    assert (await house.get(at(comment))).json()["comment"]["status"] == "published"
    assert not [url for url in reader.visitor.requests if "staff" in url]


async def test_a_moderator_picks_pins_closes_and_sets_the_text_above_the_field(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(BEN, "A good one.")
    writer = await moderating(visitors, articles)
    for entry, mark in (("Pick", "pick"), ("Pin", "Pinned by the editors")):
        await writer.row(comment).locator(".menu").click()
        await writer.part(".menu button", has_text=entry).first.click()
        await writer.row(comment).locator(".star", has_text=mark).wait_for()
    await writer.part(".moderate").click()
    await writer.part(".menu button", has_text="Banner …").click()
    await writer.part("dialog textarea").fill("Comments open again at 7:00.")
    await writer.part("dialog").get_by_role("button", name="Save").click()
    await writer.part(".banner", has_text="Comments open again at 7:00.").wait_for()
    reader = await enter(visitors, articles, EVE)
    assert "Comments open again at 7:00." in await reader.part(".banner").inner_text()
    await writer.part(".moderate").click()
    await writer.part(".menu button", has_text="Close the discussion").click()
    await reader.part(".say", has_text="closed").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_menus_and_dialogs_of_moderators_are_accessible_and_fit(
    visitors: Visitors, articles: Articles, house: House, scheme: str, phone: bool
) -> None:
    comment = await house.post(BEN, "Then move.")
    writer = await enter(visitors, articles, MOD, color_scheme=scheme, **(PHONE if phone else {}))
    await writer.part(".moderate").wait_for()
    for opener, entries in (
        (writer.row(comment).locator(".menu"), ("Reject …", "Suspend …")),
        (writer.part(".moderate"), ("Banner …",)),
    ):
        for entry in entries:
            await opener.click()
            await writer.part(".menu button", has_text=entry).wait_for()
            await accessible(writer.page)
            await fits(writer.page)
            await writer.part(".menu button", has_text=entry).click()
            await writer.part("dialog[open]").wait_for()
            await accessible(writer.page)
            await fits(writer.page)
            await writer.page.keyboard.press("Escape")
            await writer.part("dialog[open]").wait_for(state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_the_dialog_of_a_withdrawal_is_accessible_and_fits(
    visitors: Visitors, articles: Articles, house: House, scheme: str, phone: bool
) -> None:
    comment = await house.post(ADA, "Regrets.")
    writer = await enter(visitors, articles, ADA, color_scheme=scheme, **(PHONE if phone else {}))
    await writer.row(comment).locator(".withdraw").click()
    await writer.part("dialog[open]").wait_for()
    await accessible(writer.page)
    await fits(writer.page)
    await writer.part("dialog[open]").get_by_role("button", name="Withdraw").click()
    await writer.part(".own.withdrawn").wait_for()
    await accessible(writer.page)
    await fits(writer.page)


async def test_what_its_author_withdrew_is_an_item_of_the_list_before_the_feed_tells_and_after(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(ADA, "Regrets.")
    visitor = await visitors.arrive(**WIDE)
    feed = await withheld(visitor.context, "**/feed?*")
    writer = Writer(await visitor.open(await articles.served(start="now", **sign_in(articles, ADA))), visitor)
    await writer.row(comment).locator(".withdraw").click()
    await writer.part("dialog[open]").get_by_role("button", name="Withdraw").click()
    own = writer.part(f"#own-{comment}")
    await own.wait_for()
    assert await writer.row(comment).count() == 1
    await accessible(writer.page)
    feed.set()
    await writer.part(f"#comment-{comment}.kept").wait_for()
    assert await own.is_visible()
    await accessible(writer.page)


async def test_an_author_reads_why_a_comment_is_gone_appeals_and_reads_the_outcome(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    comment = await house.post(ADA, "The minister called them fools.")
    answer = await house.decide(comment, "reject", code="insult", reason="Please argue without insults.")
    await house.settled(answer.json()["position"])
    writer = await enter(visitors, articles, ADA)
    own = writer.part(f"#own-{comment}")
    await own.locator(".why", has_text="Please argue without insults.").wait_for()
    await own.locator(".why", has_text="You can appeal until").wait_for()
    await own.get_by_text("The full decision").click()
    facts = await own.locator(".statement dt").all_inner_texts()
    said = dict(zip(facts, await own.locator(".statement dd").all_inner_texts(), strict=True))
    assert list(said) == ["What", "Reason", "Ground", "Decided", "Appeal"]
    assert said["What"].startswith("Your comment of ")
    assert said["Reason"] == "It attacks a person: “Please argue without insults.”"
    assert said["Ground"] == "The rules of the publication"
    assert said["Decided"].startswith("By a moderator, on ")
    assert said["Decided"].endswith("No automatic decision.")
    await own.get_by_role("button", name="Appeal").click()
    dialog = writer.part("dialog[open]")
    await dialog.locator("textarea").fill("I quoted him.")
    await accessible(writer.page)
    await dialog.get_by_role("button", name="Appeal").click()
    await own.locator(".why", has_text="You appealed. Another moderator reads it.").wait_for()
    assert await own.get_by_role("button", name="Appeal").count() == 0
    events = (await house.get(f"{at(comment)}/trail", MOD)).json()["events"]
    assert [event["type"] for event in events][-2:] == ["statement.told", "appeal.filed"]
    path = f"{at(comment)}/appeal/decision"
    upheld = await house.ask("PUT", path, OTHER_MOD, {"verdict": "uphold", "reason": "The words are yours."})
    await house.settled(upheld.json()["position"])
    again = await enter(visitors, articles, ADA)
    line = again.part(f"#own-{comment} .why", has_text="Another moderator upheld the decision.")
    await line.wait_for()
    assert "The words are yours." in await line.inner_text()
