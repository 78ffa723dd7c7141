"""The staff feed: it says that the queue changed, and nothing else."""

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import pytest

from core.refusals import Unavailable
from projections.read.served_generation import Served, ServedReply
from tests.support.bounds import BOUND
from tests.support.following import RETRY, Follower, Station, station, until
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SITE, THREAD, House, Who, at, claims_of, problem, signed
from workers.gateway.feed import staff_feed
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.queue_watch import CHANGED, QueueWatch

SAM = Who("sam", ("moderator",))
FEED = f"/v1/sites/{SITE}/moderation/feed"
BEATS = 2
OFTEN = 0.01
"""Seconds between two reads of the queue: tests need not wait for them."""


@pytest.fixture
async def held(house: House) -> House:
    """A house in which every comment waits."""
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "all"})).status_code == 200
    return house


@pytest.fixture
async def radio(held: House) -> AsyncIterator[Station]:
    async with station(held, every=OFTEN) as found:
        yield found


async def changed(listener: Follower) -> None:
    (frame,) = await listener.until("queue.changed")
    assert (frame.data, frame.id) == ({}, None)


async def test_what_comes_changes_and_goes_is_told_to_every_listener(radio: Station) -> None:
    house = radio.house
    async with radio.listen(MOD) as one, radio.listen(SAM) as other:
        assert one.answer.headers["content-type"] == "text/event-stream"
        assert one.answer.headers["cache-control"] == "no-store"
        comment = await house.post(ADA, "Words.")
        for listener in (one, other):
            await changed(listener)
        edited = await house.ask("PATCH", at(comment), ADA, {"body": "Better."}, If_Match='"1"')
        await house.settled(edited.json()["position"])
        for listener in (one, other):
            await changed(listener)
        await house.decide(comment, "approve", 2)
        for listener in (one, other):
            await changed(listener)
        report = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})
        await house.settled(report.json()["position"])
        await changed(one)
    await until(lambda: not radio.staff.watches)
    assert not radio.hub._feeds


async def test_a_thread_of_any_partition_is_told(radio: Station) -> None:
    async with radio.listen(MOD) as listener:
        for name in ("a", "b", "c", "d"):
            await radio.house.open_thread(name)
            await radio.house.post(ADA, "Words.", thread=name)
            await changed(listener)


async def test_an_appeal_against_a_suspension_is_told(radio: Station) -> None:
    house = radio.house
    assert (await house.ask("PUT", "members/ben/suspension", MOD, {"reason": "No."})).status_code == 200
    async with radio.listen(SAM) as listener:
        answer = await house.ask("POST", "members/ben/suspension/appeal", BEN, {"text": "Why?"})
        assert answer.status_code == 201
        await changed(listener)


async def test_hands_are_told_once_by_any_gateway_and_votes_never(held: House) -> None:
    comment = await held.post(ADA, "Words.")
    await held.decide(comment, "approve")
    item = {"thread": THREAD, "comment": await held.post(ADA, "More words.")}
    async with (
        station(held, every=OFTEN) as radio,
        station(held, every=OFTEN) as another,
        radio.listen(MOD) as here,
        another.listen(MOD) as there,
    ):
        for method in ("PUT", "DELETE", "PUT"):
            answer = await held.ask(method, "moderation/hands", SAM, item)
            assert answer.status_code == 200
            for listener in (here, there):
                await changed(listener)
        watch = radio.staff.watches[SITE]
        end, before = watch.channel.ring.end, watch.reads
        await held.ask("PUT", "moderation/hands", SAM, item)
        for number, value in enumerate((1, -1), 1):
            # The second read begins only after the first one was told.
            vote = await held.ask("PUT", f"{at(comment)}/vote", BEN, {"value": value})
            await held.settled(vote.json()["position"])
            await until(partial(_has_read, watch, before + number))
        assert watch.channel.ring.end == end


async def test_a_hand_that_ends_by_itself_is_told(held: House) -> None:
    waiting = await held.post(ADA, "Words.")
    held.services.hands._lasts = 1500
    async with station(held, every=OFTEN) as radio, radio.listen(MOD) as listener:
        await held.ask("PUT", "moderation/hands", SAM, {"thread": THREAD, "comment": waiting})
        await changed(listener)
        await changed(listener)
        assert (await held.services.hands.read(SITE)).hands == {}


async def test_many_changes_between_two_reads_are_one_frame_and_few_reads(held: House) -> None:
    async with station(held, every=60.0) as radio, radio.listen(MOD):
        for number in range(5):
            await held.post(ADA, f"Words {number}.")
        watch = radio.staff.watches[SITE]
        assert watch.reads == 1
        assert watch.channel.ring.end == 0
        async with radio.listen(SAM), radio.listen(MOD):
            assert radio.staff.watches == {SITE: watch}
            assert watch.channel.clients == 3
            assert watch.reads == 1


async def test_a_listener_that_fell_behind_gets_one_frame(radio: Station) -> None:
    async with radio.listen(MOD):
        watch = radio.staff.watches[SITE]
        (client,) = watch.channel.live
        client.late = True
        for _ in range(5000):
            watch.channel.ring.append([CHANGED])
        assert len(client.take()) == 1
        assert client.take() == []


async def test_the_stream_ends_with_the_token(radio: Station) -> None:
    brief = signed({**claims_of(MOD), "exp": time.time() + 0.3})
    async with radio.listen(MOD, brief) as listener:
        with anyio.fail_after(BOUND):
            assert await listener.next() is None
    await until(lambda: not radio.staff.watches)


class Away(Served):
    """Views that do not answer while they are away."""

    away = True

    async def partition(self, *asked: Any, **more: Any) -> ServedReply:
        if self.away:
            raise Unavailable
        return await super().partition(*asked, **more)


async def test_where_the_queue_cannot_be_read_a_listener_is_told_when_to_come_back(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_feed, "PATIENCE", 0.05)
    views = Away(held.deployment)
    async with station(held, every=OFTEN, served=views) as radio:
        answer = await radio.client.get(FEED, headers=_bearer(MOD))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        assert RETRY.fullmatch(answer.text)
        assert not radio.staff.watches
        assert not radio.hub._feeds
        views.away = False
        monkeypatch.setattr(staff_feed, "PATIENCE", BOUND)
        async with radio.listen(MOD) as listener:
            # A queue that is away for a while is read again, and what changed meanwhile is told.
            views.away = True
            await held.post(ADA, "Words.")
            views.away = False
            await changed(listener)


async def test_only_moderators_listen(radio: Station) -> None:
    problem(await radio.client.get(FEED), 401, "unauthenticated")
    for who in (ADA, AUDITOR, ADMIN):
        problem(await radio.client.get(FEED, headers=_bearer(who)), 403, "not-allowed")
    problem(await radio.client.get(f"{FEED}?after=1-1", headers=_bearer(MOD)), 400, "bad-request")
    problem(await radio.client.get("/v1/sites/none/moderation/feed", headers=_bearer(MOD)), 404, "not-found")
    problem(await radio.client.post(FEED, headers=_bearer(MOD)), 405, "method-not-allowed")
    head = await radio.client.head(FEED, headers=_bearer(MOD))
    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream")
    assert not radio.staff.watches


async def test_a_listener_beats_counts_as_a_feed_and_is_drained(held: House) -> None:
    async with station(held, heartbeat=0.05, every=OFTEN, limits=FeedLimits(feeds=1)) as radio:
        async with radio.listen(MOD) as listener:
            full = await radio.client.get(FEED, headers=_bearer(SAM))
            assert full.status_code == 200
            assert RETRY.fullmatch(full.text)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(changed, listener)  # it reads, and what it waits for comes after the beats
                await until(lambda: listener.silences >= BEATS)
                await held.post(ADA, "Words.")
            radio.hub.drain()
            with anyio.fail_after(BOUND):
                while await listener.next() is not None:
                    pass
        assert RETRY.fullmatch((await radio.client.get(FEED, headers=_bearer(SAM))).text)


def _has_read(watch: QueueWatch, times: int) -> bool:
    return watch.reads >= times


def _bearer(who: Who) -> dict[str, str]:
    return {"Authorization": f"Bearer {signed(claims_of(who))}"}
