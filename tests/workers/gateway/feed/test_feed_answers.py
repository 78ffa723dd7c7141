"""The first answer of the feed: an EventSource gives up for good on what is neither 200 nor 204."""

import asyncio
import logging
import re
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from core.keys import DEPLOYMENT
from core.partitions import partition_of
from core.position import Position
from core.refusals import Unavailable
from projections.read import progress
from projections.read.served_generation import PartitionCommands, Served, ServedReply
from tests.support.bounds import BOUND
from tests.support.following import RETRY, Station, ended, feed, station, until
from tests.support.house import ADA, BEN, MOD, SITE, THREAD, House, problem, told
from workers.gateway.feed import frames
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.ring import Frame
from workers.gateway.http.feed_retry import BROKEN, LATER
from workers.gateway.operations import writing as writes
from workers.runtime import metrics

ONE = f"/v1/sites/{SITE}/threads/{THREAD}/feed"
NEW = "fern-house"
"""A thread that is not opened."""


@pytest.fixture
async def level(house: House) -> House:
    """A house whose views are level with its log."""
    end = await house.log.last(partition_of(SITE, THREAD, house.log.partitions))
    assert await progress.reached(house.served, SITE, THREAD, end, within=BOUND)
    return house


@pytest.fixture
async def radio(level: House) -> AsyncIterator[Station]:
    async with station(level) as found:
        yield found


async def test_where_no_further_feed_may_be_open_a_client_is_told_when_to_come_back(level: House) -> None:
    async with station(level, limits=FeedLimits(feeds=1)) as radio:
        async with radio.follow():
            await ended(radio, "full")
            await ended(radio, "full", NEW)
        await until(lambda: not radio.hub._feeds)
        async with radio.follow() as reader:
            await level.post(ADA, "There is room.")
            await reader.until("comment.posted")


async def test_a_process_that_stops_sends_clients_elsewhere_soon(radio: Station) -> None:
    radio.hub.drain()
    await ended(radio, "draining")
    await ended(radio, "draining", NEW)


class Away(Served):
    """Views that do not answer what rows there are, nor with `head` what threads."""

    def __init__(self, house: House, *, head: bool) -> None:
        super().__init__(house.deployment)
        self.away = True
        self._head = head

    async def commands_of(self, asked: Sequence[PartitionCommands]) -> list[ServedReply]:
        if self.away and self._head:
            raise Unavailable
        return await super().commands_of(asked)

    async def thread(self, *asked: Any) -> ServedReply:
        if self.away:
            raise Unavailable
        return await super().thread(*asked)


async def test_where_the_server_does_not_answer_a_client_is_told_when_to_come_back(level: House) -> None:
    views = Away(level, head=True)
    async with station(level, served=views) as radio:
        await ended(radio, "unavailable")
        views.away = False
        async with radio.follow():
            pass


async def test_where_the_deployment_is_gone_a_client_is_told_when_to_come_back(radio: Station) -> None:
    deployment = radio.house.deployment
    record = await deployment.calls.call("HGETALL", DEPLOYMENT)
    await deployment.calls.call("DEL", DEPLOYMENT)
    await deployment.record.read()
    await ended(radio, "unavailable")
    await deployment.calls.call("HSET", DEPLOYMENT, *record)
    await deployment.record.read()
    async with radio.follow():
        pass


async def test_a_replay_that_cannot_go_on_ends_with_when_to_come_back_and_then_comes_whole(level: House) -> None:
    views = Away(level, head=False)
    async with station(level, served=views) as radio:
        start = (await radio.page()).thread["position"]
        await level.post(ADA, "Missed.")
        answer = await radio.client.get(f"{ONE}?after={start}")
        first, last = RETRY.findall(answer.text)
        assert RETRY.sub("", answer.text) == ""
        assert BROKEN[0] * 1000 <= int(first) <= BROKEN[1] * 1000
        assert LATER[0] * 1000 <= int(last) <= LATER[1] * 1000
        views.away = False
        async with radio.follow(start) as reader:
            assert (await reader.until("comment.posted"))[0].data["row"]["body"] == "Missed."


async def test_a_thread_that_is_not_opened_yet_is_waited_for(radio: Station) -> None:
    house = radio.house
    async with radio.follow(thread=NEW) as reader, radio.follow(thread=NEW) as other:
        (channel,) = [one for one in radio.hub._channels() if one.live]
        follower = next(one for one, _ in radio.hub._followers.values())
        assert (follower.channels, len(follower.unopened)) == ({}, 1)
        await house.open_thread(NEW)
        comment = await house.post(ADA, "First.", thread=NEW)
        for one in (reader, other):
            opened, posted = await one.until("comment.posted")
            assert (opened.event, posted.data["comment"]) == ("thread.changed", comment)
            assert None not in (opened.id, posted.id)
        assert not len(follower.unopened)
        assert not channel.live
        # From here on it is a thread as any other.
        async with radio.follow(thread=NEW, last=opened.id) as third:
            assert [frame.event for frame in await third.until("comment.posted")] == ["comment.posted"]
    await until(lambda: not radio.hub._followers)


async def test_clients_of_a_thread_that_is_not_opened_hear_that_the_stream_lives_and_ends(level: House) -> None:
    async with station(level, heartbeat=0.01) as radio, radio.follow(thread=NEW) as reader:
        text = ""
        with anyio.fail_after(BOUND):
            async for chunk in reader._chunks:
                text += chunk.decode()
                if ":\n\n" in text:
                    radio.hub.drain()
        assert "data:" not in text
    await until(lambda: not radio.hub._followers)


async def test_so_many_threads_that_are_not_opened_are_waited_for_and_no_more(level: House) -> None:
    async with station(level, limits=FeedLimits(unopened=2)) as radio:
        async with radio.follow(thread="a"), radio.follow(thread="b"):
            await ended(radio, "unopened", "c")
            async with radio.follow(thread="a"), radio.follow():
                pass
        await until(lambda: not radio.hub._followers)
        async with radio.follow(thread="c"):
            pass


async def test_the_position_that_opening_the_thread_answered_is_waited_for(
    radio: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = radio.house
    monkeypatch.setattr(writes, "VIEW_WITHIN", 0)
    house.hold()
    body = {"url": f"https://kew.example/{NEW}", "title": "Ferns"}
    answer = await house.ask("PUT", f"threads/{NEW}", MOD, body)
    assert answer.status_code == 201, answer.text
    position = answer.json()["position"]
    async with radio.follow(position, thread=NEW) as reader:
        house.release()
        comment = await house.post(ADA, "First.", thread=NEW)
        frames = await reader.until("comment.posted")
        # The opening itself is what the client has.
        assert [(frame.event, frame.data["comment"]) for frame in frames] == [("comment.posted", comment)]


@pytest.mark.parametrize("last", ["1-1", "rubbish"])
async def test_a_position_of_a_thread_that_is_not_opened_is_none(radio: Station, last: str) -> None:
    async with radio.follow(last=last, thread=NEW) as reader:
        (reset,) = await reader.until("reset")
        assert reset.id is not None
        await radio.house.open_thread(NEW)
        assert (await reader.until("thread.changed"))[0].event == "thread.changed"


async def test_clients_of_a_thread_that_is_not_opened_are_reset_with_all_others(radio: Station) -> None:
    house = radio.house
    keys = house.deployment.keys.of(SITE, NEW)
    async with radio.follow(thread=NEW) as reader:
        await house.deployment.calls.call("SET", keys.generation, "1.1")
        await house.deployment.calls.call("SPUBLISH", keys.view_channel, "")
        await reader.until("reset")


async def test_head_is_answered_as_get_without_a_stream(radio: Station) -> None:
    for path in (ONE, feed(NEW)):
        answer = await radio.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert not {"content-length", "transfer-encoding"} & set(answer.headers)
    assert not radio.hub._feeds
    assert (await radio.client.head(f"{ONE}?after=yesterday")).status_code == 400
    assert (await radio.client.head(f"/v1/sites/nowhere/threads/{THREAD}/feed")).status_code == 404
    archived = await radio.house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "archived"})
    await radio.house.settled(archived.json()["position"])
    assert (await radio.client.head(ONE)).status_code == 204
    problem(await radio.client.post(ONE), 405, "method-not-allowed")


async def test_http_1_0_gets_no_chunks(radio: Station) -> None:
    reading, writing = await connected(radio)
    writing.write(f"GET {ONE} HTTP/1.0\r\n\r\n".encode())
    with anyio.fail_after(BOUND):
        head = (await reading.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200")
        assert b"connection: close" in head
        assert not re.search(b"transfer-encoding|content-length", head)
        assert re.fullmatch(rb"retry: \d+\n\n", await reading.readuntil(b"\n\n"))
        comment = await radio.house.post(ADA, "Plain.")
        frame = await reading.readuntil(b"\n\n")
        assert frame.startswith(b"id: ")
        assert comment.encode() in frame
        radio.hub.drain()
        assert await reading.read() == b""
    writing.close()


async def test_answers_with_a_length_keep_it_under_http_1_0(radio: Station) -> None:
    reading, writing = await connected(radio)
    writing.write(f"GET /v1/sites/{SITE}/threads/{THREAD} HTTP/1.0\r\n\r\n".encode())
    with anyio.fail_after(BOUND):
        head, _, body = (await reading.read()).partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head.lower()
    writing.close()


async def connected(radio: Station) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of our own."""
    url = radio.client.base_url
    return await asyncio.open_connection(url.host, url.port)


def hang_up(writing: asyncio.StreamWriter) -> None:
    """Leave without a word, as a phone does that loses its network: what comes is answered with a reset."""
    own = writing.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writing.transport.abort()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("when", ["at once", "live", "unopened", "told"])
async def test_a_client_that_hangs_up_is_no_line_in_the_log(
    radio: Station, when: str, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = feed(NEW) if when == "unopened" else ONE
    reading, writing = await connected(radio)
    with told() as lines, caplog.at_level(logging.WARNING):
        writing.write(f"GET {path} HTTP/{version}\r\nHost: here\r\n\r\n".encode())
        if when != "at once":
            with anyio.fail_after(BOUND):
                await reading.readuntil(b"retry: ")
        if when == "told":
            channel = next(one for one in radio.hub._channels() if one.live)
            channel.newest = Position(1, 1)
            hang_up(writing)
            for _ in range(20):
                channel.ring.append([Frame(channel.newest, frames.encode("filler", b"{}", channel.newest))])
                await anyio.lowlevel.checkpoint()
        else:
            hang_up(writing)
        await radio.client.get("/healthz")
        await until(lambda: not radio.hub._feeds)
    assert [line for line in lines if line["log_level"] not in ("info", "debug")] == []
    assert caplog.records == []


async def test_a_client_that_hangs_up_gives_its_replay_up(level: House, caplog: pytest.LogCaptureFixture) -> None:
    views = Stuck(level)
    async with station(level, served=views, limits=FeedLimits(replays=1, replay_wait=BOUND)) as radio:
        start = (await radio.page()).thread["position"]
        await level.post(ADA, "Missed.")
        _, writing = await connected(radio)
        with told() as lines, caplog.at_level(logging.WARNING):
            writing.write(f"GET {ONE}?after={start} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            with anyio.fail_after(BOUND):
                await views.asked.wait()
            hang_up(writing)
            await until(lambda: not radio.hub._feeds)
        views.go.set()
        async with radio.follow(start) as reader:
            assert [frame.event for frame in await reader.until("comment.posted")] == ["comment.posted"]
    assert [line for line in lines if line["log_level"] not in ("info", "debug")] == []
    assert caplog.records == []


class Stuck(Served):
    """Views whose rows take until `go`."""

    def __init__(self, house: House) -> None:
        super().__init__(house.deployment)
        self.asked = anyio.Event()
        self.go = anyio.Event()

    async def thread(self, *asked: Any) -> ServedReply:
        self.asked.set()
        await self.go.wait()
        return await super().thread(*asked)


class Tight:
    """A client with little room on the way to it, which reads nothing."""

    def __init__(self) -> None:
        self.own = socket.socket()
        self.own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.own.setblocking(False)
        self.found = b""

    async def ask(self, radio: Station, path: str) -> None:
        loop = asyncio.get_running_loop()
        url = radio.client.base_url
        await loop.sock_connect(self.own, (url.host, url.port))
        await loop.sock_sendall(self.own, f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())

    async def read(self, words: bytes) -> bytes:
        """Everything that came, once these words have."""
        with anyio.fail_after(BOUND):
            while words not in self.found:
                some = await asyncio.get_running_loop().sock_recv(self.own, 1 << 16)
                assert some, "it ended"
                self.found += some
        return self.found


async def test_of_a_replay_that_is_not_read_little_is_made_and_its_place_is_given_up(level: House) -> None:
    posts = 48
    views = Counted(level)
    limits = FeedLimits(replays=1, replay_within=1.0, replay_piece=8 << 10)
    async with station(level, served=views, limits=limits) as radio:
        radio.listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        start = (await radio.page()).thread["position"]
        for number in range(posts):
            await level.post(ADA, f"{number} " + "x" * 4900)
        slow = metrics.FEED_RESETS.labels("slow")._value.get()
        tight = Tight()
        await tight.ask(radio, f"{ONE}?after={start}")
        await until(lambda: metrics.FEED_RESETS.labels("slow")._value.get() == slow + 1)
        # What the buffers on the way hold, and a piece: not the half megabyte that all of it is.
        assert 0 < views.rows < posts
        async with radio.follow(start) as reader:
            assert len([await reader.next() for _ in range(posts)]) == posts
            last = await level.post(BEN, "Afterwards.")
            before, _, after = (await tight.read(last.encode())).partition(b"event: reset")
            assert before.count(b"event: comment.posted") < posts
            assert after.count(b"event: comment.posted") == 1
        tight.own.close()


class Counted(Served):
    """Views, and how many rows were asked for."""

    def __init__(self, house: House) -> None:
        super().__init__(house.deployment)
        self.rows = 0

    async def thread(self, *asked: Any) -> ServedReply:
        _whole, *comments = asked[-1]
        self.rows += len(comments)
        return await super().thread(*asked)
