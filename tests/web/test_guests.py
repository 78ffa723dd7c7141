"""Guests: readers without an account, who write under a name and are remembered by their tab alone."""

from typing import TYPE_CHECKING

import pytest

from tests.support.house import ADMIN, BEN, SITE, THREAD, House
from tests.web.reading import Articles, ids
from tests.web.visiting import PHONE, Visitors, accessible, fits
from tests.web.writing import Writer, enter

if TYPE_CHECKING:
    from playwright.async_api import Route

NAME = "A reader from Halden"


@pytest.fixture
async def open_to_guests(house: House) -> House:
    """A site that takes guests, with a comment in its thread."""
    answer = await house.ask("PATCH", "policy", ADMIN, {"guests": True, "comment": "anyone"})
    assert answer.status_code == 200, answer.text
    await house.post(BEN, "There before.")
    return house


async def post(writer: Writer, text: str) -> str:
    """Post as a guest; the id of the comment."""
    await writer.part(".writing input[autocomplete=nickname]").fill(NAME)
    await writer.write(text)
    await writer.part(".rows .text", has_text=text).wait_for()
    return (await ids(writer.page))[0]


async def test_a_guest_is_asked_for_a_name_and_told_how_long_they_are_remembered(
    visitors: Visitors, articles: Articles, open_to_guests: House
) -> None:
    writer = await enter(visitors, articles, None)
    name = writer.part(".writing input[autocomplete=nickname]")
    await name.wait_for()
    assert "Write as a guest, or sign in." in await writer.part(".writing").inner_text()
    await writer.write("Without a name.")
    await writer.part(".writing .bad", has_text="Give a name under which your comment is shown.").wait_for()
    assert await name.evaluate("(field) => field === section().activeElement")
    await name.fill(NAME)
    said = f"Shown as: {NAME} (guest). This device remembers you until you close the tab."
    await writer.part(".writing", has_text=said).wait_for()
    await writer.field.press("Control+Enter")
    await writer.part(".rows .text", has_text="Without a name.").wait_for()
    (row, _) = await open_to_guests.rows()
    assert row["author"]["name"] == NAME
    assert row["author"]["id"].startswith("guest:")


async def test_after_a_reload_a_guest_still_edits_and_withdraws_their_own(
    visitors: Visitors, articles: Articles, open_to_guests: House
) -> None:
    writer = await enter(visitors, articles, None, served=False)
    comment = await post(writer, "Said by a guest.")
    await open_to_guests.settled(str(await open_to_guests.log.thread_last(SITE, THREAD)))
    await writer.page.reload()
    await writer.row(comment).locator(".can.edit").click()
    field = writer.part(".rows .write textarea")
    await field.fill("Said otherwise.")
    await field.press("Control+Enter")
    await writer.row(comment).locator(".text", has_text="Said otherwise.").wait_for()
    await writer.row(comment).locator(".withdraw").click()
    await writer.part("dialog[open]").get_by_role("button", name="Withdraw").click()
    await writer.part(".own.withdrawn").wait_for()
    await open_to_guests.settled(str(await open_to_guests.log.thread_last(SITE, THREAD)))
    assert [row["body"] for row in await open_to_guests.rows()] == ["There before."]


async def test_the_token_of_a_guest_is_in_session_storage_alone_and_another_tab_is_another_guest(
    visitors: Visitors, articles: Articles, open_to_guests: House
) -> None:
    writer = await enter(visitors, articles, None)
    await post(writer, "Said by a guest.")
    session, elsewhere = await writer.page.evaluate(
        "[JSON.stringify({...sessionStorage}), JSON.stringify([{...localStorage}, location.href, document.cookie, "
        "document.documentElement.outerHTML, section().innerHTML])]"
    )
    assert session.count("eyJ") > 0
    assert "eyJ" not in elsewhere
    assert all("eyJ" not in url for url in writer.visitor.requests)
    other = Writer(await writer.visitor.open(writer.page.url), writer.visitor)
    await other.part(".writing input[autocomplete=nickname]").wait_for()
    assert await other.page.evaluate("JSON.stringify({...sessionStorage})") == "{}"
    assert await other.part(".can.edit").count() == 0


async def test_where_no_guest_can_be_made_the_text_is_kept(
    visitors: Visitors, articles: Articles, open_to_guests: House
) -> None:
    writer = await enter(visitors, articles, None)

    async def refuse(route: "Route") -> None:
        headers = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
        if route.request.method == "POST":
            problem = {"type": "/problems/too-many-requests"}
            await route.fulfill(status=429, headers={**headers, "retry-after": "9"}, json=problem)
        else:
            await route.continue_()

    await writer.page.route("**/guests", refuse)
    await writer.part(".writing input[autocomplete=nickname]").fill(NAME)
    await writer.write("Kept.")
    await writer.part(".writing .bad", has_text="You can post again in 9 seconds.").wait_for()
    assert await writer.field.input_value() == "Kept."
    await writer.page.unroute("**/guests")
    await writer.field.press("Control+Enter")
    await writer.part(".rows .text", has_text="Kept.").wait_for()
    writer.visitor.excuse("429")


@pytest.mark.parametrize("policy", [{"guests": False, "comment": "anyone"}, {"guests": True, "comment": "member"}])
async def test_where_guests_may_not_write_nobody_is_asked_for_a_name(
    visitors: Visitors, articles: Articles, open_to_guests: House, policy: dict[str, object]
) -> None:
    assert (await open_to_guests.ask("PATCH", "policy", ADMIN, policy)).status_code == 200
    writer = await enter(visitors, articles, None)
    assert "Sign in when you post." in await writer.part(".writing .hint").inner_text()
    assert not [url for url in writer.visitor.requests if url.endswith("/guest.js")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_the_field_of_a_guest_is_accessible_and_fits(
    visitors: Visitors, articles: Articles, open_to_guests: House, scheme: str, phone: bool
) -> None:
    writer = await enter(visitors, articles, None, color_scheme=scheme, **(PHONE if phone else {}))
    await writer.part(".writing input[autocomplete=nickname]").wait_for()
    await writer.write("Without a name.")
    await writer.part(".writing .bad").wait_for()
    await accessible(writer.page)
    await fits(writer.page)
