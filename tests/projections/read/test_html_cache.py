"""Work over many texts gives other tasks a turn between any two of them, where it is time for that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.lowlevel import checkpoint
from msgspec.structs import replace

from core import throttle
from core.application.transact import transact
from core.domain.authoring import PostComment
from core.domain.thread import OverridePolicy
from core.log.memory import MemoryLog
from core.policy import PolicyChanges
from core.text import render as markup
from core.text.render import Rendered, rendered
from core.throttle import Pace, collected
from projections.read import comments, members, moderation_queue, overlay
from projections.read.html_cache import ahead
from projections.read.queries import ListQuery, QueueQuery
from projections.rebuild.builder import Rebuilding
from projections.rebuild.refold import refold
from projections.thread.thread_replay import ThreadReplay
from projections.verify import thread_check
from projections.verify.single_thread import ListingCounts, SingleThreadCheck
from projections.verify.verifier import verify
from projections.views.generations import scope_of
from projections.views.pointer import Pointer
from projections.views.store import Store
from projections.views.viewer import Viewer
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Play, entries
from tests.support.projecting import Bench, bench, projecting
from tests.support.viewing import Stage

ADA, *_ = PEOPLE
THREAD = THREADS[0]
MANY = 12


class Turns:
    """Counts the turns that another task has, and notes their number at each text that is rendered."""

    def __init__(self) -> None:
        self.noted: list[int] = []
        self._had = 0

    async def run(self) -> None:
        """Have turns."""
        while True:
            self._had += 1
            await checkpoint()

    def render(self, body: str) -> Rendered:
        """Render a text."""
        self.noted.append(self._had)
        return Rendered(f"<p>{body}</p>\n")

    @property
    def between_all(self) -> bool:
        """Whether many texts were rendered, with a turn between any two."""
        return len(self.noted) >= MANY and len(set(self.noted)) == len(self.noted)


@asynccontextmanager
async def others(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Turns]:
    """Another task has its turns meanwhile, and it is always time for one."""
    turns = Turns()
    with monkeypatch.context() as patch:
        patch.setattr(throttle, "SLICE_S", 0.0)
        patch.setattr(markup, "remembered", turns.render)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(turns.run)
            yield turns
            tasks.cancel_scope.cancel()


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    """A log of one thread with many comments, and no views yet."""
    async with bench(fresh) as here:
        await play_posts(here)
        yield here


async def play_posts(here: Bench) -> None:
    """Open a thread, and post comments of which no two are alike."""
    log = MemoryLog(1)
    await Play(log).open()
    for number in range(MANY):
        await transact(log, post(number), site=SITE, thread=THREAD, caller=ADA)
    await here.pour(await entries(log))


def post(number: int) -> PostComment:
    return PostComment(comment=f"c{number}", body=f"*{number}*")


async def stored(here: Bench) -> list[bytes]:
    rows: list[bytes] = await here.call("HVALS", here.deployment.keys[0].thread_views(1, SITE, THREAD).rows)
    return rows


async def test_others_have_their_turn_within_a_commit_of_the_projector(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with others(monkeypatch) as turns, projecting(here.projector()):
        await here.level()
        assert turns.between_all
    assert len(turns.noted) == MANY == len(await stored(here)), "each is rendered once"


async def test_others_have_their_turn_within_the_commits_of_a_rebuild(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with projecting(here.projector()):
        await here.level()
    async with others(monkeypatch) as turns:
        await (await building(here)).level()
        assert turns.between_all


async def test_others_have_their_turn_within_the_commit_that_flips(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with others(monkeypatch) as turns:
        await (await building(here)).flip()  # the served views have none of the events
        assert turns.between_all


async def test_others_have_their_turn_while_a_thread_is_exchanged(here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with projecting(here.projector()):
        await here.level()
    async with others(monkeypatch) as turns:
        await refold(here.log, here.store, SITE, THREAD)
        assert turns.between_all


async def test_others_have_their_turn_while_what_was_built_is_judged(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with others(monkeypatch) as turns, projecting(here.projector()):
        await here.level()
        turns.noted.clear()
        reads, keys = here.deployment.reads, here.deployment.keys[0]
        scope = await scope_of(reads, keys, 1)
        check = SingleThreadCheck(reads, keys, 1, rendered, scope=scope, pace=Pace(), call="rebuild")
        fold = ThreadReplay(here.log, SITE, THREAD)
        assert [one async for one in check.differences(fold, ListingCounts())] == []
        assert turns.between_all


@pytest.mark.parametrize("whole", [2000, 0])
async def test_others_have_their_turn_while_a_thread_is_verified(
    here: Bench, monkeypatch: pytest.MonkeyPatch, whole: int
) -> None:
    monkeypatch.setattr(thread_check, "WHOLE", whole)
    async with projecting(here.projector()):
        await here.level()
    async with others(monkeypatch) as turns:
        # Its rows have another html than the fold: in steps, all are doubtful and rendered once more.
        found = [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)]
        assert len(found) == MANY
        assert turns.between_all


async def test_others_have_their_turn_within_an_overlay(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, *map(post, range(MANY)))
    async with others(monkeypatch) as turns:
        assert await overlay.of_member(there.served, SITE, THREAD, "ada", 0) is not None
        assert turns.between_all


async def test_others_have_their_turn_within_a_part_of_the_queue(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await there.do(ADA, PostComment(comment="p", body="*p*"))
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, *(replace(post(number), parent="p") for number in range(MANY)))
    async with others(monkeypatch) as turns:
        await moderation_queue.queue(there.served, SITE, QueueQuery(state="pending", limit=50))
        assert len(turns.noted) == 2 * MANY, "each with what it answers"
        assert turns.between_all


async def test_others_have_their_turn_within_a_permalink(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = MANY // 2
    chain = [replace(post(number), parent=f"c{number - 1}" if number else None) for number in range(depth)]
    below = [replace(post(number), parent=f"c{depth - 1}") for number in range(depth, depth + 8)]
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(max_depth=depth + 1)))
    await there.do(ADA, *chain, *below)
    async with others(monkeypatch) as turns:
        found = await comments.permalink(there.served, SITE, THREAD, f"c{depth - 1}", Viewer("mod", staff=True))
        assert found is not None
        # The comment itself and the first above it are rendered at a stretch.
        assert len(turns.noted) == depth + 8
        assert len(set(turns.noted)) >= len(turns.noted) - 1


async def test_others_have_their_turn_within_the_comments_of_a_member(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.do(ADA, *map(post, range(MANY)))
    staff = Viewer("mod", staff=True)
    async with others(monkeypatch) as turns:
        await members.member_comments(there.served, SITE, "ada", staff, ListQuery(limit=50))
        assert turns.between_all


async def test_what_is_rendered_ahead_is_let_go_of_when_it_was_used_for_the_last_time() -> None:
    made: list[str] = []

    def html(body: str) -> str:
        made.append(body)
        return f"<p>{body}</p>"

    there = await ahead(["a", "b", "a"], html)
    assert made == ["a", "b"]
    assert [there(body) for body in ("a", "b", "a")] == ["<p>a</p>", "<p>b</p>", "<p>a</p>"]
    assert made == ["a", "b"]
    assert there("a") == "<p>a</p>"
    assert made == ["a", "b", "a"], "it was not kept"


async def test_no_turn_is_given_before_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def rest(_: Pace) -> None:
        raise AssertionError("a rest")

    monkeypatch.setattr(throttle, "SLICE_S", float("inf"))
    monkeypatch.setattr(Pace, "rest", rest)
    assert (await ahead(map(str, range(1000)), str.upper))("7") == "7"
    assert await collected(range(3)) == [0, 1, 2]


async def building(here: Bench) -> Rebuilding:
    """The second generation of views, beside the served ones."""
    await here.call("HSET", here.deployment.keys[0].building, "nonce", "n")
    calls, reads, keys = here.deployment.calls, here.deployment.reads, here.deployment.keys
    store = Store(calls, reads, keys, pointer=Pointer(2), beside=True)
    return Rebuilding(here.log, store, here.store, 0, "n", html=rendered, pace=Pace(1))
