"""Telling clients: everybody once and in order, and nobody waits for one who does not read."""

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from core.position import Position
from tests.support.bounds import BOUND
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel, FeedClient
from workers.gateway.feed.ring import MOST_FRAMES, Frame
from workers.gateway.feed.sender import AT_ONCE, BEAT, Sender


class Client:
    """Takes what it is told while it has room, as a server's answer does."""

    def __init__(self, sender: Sender, channel: Channel, *missed: Frame) -> None:
        self.client = FeedClient(channel, channel.ring.end, None, [*missed])
        self.room = asyncio.Event()
        self.room.set()
        self.messages: list[Message] = []
        self.asked = 0
        """How often it was told anything, whether it took that or not."""
        self._sender = sender

    async def send(self, message: Message) -> None:
        self.asked += 1
        if not self.room.is_set():
            await self.room.wait()
        assert all(before["more_body"] for before in self.messages), "told after the end"
        self.messages.append(message)

    async def come(self) -> None:
        await self._sender.join(self.client, self.send)

    @property
    def told(self) -> bytes:
        return b"".join(message["body"] for message in self.messages)

    async def has(self, told: bytes) -> None:
        with anyio.fail_after(BOUND):
            while self.told != told:
                assert told.startswith(self.told)
                await anyio.lowlevel.checkpoint()


class Room:
    """One thread and its clients."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.channel = Channel(sender.deliver)
        self._n = 0

    async def client(self) -> Client:
        client = Client(self.sender, self.channel)
        await client.come()
        return client

    def say(self, *words: bytes) -> None:
        for said in words:
            self._n += 1
            self.channel.newest = Position(1, self._n)
            self.channel.ring.append([Frame(self.channel.newest, said)])


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with anyio.create_task_group() as tasks:
        yield Room(Sender(tasks))
        tasks.cancel_scope.cancel()


async def test_nobody_waits_for_one_who_does_not_read_and_he_misses_nothing(room: Room) -> None:
    late, other = await room.client(), await room.client()
    late.room.clear()
    room.say(b"a")
    await other.has(b"a")
    room.say(b"b", b"c")
    await other.has(b"abc")
    assert late.told == b""
    late.room.set()
    await late.has(b"abc")
    room.say(b"d")
    for one in (late, other):
        await one.has(b"abcd")


async def test_who_is_too_late_is_told_to_read_the_page_again(room: Room) -> None:
    late, other = await room.client(), await room.client()
    late.room.clear()
    room.say(b"a")
    await other.has(b"a")
    for times in (MOST_FRAMES // 2, MOST_FRAMES):
        room.say(*[b"b"] * (MOST_FRAMES // 2))
        await other.has(b"a" + b"b" * times)
    assert room.channel.newest is not None
    again = frames.reset(room.channel.newest).data
    late.room.set()
    await late.has(b"a" + again)
    room.say(b"c")
    await late.has(b"a" + again + b"c")


async def test_what_is_said_while_others_are_being_told_comes_once_and_in_order(room: Room) -> None:
    clients = [await room.client() for _ in range(3 * AT_ONCE)]
    room.say(b"a")
    await clients[0].has(b"a")
    assert clients[-1].told == b""
    room.say(b"b")
    for client in clients:
        await client.has(b"ab")


async def test_who_comes_is_told_what_he_missed_before_anything_else(room: Room) -> None:
    other = await room.client()
    newcomer = Client(room.sender, room.channel, Frame(Position(1, 1), b"missed "))
    newcomer.room.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(newcomer.come)
        with anyio.fail_after(BOUND):
            while not newcomer.asked:
                await anyio.lowlevel.checkpoint()
        room.say(b"a")
        await other.has(b"a")
        assert newcomer.asked == 1
        newcomer.room.set()
        await newcomer.has(b"missed a")
    room.say(b"b")
    await newcomer.has(b"missed ab")


async def test_an_end_that_comes_while_others_are_being_told_is_told_to_everybody(room: Room) -> None:
    clients = [await room.client() for _ in range(3 * AT_ONCE)]
    room.say(b"a")
    await clients[0].has(b"a")
    assert clients[-1].told == b""
    room.channel.ring.close()
    with anyio.fail_after(BOUND):
        for client in clients:
            while not client.messages or client.messages[-1]["more_body"]:
                await anyio.lowlevel.checkpoint()
    assert {client.told for client in clients} == {b"a"}


async def test_at_the_end_everybody_is_told_what_is_left_and_then_nothing(room: Room) -> None:
    late, other = await room.client(), await room.client()
    late.room.clear()
    room.say(b"a")
    await other.has(b"a")
    room.say(b"b")
    room.channel.ring.close()
    room.say(b"too late")
    late.room.set()
    for one in (other, late):
        with anyio.fail_after(BOUND):
            while not one.messages or one.messages[-1]["more_body"]:
                await anyio.lowlevel.checkpoint()
        assert one.told == b"abtoo late"
    room.say(b"never")
    await anyio.wait_all_tasks_blocked()
    assert {late.told, other.told} == {b"abtoo late"}


async def test_who_left_while_he_was_late_is_told_no_more(room: Room) -> None:
    late, other = await room.client(), await room.client()
    late.room.clear()
    room.say(b"a", b"b")
    await other.has(b"ab")
    late.client.over = True
    late.room.set()
    await anyio.wait_all_tasks_blocked()
    room.say(b"c")
    await other.has(b"abc")
    assert late.told == b"ab"


async def test_those_who_hear_nothing_are_kept_awake_and_no_others(room: Room) -> None:
    late, silent = await room.client(), await room.client()
    late.room.clear()
    room.say(b"a")
    await silent.has(b"a")
    ended = Room(room.sender)
    told = await ended.client()
    ended.channel.ring.close()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.sender.beat, lambda: [ended.channel, room.channel], 0.01)
        with anyio.fail_after(BOUND):
            while silent.messages[-3:] != [BEAT] * 3:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert (late.messages, len(told.messages)) == ([], 1)
    assert (late.asked, told.asked) == (1, 1)
    late.room.set()
    await late.has(b"a")


async def test_only_who_has_heard_nothing_for_long_is_kept_awake_and_in_time(room: Room) -> None:
    silent, busy = await room.client(), await room.client()
    every = 0.4
    busy.client.sent_at = 0.0
    room.say(b"a")
    await busy.has(b"a")
    await silent.has(b"a")
    assert busy.client.sent_at > 0.0
    silent.client.sent_at -= 0.9 * every
    busy.client.sent_at += 3600
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.sender.beat, lambda: [room.channel], every)
        with anyio.fail_after(BOUND):
            while silent.messages[-1] != BEAT:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert busy.told == b"a"


@pytest.mark.parametrize("error", [OSError, RuntimeError])
@pytest.mark.parametrize("late", [False, True])
async def test_an_answer_that_takes_no_more_is_no_matter_to_others(
    room: Room, error: type[Exception], *, late: bool
) -> None:
    class Gone(Client):
        async def send(self, message: Message) -> None:
            self.messages.append(message)
            if late:
                await self.room.wait()
            raise error

    gone = Gone(room.sender, room.channel)
    await gone.come()
    gone.room.clear()
    other = await room.client()
    with capture_logs() as lines:
        room.say(b"a")
        await other.has(b"a")
        gone.room.set()
        await anyio.wait_all_tasks_blocked()
        room.say(b"b")
        await other.has(b"ab")
    assert gone.told == b"a"
    # That somebody left is nothing that anybody has to know of.
    assert [line["event"] for line in lines] == ([] if error is OSError else ["feed_not_told"])
