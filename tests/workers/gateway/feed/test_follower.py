"""What a follower asks where a commit says what it wrote: all at once, and again what that did not settle."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from core.partitions import partition_of
from core.redis.pubsub import Subscription
from projections.read import progress
from projections.read.feed import FeedLog
from projections.read.served_generation import Served, ServedReply
from tests.support.bounds import BOUND
from tests.support.house import ADA, SITE, THREAD, House, at, told
from workers.gateway.feed.channel import Channel
from workers.gateway.feed.follower import Follower


class Asked(Served):
    """The views, and what was asked of them. What is in `old` is answered first."""

    def __init__(self, house: House) -> None:
        super().__init__(house.deployment)
        self.comments: list[list[str]] = []
        self.replies: list[ServedReply] = []
        self.old: list[ServedReply] = []

    async def thread(self, *asked: Any) -> ServedReply:
        _whole, *comments = asked[-1]
        self.comments.append(comments)
        self.replies.append(await super().thread(*asked))
        return self.old.pop() if self.old else self.replies[-1]


class Desk:
    """A follower that is woken by nobody but the test."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asked = Asked(house)
        self.subscription = Subscription()
        feed = FeedLog(house.deployment.calls, house.deployment.keys)
        partition = partition_of(SITE, THREAD, house.log.partitions)
        self.follower = Follower(partition, feed, self.asked, nullcontext(self.subscription), lambda _: None)
        self.channel = self.follower.channels[SITE, THREAD] = Channel(lambda _: None)

    async def told(self, number: int) -> bytes:
        """The newest frame, once there are so many."""
        with anyio.fail_after(BOUND):
            while self.channel.ring.end < number:
                await anyio.lowlevel.checkpoint()
        found = self.channel.ring.since(number - 1)
        assert found is not None
        (frame,) = found
        return frame.data

    async def edit(self, comment: str, body: str) -> None:
        answer = await self.house.ask("PATCH", at(comment), ADA, {"body": body}, If_Match='"1"')
        await self.house.settled(answer.json()["position"])

    def ring(self, *comments: str, kind: str = "comment.posted") -> None:
        kinds = msgspec.json.encode([(kind, comment) for comment in comments])
        self.subscription.notify(f"{SITE}/{THREAD}\n".encode() + kinds)


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    end = await house.log.last(partition_of(SITE, THREAD, house.log.partitions))
    assert await progress.reached(house.served, SITE, THREAD, end, within=BOUND)
    desk = Desk(house)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.follower.run)
        await desk.follower.ready.wait()
        yield desk
        tasks.cancel_scope.cancel()


async def test_rows_that_are_said_to_have_changed_are_read_once(desk: Desk) -> None:
    async with desk.follower.lock:
        comment = await desk.house.post(ADA, "Hello.")
        desk.ring(comment)
    assert b"Hello." in await desk.told(1)
    assert desk.asked.comments == [[comment]]


async def test_what_nobody_said_is_read_all_the_same(desk: Desk) -> None:
    async with desk.follower.lock:
        comment = await desk.house.post(ADA, "Hello.")
    assert b"Hello." in await desk.told(1)
    assert desk.asked.comments == [[comment]]


async def test_where_another_row_was_named_the_right_one_is_read(desk: Desk) -> None:
    async with desk.follower.lock:
        comment = await desk.house.post(ADA, "Hello.")
        desk.ring("another")
    assert b"Hello." in await desk.told(1)
    assert desk.asked.comments == [["another"], [comment]]


async def test_rows_that_were_read_before_they_changed_are_read_again(desk: Desk) -> None:
    async with desk.follower.lock:
        comment = await desk.house.post(ADA, "Hello.")
    await desk.told(1)
    async with desk.follower.lock:
        desk.asked.old = desk.asked.replies[-1:]
        await desk.edit(comment, "Goodbye.")
        desk.asked.comments.clear()
        desk.ring(comment)
    assert b"Goodbye." in await desk.told(2)
    assert desk.asked.comments == [[comment]] * 2


@pytest.mark.parametrize("words", [b"?", b"a\nb", b"a/b\n[1]", b"\xff\n[]", b"a/b\n[]\nc"])
async def test_words_that_say_nothing_are_passed(desk: Desk, words: bytes) -> None:
    async with desk.follower.lock:
        comment = await desk.house.post(ADA, "Hello.")
        desk.subscription.notify(words)
    assert b"Hello." in await desk.told(1)
    assert desk.asked.comments == [[comment]]


async def test_a_feed_that_is_none_of_ours_ends_nothing_and_is_gone_on_with_once_it_is_back(desk: Desk) -> None:
    house = desk.house
    calls = house.deployment.calls
    feed = house.deployment.keys[partition_of(SITE, THREAD, house.log.partitions)].feed
    await house.post(ADA, "Hello.")
    await desk.told(1)
    saved = await calls.call("DUMP", feed)
    with told() as lines:
        async with desk.follower.lock:
            await calls.call("DEL", feed)
            await calls.call("SET", feed, "somebody else's")
            desk.subscription.notify(b"")
        with anyio.fail_after(BOUND):
            while not any(line["event"] == "feed_refused" for line in lines):
                await anyio.lowlevel.checkpoint()
    (line,) = [line for line in lines if line["event"] == "feed_refused"][:1]
    assert (line["partition"], line["log_level"]) == (desk.follower.partition, "error")
    await calls.call("RESTORE", feed, 0, saved, "REPLACE")
    await house.post(ADA, "Hello again.")
    desk.subscription.notify(b"")
    assert b"Hello again." in await desk.told(2)
