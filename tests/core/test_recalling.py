"""Posts decided in view of what is remembered: the thread's log is not asked, and nothing else is different."""

import pytest

from core.caller import Caller
from core.commands import AnyCommand, ChangePolicy, Decide, SetThreadStatus
from core.log.port import Conflict
from core.policy import PolicyChanges
from core.refusals import IdempotencyKeyReused, NotAllowed, ParentNotPublished, ThreadClosed
from core.sight import Folds
from tests.core.newsroom import Newsroom
from tests.core.people import ADMIN, BEN, MOD, THREAD, post

pytestmark = pytest.mark.anyio

CLOSE = SetThreadStatus(status="closed")
REOPEN = SetThreadStatus(status="open")


async def remembering() -> Newsroom:
    """Who has posted before, and so remembers the thread and that comment."""
    room = await Newsroom(Folds()).opened()
    await room.ask(post("c1"), key="first")
    room.log.loads.clear()
    room.log.appends.clear()
    return room


async def elsewhere(room: Newsroom, command: AnyCommand, by: Caller = MOD) -> None:
    """Another process carries something out: this one remembers nothing of it."""
    other = Newsroom()
    other.log = room.log
    await other.ask(command, by)
    room.log.loads.clear()
    room.log.appends.clear()


async def test_who_remembers_the_thread_asks_for_the_sites_part_alone() -> None:
    room = await remembering()
    await room.ask(post("c2"), BEN, key="k")
    await room.ask(post("c3", parent="c2"), key="l")
    assert [load.thread for load, _ in room.log.loads] == ["", ""]
    assert [event.head for append in room.log.appends for event in append.events] == ["c:c2", "c:c3"]


async def test_who_does_not_remember_what_is_answered_asks_for_the_thread() -> None:
    room = await remembering()
    await elsewhere(room, post("c2"), BEN)
    await room.ask(post("c3", parent="c2"), key="k")
    assert {load.thread for load, _ in room.log.loads} == {"", THREAD}


async def test_a_thread_that_was_closed_elsewhere_takes_nothing() -> None:
    room = await remembering()
    await elsewhere(room, CLOSE)
    with pytest.raises(ThreadClosed):
        await room.ask(post("c2"), key="k")
    assert isinstance(await room.log.append(room.log.appends[0]), Conflict), "it was tried, as it is remembered"
    assert (await room.types()).count("comment.posted") == 1


async def test_a_thread_that_was_opened_again_elsewhere_takes_it() -> None:
    room = await remembering()
    await room.ask(CLOSE, MOD)
    await elsewhere(room, REOPEN)
    result = await room.ask(post("c2"), key="k")
    assert result.created
    assert (await room.types())[-1] == "comment.posted"


async def test_what_was_rejected_elsewhere_is_not_answered() -> None:
    room = await remembering()
    await elsewhere(room, Decide(comment="c1", revision=1, verdict="reject"))
    with pytest.raises(ParentNotPublished):
        await room.ask(post("c2", parent="c1"), BEN, key="k")


async def test_policy_and_standing_are_those_of_now() -> None:
    room = await remembering()
    await elsewhere(room, ChangePolicy(changes=PolicyChanges(max_depth=0)), ADMIN)
    with pytest.raises(NotAllowed):
        await room.ask(post("c2", parent="c1"), BEN, key="k")


async def test_a_repeat_gets_the_first_answer_though_it_would_be_refused_now() -> None:
    room = await remembering()
    first = await room.ask(post("c2"), key="k")
    await elsewhere(room, CLOSE)
    again = await room.ask(post("c2"), key="k")
    assert again.repeated
    assert again.created
    assert again.positions == first.positions


async def test_a_repeat_that_another_process_carried_out_gets_the_first_answer() -> None:
    room = await remembering()
    other = Newsroom()
    other.log = room.log
    first = await other.ask(post("c2"), key="k")
    again = await room.ask(post("c2"), key="k")
    assert again.repeated
    assert again.positions == first.positions
    with pytest.raises(IdempotencyKeyReused):
        await room.ask(post("c3"), key="k")
    assert (await room.types()).count("comment.posted") == 2


async def test_a_post_whose_key_was_forgotten_meets_its_own_comment() -> None:
    room = await remembering()
    other = Newsroom()
    other.log = room.log
    first = await other.ask(post("c2", "the same words"), key="k")
    room.log.now += 80 * 3_600_000
    again = await room.ask(post("c2", "the same words"), key="k")
    assert again.repeated
    assert again.positions == first.positions


async def test_a_branch_that_was_lost_is_not_taken_up() -> None:
    """The same versions, other events: what is remembered of the lost ones matches no head."""
    room = await remembering()
    kept = await Newsroom().opened()
    kept.log.now += 1000
    await kept.ask(post("c1", "kept words"))
    await kept.ask(Decide(comment="c1", revision=1, verdict="reject"), MOD)
    room.log = kept.log
    with pytest.raises(ParentNotPublished):
        await room.ask(post("c2", parent="c1"), key="k")
