"""Replays: whole wherever they are cut, bounded in length, number and time, and never ahead of the client."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.json import decode
from starlette.types import Message

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.thread import OpenThread
from core.domain.vote import CastVote
from core.log.memory import MemoryLog
from core.position import Position
from projections.read import comments, pages
from projections.read.feed import FeedLog
from projections.read.queries import PageQuery
from projections.read.served_generation import Served, ServedReply
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Move, Play
from tests.support.following import Frame, Page, parsed
from tests.support.viewing import Stage, stage
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.replays import Replays
from workers.gateway.feed.resume import VOTES_BEFORE_MS, Missed, Resume
from workers.runtime import metrics

THREAD = THREADS[0]
APART = VOTES_BEFORE_MS + 1
"""Milliseconds between two events of which neither is repeated with the other."""
few = settings(max_examples=25)
"""Every event of an example is committed to a server."""
ALL = PageQuery(limit=200, depth=50, replies=200)


ALONE = ("vote", "vote", "edit", "retitle")
"""Deeds that change one row, and make none: however many come, no position has more frames."""
DEEDS = ("post", "reply", *("vote",) * 4, "edit", "decide", "withdraw", "restore")


def lively(least: int, most: int, *deeds: str) -> st.SearchStrategy[list[Move]]:
    """Moves in a thread that stays open, half of them votes: every one of them is noticed unless it is refused."""
    one = st.builds(
        Move,
        deed=st.sampled_from(deeds or DEEDS),
        thread=st.just(0),
        earlier=st.just(0),
        who=st.integers(0, len(PEOPLE) - 1),
        comment=st.integers(0, 7),
        choice=st.integers(0, 11),
        later=st.sampled_from((0, 1, 1000)),
    )
    return st.lists(one, min_size=least, max_size=most)


class Views(Served):
    """The views of a stage as a feed reads them, and what rows were read."""

    def __init__(self, here: Stage) -> None:
        super().__init__(here.deployment)
        self.read: list[list[str]] = []

    async def thread(self, *asked: Any) -> ServedReply:
        _whole, *comments = asked[-1]
        self.read.append(comments)
        return await super().thread(*asked)


class Story:
    """A thread that goes on by a clock of its own, and resumes of its feed."""

    def __init__(self, here: Stage, log: MemoryLog, limits: FeedLimits) -> None:
        self.here = here
        self.log = log
        self.play = Play(log)
        self.views = Views(here)
        self.feed = FeedLog(here.deployment.calls, here.deployment.keys)
        self.resuming = Resume(log, self.views, self.feed, limits)
        self.replays = Replays(self.resuming, limits)
        # The feed drops what is old by the clock of the server.
        self.now = time.time_ns() // 1_000_000

    async def go_on(self, some: Iterable[Move], *, apart: int = 0) -> None:
        """Make these moves, at least so many milliseconds apart, and let the views see them."""
        for move in some:
            self.now += max(move.later, apart)
            await self.play.make(move, self.now)
        await self.here.catch_up()

    async def post(self, name: str, body: str = "words", *, apart: int = APART) -> Position:
        """One more comment."""
        self.now += apart
        return await self.here.do(PEOPLE[0], PostComment(comment=name, body=body))

    async def vote(self, comment: str, who: int = 1, *, apart: int = APART) -> Position:
        """A vote of one of those who did not post."""
        self.now += apart
        return await self.here.do(PEOPLE[who], CastVote(comment=comment, revision=1, value=1))

    async def page(self) -> Page:
        """The whole thread, read afresh."""
        found = await pages.page(self.here.served, SITE, THREAD, ALL)
        assert found is not None
        return Page(decode(found.body))

    async def missed(self, after: Position, *, is_frame: bool = True) -> Missed:
        """What a client lacks that saw the id `after`."""
        found = await self.maybe_missed(after, is_frame=is_frame)
        assert found is not None
        return found

    async def maybe_missed(self, after: Position, *, is_frame: bool = True) -> Missed | None:
        """The same, or None for a reset."""
        head = await comments.head(self.here.served, SITE, THREAD)
        assert head is not None
        upto = (await self.feed.end(0)).position
        return await self.resuming.missed(SITE, THREAD, head, after, upto, is_frame=is_frame)

    async def resume(self, after: Position) -> list[Frame]:
        """The frames of one whole replay."""
        found: list[Frame] = []
        async for piece in self.resuming.pieces(await self.missed(after)):
            some = parsed(piece.data)
            assert len(some) == piece.frames
            found += some
        return found


@asynccontextmanager
async def told(server: str, limits: FeedLimits | None = None) -> AsyncIterator[Story]:
    """A thread that was just opened."""
    log = MemoryLog(clock=lambda: story.now if story else time.time_ns() // 1_000_000)
    story: Story | None = None
    async with stage(server, log) as here:
        story = Story(here, log, limits or FeedLimits())
        await story.play.open()
        await here.catch_up()
        yield story


def groups(frames: list[Frame]) -> list[list[Frame]]:
    """The frames of each position; those after the last id are one more."""
    found: list[list[Frame]] = [[]]
    for frame in frames:
        found[-1].append(frame)
        if frame.id is not None:
            found.append([])
    return [one for one in found if one]


async def arrives(story: Story, page: Page, k: int, more: Iterable[Move], *, apart: int) -> None:
    """Cut after k frames, resume, fold, again and again, while moves are made; in the end it is a fresh page."""
    left = iter(more)
    last = Position.parse(page.thread["position"])
    while True:
        frames = await story.resume(last)
        before = last
        for frame in frames[:k]:
            page.apply(frame)
            last = Position.parse(frame.id) if frame.id else last
        if len(frames) > k:
            assert last > before, "a resume that was cut brought the client no further"
        if (move := next(left, None)) is not None:
            await story.go_on([move], apart=apart)
        elif len(frames) <= k:
            break
    assert page == await story.page()


@few
@given(lively(5, 25), lively(10, 50), lively(0, 15, *ALONE), st.integers(0, 2))
async def test_a_replay_that_is_cut_again_and_again_arrives_at_a_fresh_page(
    server: str, before: list[Move], missed: list[Move], more: list[Move], wider: int
) -> None:
    async with told(server) as story:
        await story.go_on(before, apart=APART)
        page = await story.page()
        await story.go_on(missed, apart=APART)
        frames = await story.resume(Position.parse(page.thread["position"]))
        assert all(one[-1].id is not None for one in groups(frames))
        k = max([1, *map(len, groups(frames))]) + wider
        await arrives(story, page, k, more, apart=APART)


@few
@given(lively(5, 25), lively(10, 50), lively(0, 15, *ALONE), st.integers(0, 2))
async def test_it_arrives_also_where_votes_are_repeated(
    server: str, before: list[Move], missed: list[Move], more: list[Move], wider: int
) -> None:
    async with told(server) as story:
        await story.go_on(before)
        page = await story.page()
        await story.go_on(missed)
        frames = await story.resume(Position.parse(page.thread["position"]))
        assert all(one[-1].id is not None for one in groups(frames))
        # Repeated votes are frames of the position that follows them, at most one for each comment.
        k = max([1, *map(len, groups(frames))]) + len(story.play.comments[THREAD]) + wider
        await arrives(story, page, k, more, apart=0)


async def test_votes_are_told_where_the_last_one_of_their_comment_was(server: str) -> None:
    async with told(server) as story:
        for name in ("a", "b"):
            start = await story.post(name)
        await story.vote("a", 1)
        await story.vote("b", 1)
        posted = await story.post("c")
        again = await story.vote("a", 2)
        last = await story.post("d")
        frames = await story.resume(start)
        assert [(one.event, one.data["comment"]) for one in frames] == [
            ("votes.changed", "b"),
            ("comment.posted", "c"),
            ("votes.changed", "a"),
            ("comment.posted", "d"),
        ]
        assert [one.id for one in frames][1:] == [str(posted), str(again), str(last)]
        assert frames[2].data["row"]["votes"]["up"] == 2


async def test_votes_that_may_have_been_held_back_are_repeated_under_the_next_id(server: str) -> None:
    async with told(server) as story:
        await story.post("a")
        await story.post("b")
        await story.vote("a")
        await story.vote("b", apart=1)
        told_last = await story.post("c", apart=1)
        # Nothing follows: the repeats are a position of their own, which the client has.
        frames = await story.resume(told_last)
        assert [(one.event, one.data["comment"]) for one in frames] == [("votes.changed", "a"), ("votes.changed", "b")]
        assert [one.id for one in frames] == [None, str(told_last)]
        # What follows has the next id, and that promises them.
        last = await story.post("d")
        frames = await story.resume(told_last)
        assert [(one.event, one.data["comment"]) for one in frames] == [
            ("votes.changed", "a"),
            ("votes.changed", "b"),
            ("comment.posted", "d"),
        ]
        assert [one.id for one in frames] == [None, None, str(last)]


async def test_a_vote_at_the_position_itself_is_not_repeated(server: str) -> None:
    async with told(server) as story:
        await story.post("a")
        voted = await story.vote("a")
        assert await story.resume(voted) == []


async def test_votes_that_may_have_been_held_back_are_repeated_though_the_feed_has_forgotten_them(server: str) -> None:
    async with told(server) as story:
        await story.post("a")
        await story.vote("a")
        last = await story.post("b", apart=1)
        keys = story.here.deployment.keys[0]
        await story.here.deployment.calls.call("SET", keys.feed_trimmed, str(last))
        await story.here.deployment.calls.call("XTRIM", keys.feed, "MAXLEN", 0)
        assert [one.data["comment"] for one in await story.resume(last)] == ["a"]
        # A page has them anyway.
        assert not await story.missed(last, is_frame=False)
        # Of more events than are looked through nothing can be promised.
        for number in range(256):
            story.now += 1
            await transact(story.log, PostComment(comment=f"m{number}", body="w"), **by(PEOPLE[0]))
        await story.here.catch_up()
        last = await story.post("z", apart=1)
        await story.here.deployment.calls.call("SET", keys.feed_trimmed, str(last))
        await story.here.deployment.calls.call("XTRIM", keys.feed, "MAXLEN", 0)
        assert await story.maybe_missed(last) is None


class Client:
    """Takes what it is sent while it has room, as a server's answer does."""

    def __init__(self) -> None:
        self.room = anyio.Event()
        self.pieces: list[bytes] = []

    async def send(self, message: Message) -> None:
        await self.room.wait()
        if message["body"]:
            self.pieces.append(message["body"])

    @property
    def frames(self) -> list[Frame]:
        return parsed(b"".join(self.pieces))


def free() -> Client:
    """A client that takes everything."""
    client = Client()
    client.room.set()
    return client


async def test_a_replay_is_sent_in_pieces_each_read_when_the_last_was_taken(server: str) -> None:
    async with told(server, FeedLimits(replay_piece=1)) as story:
        start = await story.post("first")
        for number in range(60):
            await story.post(f"c{number}", apart=0)
        missed = await story.missed(start)
        client = Client()
        taken: list[int] = []

        async def send(message: Message) -> None:
            # What was read beyond what was taken.
            taken.append(len(story.views.read) - len(client.pieces))
            client.pieces += [message["body"]] if message["body"] else []

        assert await story.replays.send(missed, send) is None
        assert len(client.frames) == 60
        assert len(client.pieces) >= 4
        assert max(taken) == 1
        # A client that takes nothing has nothing read for it.
        story.views.read.clear()
        stuck = Client()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(story.replays.send, missed, stuck.send)
            await anyio.wait_all_tasks_blocked()
            assert story.views.read == []
            tasks.cancel_scope.cancel()


async def test_a_replay_of_too_many_rows_is_one_reset(server: str) -> None:
    async with told(server, FeedLimits(replay_rows=3)) as story:
        start = await story.post("a")
        await story.vote("a", 1)
        await story.vote("a", 2)
        await story.post("b")
        await story.post("c")
        client = free()
        assert await story.replays.send(await story.missed(start), client.send) is None
        assert len(client.frames) == 3
        await story.post("d")
        client = free()
        assert await story.replays.send(await story.missed(start), client.send) == "long"
        assert client.frames == []
        assert story.views.read[1:] == []


async def test_repeated_votes_count_as_rows_too(server: str) -> None:
    async with told(server, FeedLimits(replay_rows=1)) as story:
        for name in ("a", "b"):
            await story.post(name)
        for name in ("a", "b"):
            await story.vote(name, apart=1)
        last = await story.post("c", apart=1)
        assert await story.replays.send(await story.missed(last), free().send) == "long"


async def test_a_replay_of_too_many_bytes_ends_with_a_reset(server: str) -> None:
    async with told(server, FeedLimits(replay_bytes=30_000, replay_piece=10_000)) as story:
        start = await story.post("first")
        for number in range(40):
            await story.post(f"c{number}", "x" * 300, apart=0)
        client = free()
        assert await story.replays.send(await story.missed(start), client.send) == "long"
        sent = b"".join(client.pieces)
        assert len(sent) <= 30_000
        assert 0 < len(client.frames) < 40


async def test_so_many_replays_are_under_way_and_others_wait_a_while_for_their_place(server: str) -> None:
    async with told(server, FeedLimits(replays=1, replay_wait=0.05)) as story:
        start = await story.post("first")
        await story.post("missed")
        missed = await story.missed(start)
        stuck, other = Client(), free()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(story.replays.send, missed, stuck.send)
            await anyio.wait_all_tasks_blocked()
            assert gauge("hansard_feed_replays") == 1
            assert await story.replays.send(missed, other.send) == "busy"
            assert other.pieces == []
            stuck.room.set()
            with anyio.fail_after(BOUND):
                while not stuck.pieces:
                    await anyio.lowlevel.checkpoint()
        assert await story.replays.send(missed, other.send) is None
        assert len(other.frames) == 1
        assert gauge("hansard_feed_replays") == gauge("hansard_feed_replays_waiting") == 0


async def test_a_client_that_waits_gets_its_place_when_another_leaves(server: str) -> None:
    async with told(server, FeedLimits(replays=1, replay_wait=BOUND)) as story:
        start = await story.post("first")
        await story.post("missed")
        missed = await story.missed(start)
        stuck, other = Client(), free()
        async with anyio.create_task_group() as tasks:
            async with anyio.create_task_group() as first:
                first.start_soon(story.replays.send, missed, stuck.send)
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(story.replays.send, missed, other.send)
                await anyio.wait_all_tasks_blocked()
                assert gauge("hansard_feed_replays_waiting") == 1
                first.cancel_scope.cancel()
            with anyio.fail_after(BOUND):
                while not other.pieces:
                    await anyio.lowlevel.checkpoint()


async def test_a_client_that_takes_its_replay_too_slowly_gives_its_place_up(server: str) -> None:
    async with told(server, FeedLimits(replays=1, replay_within=0.05)) as story:
        start = await story.post("first")
        await story.post("missed")
        missed = await story.missed(start)
        assert await story.replays.send(missed, Client().send) == "slow"
        assert await story.replays.send(missed, free().send) is None


async def test_what_is_trimmed_while_it_is_replayed_is_a_reset(server: str) -> None:
    async with told(server) as story:
        start = await story.post("first")
        last = await story.post("missed")
        missed = await story.missed(start)
        keys = story.here.deployment.keys[0]
        await story.here.deployment.calls.call("SET", keys.feed_trimmed, str(last))
        await story.here.deployment.calls.call("XTRIM", keys.feed, "MAXLEN", 0)
        assert await story.replays.send(missed, free().send) == "position"


async def test_entries_of_one_thread_are_found_among_those_of_others(server: str) -> None:
    async with told(server) as story:
        story.now += 1
        opening = OpenThread(url="https://kew.example/tea", title="Tea")
        await story.here.do(MOD, opening, thread=THREADS[1])
        start = await story.post("a")
        for number in range(7):
            await story.here.do(PEOPLE[0], PostComment(comment=f"t{number}", body="tea"), thread=THREADS[1])
            await story.post(f"c{number}", apart=1)
        upto = (await story.feed.end(0)).position
        for limit in (1, 2, 3, 1000):
            found = [
                entry.kinds[0][1]
                async for entries in story.feed.of_thread(0, SITE, THREAD, start, upto, limit=limit)
                for entry in entries
            ]
            assert found == [f"c{number}" for number in range(7)]


def gauge(name: str) -> float:
    """What a metric says now."""
    value = metrics.REGISTRY.get_sample_value(name)
    assert value is not None
    return value


def by(caller: Caller) -> dict[str, Any]:
    """Where and for whom a command is carried out."""
    return {"site": SITE, "thread": THREAD, "caller": caller}
