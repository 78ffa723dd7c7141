"""The page and its cursors, case by case; the laws are in test_page_laws.py."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.authoring import EditComment, PostComment, WithdrawComment
from core.domain.thread import OpenThread, PutAnchor
from core.domain.vote import CastVote
from projections.read import cursors, members, moderation_queue, pages, revisions, threads
from projections.read.queries import (
    MOST_ROWS,
    BadCursor,
    ListQuery,
    PageQuery,
    QueueQuery,
    RepliesQuery,
    RevisionsQuery,
    ThreadsQuery,
)
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS
from tests.support.viewing import Stage, ids, page_at

ADA, BEN, EVE, DAN = PEOPLE
THREAD = THREADS[0]
STAFF = Viewer("mod", staff=True)


def post(comment: str, parent: str | None = None, *, anchor: str | None = None) -> PostComment:
    return PostComment(comment=comment, body=f"words of {comment}", parent=parent, anchor=anchor)


async def page(there: Stage, query: PageQuery | None = None) -> Any:
    answer = await pages.page(there.served, SITE, THREAD, query or PageQuery())
    assert answer is not None
    return msgspec.json.decode(answer.body)


async def test_a_thread_that_does_not_exist_has_no_page(there: Stage) -> None:
    assert await pages.page(there.served, SITE, "nowhere", PageQuery()) is None
    assert await pages.page(there.served, "nowhere", THREAD, PageQuery()) is None
    assert await pages.replies(there.served, SITE, THREAD, "none", RepliesQuery()) is None


async def test_an_empty_thread_has_an_empty_page(there: Stage) -> None:
    found = await page(there)
    assert found["comments"] == []
    assert found["next"] is None
    assert found["sort"] == "newest"
    of_thread = {"id", "site", "url", "title", "labels", "status", "status_at", "comments", "featured", "pinned"}
    assert set(found["thread"]) == of_thread | {"position"}


async def test_answers_stand_below_what_they_answer_oldest_first_in_every_order(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b"), post("a1", "a"), post("a2", "a"), post("a1x", "a1"), post("c"))
    await there.do(BEN, CastVote(comment="b", value=1), CastVote(comment="a", value=-1))
    below = ["a", [["a1", ["a1x"]], "a2"]]
    assert ids((await page(there))["comments"]) == ["c", "b", below]
    assert ids((await page(there, PageQuery(sort="oldest")))["comments"]) == [below, "b", "c"]
    assert ids((await page(there, PageQuery(sort="top")))["comments"]) == ["b", "c", below]


async def test_levels_below_the_last_one_asked_for_are_counted_and_led_to(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b", "a"), post("c", "b"))
    (row,) = (await page(there, PageQuery(depth=1)))["comments"]
    assert (row["replies"]["count"], row["replies"]["comments"]) == (1, [])
    more = await pages.replies(there.served, SITE, THREAD, "a", RepliesQuery(cursor=row["replies"]["next"], depth=2))
    assert more is not None
    assert ids(msgspec.json.decode(more.body)["comments"]) == [["b", ["c"]]]


async def test_no_answers_at_all_is_a_size_too(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b", "a"))
    (row,) = (await page(there, PageQuery(replies=0)))["comments"]
    assert row["replies"]["count"] == 1
    assert row["replies"]["next"] is not None


async def test_an_anchor_has_its_own_rows_in_every_order(there: Stage) -> None:
    await there.do(MOD, PutAnchor(anchor="q", exact="a passage"), PutAnchor(anchor="q-2", exact="another"))
    await there.do(
        ADA, post("a", anchor="q"), post("x"), post("b", anchor="q"), post("y", anchor="q-2"), post("b1", "b")
    )
    await there.do(BEN, CastVote(comment="b", value=1))
    assert ids((await page(there, PageQuery(anchor="q")))["comments"]) == [["b", ["b1"]], "a"]
    assert ids((await page(there, PageQuery(anchor="q", sort="oldest")))["comments"]) == ["a", ["b", ["b1"]]]
    assert ids((await page(there, PageQuery(anchor="q", sort="top")))["comments"]) == [["b", ["b1"]], "a"]
    assert (await page(there, PageQuery(anchor="none")))["comments"] == []


async def test_a_tombstone_keeps_its_place_and_counts_as_score_0(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b"), post("c"), post("a1", "a"))
    await there.do(BEN, CastVote(comment="a", value=1), CastVote(comment="c", value=-1))
    assert ids((await page(there, PageQuery(sort="top")))["comments"]) == [["a", ["a1"]], "b", "c"]
    await there.do(ADA, WithdrawComment(comment="a"))
    (row, *_) = (await page(there, PageQuery(sort="top")))["comments"]
    assert (row["id"], row["status"], row["author"], row["votes"]) == ("a", "withdrawn", None, None)
    await there.do(BEN, CastVote(comment="b", value=1))
    assert ids((await page(there, PageQuery(sort="top")))["comments"]) == ["b", ["a", ["a1"]], "c"]


async def test_the_tag_changes_when_the_page_does_and_only_then(there: Stage) -> None:
    async def tag() -> str:
        answer = await pages.page(there.served, SITE, THREAD, PageQuery())
        assert answer is not None
        return answer.tag

    await there.do(ADA, post("a"))
    tags = [await tag()]
    await there.do(ADA, post("elsewhere"), thread=THREADS[1])
    assert await tag() == tags[0]
    for caller, command in (
        (BEN, CastVote(comment="a", value=1)),
        (ADA, EditComment(comment="a", revision=1, body="other words")),
        (MOD, OpenThread(url="https://kew.example/2", title="Another title")),
        (ADA, WithdrawComment(comment="a")),
    ):
        await there.do(caller, command)
        tags.append(await tag())
    assert len(set(tags)) == len(tags)


async def test_a_page_never_has_more_than_a_thousand_rows_and_cuts_in_display_order(there: Stage) -> None:
    # Two top-level rows; the older one has more below it than a page may hold, three levels deep.
    await there.do(ADA, post("first"), post("last"))
    inner = [post(f"i{n}", "first") for n in range(60)]
    leaves = [post(f"l{n}-{m}", f"i{n}") for n in range(60) for m in range(20)]
    await there.do(ADA, *inner, *leaves)
    query = PageQuery(sort="oldest", limit=200, depth=50, replies=200)
    found = await page(there, query)

    def flat(rows: list[Any]) -> list[Any]:
        return [one for row in rows for one in (row, *flat(row["replies"]["comments"]))]

    rows = flat(found["comments"])
    assert len(rows) == MOST_ROWS
    order = ["first", *(name for n in range(60) for name in (f"i{n}", *(f"l{n}-{m}" for m in range(20)))), "last"]
    assert [row["id"] for row in rows] == order[:MOST_ROWS]
    cut = [row["id"] for row in rows if row["replies"]["next"] is not None]
    # 999 below `first` are 47 whole inner rows with 20 leaves each, and one that is cut after 11.
    assert cut == ["first", "i47"]
    assert found["next"] is not None
    following = await page(there, replace(query, cursor=found["next"]))
    assert ids(following["comments"]) == ["last"]
    for name, expected in (("first", "i48"), ("i47", "l47-11")):
        cursor = next(row["replies"]["next"] for row in rows if row["id"] == name)
        more = await pages.replies(there.served, SITE, THREAD, name, RepliesQuery(cursor=cursor))
        assert more is not None
        assert msgspec.json.decode(more.body)["comments"][0]["id"] == expected


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "oldest"},
        {"sort": "top"},
        {"anchor": "q"},
        {"limit": 2},
        {"depth": 3},
        {"replies": 3},
    ],
)
async def test_a_cursor_is_good_for_the_parameters_that_gave_it(there: Stage, other: dict[str, Any]) -> None:
    await there.do(ADA, post("a"), post("b"))
    query = PageQuery(limit=1)
    cursor = (await page(there, query))["next"]
    assert ids((await page(there, replace(query, cursor=cursor)))["comments"]) == ["a"]
    with pytest.raises(BadCursor):
        await pages.page(there.served, SITE, THREAD, replace(query, cursor=cursor, **other))
    with pytest.raises(BadCursor):
        await pages.page(there.served, SITE, THREADS[1], replace(query, cursor=cursor))


async def test_a_cursor_is_good_for_the_call_that_it_was_given_for(there: Stage) -> None:
    at = await there.do(ADA, post("a"), post("b", "a"), post("c", "a"), post("d"), post("e", "d"), post("f", "d"))
    query = PageQuery(limit=1, replies=1)
    found = await page(there, query)
    onward, below = found["next"], found["comments"][0]["replies"]["next"]
    past = msgspec.json.decode((await page_at(there.served, there.log, SITE, THREAD, at, query, PUBLIC)).body)
    then, below_then = past["next"], past["comments"][0]["replies"]["next"]
    assert len({onward, below, then, below_then}) == 4
    for cursor in (below, then, below_then):
        with pytest.raises(BadCursor):
            await pages.page(there.served, SITE, THREAD, replace(query, cursor=cursor))
    for cursor in (onward, then, below_then):
        with pytest.raises(BadCursor):
            await pages.replies(there.served, SITE, THREAD, "d", RepliesQuery(cursor=cursor))
    for cursor in (onward, below):
        with pytest.raises(BadCursor):
            await page_at(there.served, there.log, SITE, THREAD, at, replace(query, cursor=cursor), PUBLIC)
    with pytest.raises(BadCursor):
        await pages.replies(there.served, SITE, THREAD, "a", RepliesQuery(cursor=below))
    with pytest.raises(BadCursor):
        await page_at(there.served, there.log, SITE, THREAD, at.ms, replace(query, cursor=then), PUBLIC)


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        ".",
        "a",
        "0",
        "null",
        "-1",
        "é",
        "\0",
        "🙂" * 30,
        "x" * 100_000,
        "' OR 1=1",
        "aaaaaaaaaa.000000000001",
        "{}",
        "\n",
    ],
)
async def test_rubbish_is_no_cursor(there: Stage, rubbish: str) -> None:
    at = await there.do(ADA, post("a"))
    with pytest.raises(BadCursor):
        await pages.page(there.served, SITE, THREAD, PageQuery(cursor=rubbish))
    with pytest.raises(BadCursor):
        await page_at(there.served, there.log, SITE, THREAD, at, PageQuery(cursor=rubbish), PUBLIC)
    with pytest.raises(BadCursor):
        await pages.replies(there.served, SITE, THREAD, "a", RepliesQuery(cursor=rubbish))
    with pytest.raises(BadCursor):
        await revisions.revisions(
            there.served, SITE, THREAD, "a", PUBLIC, "public", RevisionsQuery(limit=1, cursor=rubbish)
        )
    with pytest.raises(BadCursor):
        await moderation_queue.queue(there.served, SITE, QueueQuery(state="pending", limit=1, cursor=rubbish))
    with pytest.raises(BadCursor):
        await threads.threads(there.served, SITE, ThreadsQuery(limit=1, cursor=rubbish))
    with pytest.raises(BadCursor):
        await members.member_comments(there.served, SITE, "ada", STAFF, ListQuery(limit=1, cursor=rubbish))


PLACES = (
    cursors.AGE,
    rf"{cursors.SCORE}\.{cursors.AGE}",
    rf"{cursors.COMMENT}\.{cursors.AGE}",
    rf"{cursors.NUMBER}\.{cursors.NUMBER}\.{cursors.NUMBER}",
    rf"{cursors.NUMBER}\.{cursors.THREAD}",
)


@given(rest=st.text(alphabet=st.characters(codec="utf-8"), max_size=50), form=st.sampled_from(PLACES))
def test_whatever_follows_the_mark_is_a_place_or_refused(rest: str, form: str) -> None:
    mark = cursors.mark("page", "x")
    try:
        place = cursors.read(f"{mark}.{rest}", mark, form)
    except BadCursor:
        return
    assert ".".join(place) == rest
    assert rest.isascii()


@given(
    st.sampled_from(PLACES).flatmap(lambda form: st.tuples(st.just(form), st.from_regex(form, fullmatch=True))),
    st.sampled_from(("", "\n", "0", ".", " ", "٣")),
)
def test_a_place_with_something_behind_it_is_no_place(place: tuple[str, str], behind: str) -> None:
    form, text = place
    mark = cursors.mark("page", "x")
    if not behind:
        assert ".".join(cursors.read(f"{mark}.{text}", mark, form)) == text
    elif re.fullmatch(form, text + behind) is None:
        with pytest.raises(BadCursor):
            cursors.read(f"{mark}.{text}{behind}", mark, form)


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_no_two_scopes_share_a_mark(one: list[str], other: list[str]) -> None:
    assert (cursors.mark(*one) == cursors.mark(*other)) == (one == other)
