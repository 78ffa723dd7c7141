"""What every listing keeps to, and that a new one needs nothing but its entry in the registry."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.keys import ThreadViews
from core.text.render import rendered
from core.throttle import Pace
from projections.rebuild.refold import refold
from projections.thread.fold import fold
from projections.thread.state import CommentState, ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference
from projections.verify.single_thread import ListingCounts, SingleThreadCheck
from projections.verify.verifier import Finished, verify
from projections.views.generations import scope_of
from projections.views.listings import registry
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Listing,
    Members,
    PositionOrder,
    ThreadListing,
    fourth_word,
    position_text,
    third_word,
    whole,
)
from projections.views.listings.registry import LISTINGS
from projections.views.pointer import Pointer
from projections.views.store import Store
from projections.views.versions import LAYOUT, OWN
from tests.support.discussions import SITE, THREADS, Move, entries, events, moves, played, stream
from tests.support.projecting import Bench, bench, projecting
from workers.rebuild.partition_rebuild import Flipped
from workers.rebuild.rebuilder import Rebuilder

THREAD = THREADS[0]


def members_of(listing: Listing, thread: ThreadState) -> Iterator[tuple[str, int, CommentState | None]]:
    """Every member that a thread has in a listing, and the comment it is of."""
    if isinstance(listing, ThreadListing) and thread.opened is not None:
        for member, score in listing.of_thread(thread):
            yield member, score, None
    if isinstance(listing, CommentListing):
        for comment in thread.rows.values():
            for member, score in listing.of_comment(comment, thread.id):
                yield member, score, comment


async def folded(some: list[Move]) -> list[ThreadState]:
    log = await played(some, threads=2)
    return [fold(ThreadState(site=SITE, id=name), await events(log, name)) for name in THREADS[:2]]


# Every listing


def test_listings_have_names_of_their_own_which_end_a_key() -> None:
    names = [listing.name for listing in LISTINGS]
    assert len({*names, *ThreadViews._fields}) == len(names) + len(ThreadViews._fields)
    assert all(re.fullmatch("[a-z]+", name) for name in names)
    assert {name: LAYOUT[name] for name in names} == {listing.name: listing.version for listing in LISTINGS}


def test_listings_whose_members_never_changed_have_the_version_that_was_stored_before_there_was_a_registry() -> None:
    today = {"authors": 1, "threads": 1, "urls": 1, "opened": 1}
    assert {listing.name: listing.version for listing in LISTINGS if listing.name in today} == today


@settings(max_examples=25)
@given(st.one_of(moves(threads=2), st.builds(stream, seed=st.integers(0, 99), length=st.just(200), threads=st.just(2))))
async def test_a_member_leads_back_to_its_thread_and_its_comment_and_stands_where_its_listing_is_sorted(
    some: list[Move],
) -> None:
    threads = await folded(some)
    for listing in LISTINGS:
        found = [(thread, *one) for thread in threads for one in members_of(listing, thread)]
        assert len({member for _, member, _, _ in found}) == len(found), "no member is of two threads or comments"
        for thread, member, score, comment in found:
            assert listing.thread_of(member) == thread.id
            assert "\n" not in member
            if isinstance(listing, CommentListing):
                assert comment is not None
                assert listing.comment_of(member) == comment.id
            if listing.order == "scores":
                assert member == thread.id
                assert score >= 0
            else:
                assert score == 0
            if isinstance(listing.order, PositionOrder):
                text = listing.order.text(*listing.order.of(member))
                before, _, _ = member.partition(f"{text} ")
                assert member.startswith(f"{before}{text} ")
                assert re.fullmatch("(?:[^ ]+ )?", before)


@given(st.text(max_size=60))
def test_any_text_may_stand_in_a_listing_and_is_of_some_thread_or_of_none(text: str) -> None:
    for listing in LISTINGS:
        assert isinstance(listing.thread_of(text), str)


@settings(max_examples=25)
@given(moves())
async def test_a_vote_moves_no_comment_in_any_listing(some: list[Move]) -> None:
    for thread in await folded(some):
        for comment in thread.rows.values():
            voted = replace(comment, up=comment.up + 7, down=comment.down + 1, ballots={"zoe": (1, 1)})
            for listing in registry.COMMENT_LISTINGS:
                assert listing.of_comment(voted, thread.id) == listing.of_comment(comment, thread.id)


@given(st.lists(st.tuples(st.integers(0, 10**15 - 1), st.integers(0, 10**12 - 1)), min_size=2, max_size=2))
def test_positions_in_members_are_in_the_order_of_the_members(pair: list[tuple[int, int]]) -> None:
    for listing in LISTINGS:
        if isinstance(listing.order, PositionOrder):
            one, two = (listing.order.text(*position) for position in pair)
            assert (one < two) is (pair[0] < pair[1])
            assert len(one) == len(two)


# A listing more


def _most(thread: ThreadState) -> Members:
    return ((thread.id, thread.comments),)


def _long(comment: CommentState, thread: str) -> Members:
    posted = comment.posted
    texts = (text.body or "" for text in comment.texts.values())
    words = Counter(len(word) for body in texts for word in re.findall("[a-z]{4,}", body))
    return tuple((f"{position_text(posted.ms, posted.n)} {thread} {comment.id} {length}", 0) for length in words)


MOST = ThreadListing("most", personal=False, of_thread=_most, thread_of=whole, order="scores")
LONG = CommentListing(
    "long", personal=False, of_comment=_long, thread_of=third_word, comment_of=fourth_word, order=BY_POSITION
)
MORE = replace(OWN, layout={**LAYOUT, "most": 1, "long": 1})
"""The version of a program with these two."""


@pytest.fixture
def more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has a listing of threads and one of comments more. A comment may have several members."""
    monkeypatch.setattr(registry, "THREAD_LISTINGS", (*registry.THREAD_LISTINGS, MOST))
    monkeypatch.setattr(registry, "COMMENT_LISTINGS", (*registry.COMMENT_LISTINGS, LONG))
    monkeypatch.setattr(registry, "LISTINGS", (*registry.LISTINGS, MOST, LONG))


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    """The events of two threads."""
    async with bench(fresh) as here:
        await here.pour(await entries(await played(stream(37, 250, threads=2), threads=2)))
        yield here


async def verified(here: Bench) -> tuple[set[tuple[str, str | None]], Finished]:
    told: list[Finished] = []
    reads, keys = here.deployment.reads, here.deployment.keys
    found = [one async for one in verify(here.log, reads, keys, versions=MORE, finished=told.append)]
    return names(found), told[0]


def names(found: list[Difference]) -> set[tuple[str, str | None]]:
    return {(one.key.rpartition(":")[2], one.field) for one in found}


async def drift(here: Bench, thread: str) -> set[tuple[str, str | None]]:
    keys, reads = here.deployment.keys[0], here.deployment.reads
    pointer = Pointer.read(await here.call("GET", keys.generation))
    scope = await scope_of(reads, keys, pointer.generation, MORE)
    check = SingleThreadCheck(reads, keys, pointer.generation, rendered, scope=scope, pace=Pace(1), call="drift")
    fold = ThreadReplay(here.log, SITE, thread, stops=True)
    return names([one async for one in check.differences(fold, ListingCounts())])


async def spoil(here: Bench) -> set[tuple[str, str | None]]:
    """A member too few and two too many of a thread in one listing, and another score in the other."""
    keys = here.deployment.keys[0]
    most, long = (keys.listing(1, SITE, name) for name in ("most", "long"))
    own = [member.decode() for member in await here.call("ZRANGE", long, 0, -1)]
    missing = next(member for member in own if LONG.thread_of(member) == THREAD)
    surplus = [f"{position_text(1, 1)} {THREAD} nothing {length}" for length in (8, 9)]
    await here.call("ZREM", long, missing)
    await here.call("ZADD", long, 0, surplus[0], 0, surplus[1])
    await here.call("ZADD", most, -3, THREAD)
    return {("most", THREAD), *(("long", member) for member in (missing, *surplus))}


async def test_a_listing_more_is_written_by_every_commit(here: Bench, more: None) -> None:
    async with projecting(here.projector(versions=MORE)):
        await here.level()
    views = await here.views()
    assert views == here.wanted(*THREADS[:2])
    keys = here.deployment.keys[0]
    assert set(views[keys.listing(1, SITE, "most")]) == set(THREADS[:2])
    long = views[keys.listing(1, SITE, "long")]
    assert Counter(map(LONG.comment_of, long)).most_common(1)[0][1] > 1
    assert (await verified(here))[0] == set()


async def test_what_differs_in_a_listing_more_is_found_by_verification_and_drift_and_mended(
    here: Bench, more: None, way: None
) -> None:
    async with projecting(here.projector(versions=MORE)):
        await here.level()
    spoiled = await spoil(here)
    assert (await verified(here))[0] == spoiled
    assert await drift(here, THREAD) == spoiled
    assert await drift(here, THREADS[1]) == set()
    store = Store(here.deployment.calls, here.deployment.reads, here.deployment.keys, versions=MORE)
    await refold(here.log, store, SITE, THREAD)
    assert (await verified(here))[0] == await drift(here, THREAD) == set()
    await here.call("DEL", here.deployment.keys[0].listing(1, SITE, "most"))
    assert (await verified(here))[0] == {("most", thread) for thread in THREADS[:2]}
    assert await drift(here, THREAD) == {("most", THREAD)}


async def test_what_differs_in_a_listing_more_is_told_by_a_rebuild_which_does_not_serve_it(
    here: Bench, more: None
) -> None:
    async with projecting(here.projector(versions=MORE)):
        await here.level()
    right = await here.views()
    await spoil(here)
    flipped: list[Flipped] = []
    await Rebuilder(here.deployment, here.log, worker="one", versions=MORE, flipped=flipped.append).rebuild()
    ((one,),) = [one.differing for one in flipped]
    assert (one.thread, one.views) == (THREAD, ("site.long", "site.most"))
    assert (await verified(here))[0] == set()
    keys = here.deployment.keys[0]
    for name in ("most", "long"):
        flat: list[Any] = await here.call("ZRANGE", keys.listing(2, SITE, name), 0, -1, "WITHSCORES")
        rebuilt = dict(zip(map(bytes.decode, flat[::2]), map(int, flat[1::2]), strict=True))
        assert rebuilt == right[keys.listing(1, SITE, name)]


async def test_views_of_before_a_listing_are_no_difference_and_have_it_after_a_rebuild(
    here: Bench, request: pytest.FixtureRequest
) -> None:
    async with projecting(here.projector()):
        await here.level()
    request.getfixturevalue("more")
    found, finished = await verified(here)
    assert found == await drift(here, THREAD) == set()
    assert finished.left.keys() == {"most", "long"}
    flipped: list[Flipped] = []
    await Rebuilder(here.deployment, here.log, worker="one", versions=MORE, flipped=flipped.append).rebuild()
    assert [one.differing for one in flipped] == [()]
    found, finished = await verified(here)
    assert (found, finished.left) == (set(), {})
    keys = here.deployment.keys[0]
    assert await here.call("ZCARD", keys.listing(2, SITE, "most")) == 2
    assert await here.call("ZREM", keys.listing(2, SITE, "most"), THREAD) == 1
    assert (await verified(here))[0] == await drift(here, THREAD) == {("most", THREAD)}
