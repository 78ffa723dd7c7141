"""Texts whose words nobody knows, as readers, authors and auditors find them."""

from typing import TYPE_CHECKING

import pytest

from core.caller import Actor
from core.events.comment_events import CommentEdited, CommentPosted, CommentRejected
from core.events.import_events import AuthorReassigned, VotesBrought
from tests.support.bringing import OLD, bring
from tests.support.following import Station
from tests.support.house import AUDITOR, House
from tests.web.auditing import Room, enter
from tests.web.reading import Articles, live
from tests.web.visiting import WIDE, Visitors, accessible

if TYPE_CHECKING:
    from playwright.async_api import Page

SAID = "[The text of this version is not known.]"
WANDA = Actor(id="wp:7")


@pytest.fixture
async def brought(house: House) -> None:
    await bring(house, CommentPosted(comment="wp-1", unknown=True, name="Wanda", origin="1"), by=WANDA)
    await bring(house, CommentPosted(comment="wp-2", unknown=True, name="Wanda", origin="2"), by=WANDA)
    edit = CommentEdited(comment="wp-2", revision=2, body="The words after the edit.")
    await bring(house, edit, by=WANDA, at=OLD + 60_000)
    await bring(house, VotesBrought(comment="wp-2", up=3, down=1))
    await bring(house, AuthorReassigned(comment="wp-2", author="wanda"))


async def is_said(page: "Page") -> None:
    section = page.locator("hansard-comments")
    assert await section.locator("#comment-wp-1 .text").inner_text() == SAID
    assert await section.locator("#comment-wp-2 .text").inner_text() == "The words after the edit."
    votes = await section.locator("#comment-wp-2 .votes").inner_text()
    assert votes.split() == ["For", "3", "Against", "1"]
    await section.locator("#comment-wp-2 .changes").click()
    versions = section.locator(".past li")
    await versions.first.wait_for()
    assert await versions.locator(".said, .gone").all_inner_texts() == ["The words after the edit.", SAID]
    await accessible(page)


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize("made_by", ["the gateway", "the script"])
async def test_a_section_says_that_words_are_not_known(articles: Articles, visitors: Visitors, made_by: str) -> None:
    visitor = await visitors.arrive(**WIDE)
    page = await visitor.open(await articles.served(start="now") if made_by == "the gateway" else articles.bare())
    await page.evaluate("document.querySelector('hansard-comments').scrollIntoView()")
    await live(page)
    await is_said(page)


@pytest.mark.usefixtures("brought")
async def test_the_audit_room_says_it_too_and_what_an_import_brought(gateway: Station, visitors: Visitors) -> None:
    room: Room = await enter(visitors, gateway, AUDITOR)
    await room.press("End")
    await room.stands(6, 6)
    rows = {row["id"]: row for row in await room.rows()}
    assert (rows["wp-1"]["gone"], rows["wp-2"]["text"].strip()) == (SAID, "The words after the edit.")
    said = await room.sentences()
    assert "Votes on Wanda’s comment came with an import, without their voters: 3 for, 1 against" in said
    assert "An import gave Wanda’s comment to another account" in said
    await room.part(".trail details", has_text="Wanda wrote a comment").first.locator("summary").click()
    facts = room.part(".trail details[open]").first
    assert await facts.locator(".gone").inner_text() == SAID
    assert await facts.locator("dt", has_text="Id in the former system").count() == 1


async def test_staff_who_look_behind_a_tombstone_are_not_told_that_a_text_was_redacted(
    house: House, gateway: Station, visitors: Visitors
) -> None:
    await bring(house, CommentPosted(comment="wp-1", unknown=True, name="Wanda"), by=WANDA)
    await bring(house, CommentPosted(comment="wp-2", body="A reply.", name="Otto", parent="wp-1", depth=1), by=WANDA)
    await bring(house, CommentRejected(comment="wp-1", revision=1))
    await bring(house, CommentPosted(comment="wp-3", body="Another.", name="Otto"), by=WANDA)
    edit = CommentEdited(comment="wp-1", revision=2, body="Words that are known.", rule="import")
    await bring(house, edit, by=WANDA, at=OLD + 60_000)
    room = await enter(visitors, gateway, AUDITOR)
    await room.press("End", "ArrowLeft")
    await room.stands(5, 6)
    await room.part("#then-wp-1 .gone", has_text="[Removed.]").wait_for()
    await room.part("#then-wp-1").get_by_role("button").first.click()
    await room.part("#then-wp-1 .gone", has_text=SAID).wait_for()
