"""Reading from the generation that is served, waiting for the views, and views that cannot be read."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import msgspec
import pytest

from core.application.transact import transact
from core.domain.authoring import PostComment
from core.domain.thread import OverridePolicy
from core.log.memory import MemoryLog
from core.policy import Policy, PolicyChanges
from core.position import START, Position
from core.refusals import Unavailable
from projections.read import past, progress, served_generation
from projections.read.page_json import Inconsistent
from projections.read.queries import PageAnswer, PageQuery, RepliesQuery
from projections.read.views import Views
from projections.views.pointer import Pointer
from projections.views.viewer import PUBLIC, Viewer
from tests.projections.conftest import Clock
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Play
from tests.support.servers import client, engines, started
from tests.support.viewing import Stage, stage

ADA, BEN, *_ = PEOPLE
THREAD = THREADS[0]


async def move_to(there: Stage, generation: int) -> None:
    """Serve the same views under another generation, as a rebuild does in the end."""
    for partition in there.deployment.keys:
        base = partition.cursor(1).removesuffix("1:cursor")
        for key in await there.deployment.calls.call("KEYS", f"{base}1:*"):
            await there.deployment.calls.call("RENAME", key, key.replace(b":g1:", b":g%d:" % generation))
        await there.deployment.calls.call("SET", partition.generation, str(Pointer(generation)))


async def test_readers_follow_the_pointer_to_another_generation(there: Stage) -> None:
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="links")))
    await there.do(ADA, PostComment(comment="a", body="words"))
    at = await there.do(ADA, PostComment(comment="b", body="http://x.example", parent="a"))
    ada = Viewer("ada")
    url = f"https://kew.example/{THREAD}"
    asks: list[Callable[[Views], Awaitable[Any]]] = [
        lambda views: views.page_at(SITE, THREAD, at, PageQuery(), PUBLIC),
        lambda views: views.come(SITE, THREAD),
        lambda views: views.reached(SITE, THREAD, at, within=0),
        lambda views: views.head(SITE, THREAD),
        lambda views: views.row(SITE, THREAD, "a"),
        lambda views: views.frame_rows(SITE, THREAD, ["a", "b"]),
        lambda views: views.permalink(SITE, THREAD, "b", ada),
        lambda views: views.anchors(SITE, THREAD),
        lambda views: body(views.counts(SITE, list(THREADS))),
        lambda views: views.overlay(SITE, THREAD, "ada"),
        lambda views: views.revisions(SITE, THREAD, "b", ada, history="public", diff=True, limit=5, cursor=None),
        lambda views: views.queue(SITE, state="pending", thread=None, member=None, limit=5, cursor=None),
        lambda views: views.threads(SITE, url=None, status="open", limit=5, cursor=None),
        lambda views: views.threads(SITE, url=url, status=None, limit=5, cursor=None),
        lambda views: views.member_comments(SITE, "ada", ada, limit=5, cursor=None),
        lambda views: views.member_counts(SITE, "ada"),
        lambda views: body(views.page(SITE, THREAD, PageQuery())),
        lambda views: body(views.replies(SITE, THREAD, "a", RepliesQuery())),
    ]

    async def body(answer: Awaitable[PageAnswer | None]) -> bytes | None:
        found = await answer
        return None if found is None else found.body

    async def everything() -> list[Any]:
        """The answers to all, each asked of somebody who does not know yet which generation is served."""
        return [msgspec.json.encode(await ask(Views(there.deployment, there.log))) for ask in asks]

    before = await everything()
    assert b"null" not in before
    tagged = await there.views.page(SITE, THREAD, PageQuery())
    await move_to(there, 2)
    assert await everything() == before
    moved = await there.views.page(SITE, THREAD, PageQuery())
    assert tagged is not None
    assert moved is not None
    assert tagged.body == moved.body
    assert (tagged.tag[:4], moved.tag[:4]) == ("1.0-", "2.0-")
    assert tagged.tag[2:] == moved.tag[2:]


async def test_a_pointer_that_never_rests_ends_in_unavailable(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_generation, "_MOVES", 1)
    await move_to(there, 2)
    with pytest.raises(Unavailable):
        await there.views.head(SITE, THREAD)


async def test_views_have_come_nowhere_before_there_are_any(server: str) -> None:
    async with stage(server, MemoryLog(1)) as there:
        assert await there.views.come(SITE, THREAD) == (START, None)
        assert await there.views.reached(SITE, THREAD, START, within=0)
        assert not await there.views.reached(SITE, THREAD, Position(1, 1), within=0)


async def test_waiting_ends_with_the_commit_that_was_waited_for(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the bell, nobody would look again within the time that this test may take.
    monkeypatch.setattr(progress, "LOOK_EVERY", 3600.0)
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    answers = []
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            await tasks.start(there.deployment.wakes.run)
            # Somebody else waits as well, so that the subscription is known to be there before the commit.
            with there.deployment.wakes.on(there.deployment.keys.of(SITE, THREAD).view_channel):

                async def wait() -> None:
                    answers.append(await there.views.reached(SITE, THREAD, posted.position, within=3600))
                    tasks.cancel_scope.cancel()

                tasks.start_soon(wait)
                await anyio.wait_all_tasks_blocked()
                await there.catch_up()
                await anyio.sleep_forever()
    assert answers == [True]


async def test_waiting_looks_by_itself_where_no_bell_rings(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOOK_EVERY", 0.001)
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(there.catch_up)
        assert await there.views.reached(SITE, THREAD, posted.position, within=3600)


async def test_waiting_ends_in_time_where_nothing_comes(there: Stage) -> None:
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    assert not await there.views.reached(SITE, THREAD, posted.position, within=0.05)


async def test_a_past_that_the_views_do_not_know_yet_is_unavailable(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "VIEWS_WITHIN", 0.01)
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    with pytest.raises(Unavailable):
        await there.views.page_at(SITE, THREAD, posted.position, PageQuery(), PUBLIC)


async def test_views_that_contradict_each_other_are_not_served(there: Stage) -> None:
    await there.do(ADA, PostComment(comment="a", body="words"))
    views = there.deployment.keys.of(SITE, THREAD).thread_views(1, SITE, THREAD)
    await there.deployment.calls.call("HDEL", views.rows, "a")
    with pytest.raises(Inconsistent):
        await there.views.page(SITE, THREAD, PageQuery())


async def test_a_server_that_is_away_makes_every_read_unavailable() -> None:
    log = MemoryLog(4, clock=Clock())
    await Play(log).open(policy=Policy())
    with started(engines()["embedded"]) as url:
        async with stage(url, log) as there:
            with client(url) as connection:
                connection.shutdown(nosave=True)
            views = Views(there.deployment, log, patience=0.01)
            with pytest.raises(Unavailable):
                await views.page(SITE, THREAD, PageQuery())
            with pytest.raises(Unavailable):
                await views.counts(SITE, [THREAD, THREADS[1]])
            with pytest.raises(Unavailable):
                await views.queue(SITE, state="pending", thread=None, member=None, limit=5, cursor=None)
