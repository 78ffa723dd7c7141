"""Events of a type, version or content scheme that a program does not know: parked by it, folded by the next one."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from core import heads
from core.application.transact import transact
from core.domain.authoring import PostComment
from core.domain.moderation import FeatureComment
from core.events.comment_events import CommentFeatured
from core.events.envelope import Codec
from core.events.types import EVENTS
from core.log.port import NewEvent
from core.position import Position
from core.refusals import CannotFold
from projections.read import pages
from projections.read.parked import all_parked
from projections.read.queries import PageQuery
from projections.read.served_generation import Served
from projections.rebuild.requeue import requeue
from projections.verify.verifier import Difference, verify
from projections.views.parking import Parked
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Play, stream
from tests.support.poisoning import put, skip
from tests.support.projecting import Bench, bench, projecting
from workers.projector.projector import Projector
from workers.rebuild.rebuilder import Rebuilder
from workers.runtime import metrics
from workers.runtime.process import Failed

BAD, GOOD = THREADS[:2]
ADA = PEOPLE[0]
OLD = Codec(tuple(event for event in EVENTS if event is not CommentFeatured))
"""The version before there were features."""

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    """Two threads in one partition, in which nothing was ever featured."""
    async with bench(fresh) as here:
        play = Play(here.log)
        await play.open(threads=2)
        for move in stream(41, 60, threads=2):
            if move.deed not in ("feature", "status", "override"):
                await play.make(move)
        for thread in (BAD, GOOD):
            await do(here, thread, PostComment(comment="first", body="Words."))
        yield here


async def do(here: Bench, thread: str, command: Any, by: Any = ADA) -> Position:
    return (await transact(here.log, command, site=SITE, thread=thread, caller=by)).position


async def feature(here: Bench, comment: str = "first") -> Position:
    """Something that the old version does not know, written by the new one."""
    return await do(here, BAD, FeatureComment(comment=comment, featured=True), MOD)


def old(here: Bench, worker: str = "old") -> Projector:
    return Projector(here.deployment, here.log, worker=worker, read=OLD.read)


def rebuilder(here: Bench, **more: Any) -> Rebuilder:
    return Rebuilder(here.deployment, here.log, worker="rebuild", **more)


async def parked(here: Bench) -> dict[str, Parked]:
    return {one.thread: one for one in await all_parked(Served(here.deployment))}


async def until_parked(here: Bench, *threads: str) -> None:
    """Wait until these threads are parked, and no others."""
    keys = here.deployment.keys[0]
    with anyio.fail_after(BOUND), here.deployment.pubsub.on(keys.view_channel) as subscription:
        while (await parked(here)).keys() != set(threads):
            await subscription.wait(0.2)


async def differences(here: Bench) -> list[Difference]:
    deployment = here.deployment
    return [one async for one in verify(here.log, deployment.reads, deployment.keys)]


async def page(here: Bench) -> bytes:
    found = await pages.page(Served(here.deployment), SITE, BAD, PageQuery())
    assert found is not None
    return found.body


UNKNOWN = [
    pytest.param(b'{"type":"comment.sung","actor":{"id":"ada"}', b"", "this event type", id="type"),
    pytest.param(b'{"v":7,"type":"comment.posted","actor":{"id":"ada"}', b"", "version 7", id="version"),
    pytest.param(b'{"type":"comment.posted","actor":{"id":"ada"}', b"\x07of a later version", "scheme 7", id="scheme"),
]


@pytest.mark.parametrize(("e", "c", "fault"), UNKNOWN)
async def test_it_parks_its_thread_at_once_and_nothing_else(here: Bench, e: bytes, c: bytes, fault: str) -> None:
    e += b',"site":"%b","thread":"%b","comment":"x"' % (SITE.encode(), BAD.encode())
    bad = await put(here.log, BAD, NewEvent(head=heads.comment("x"), e=e, c=c))
    after = await do(here, BAD, PostComment(comment="after", body="Words."))
    beside = await do(here, GOOD, PostComment(comment="beside", body="Words."))
    counted = metrics.UNKNOWN_EVENTS._value.get()
    with capture_logs() as lines:
        async with projecting(here.projector()):
            await here.level()
    found = await parked(here)
    assert list(found) == [BAD]
    assert (found[BAD].position, found[BAD].unknown) == (bad, True)
    assert fault in found[BAD].fault
    assert metrics.UNKNOWN_EVENTS._value.get() == counted + 1
    said = [line["event"] for line in lines]
    assert said.count("thread_parked") == 1
    assert "projection_retried" not in said
    assert (await here.store.thread(SITE, BAD)).last < bad < after
    assert (await here.store.thread(SITE, GOOD)).last == beside
    assert {one.parked is not None for one in await differences(here)} <= {True}


@pytest.mark.parametrize(("e", "c", "fault"), UNKNOWN)
async def test_nothing_is_decided_in_view_of_it(here: Bench, e: bytes, c: bytes, fault: str) -> None:
    e += b',"site":"%b","thread":"%b","comment":"first"' % (SITE.encode(), BAD.encode())
    bad = await put(here.log, BAD, NewEvent(head=heads.comment("first"), e=e, c=c))
    with pytest.raises(CannotFold, match=fault) as refused:
        await do(here, BAD, FeatureComment(comment="first", featured=True), MOD)
    assert refused.value.position == bad
    await do(here, BAD, PostComment(comment="beside", body="Words."))


async def test_a_projector_that_knows_the_event_brings_the_thread_back_by_itself(here: Bench) -> None:
    async with projecting(old(here)):
        await feature(here)
        await here.level()
        assert list(await parked(here)) == [BAD]
        as_it_was = await page(here)
        last = await do(here, BAD, PostComment(comment="later", body="Later words."))
        await here.level()
    assert await page(here) == as_it_was
    with capture_logs() as lines:
        async with projecting(here.projector("new")):
            await until_parked(here)
    assert [line["thread"] for line in lines if line["event"] == "thread_requeued"] == [BAD]
    assert b"Later words." in await page(here)
    assert (await (await here.store.served(0)).thread(SITE, BAD)).last == last
    assert await differences(here) == []


async def test_a_thread_that_meets_another_unknown_event_stays_parked_at_that_one(here: Bench) -> None:
    await feature(here)
    e = b'{"type":"comment.sung","actor":{"id":"ada"},"site":"%b","thread":"%b"' % (SITE.encode(), BAD.encode())
    async with projecting(old(here)):
        await here.level()
    again = await put(here.log, BAD, NewEvent(head=heads.comment("x"), e=e, c=b""))
    async with projecting(here.projector("new")):
        keys = here.deployment.keys[0]
        with anyio.fail_after(BOUND), here.deployment.pubsub.on(keys.view_channel) as subscription:
            while (await parked(here))[BAD].position != again:
                await subscription.wait(0.2)
    assert (await parked(here))[BAD].unknown
    assert b'"featured":true' in await page(here)


async def test_a_rebuild_parks_it_likewise_and_one_that_knows_it_shows_it(here: Bench) -> None:
    bad = await feature(here)
    async with projecting(old(here)):
        await here.level()
        await rebuilder(here, read=OLD.read).rebuild()
        store = await here.store.served(0)
        assert store.generation == 2
        assert {name: one.position for name, one in (await store.parked(0)).items()} == {(SITE, BAD): bad}
        assert (await store.thread(SITE, BAD)).last < bad
        await rebuilder(here).rebuild()
    store = await here.store.served(0)
    assert (store.generation, await store.parked(0)) == (3, {})
    assert await differences(here) == []


async def test_a_rebuild_that_knows_less_than_what_is_served_serves_nothing_of_it(here: Bench) -> None:
    await feature(here)
    async with projecting(here.projector()):
        await here.level()
        shown = await page(here)
        with pytest.raises(Failed, match=r"cannot be folded to its end .*does not know this event type"):
            await rebuilder(here, read=OLD.read).rebuild()
    assert (await here.store.served(0)).generation == 1
    assert await page(here) == shown


async def test_an_unknown_event_that_was_skipped_is_passed_over(here: Bench) -> None:
    e = b'{"type":"comment.sung","actor":{"id":"ada"},"site":"%b","thread":"%b"' % (SITE.encode(), BAD.encode())
    bad = await put(here.log, BAD, NewEvent(head=heads.comment("first"), e=e, c=b""))
    async with projecting(here.projector()):
        await here.level()
        assert list(await parked(here)) == [BAD]
        await skip(here.log, bad, BAD)
        one = (await parked(here))[BAD]
        assert await requeue(here.log, here.store, Served(here.deployment), one, now=0) is None
        await feature(here)
        await here.level()
    assert b'"featured":true' in await page(here)
    assert await differences(here) == []


async def test_an_unknown_event_of_a_site_changes_no_view_and_keeps_its_writers_waiting(here: Bench) -> None:
    e = b'{"type":"site.painted","actor":{"id":"op"},"site":"%b"' % SITE.encode()
    bad = await put(here.log, "", NewEvent(head=heads.SITE, e=e, c=b""))
    with capture_logs() as lines:
        async with projecting(here.projector()):
            await here.level()
    assert [line["position"] for line in lines if line["event"] == "unknown_site_event_found"] == [str(bad)]
    assert await parked(here) == {}
    with pytest.raises(CannotFold, match=r"site\.painted"):
        await do(here, GOOD, PostComment(comment="late", body="Words."))
    flipped: list[Any] = []
    await rebuilder(here, flipped=flipped.append).rebuild()
    assert [one.differing for one in flipped] == [()]


async def test_an_unknown_event_of_a_member_keeps_that_member_alone_waiting(here: Bench) -> None:
    e = b'{"type":"member.praised","actor":{"id":"mod"},"site":"%b"' % SITE.encode()
    await put(here.log, "", NewEvent(head=heads.member(ADA.id), e=e, c=b""))
    with pytest.raises(CannotFold, match=r"member\.praised"):
        await do(here, GOOD, PostComment(comment="late", body="Words."))
    await do(here, GOOD, PostComment(comment="late", body="Words."), PEOPLE[1])
