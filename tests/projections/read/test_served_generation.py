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
from projections.read import (
    comments,
    members,
    moderation_queue,
    overlay,
    pages,
    past,
    progress,
    revisions,
    served_generation,
    threads,
)
from projections.read.member_profile import tallies
from projections.read.page_json import Inconsistent
from projections.read.queries import (
    ListQuery,
    PageAnswer,
    PageQuery,
    QueueQuery,
    RepliesQuery,
    RevisionsQuery,
    ThreadsQuery,
)
from projections.read.served_generation import Served
from projections.views.pointer import Pointer
from projections.views.viewer import PUBLIC, Viewer
from tests.projections.conftest import Clock
from tests.support.bounds import BOUND
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS, Play
from tests.support.servers import client, engines, started
from tests.support.viewing import Stage, page_at, stage

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
    asks: list[Callable[[Served], Awaitable[Any]]] = [
        lambda served: page_at(served, there.log, SITE, THREAD, at, PageQuery(), PUBLIC),
        lambda served: progress.view_position(served, SITE, THREAD),
        lambda served: progress.reached(served, SITE, THREAD, at, within=0),
        lambda served: comments.head(served, SITE, THREAD),
        lambda served: comments.row(served, SITE, THREAD, "a"),
        lambda served: comments.frame_rows(served, SITE, THREAD, ["a", "b"]),
        lambda served: comments.permalink(served, SITE, THREAD, "b", ada),
        lambda served: comments.anchors(served, SITE, THREAD),
        lambda served: numbers(comments.read_counts(served, SITE, THREADS)),
        lambda served: overlay.of_member(served, SITE, THREAD, "ada", 0),
        lambda served: revisions.revisions(
            served, SITE, THREAD, "b", ada, "public", RevisionsQuery(diff="words", limit=5)
        ),
        lambda served: moderation_queue.queue(served, SITE, QueueQuery(state="pending", limit=5)),
        lambda served: threads.threads(served, SITE, ThreadsQuery(status="open", limit=5)),
        lambda served: threads.threads(served, SITE, ThreadsQuery(url=url, limit=5)),
        lambda served: members.member_comments(served, SITE, "ada", ada, ListQuery(limit=5)),
        lambda served: tallies(served, SITE, ["ada"]),
        lambda served: body(pages.page(served, SITE, THREAD, PageQuery())),
        lambda served: body(pages.replies(served, SITE, THREAD, "a", RepliesQuery())),
    ]

    async def body(answer: Awaitable[PageAnswer | None]) -> bytes | None:
        found = await answer
        return None if found is None else found.body

    async def numbers(counted: Awaitable[dict[str, comments.PublishedCounts]]) -> list[int]:
        return [one.comments for one in (await counted).values()]

    async def everything() -> list[Any]:
        """The answers to all, each asked of somebody who does not know yet which generation is served."""
        return [msgspec.json.encode(await ask(Served(there.deployment))) for ask in asks]

    before = await everything()
    assert b"null" not in before
    tagged = await pages.page(there.served, SITE, THREAD, PageQuery())
    await move_to(there, 2)
    assert await everything() == before
    moved = await pages.page(there.served, SITE, THREAD, PageQuery())
    assert tagged is not None
    assert moved is not None
    assert tagged.body == moved.body
    assert (tagged.tag[:4], moved.tag[:4]) == ("1.0-", "2.0-")
    assert tagged.tag[2:] == moved.tag[2:]


async def test_a_pointer_that_never_rests_ends_in_unavailable(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_generation, "_MOVES", 1)
    await move_to(there, 2)
    with pytest.raises(Unavailable):
        await comments.head(there.served, SITE, THREAD)


async def test_views_have_come_nowhere_before_there_are_any(server: str) -> None:
    async with stage(server, MemoryLog(1)) as there:
        assert await progress.view_position(there.served, SITE, THREAD) == (START, None)
        assert await progress.reached(there.served, SITE, THREAD, START, within=0)
        assert not await progress.reached(there.served, SITE, THREAD, Position(1, 1), within=0)


async def test_waiting_ends_with_the_commit_that_was_waited_for(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the bell, nobody would look again within the time that this test may take.
    monkeypatch.setattr(progress, "POLL_EVERY", 3600.0)
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    answers = []
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            await tasks.start(there.deployment.pubsub.run)
            # Somebody else waits as well, so that the subscription is known to be there before the commit.
            with there.deployment.pubsub.on(there.deployment.keys.of(SITE, THREAD).view_channel):

                async def wait() -> None:
                    answers.append(await progress.reached(there.served, SITE, THREAD, posted.position, within=3600))
                    tasks.cancel_scope.cancel()

                tasks.start_soon(wait)
                await anyio.wait_all_tasks_blocked()
                await there.catch_up()
                await anyio.sleep_forever()
    assert answers == [True]


async def test_waiting_looks_by_itself_where_no_bell_rings(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "POLL_EVERY", 0.001)
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(there.catch_up)
        assert await progress.reached(there.served, SITE, THREAD, posted.position, within=3600)


async def test_waiting_ends_in_time_where_nothing_comes(there: Stage) -> None:
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    assert not await progress.reached(there.served, SITE, THREAD, posted.position, within=0.05)


async def test_a_past_that_the_views_do_not_know_yet_is_unavailable(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "VIEWS_WITHIN", 0.01)
    posted = await transact(there.log, PostComment(comment="a", body="words"), site=SITE, thread=THREAD, caller=ADA)
    with pytest.raises(Unavailable):
        await page_at(there.served, there.log, SITE, THREAD, posted.position, PageQuery(), PUBLIC)


async def test_views_that_contradict_each_other_are_not_served(there: Stage) -> None:
    await there.do(ADA, PostComment(comment="a", body="words"))
    views = there.deployment.keys.of(SITE, THREAD).thread_views(1, SITE, THREAD)
    await there.deployment.calls.call("HDEL", views.rows, "a")
    with pytest.raises(Inconsistent):
        await pages.page(there.served, SITE, THREAD, PageQuery())


async def test_a_server_that_is_away_makes_every_read_unavailable() -> None:
    log = MemoryLog(4, clock=Clock())
    await Play(log).open(policy=Policy())
    with started(engines()["embedded"]) as url:
        async with stage(url, log) as there:
            with client(url) as connection:
                connection.shutdown(nosave=True)
            served = Served(there.deployment, patience=0.01)
            with pytest.raises(Unavailable):
                await pages.page(served, SITE, THREAD, PageQuery())
            with pytest.raises(Unavailable):
                await comments.read_counts(served, SITE, [THREAD, THREADS[1]])
            with pytest.raises(Unavailable):
                await moderation_queue.queue(served, SITE, QueueQuery(state="pending", limit=5))
