"""Passages that comments are about: found by quote, prefix and suffix, with nothing put into the article."""

from typing import Any

import pytest

from tests.support.following import Station
from tests.support.house import ADA, BEN, MOD, SITE, THREAD, House
from tests.web.consoles import enter as console_of
from tests.web.consoles import waiting
from tests.web.reading import Articles, ids, until
from tests.web.visiting import PHONE, Visitors, accessible, fits
from tests.web.writing import Writer, enter

STORY = (
    '<article id="story"><p>For nineteen years the platform was a car park. “A <em>berth</em> costs&nbsp;less — '
    "than the taxi.” Nobody believed it.</p><p>The minister spoke for four minutes.</p></article>"
)
QUOTE = {"exact": '"A berth costs less - than the taxi."', "prefix": "a car park.", "suffix": "Nobody"}


async def ask(house: House, anchor: str = "fare", **quote: str) -> None:
    """Open an inline question on a passage."""
    body = {"quote": {**QUOTE, **quote}, "prompt": "At what fare?", "status": "open"}
    answer = await house.ask("PUT", f"threads/{THREAD}/anchors/{anchor}", MOD, body)
    assert answer.status_code in (200, 201), answer.text
    await house.settled(answer.json()["position"])


async def read(visitors: Visitors, articles: Articles, who: Any = None, story: str = STORY, **options: Any) -> Writer:
    """An article with its section, as somebody reads it."""
    attributes = {"before": story, "article": "#story"}
    return await enter(visitors, articles, who, attributes=attributes, **options)


async def marked(writer: Writer) -> list[str]:
    """The texts that are painted as passages."""
    found: list[str] = await writer.page.evaluate(
        "[...(CSS.highlights.get('hansard-passage') ?? [])].map((range) => range.toString())"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_passage_is_found_across_elements_spaces_quotes_and_dashes_and_nothing_is_put_into_the_article(
    visitors: Visitors, articles: Articles, house: House, scheme: str
) -> None:
    await ask(house)
    comment = await house.post(ADA, "Sixty.", anchor="fare")
    await house.post(BEN, "Not about it.")
    writer = await read(visitors, articles, color_scheme=scheme)
    await writer.part(".dot").wait_for()
    assert await marked(writer) == ["“A berth costs\xa0less — than the taxi.”"]
    assert await writer.page.locator("#story").evaluate("(story) => story.outerHTML") == STORY
    assert "1 comment about the passage" in str(await writer.part(".dot").get_attribute("aria-label"))
    about = writer.row(comment).locator(".about")
    assert "A berth costs" in await about.inner_text()
    await about.locator("button").click()
    assert await writer.page.evaluate("section().activeElement.className") == "dot"
    await writer.part(".dot").press("Enter")
    panel = writer.part(".passage-panel")
    await panel.locator(".text", has_text="Sixty.").wait_for()
    assert await panel.locator(".text").count() == 1
    await accessible(writer.page)
    await panel.get_by_role("button", name="Show in the discussion").click()
    await writer.part(".line-of").wait_for()
    assert await ids(writer.page) == [comment]


@pytest.mark.parametrize(
    "story",
    [
        STORY.replace("less", "more"),
        STORY.replace("a car park", "a field"),
        STORY.replace("</article>", STORY.partition(">")[2]),
        "<article>Elsewhere</article>",
    ],
    ids=["other words", "a lookalike elsewhere", "found twice", "no such element"],
)
async def test_a_passage_that_is_not_found_once_is_in_the_list_alone(
    visitors: Visitors, articles: Articles, house: House, story: str
) -> None:
    await ask(house)
    comment = await house.post(ADA, "Sixty.", anchor="fare")
    writer = await read(visitors, articles, story=story)
    await writer.row(comment).locator(".about q" if "story" in story else ".about").wait_for()
    assert await marked(writer) == []
    assert await writer.part(".dot").count() == 0


async def test_a_reader_answers_beside_the_passage(visitors: Visitors, articles: Articles, house: House) -> None:
    await ask(house)
    writer = await read(visitors, articles, ADA)
    await writer.part(".dot").click()
    await writer.part(".passage-panel").get_by_role("button", name="Answer").click()
    field = writer.part(".passage-panel textarea")
    await field.fill("Sixty, with a bicycle.")
    await field.press("Control+Enter")
    await writer.part(".rows .text", has_text="Sixty, with a bicycle.").wait_for()
    (row,) = await house.rows()
    assert row["anchor"] == "fare"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_the_comments_about_a_passage_are_a_sheet(
    visitors: Visitors, articles: Articles, house: House, scheme: str
) -> None:
    await ask(house)
    await house.post(ADA, "Sixty.", anchor="fare")
    writer = await read(visitors, articles, color_scheme=scheme, **PHONE)
    await writer.part(".dot").tap()
    await writer.part(".passage-panel.sheet .text").wait_for()
    await fits(writer.page)
    await accessible(writer.page)
    await writer.page.keyboard.press("Escape")
    assert await writer.page.evaluate("section().activeElement.className") == "dot"


async def test_a_passage_that_an_edit_lost_is_told_by_a_moderators_section_and_by_no_readers(
    visitors: Visitors, articles: Articles, house: House
) -> None:
    await ask(house)
    edited = STORY.replace("less", "much less")
    await read(visitors, articles, ADA, story=edited)
    assert (await house.get("moderation/anchors?found=false", MOD)).json()["anchors"] == []
    writer = await read(visitors, articles, MOD, story=edited)
    answered = "one.name.endsWith('/sighting') && one.responseStatus"
    await until(writer.page, f"performance.getEntriesByType('resource').some((one) => {answered})")
    (lost,) = (await house.get("moderation/anchors?found=false", MOD)).json()["anchors"]
    assert lost["proposal"]["exact"] == "“A berth costs much less — than the taxi.”"
    path = f"threads/{THREAD}/anchors/fare"
    answer = await house.ask("PUT", path, MOD, {"quote": lost["proposal"], "prompt": "At what fare?", "status": "open"})
    await house.settled(answer.json()["position"])
    reader = await read(visitors, articles, BEN, story=edited)
    await reader.part(".dot").wait_for()
    assert (await house.get("moderation/anchors?found=false", MOD)).json()["anchors"] == []


async def lose(house: House, anchor: str, **proposal: str) -> None:
    """Tell that a passage was not found, and what stands in its place."""
    body = {"found": False, **({"proposal": {**QUOTE, **proposal}} if proposal else {})}
    answer = await house.ask("PUT", f"threads/{THREAD}/anchors/{anchor}/sighting", MOD, body)
    assert answer.status_code == 200, answer.text


async def test_the_console_lists_lost_passages_and_one_press_sets_one_anew(
    visitors: Visitors, articles: Articles, gateway: Station, house: House
) -> None:
    for anchor, proposal in (("fare", {"exact": "“A berth costs much less — than the taxi.”"}), ("minutes", {})):
        await ask(house, anchor)
        await lose(house, anchor, **proposal)
    await waiting(house, ADA)
    console = await console_of(visitors, gateway)
    await console.part(".place", has_text="Passages not found").click()
    await console.part(".place[aria-current] .n", has_text="2").wait_for()
    fare = console.part("article.slip", has_text="berth").filter(has=console.page.locator("ins"))
    assert "much " in await fare.locator("ins").all_inner_texts()
    other = console.part("article.slip", has_text="Nothing stands between the words before and after it.")
    assert await other.locator("button").count() == 0
    await accessible(console.page)
    await fare.get_by_role("button", name="Set the passage anew").press("Enter")
    await fare.wait_for(state="detached")
    assert await other.evaluate("(slip) => slip === slip.getRootNode().activeElement")
    await console.part(".place[aria-current] .n", has_text="1").wait_for()
    await house.settled(str(await house.log.thread_last(SITE, THREAD)))
    reader = await read(visitors, articles, BEN, story=STORY.replace("less", "much less"))
    await reader.part(".dot").wait_for()
    (lost,) = (await house.get("moderation/anchors?found=false", MOD)).json()["anchors"]
    assert lost["anchor" if "anchor" in lost else "id"] == "minutes"


async def test_a_passage_that_cannot_be_set_anew_says_so_and_the_last_one_leaves_an_empty_list(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await ask(house)
    await lose(house, "fare", exact="“A berth costs more.”")
    console = await console_of(visitors, gateway, waits=False)
    await console.part(".place", has_text="Passages not found").click()
    button = console.part("article.slip").get_by_role("button", name="Set the passage anew")
    await button.wait_for()
    await console.page.route("**/anchors/fare", lambda route: route.abort())
    await button.press("Enter")
    await console.part(".slip .problem", has_text="Hansard cannot be reached").wait_for()
    await console.page.unroute("**/anchors/fare")
    await button.press("Enter")
    await console.part(".nothing", has_text="Every passage was found").wait_for()
    assert (
        await console.page.evaluate("document.querySelector('hansard-console').shadowRoot.activeElement.localName")
        == "h1"
    )
    console.visitor.excuse("ERR_FAILED")
