"""The sample discussion as readers get it. The pages beside this file were read and found right; run

    KEEP_PAGES=1 python -m pytest tests/sample

to write them anew after a change that is meant, and read the difference.
"""

import json
import os
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from core.position import Position
from core.times import parse_rfc3339
from projections.read import comments, moderation_queue, overlay, pages, revisions
from projections.read.queries import PageQuery, QueueQuery, RevisionsQuery
from projections.views.viewer import PUBLIC, Viewer
from tests.support import viewing
from tests.workers.importers.conftest import Loaded
from workers.importers.sample import SITE, THREAD, discussion

PAGES = Path(__file__).parent / "pages"

Sort = Literal["newest", "oldest", "top"]

TIMES = {
    "at-08.00": "2026-10-12T08:00:00Z",
    "at-09.30": "2026-10-12T09:30:00Z",
    "at-13.00": "2026-10-12T13:00:00Z",
}


def rows(page: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    waiting = list(page["comments"])
    while waiting:
        row = waiting.pop()
        found[row["id"]] = row
        waiting += row["replies"]["comments"]
    return found


def depth(row: dict[str, Any]) -> int:
    return 1 + max(map(depth, row["replies"]["comments"]), default=-1)


def check(name: str, page: dict[str, Any]) -> None:
    """Compare a page with the one that is kept. Of its position only the sequence number is always the same."""
    page["thread"]["position"] = f"<ms>-{Position.parse(page['thread']['position']).n}"
    text = json.dumps(page, indent=1, ensure_ascii=False) + "\n"
    path = PAGES / f"{name}.json"
    if os.environ.get("KEEP_PAGES"):
        path.write_text(text)
    assert path.read_text() == text


async def page(loaded: Loaded, sort: Sort = "newest") -> dict[str, Any]:
    answer = await pages.page(loaded.served, SITE, THREAD, PageQuery(sort=sort))
    assert answer is not None
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def page_at(loaded: Loaded, time: str, viewer: Viewer = PUBLIC) -> dict[str, Any]:
    answer = await viewing.page_at(
        loaded.served, loaded.log, SITE, THREAD, parse_rfc3339(time), PageQuery(sort="oldest"), viewer
    )
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.mark.parametrize("sort", ["newest", "oldest", "top"])
async def test_the_page_is_the_one_that_was_found_right(loaded: Loaded, sort: Sort) -> None:
    check(sort, await page(loaded, sort))


@pytest.mark.parametrize("name", TIMES)
async def test_the_page_of_then_is_the_one_that_was_found_right(loaded: Loaded, name: str) -> None:
    check(name, await page_at(loaded, TIMES[name]))


async def test_readers_see_fourteen_comments_some_five_replies_deep(loaded: Loaded) -> None:
    found = await page(loaded)
    published = [row for row in rows(found).values() if row["status"] == "published"]
    assert found["thread"]["comments"] == len(published) == 14
    assert len(found["comments"]) == 5
    assert max(map(depth, found["comments"])) == 5


async def test_the_three_orders_differ(loaded: Loaded) -> None:
    orders = {sort: [row["id"] for row in (await page(loaded, sort))["comments"]] for sort in ("newest", "oldest")}
    orders["top"] = [row["id"] for row in (await page(loaded, "top"))["comments"]]
    assert orders == {
        "newest": ["nt-14", "nt-12", "nt-04", "nt-03", "nt-01"],
        "oldest": ["nt-01", "nt-03", "nt-04", "nt-12", "nt-14"],
        # nt-04 and nt-14 have the same score: the older one comes first.
        "top": ["nt-12", "nt-01", "nt-04", "nt-14", "nt-03"],
    }


async def test_two_authors_edited_theirs_one_of_them_twice(loaded: Loaded) -> None:
    edited = {name: row["revision"] for name, row in rows(await page(loaded)).items() if row["edited"]}
    assert edited == {"nt-01": 2, "nt-03": 3}


async def test_a_rejected_comment_is_a_tombstone_above_the_answer_that_stands(loaded: Loaded) -> None:
    tombstone = rows(await page(loaded))["nt-09"]
    assert (tombstone["status"], tombstone["body"], tombstone["author"]) == ("rejected", None, None)
    assert [row["id"] for row in tombstone["replies"]["comments"]] == ["nt-11"]


async def test_a_held_reply_was_for_its_author_alone_until_it_was_approved(site: Loaded) -> None:
    whole = discussion()
    asked = parse_rfc3339(TIMES["at-13.00"])
    until_then = tuple(item for item in whole.items if item.occurred_at <= asked)
    await site.import_source(replace(whole, items=until_then))
    assert "nt-13" not in rows(await page(site))
    assert await comments.row(site.served, SITE, THREAD, "nt-13") is None
    own = await overlay.of_member(site.served, SITE, THREAD, "piet", 0)
    assert own is not None
    (pending,) = own.pending
    assert json.loads(bytes(pending))["id"] == "nt-13"
    await site.import_source(whole)
    assert rows(await page(site))["nt-13"]["status"] == "published"
    assert "nt-13" not in rows(await page_at(site, TIMES["at-13.00"]))


async def test_what_was_removed_since_is_not_told_of_the_time_before(loaded: Loaded) -> None:
    then = "2026-10-12T09:30:00Z"
    assert rows(await page_at(loaded, then))["nt-09"]["body"] is None
    assert rows(await page_at(loaded, then, Viewer(staff=True)))["nt-09"]["body"].startswith("Then move.")


async def test_a_past_page_has_the_texts_and_votes_of_then(loaded: Loaded) -> None:
    before = rows(await page_at(loaded, TIMES["at-08.00"]))["nt-03"]
    after = rows(await page_at(loaded, TIMES["at-09.30"]))["nt-03"]
    assert (before["revision"], after["revision"]) == (1, 2)
    assert "98 euros" in before["body"]
    assert "89 euros" in after["body"]
    assert before["votes"] == {"up": 1, "down": 2, "score": -1}


async def test_the_history_of_an_edited_comment_has_every_text_and_its_votes(loaded: Loaded) -> None:
    answer = await revisions.revisions(
        loaded.served, SITE, THREAD, "nt-03", PUBLIC, "public", RevisionsQuery(diff="words", limit=50)
    )
    assert answer is not None
    first, second, third = json.loads(answer.body)["revisions"]
    assert [one["votes_then"] for one in (first, second, third)] == [
        {"up": 1, "down": 2},
        {"up": 1, "down": 3},
        {"up": 3, "down": 4},
    ]
    assert second["diff"][1:3] == [["-", "98"], ["+", "89"]]
    assert third["reason"] == "Greta and Nadia have moved me, a little."


async def test_a_question_of_the_article_has_its_comments(loaded: Loaded) -> None:
    answer = await comments.anchors(loaded.served, SITE, THREAD)
    assert answer is not None
    (anchor,) = json.loads(answer.body)["anchors"]
    assert (anchor["id"], anchor["comments"], anchor["status"]) == ("the-fare", 2, "open")


async def test_nothing_waits_in_the_queue_any_more(loaded: Loaded) -> None:
    for state in ("pending", "reported"):
        answer = await moderation_queue.queue(loaded.served, SITE, QueueQuery(state=state, limit=50))
        assert json.loads(answer.body)["items"] == []
