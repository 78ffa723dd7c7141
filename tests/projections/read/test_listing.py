"""Pages of a listing over all partitions, and of listings that no call of today reads."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.domain.authoring import PostComment
from core.domain.thread import OpenThread
from core.partitions import partition_of
from core.refusals import Unavailable
from projections.read import listing
from projections.read.listing import Listed, Place
from projections.read.queries import BadCursor
from projections.read.served_generation import Served
from projections.thread.state import CommentState, ThreadState
from projections.views.listings import registry
from projections.views.listings.authors import AUTHORS
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Listing,
    Members,
    ThreadListing,
    fourth_word,
    position_text,
    third_word,
    whole,
)
from projections.views.listings.opened import OPENED
from projections.views.listings.threads import THREADS
from projections.views.listings.urls import URLS
from projections.views.versions import LAYOUT, UNSIGNED
from tests.support.discussions import MOD, PEOPLE, SITE, played
from tests.support.viewing import Stage, stage

ADA, BEN, _, _ = PEOPLE
PARTITIONS = 4
NAMES = [f"t-{number}" for number in range(9)]


def _most(thread: ThreadState) -> Members:
    return ((thread.id, thread.comments),)


def _roots(comment: CommentState, thread: str) -> Members:
    at = position_text(comment.posted.ms, comment.posted.n)
    return () if comment.parent else ((f"{at} {thread} {comment.id}", 0),)


MOST = ThreadListing("most", personal=False, of_thread=_most, thread_of=whole, order="scores")
ROOTS = CommentListing(
    "first", personal=False, of_comment=_roots, thread_of=third_word, comment_of=fourth_word, order=BY_POSITION
)


@pytest.fixture
async def there(server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """Threads with no, one or two comments by two people, and two listings more."""
    monkeypatch.setattr(registry, "THREAD_LISTINGS", (*registry.THREAD_LISTINGS, MOST))
    monkeypatch.setattr(registry, "COMMENT_LISTINGS", (*registry.COMMENT_LISTINGS, ROOTS))
    for name in ("most", "first"):
        monkeypatch.setitem(LAYOUT, name, 1)
    async with stage(server, await played([], threads=1, partitions=PARTITIONS)) as there:
        for at, name in enumerate(NAMES):
            await there.do(MOD, OpenThread(url=f"https://kew.example/{at % 2}", title="x"), thread=name)
            for number in range(at % 3):
                post = PostComment(comment=f"{name}-{number}", body="words")
                await there.do(BEN if number else ADA, post, thread=name)
        yield there


async def pages(there: Stage, one: Listing, limit: int, group: str = "") -> list[Listed]:
    """The whole listing, page by page."""
    served, found, after = Served(there.deployment), [], None
    while True:
        some, more = await listing.page(served, SITE, one, after, limit, group=group)
        assert len(some) <= limit
        found += some
        if not more:
            return found
        after = some[-1].place


def placed(one: Listing, member: str, score: int) -> Place:
    partition = partition_of(SITE, one.thread_of(member), PARTITIONS)
    return (score, member) if one.order == "scores" else (*BY_POSITION.of(member), partition)


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
@pytest.mark.parametrize("one", [MOST, ROOTS, THREADS, OPENED], ids=lambda one: one.name)
async def test_a_listing_is_read_whole_and_in_order_however_small_the_pages(
    there: Stage, one: Listing, limit: int
) -> None:
    stored: list[Any] = []
    for keys in there.deployment.keys:
        flat = await there.deployment.calls.call("ZRANGE", keys.listing(1, SITE, one.name), 0, -1, "WITHSCORES")
        stored += zip(map(bytes.decode, flat[::2]), map(int, flat[1::2]), strict=True)
    assert len(stored) >= len(NAMES)
    wanted = sorted(((placed(one, *pair), pair[0]) for pair in stored), reverse=True)
    assert await pages(there, one, limit) == wanted


async def test_a_group_is_read_without_those_whose_names_begin_like_its_own(there: Stage) -> None:
    for keys in there.deployment.keys:
        ghost = f"ada2 {'0' * 27} {NAMES[0]} x p"
        await there.deployment.calls.call("ZADD", keys.listing(1, SITE, "authors"), 0, ghost)
    for limit in (1, 3, 50):
        found = await pages(there, AUTHORS, limit, "ada")
        assert {AUTHORS.comment_of(one.member) for one in found} == {f"t-{at}-0" for at in (8, 7, 5, 4, 2, 1)}
        assert found == sorted(found, reverse=True)
    urls = ("https://kew.example/0", "https://kew.example/")
    members = await listing.members(Served(there.deployment), SITE, URLS, *urls)
    assert sorted(map(URLS.thread_of, members)) == [name for name in NAMES if int(name[2:]) % 2 == 0]


async def test_views_of_before_a_listing_are_refused_or_found_by_the_caller(there: Stage) -> None:
    keys, served = there.deployment.keys, Served(there.deployment)
    assert await listing.page(served, SITE, MOST, None, 50) != ([], False)
    for partition in keys:
        await there.deployment.calls.call("DEL", partition.versions(1))
    with pytest.raises(Unavailable, match="hansard rebuild"):
        await listing.page(served, SITE, MOST, None, 50)

    async def without(partition: Any) -> list[Listed]:
        return [Listed((partition.number, "x"), "x")]

    written = {partition_of(SITE, name, PARTITIONS) for name in NAMES}
    found, _ = await listing.page(served, SITE, MOST, (3, "x"), 50, without=without)
    assert [one.place for one in found] == [(number, "x") for number in sorted(written - {3}, reverse=True)]
    assert THREADS.name in UNSIGNED.layout
    assert await listing.page(served, SITE, THREADS, None, 50, without=without) != (found, False)


def test_a_place_is_read_from_the_cursors_of_its_order_alone() -> None:
    assert listing.place(OPENED, None, "mark") is None
    assert listing.place(OPENED, "mark.7.8.3", "mark") == (7, 8, 3)
    assert listing.place(THREADS, "mark.7.t-1", "mark") == (7, "t-1")
    for one, cursor in ((OPENED, "mark.7.t-1"), (THREADS, "mark.7"), (OPENED, "other.7.8.3"), (MOST, "mark.-1.t")):
        with pytest.raises(BadCursor):
            listing.place(one, cursor, "mark")
