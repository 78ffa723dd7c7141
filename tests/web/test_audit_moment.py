"""The audit room: a moment of a thread, walked to by slider, keys and addresses, and the page as it stood then."""

import html
import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.log.redis import RedisLog
from core.partitions import partition_of
from core.position import START, Position
from core.text.render import render
from projections.read.queries import PageQuery
from projections.read.tree import Size, Tree
from projections.thread.state import CommentState, ThreadState
from projections.thread.thread_replay import ThreadReplay
from tests.support.following import Station
from tests.support.house import ADA, BEN, MOD, SITE, THREAD, House
from tests.web.auditing import EVENTS, REJECTED, Room, enter, enter_sample
from tests.web.reading import until
from tests.web.visiting import Visitors
from workers.importers import sample as sample_of

if TYPE_CHECKING:
    from playwright.async_api import Page


@pytest.fixture
async def room(visitors: Visitors, sample: Station) -> Room:
    """The room of the sample as an auditor has it, at the last event."""
    return await enter_sample(visitors, sample, "auditor")


async def test_the_slider_goes_by_keys_and_says_the_event(room: Room) -> None:
    await room.stands(EVENTS)
    for key, number in (
        ("Home", 1),
        ("ArrowRight", 2),
        ("ArrowUp", 3),
        ("ArrowLeft", 2),
        ("PageUp", 12),
        ("PageDown", 2),
        ("ArrowDown", 1),
        ("ArrowDown", 1),
        ("End", EVENTS),
        ("PageUp", EVENTS),
    ):
        await room.press(key)
        await room.stands(number)
    assert await room.slider.get_attribute("aria-label") == "Moment"
    await room.press("Home", *["PageUp"] * 3, *["ArrowRight"] * 7)
    await room.stands(REJECTED)
    assert await room.slider.get_attribute("aria-valuetext") == (
        "Event 38 of 76, 12 October 2026, 10:02:13 UTC: wilma, moderator rejected Gus T.’s comment"
    )


async def test_the_slider_goes_by_pointer_over_time_and_over_events(room: Room) -> None:
    box = await room.slider.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await room.page.mouse.click(*middle)
    await room.part('input[aria-valuetext*="12 October 2026, 15:"]').wait_for(state="attached")
    await room.part("summary", has_text="Key and table").click()
    await room.part("label", has_text="Events").click()
    await room.page.mouse.click(*middle)
    await room.part('input[aria-valuetext^="Event 38"], input[aria-valuetext^="Event 39"]').wait_for(state="attached")


async def test_the_buttons_walk_and_stop_at_the_ends(room: Room) -> None:
    before, after = (
        room.part("button[aria-label='The event before']"),
        room.part("button[aria-label='The event after']"),
    )
    assert await after.get_attribute("aria-disabled") == "true"
    await before.click()
    await room.stands(EVENTS - 1)
    await after.click()
    await room.stands(EVENTS)
    await room.press("Home")
    await room.stands(1)
    assert await before.get_attribute("aria-disabled") == "true"
    await room.part("button", has_text="Next change").click()
    await room.stands(2)
    await room.part("button", has_text="Next change").click()
    await room.stands(3)
    await room.part("button", has_text="Next change").click()
    await room.stands(5)  # the fourth is a vote
    await room.part("button", has_text="Now").click()
    await room.stands(EVENTS)


async def test_the_page_at_each_of_fifty_moments_is_the_fold_of_the_events_up_to_it(
    room: Room, sample: Station
) -> None:
    await room.part("label", has_text="Whole texts").click()
    positions = await positions_of(sample.house.log)
    for number in random.Random(11).sample(range(1, EVENTS + 1), 50):
        await to(room.page, str(positions[number - 1]))
        await room.stands(number)
        replay = ThreadReplay(sample.house.log, sample_of.SITE, sample_of.THREAD)
        state = await replay.at(positions[number - 1])
        # Staff are shown what the event is about, even where readers do not see it.
        rows = [row for row in await room.rows() if not row["hit"] or row["id"] in on_page(state)]
        hit = next((row["id"] for row in rows if row["hit"]), None)
        assert [shown(row) for row in rows] == expected(state, hit), number


async def test_the_row_that_changed_is_whole_and_marked_and_the_others_are_one_line(room: Room) -> None:
    await room.press(*["ArrowLeft"] * (EVENTS - REJECTED))
    await room.stands(REJECTED)
    hits = [row for row in await room.rows() if row["hit"]]
    assert [(row["id"], row["name"]) for row in hits] == [("nt-09", "Gus T.")]
    lines = room.part(".then .clip")
    assert await lines.count() == len(await room.rows()) - 1
    heights = await lines.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert max(heights) < 30
    await room.part("label", has_text="Whole texts").click()
    assert await lines.count() == 0


async def test_an_address_names_the_moment_and_holds_neither_token_nor_text(
    visitors: Visitors, sample: Station
) -> None:
    positions = [str(position) for position in await positions_of(sample.house.log)]
    room = await enter_sample(visitors, sample, "auditor", positions[REJECTED - 1])
    await room.stands(REJECTED)
    await room.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await room.part("button", has_text="Copy a link").click()
    await room.part("button", has_text="Link copied").wait_for()
    link = urlsplit(await room.page.evaluate("navigator.clipboard.readText()"))
    assert link.path == f"/audit/{sample_of.SITE}/{sample_of.THREAD}"
    assert parse_qs(link.query) == {"at": [positions[REJECTED - 1]], "comment": ["nt-09"]}
    answer = await sample.client.get(f"{link.path}?{link.query}")
    assert answer.headers["x-robots-tag"] == "noindex"

    await room.part(".trail li.yet a").first.click()
    await room.stands(REJECTED + 1)
    await room.part("button", has_text="Now").click()
    await room.stands(EVENTS)
    await room.page.go_back()
    await room.stands(REJECTED + 1)
    await room.page.go_back()
    await room.stands(REJECTED)
    await room.page.go_forward()
    await room.stands(REJECTED + 1)
    await room.page.reload()
    await room.stands(REJECTED + 1)


@pytest.mark.parametrize("named", ["banana", "5-5", "9999999999999-1"])
async def test_an_address_of_no_moment_of_the_thread_says_so_and_becomes_that_of_the_last_one(
    visitors: Visitors, sample: Station, named: str
) -> None:
    room = await enter_sample(visitors, sample, "auditor", named)
    await room.stands(EVENTS)
    await room.part(".note", has_text="There is no such moment in this discussion. This is the last one.").wait_for()
    last = str((await positions_of(sample.house.log))[-1])
    await until(room.page, "new URL(location.href).searchParams.get('at') === arg", last)
    await room.press("ArrowLeft")
    await room.stands(EVENTS - 1)
    assert "There is no such moment" not in await room.said()
    room.visitor.excuse("40[04]")


async def test_an_address_of_an_event_that_is_not_shown_says_that_the_one_before_is(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comment = await house.post(ADA, "Here.")
    await house.ask("POST", f"threads/{THREAD}/comments/{comment}/reports", BEN, {"reason": "spam"})
    partition = partition_of(SITE, THREAD, house.log.partitions)
    reported = str((await house.log.read(partition, START, limit=100))[-1].position)
    last = await house.post(ADA, "And later.")
    room = await enter(visitors, gateway, None, reported)
    await room.part(
        ".note", has_text="No event that is shown here has that position. This is the one before"
    ).wait_for()
    assert last not in [row["id"] for row in await room.rows()]


async def test_an_address_of_no_comment_of_the_thread_says_so(visitors: Visitors, sample: Station) -> None:
    at = str((await positions_of(sample.house.log))[REJECTED - 1])
    room = await enter_sample(visitors, sample, "auditor", f"{at}&comment=nowhere")
    await room.stands(REJECTED)
    await room.part(".note", has_text="There is no such comment in this discussion").wait_for()
    await until(room.page, "new URL(location.href).searchParams.get('comment') === 'nt-09'")
    other = await enter_sample(visitors, sample, "auditor", f"{at}&comment=nt-01")
    await other.stands(REJECTED)
    assert "There is no such comment" not in await other.said()
    room.visitor.excuse("404")


async def test_more_comments_than_a_page_has_are_shown_when_they_are_asked_for(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    first = await house.post(ADA, "The first.")
    for number in range(3):
        await house.post(BEN, f"Reply {number}.", parent=first)
    room = await enter(visitors, gateway, MOD)
    await room.part(".then .row").nth(3).wait_for()
    # The page asks for all that one answer holds; of a page that was cut the cursors lead on.
    rows = await room.page.evaluate(CUT)
    assert rows == [4, 4]


CUT = """
async () => {
  const url = document.querySelector("script[src*='audit.js']").src.replace("audit.js", "calls.js");
  const { Calls } = await import(url);
  const { rowsOf } = await import(url.replace("calls.js", "then.js"));
  const calls = new Calls("kew", "palm-house", { token: async () => null, arrive: async () => {} });
  const { position } = await calls.get("/record", { strip: 1 });
  const cut = await calls.get("", { at: position, sort: "oldest", limit: 1, replies: 1, depth: 50 });
  const parent = cut.comments[0];
  while (parent.replies.next) await calls.more(cut, parent, position);
  return [rowsOf(cut).size, rowsOf(await calls.whole(position)).size];
}
"""


async def to(page: "Page", position: str) -> None:
    """Go to a moment by the address."""
    await page.evaluate(
        """(at) => {
          history.pushState(null, "", `${location.pathname}?as=auditor&at=${at}`);
          dispatchEvent(new PopStateEvent("popstate"));
        }""",
        position,
    )


async def positions_of(log: RedisLog) -> list[Position]:
    """The positions of the sample's events, in order."""
    partition = partition_of(sample_of.SITE, sample_of.THREAD, log.partitions)
    entries = await log.read(partition, START, limit=1000)
    assert len(entries) == EVENTS
    return [entry.position for entry in entries]


def shown(row: dict[str, Any]) -> tuple[str, str | None, str | None, str]:
    """A row of the room: id, author, text in one line, and the words about its votes."""
    notes = row["notes"].split(" · ")[-1]
    text = None if row["text"] is None else " ".join(row["text"].split())
    return row["id"], row["name"], text, "" if notes.startswith("version") else notes


def expected(state: ThreadState, hit: str | None) -> list[tuple[str, str | None, str | None, str]]:
    """The same of a fold. What is not published is a tombstone, but for the comment that staff are shown."""
    found = []
    for row in on_page(state).values():
        name, text, votes = row.author.name, words(row), counted(row.up, row.down)
        if row.published:
            found.append((row.id, name, text, votes))
        elif hit == row.id:
            found.append((row.id, name, text, f"when taken down: {row.up} for, {row.down} against"))
        else:
            found.append((row.id, None, None, ""))
    return found


def on_page(state: ThreadState) -> dict[str, CommentState]:
    """The rows of the whole page, oldest first."""
    walk = Tree(state).page(PageQuery(sort="oldest"), None, Size(limit=200, depth=50, width=200))
    return {place.comment.id: place.comment for place in walk.places}


def words(row: CommentState) -> str | None:
    """The text of the standing revision as readers have it, in one line."""
    body = row.texts[row.standing or row.latest].body
    assert body is not None
    return " ".join(re.sub("<[^>]*>", "", html.unescape(render(body))).split())


def counted(up: int, down: int) -> str:
    """The votes of a published comment in words."""
    return ", ".join(part for part in (f"{up} for" * bool(up), f"{down} against" * bool(down)) if part)


async def test_what_cannot_be_read_is_said_and_the_rest_stays(room: Room) -> None:
    failing = "**/night-train?at=*"
    await room.page.route(failing, lambda route: route.abort())
    await room.press("Home")
    await room.part(".status", has_text="This part could not be loaded.").wait_for()
    await room.stands(EVENTS)
    await room.page.unroute(failing)
    await room.press("Home")
    await room.stands(1)
    assert await room.part(".status").inner_text() == ""
    room.visitor.excuse("Failed to")
