"""The audit room's strip and record: shapes, columns, table, range, sentences, filters and search."""

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from core.caller import Caller
from core.events.comment_events import CommentPosted, CommentRejected
from core.events.event import Event
from core.events.vote_events import VoteCast
from tests.support.following import Station
from tests.support.house import ADA, AUDITOR, BEN, MOD, House, at
from tests.web.auditing import EVENTS, REJECTED, Room, documents, enter, enter_sample, long_thread, replayed, write
from tests.web.reading import until
from tests.web.visiting import Visitors
from workers.importers import sample as sample_of

if TYPE_CHECKING:
    from playwright.async_api import Locator

LONG = 100_000


@pytest.fixture
async def room(visitors: Visitors, sample: Station) -> Room:
    """The room of the sample as an auditor has it, at the moment of a rejection."""
    found = await enter_sample(visitors, sample, "auditor")
    await found.press("Home", *["PageUp"] * 3, *["ArrowRight"] * 7)
    await found.stands(REJECTED)
    return found


SHAPES = """
(strip) => Object.fromEntries([...strip.querySelectorAll("path.mark")].map((path) =>
  [path.getAttribute("class"), path.getAttribute("d").split("M").length - 1]))
"""
CONTRAST = """
(strip) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(strip.closest(".audit")).backgroundColor);
  return Math.min(...[...strip.querySelectorAll("path, rect.gap")].map((one) => {
    const stroke = light(getComputedStyle(one).stroke);
    return (Math.max(stroke, paper) + 0.05) / (Math.min(stroke, paper) + 0.05);
  }));
}
"""
HOLLOW = """
(strip) => {
  const of = (kind) => [...strip.querySelectorAll(kind)].map((one) => getComputedStyle(one));
  const paper = getComputedStyle(strip.closest(".audit")).backgroundColor;
  return {
    faint: of("path").filter((style) => style.opacity !== "1").length,
    dashed: of(".stem.yet").every((style) => style.strokeDasharray !== "none"),
    solid: of(".stem:not(.yet)").every((style) => style.strokeDasharray === "none"),
    hollow: of(".full.yet").every((style) => style.fill === paper),
    full: of(".full:not(.yet)").every((style) => style.fill !== paper),
  };
}
"""


async def test_every_event_has_the_shape_of_its_kind_and_what_comes_later_is_hollow(room: Room, fresh: str) -> None:
    await room.part(".legend", has_text="approved").wait_for()
    shapes = await room.part(".strip").evaluate(SHAPES)
    stems = {name: number for name, number in shapes.items() if "stem" in name}
    assert sum(stems.values()) == EVENTS
    assert sum(number for name, number in stems.items() if "yet" not in name) == REJECTED
    kinds: Counter[str] = Counter()
    for name, number in stems.items():
        kinds[name.split()[1]] += number
    types = Counter(event["type"] for event in documents(await replayed_of(fresh)))
    assert kinds == {
        "open": types["thread.opened"] + types["anchor.opened"],
        "post": types["comment.posted"],
        "edit": types["comment.edited"] + types["comment.featured"],
        "rep": types["report.filed"],
        "out": types["comment.rejected"],
        "in": types["comment.approved"],
        "hold": types["comment.held"],
        "vote": types["vote.cast"] + types["vote.retracted"],
    }
    assert await room.part(".strip").evaluate(HOLLOW) == {
        "faint": 0,
        "dashed": True,
        "solid": True,
        "hollow": True,
        "full": True,
    }
    assert await room.part(".hours .night").all_inner_texts() == ["9 h"]
    assert await room.part("svg.strip").count() == 1


async def test_every_stroke_of_the_strip_stands_out(visitors: Visitors, sample: Station) -> None:
    room = await enter_sample(visitors, sample, "auditor")
    await room.part(".legend", has_text="approved").wait_for()
    for scheme in ("light", "dark"):
        await room.page.emulate_media(color_scheme=scheme)
        assert await room.part(".strip").evaluate(CONTRAST) >= 3, scheme


async def test_the_table_says_what_the_strip_shows_and_leads_to_each_event(room: Room, fresh: str) -> None:
    await room.part("summary", has_text="Key and table").click()
    rows = room.part("tbody tr:not(.gap)")
    await rows.first.wait_for()
    assert await rows.count() == EVENTS
    cells = [cell.split("\t") for cell in await rows.all_inner_texts()]
    assert [cell[0] for cell in cells] == [str(number) for number in range(1, EVENTS + 1)]
    events = documents(await replayed_of(fresh))
    assert [cell[1][-12:-4] for cell in cells] == [event["occurred_at"][11:19] for event in events]
    assert all(cell[1].endswith(" UTC") for cell in cells)
    words = Counter(cell[2] for cell in cells)
    assert words["reported"] == 1
    assert words["vote"] == sum(event["type"].startswith("vote.") for event in events)
    assert await room.part("tr.gap").all_inner_texts() == ["9 h without an event"]
    await rows.nth(4).locator("button").click()
    await room.stands(5)


async def test_a_range_is_picked_by_keys_and_by_buttons_and_the_record_keeps_to_it(room: Room) -> None:
    await room.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    await room.part(".ranged", has_text="Events 38 to 41").wait_for()
    await room.stands(41)
    assert await room.part(".trail details").count() == 4
    assert await room.part(".strip .range").count() == 1
    await room.part("button", has_text="Show the whole discussion").click()
    assert await room.part(".ranged").inner_text() == ""
    await room.part(".trail details").nth(EVENTS - 1).wait_for(state="attached")
    await room.part("summary", has_text="Key and table").click()
    await room.part("button", has_text="To this event").click()
    await room.part(".ranged", has_text="Events 1 to 41").wait_for()
    await room.press("ArrowLeft")
    await room.stands(40)
    await room.part("button", has_text="From this event").click()
    await room.part(".ranged", has_text="Events 40 to 41").wait_for()


async def test_the_record_is_a_sentence_for_each_event_and_facts_when_it_is_opened(room: Room, fresh: str) -> None:
    sentences = await room.sentences()
    assert len(sentences) == EVENTS
    assert sentences[REJECTED - 1] == "wilma, moderator rejected Gus T.’s comment"
    assert sentences[:5] == [
        "wilma, moderator opened the discussion",
        "wilma, moderator asked a question about a passage",
        "Ilse Marchetti wrote a comment",
        "A vote for Ilse Marchetti’s comment, version 1",
        "Piet Vanhoutte replied to Ilse Marchetti",
    ]
    days = await room.part(".trail .day").all_text_contents()
    assert days == ["Monday, 12 October 2026, times in UTC", "Tuesday, 13 October 2026, times in UTC"]
    now = room.part(".trail [aria-current=true]")
    assert await now.locator("details[open]").count() == 1
    facts = await facts_of(now)
    event = documents(await replayed_of(fresh))[REJECTED - 1]
    assert facts["Position"] == event["position"]
    assert facts["Event"] == "comment.rejected"
    assert facts["Note for staff"] == event["data"]["note"]
    other = room.part(".trail li details").nth(5)
    assert await other.locator("dl").count() == 0
    await other.locator("summary").click()
    await other.locator("dl").wait_for()


async def test_a_text_in_the_record_is_said_to_stand_there_as_it_was_written(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    await house.post(ADA, "Nobody *ever* said `so`.")
    room = await enter(visitors, gateway, AUDITOR)
    now = room.part(".trail .now")
    said = now.locator(".said")
    await said.wait_for()
    assert await said.inner_text() == "Nobody *ever* said `so`."
    assert await now.locator(".source").inner_text() == (
        "As written, with its marks. The page then shows it as readers saw it."
    )
    # The page then has what readers saw, in one line, too.
    assert await room.part(".then .hit em").inner_text() == "ever"
    await house.post(BEN, "And *now*?")
    await room.page.reload()
    await room.stands(3, 3)
    assert await room.part(".then .clip").inner_text() == "Nobody ever said so."
    await room.part(".check-line.ok").wait_for()


async def test_the_current_event_is_kept_in_view_and_the_window_is_not_moved(room: Room) -> None:
    for key in ("Home", "End", "PageDown"):
        await room.press(key)
        await until(room.page, VISIBLE)
    assert await room.page.evaluate("scrollY") == 0


VISIBLE = """
(() => {
  const trail = document.querySelector("hansard-audit").shadowRoot.querySelector(".trail");
  const [box, now] = [trail, trail.querySelector(".now")].map((one) => one?.getBoundingClientRect());
  return now && now.top >= box.top && Math.min(now.bottom, now.top + 40) <= box.bottom;
})()
"""


SHOWN = """
(() => {
  const node = document.querySelector("hansard-audit").shadowRoot.querySelector(arg);
  const [box, outer] = [node, node.closest(".trail")].map((one) => one.getBoundingClientRect());
  return box.top >= outer.top && box.bottom <= outer.bottom;
})()
"""


async def test_the_record_is_filtered_by_kind_and_by_person(room: Room, fresh: str) -> None:
    events = documents(await replayed_of(fresh))
    for name, begins in (("Texts", ("comment.posted", "comment.edited")), ("Votes", ("vote.",))):
        await room.part(".filters button", has_text=name).click()
        await room.part(f".filters button[aria-pressed=true]:text-is('{name}')").wait_for()
        await counted(room, sum(event["type"].startswith(begins) for event in events))
    await room.part(".filters button", has_text=re.compile("^All$")).click()
    await counted(room, EVENTS)
    show_all = room.part(".filters button", has_text="Show all")
    assert not await show_all.is_visible()
    await room.part(".trail .now button", has_text="Show only what wilma did").click()
    await room.part(".person", has_text="Only what wilma did").wait_for()
    await counted(room, sum(event["actor"]["id"] == "wilma" for event in events))
    for edge in ("0", "box.scrollHeight"):  # it stays where it is seen
        await room.part(".trail").evaluate(f"(box) => box.scrollTo(0, {edge})")
        await until(room.page, SHOWN, ".filters .all")
    await show_all.click()
    await counted(room, EVENTS)
    assert not await show_all.is_visible()
    assert not await room.part(".person").is_visible()
    await room.part("input[type=search]").fill("trombone")
    await room.part(".find button").click()
    await show_all.click()
    await counted(room, EVENTS)
    assert await room.part("input[type=search]").input_value() == ""


async def test_the_record_is_searched_by_name_word_and_comment(room: Room, fresh: str) -> None:
    events = documents(await replayed_of(fresh))

    async def search(words: str, found: int) -> None:
        await room.part("input[type=search]").fill(words)
        await room.part(".find button").click()
        await counted(room, found)

    def having(word: str) -> int:
        return sum(word in str(event["data"]).lower() for event in events)

    await search("kassandra", having("kassandra"))
    assert (await room.sentences())[0] == "kassandra_w wrote a comment"
    await search("nt-09", sum(event.get("comment") == "nt-09" for event in events))
    await search("trombone", having("trombone"))
    await search("nobodysaidthis", 0)
    await room.part("p", has_text="Nothing found so far.").wait_for()
    await search("", EVENTS)


async def test_a_search_never_finds_a_redacted_text_and_the_public_finds_only_what_is_public(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    spoken = await house.post(ADA, "Everybody reads heliotrope.")
    gone = await house.post(BEN, "Nobody reads vermilion.")
    await house.decide(gone, "reject", note="cerulean")
    for who, hits in (
        (MOD, {"heliotrope": 1, "vermilion": 1, "cerulean": 1}),
        (None, {"heliotrope": 1, "vermilion": 0}),
    ):
        room = await enter(visitors, gateway, who)
        for word, number in hits.items():
            await room.part("input[type=search]").fill(word)
            await room.part(".find button").click()
            await counted(room, number)
    redacted = await house.ask("PUT", f"{at(gone)}/revisions/1/redaction", MOD, {"reason": "it names somebody"})
    assert redacted.status_code == 200, redacted.text
    room = await enter(visitors, gateway, AUDITOR)
    await room.part("input[type=search]").fill("vermilion")
    await room.part(".find button").click()
    await counted(room, 0)
    assert spoken != gone


async def test_a_comment_that_is_neither_on_the_page_nor_near_in_the_record_has_its_authors_name(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    zoe, moderator = Caller(id="zoe", name="Zoe"), Caller(id="mo", name="Mo", roles=frozenset({"moderator"}))
    comments: list[tuple[Event, Caller]] = [
        (CommentPosted(comment=name, body="Words.", name="Zoe"), zoe) for name in ("gone", "stays")
    ]
    votes: list[tuple[Event, Caller]] = [
        (VoteCast(comment="stays", value=1), Caller(id=f"v{n}", name="Somebody")) for n in range(250)
    ]
    rejected: tuple[Event, Caller] = (CommentRejected(comment="gone", revision=1), moderator)
    await house.settled(str(await write(house, [*comments, *votes[:-1], rejected, votes[-1]])))
    room = await enter(visitors, gateway, MOD)
    await room.stands(254, 254)
    await room.part(".trail", has_text="mo, moderator rejected Zoe’s comment").wait_for()


async def test_of_a_hundred_thousand_events_only_what_is_shown_is_read(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    last = await long_thread(house, LONG)
    await house.settled(str(last))
    room = await enter(visitors, gateway, AUDITOR)
    await room.stands(LONG, LONG)
    before = [url for url in room.visitor.requests if "/v1/" in url and "/check" not in url]
    assert len(before) <= 4, before
    assert await room.part(".trail details").count() <= 200

    # Columns, whose table counts every event once.
    await room.part(".legend", has_text="each column: about").wait_for()
    await room.part("summary", has_text="Key and table").click()
    await room.part("tbody tr").first.wait_for()
    table: list[list[str]] = [cell.split("\t") for cell in await room.part("tbody tr:not(.gap)").all_inner_texts()]
    numbers = [[int(cell.replace(",", "")) for cell in row[3:]] for row in table]
    assert sum(map(sum, numbers)) == LONG
    assert 20 < len(table) < 200
    shapes = await room.part(".strip").evaluate(SHAPES)
    bars = sum(number for name, number in shapes.items() if name.startswith("mark vote full"))
    assert bars == len(table)

    # Anywhere at once, more by scrolling, and a search whose work is bounded says that it can go on.
    await room.press("Home")
    await room.stands(1, LONG)
    await room.press("PageUp")
    await room.stands(11, LONG)
    events = room.part(".trail details")
    there = await events.count()
    await room.part(".trail").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    await events.nth(there).wait_for(state="attached")
    await room.part("input[type=search]").fill("number 99900")
    await room.part(".find button").click()
    on = room.part("button", has_text="Search on")
    await on.wait_for()
    assert await room.part("p", has_text="Nothing found so far.").count() == 1
    answers = [url for url in room.visitor.requests if "q=number" in url]
    assert len(answers) == 1
    await on.click()
    await on.wait_for()
    await room.visitor.context.close()  # the self-check of so many events need not end


async def counted(room: Room, number: int) -> None:
    """Wait until the record has so many events."""
    entries = "document.querySelector('hansard-audit').shadowRoot.querySelectorAll('.trail details')"
    await until(room.page, f"{entries}.length === arg", number)


async def facts_of(entry: "Locator") -> dict[str, str]:
    """The facts of an opened event, by name."""
    names, values = await entry.locator("dt").all_inner_texts(), await entry.locator("dd").all_inner_texts()
    return dict(zip(names, values, strict=True))


async def replayed_of(url: str) -> bytes:
    """The sample's events, from the command line."""
    return await replayed(url, site=sample_of.SITE, thread=sample_of.THREAD)
