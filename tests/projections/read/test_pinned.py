"""The pinned comment and the editors' picks on the page, case by case; the laws are in test_page_laws.py."""

from typing import Any

import msgspec
import pytest

from core.domain.authoring import PostComment, WithdrawComment
from core.domain.moderation import Decide, FeatureComment, PinComment
from core.domain.thread import PutAnchor, SetThreadStatus
from core.domain.vote import CastVote
from projections.read import comments, pages
from projections.read.queries import PageQuery, RepliesQuery, Sort
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS
from tests.support.viewing import Stage, ids, page_at

ADA, BEN, *_ = PEOPLE
THREAD = THREADS[0]
MANY = 20
SORTS: tuple[Sort, ...] = ("newest", "oldest", "top")


def post(comment: str, parent: str | None = None, anchor: str | None = None) -> PostComment:
    return PostComment(comment=comment, body=f"words of {comment}", parent=parent, anchor=anchor)


def pin(comment: str, *, pinned: bool = True) -> PinComment:
    return PinComment(comment=comment, pinned=pinned)


def feature(comment: str) -> FeatureComment:
    return FeatureComment(comment=comment, featured=True)


def decide(comment: str, verdict: Any) -> Decide:
    return Decide(comment=comment, verdict=verdict, revision=1)


async def page(there: Stage, **query: Any) -> Any:
    answer = await pages.page(there.served, SITE, THREAD, PageQuery(**query))
    assert answer is not None
    return msgspec.json.decode(answer.body)


async def listed(there: Stage, **query: Any) -> list[Any]:
    """The ids of all pages, each page checked for its length."""
    found, following = [], None
    while True:
        told = await page(there, **query, cursor=following)
        assert len(told["comments"]) <= query.get("limit", 50)
        found += ids(told["comments"])
        assert len(found) < MANY, "the pages do not end"
        following = told["next"]
        if following is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_the_pinned_comment_comes_first_in_every_order_and_not_a_second_time(there: Stage, limit: int) -> None:
    await there.do(ADA, *map(post, "abcd"), post("b1", "b"))
    await there.do(BEN, CastVote(comment="c", value=1))
    await there.do(MOD, pin("b"))
    below = ["b", ["b1"]]
    assert await listed(there, sort="newest", limit=limit) == [below, "d", "c", "a"]
    assert await listed(there, sort="oldest", limit=limit) == [below, "a", "c", "d"]
    assert await listed(there, sort="top", limit=limit) == [below, "c", "a", "d"]
    told = await page(there)
    assert told["thread"]["pinned"] == "b"
    assert [row["pinned"] for row in told["comments"]] == [True, False, False, False]
    assert told["comments"][0]["replies"]["comments"][0]["pinned"] is False


async def test_another_takes_its_place_and_a_pin_can_be_undone(there: Stage) -> None:
    await there.do(ADA, *map(post, "abc"))
    await there.do(MOD, pin("a"), pin("b"))
    assert await listed(there) == ["b", "c", "a"]
    assert [row["pinned"] for row in (await page(there))["comments"]] == [True, False, False]
    await there.do(MOD, pin("b", pinned=False))
    assert await listed(there) == ["c", "b", "a"]
    assert (await page(there))["thread"]["pinned"] is None


async def test_while_it_is_not_published_it_is_not_first(there: Stage) -> None:
    await there.do(ADA, *map(post, "abc"), post("a1", "a"))
    await there.do(MOD, pin("a"), decide("a", "reject"))
    assert await listed(there) == ["c", "b", ["a", ["a1"]]]
    gone = (await page(there))["comments"][-1]
    assert (gone["pinned"], gone["gone"]) == (None, "moderator")
    await there.do(MOD, decide("a", "approve"))
    assert await listed(there) == [["a", ["a1"]], "c", "b"]


async def test_on_an_inline_question_it_is_first_only_if_it_belongs_there(there: Stage) -> None:
    await there.do(MOD, *(PutAnchor(anchor=name, exact="x", status="open") for name in ("q1", "q2")))
    await there.do(ADA, post("a", anchor="q1"), post("b", anchor="q1"), post("c", anchor="q2"), post("d"))
    await there.do(MOD, pin("a"))
    for sort in SORTS:
        assert (await listed(there, sort=sort, anchor="q1", limit=1)) == ["a", "b"]
        assert (await listed(there, sort=sort, anchor="q2", limit=1)) == ["c"]


async def test_picks_are_listed_alone_whatever_their_level(there: Stage) -> None:
    await there.do(ADA, *map(post, "abc"), post("a1", "a"), post("a2", "a1"), post("b1", "b"))
    assert (await page(there, featured=True))["comments"] == []
    await there.do(BEN, CastVote(comment="a1", value=1))
    await there.do(MOD, *map(feature, ("a", "a1", "b1")))
    for limit in (1, 2, 50):
        assert await listed(there, featured=True, limit=limit) == ["b1", "a1", "a"]
        assert await listed(there, featured=True, limit=limit, sort="oldest") == ["a", "a1", "b1"]
        assert await listed(there, featured=True, limit=limit, sort="top") == ["a1", "a", "b1"]
    told = await page(there, featured=True, sort="oldest")
    assert told["thread"]["featured"] == 3
    assert told["comments"][0]["replies"]["count"] == 1
    more = told["comments"][0]["replies"]["next"]
    answer = await pages.replies(there.served, SITE, THREAD, "a", RepliesQuery(cursor=more))
    assert answer is not None
    assert ids(msgspec.json.decode(answer.body)["comments"]) == [["a1", ["a2"]]]


async def test_the_pinned_comment_comes_first_among_the_picks_if_it_is_one(there: Stage) -> None:
    await there.do(ADA, *map(post, "abc"))
    await there.do(MOD, pin("b"), feature("a"), feature("c"))
    assert await listed(there, featured=True, limit=1) == ["c", "a"]
    await there.do(MOD, feature("b"))
    for sort in SORTS:
        assert (await listed(there, featured=True, limit=1, sort=sort))[0] == "b"
        assert sorted(await listed(there, featured=True, limit=1, sort=sort)) == ["a", "b", "c"]
    await there.do(MOD, decide("b", "hold"))
    assert await listed(there, featured=True, limit=1) == ["c", "a"]


async def test_past_pages_follow_the_same_rules(there: Stage) -> None:
    await there.do(ADA, *map(post, "abc"), post("b1", "b"))
    then = await there.do(MOD, pin("b"), feature("a"), SetThreadStatus(status="closed"))
    await there.do(MOD, pin("b", pinned=False), SetThreadStatus(status="open"))
    for viewer in (PUBLIC, Viewer("mod", staff=True)):
        for query in (PageQuery(), PageQuery(limit=1), PageQuery(featured=True)):
            found, asked = [], query
            while True:
                past = await page_at(there.served, there.log, SITE, THREAD, then, asked, viewer)
                told = msgspec.json.decode(past.body)
                found += ids(told["comments"])
                if told["next"] is None:
                    break
                asked = msgspec.structs.replace(query, cursor=told["next"])
            assert found == (["a"] if query.featured else [["b", ["b1"]], "c", "a"])
            assert (told["thread"]["featured"], told["thread"]["status"]) == (1, "closed")
            assert told["thread"]["status_at"] is not None


async def test_by_what_a_comment_is_gone_is_told_as_it_is_known_now(there: Stage) -> None:
    await there.do(ADA, *map(post, "ab"), post("a1", "a"), post("b1", "b"))
    published = await there.do(BEN, CastVote(comment="b", value=1))
    withdrawn = await there.do(ADA, WithdrawComment(comment="a"))
    await there.do(MOD, decide("b", "reject"))
    gone = {row["id"]: row["gone"] for row in (await page(there))["comments"]}
    assert gone == {"a": "author", "b": "moderator"}
    for at, expected in ((published, {"a": "author", "b": "moderator"}), (withdrawn, gone)):
        past = await page_at(there.served, there.log, SITE, THREAD, at, PageQuery(), PUBLIC)
        assert {row["id"]: row["gone"] for row in msgspec.json.decode(past.body)["comments"]} == expected
    frames = await comments.frame_rows(there.served, SITE, THREAD, ["a", "a1"])
    assert msgspec.json.decode(frames[1]["a"])["gone"] == "author"
    assert "gone" not in msgspec.json.decode(frames[1]["a1"])


# --- views of an earlier version ---


async def earlier(there: Stage, stale: str | None) -> None:
    """Leave the thread as a version without pins and picks kept it. `stale` are the picks of the version before it."""
    views = there.deployment.keys.of(SITE, THREAD).thread_views(there.store.generation, SITE, THREAD)
    public = msgspec.json.decode(await there.deployment.calls.call("HGET", views.meta, "public"))
    for name in ("status_at", "featured", "pinned"):
        del public[name]
    await there.deployment.calls.call("HSET", views.meta, "public", msgspec.json.encode(public))
    if stale is None:
        await there.deployment.calls.call("HDEL", views.meta, "picks")
    else:
        await there.deployment.calls.call("HSET", views.meta, "picks", stale)


@pytest.mark.parametrize("stale", [None, "000000000003:a"])
async def test_picks_of_earlier_views_are_found_among_the_rows_and_kept_from_the_next_event_on(
    there: Stage, stale: str | None
) -> None:
    await there.do(ADA, *map(post, "abc"), post("a1", "a"))
    await there.do(BEN, CastVote(comment="a1", value=1))
    await there.do(MOD, *map(feature, ("c", "a1")))
    expected = {sort: await listed(there, featured=True, sort=sort, limit=1) for sort in SORTS}
    assert expected == {"newest": ["a1", "c"], "oldest": ["c", "a1"], "top": ["a1", "c"]}
    await earlier(there, stale)
    for sort in SORTS:
        assert await listed(there, featured=True, sort=sort, limit=1) == expected[sort]
    told = await page(there)
    assert "featured" not in told["thread"]
    assert ids(told["comments"]) == ["c", "b", ["a", ["a1"]]]
    await there.do(ADA, post("d"))
    assert (await page(there))["thread"]["featured"] == 2
    assert await listed(there, featured=True) == expected["newest"]
