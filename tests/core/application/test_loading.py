"""Posts and votes decided in view of what is remembered: the thread's log is not asked, and nothing else changes."""

from typing import Any, Literal

import pytest

from core.application.aggregate_cache import AggregateCache
from core.caller import Caller
from core.domain.handler import Command
from core.domain.moderation import Decide
from core.domain.site import ChangePolicy
from core.domain.thread import SetThreadStatus
from core.domain.vote import CastVote
from core.domain.word_lists import PutList
from core.log.port import Conflict, FoundBeside
from core.policy import PolicyChanges
from core.refusals import (
    CommentNotPublished,
    IdempotencyKeyReused,
    NameNotAllowed,
    NotAllowed,
    OwnVoteForbidden,
    ParentNotPublished,
    ThreadIsClosed,
    VotesOff,
)
from core.text.nickname import looks
from tests.support.newsroom import Newsroom
from tests.support.people import ADMIN, BEN, EVE, GUEST, MOD, THREAD, post

pytestmark = pytest.mark.anyio

CLOSE = SetThreadStatus(status="closed")
REOPEN = SetThreadStatus(status="open")


async def remembering() -> Newsroom:
    """Who has posted before, and so remembers the thread and that comment."""
    room = await Newsroom(AggregateCache()).opened()
    await room.ask(post("c1"), key="first")
    room.log.loads.clear()
    room.log.appends.clear()
    return room


async def elsewhere(room: Newsroom, command: Command, by: Caller = MOD) -> None:
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
    with pytest.raises(ThreadIsClosed):
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


def vote(value: Literal[1, 0, -1]) -> CastVote:
    return CastVote(comment="c1", value=value)


async def test_who_remembers_the_comment_reads_no_event_for_a_vote() -> None:
    room = await remembering()
    await room.ask(vote(1), BEN, key="k")
    await room.ask(vote(-1), BEN, key="l")
    await room.ask(vote(0), BEN, key="m")
    await room.ask(vote(1), EVE, key="n")
    assert [load.thread for load, _ in room.log.loads] == ["", "", "", ""]
    assert len(room.log.appends) == 4, "none was tried twice"
    assert (await room.types())[-4:] == ["vote.cast", "vote.cast", "vote.retracted", "vote.cast"]


async def test_a_vote_tells_what_the_member_had_voted_before() -> None:
    room = await remembering()
    earlier = []
    for key, cast in (("k", vote(1)), ("l", vote(-1)), ("m", vote(0)), ("n", vote(1))):
        result = await room.ask(cast, BEN, key=key)
        assert result.earlier is not None
        earlier.append(result.earlier.value)
    assert earlier == [0, 1, -1, 0]


@pytest.mark.parametrize(("value", "event"), [(-1, "vote.cast"), (0, "vote.retracted")])
async def test_a_vote_that_was_cast_elsewhere_is_changed_or_taken_back(value: Literal[-1, 0], event: str) -> None:
    room = await remembering()
    await elsewhere(room, vote(1), BEN)
    result = await room.ask(vote(value), BEN, key="k")
    assert result.earlier is not None
    assert result.earlier.value == 1
    assert (await room.types())[-1] == event
    assert len(room.log.appends) == 2, "tried as the first one, and decided anew"


async def test_the_same_vote_again_appends_nothing_wherever_it_was_cast() -> None:
    room = await remembering()
    await elsewhere(room, vote(1), BEN)
    again = await room.ask(vote(1), BEN, key="k")
    assert (await room.types()).count("vote.cast") == 1
    assert not again.recorded
    nothing = await room.ask(vote(0), EVE, key="l")
    assert not nothing.recorded, "there was nothing to take back"


async def test_what_was_taken_down_elsewhere_gets_no_vote() -> None:
    room = await remembering()
    await elsewhere(room, Decide(comment="c1", revision=1, verdict="reject"))
    with pytest.raises(CommentNotPublished):
        await room.ask(vote(1), MOD, key="k")
    assert "vote.cast" not in await room.types()


async def test_votes_are_refused_by_the_policy_of_now() -> None:
    room = await remembering()
    with pytest.raises(OwnVoteForbidden):
        await room.ask(vote(1), key="k")
    await elsewhere(room, ChangePolicy(changes=PolicyChanges(votes=False)), ADMIN)
    with pytest.raises(VotesOff):
        await room.ask(vote(1), BEN, key="l")


async def test_votes_do_not_drive_comments_out_of_memory() -> None:
    room = await Newsroom(AggregateCache(16_000)).opened()
    await room.ask(post("c2"), key="another")
    await room.ask(post("c1"), key="first")
    for number in range(20):
        await room.ask(vote(1), Caller(id=f"m-{number}", name="M"), key=f"k{number}")
    room.log.loads.clear()
    await room.ask(CastVote(comment="c2", value=1), BEN, key="k")
    assert [load.thread for load, _ in room.log.loads] == [""], "the comment that nobody asked for is remembered, too"


# --- what rules need beside the log ---

WORDS = {"kind": "words", "lists": ["insults"]}
FIRST = {"kind": "first_comments", "comments": 1}


async def under_rules(*rules: dict[str, Any], listed: bool = False) -> Newsroom:
    """Who has posted before, under these rules."""
    room = await Newsroom(AggregateCache()).opened(rules=rules)
    if listed:
        await room.ask(PutList(list="insults", terms=("fool",)), ADMIN)
    await room.ask(post("c1"), key="first")
    room.log.loads.clear()
    return room


async def test_what_rules_need_comes_with_the_sites_part_and_in_no_packet_of_its_own() -> None:
    room = await under_rules(WORDS, FIRST, {"kind": "name"}, listed=True)
    await room.ask(post("c2"), BEN, key="k")
    ((load, _),) = room.log.loads
    assert load.beside is not None
    assert (load.beside.member, load.beside.record, load.beside.look) == ("ben", True, looks("Ben"))
    assert [wanted.field for wanted in load.heads] == ["site", "m:ben", "lists"]


async def test_without_such_rules_nothing_is_asked_for_beside_the_log() -> None:
    room = await under_rules({"kind": "length", "over": 100})
    await room.ask(post("c2"), BEN, key="k")
    ((load, _),) = room.log.loads
    assert load.beside is None
    assert [wanted.field for wanted in load.heads] == ["site", "m:ben"]


async def test_staff_and_votes_need_nothing_beside_the_log() -> None:
    room = await under_rules(WORDS, {"kind": "after_rejection", "days": 1}, listed=True)
    await room.ask(post("c2"), MOD, key="k")
    await room.ask(CastVote(comment="c1", value=1), EVE, key="l")
    assert [load.beside for load, _ in room.log.loads] == [None, None]


async def test_rules_that_were_set_elsewhere_take_one_more_packet_once() -> None:
    room = await remembering()
    await elsewhere(room, ChangePolicy(changes=PolicyChanges(rules=(FIRST,))), ADMIN)
    result = await room.ask(post("c2"), BEN, key="k")
    assert result.comment is not None
    assert result.comment.status == "pending"
    assert [load.beside is not None for load, _ in room.log.loads] == [False, True]
    room.log.loads.clear()
    await room.ask(post("c3"), EVE, key="l")
    assert [load.beside is not None for load, _ in room.log.loads] == [True]


async def test_a_list_that_was_changed_elsewhere_is_the_new_one() -> None:
    room = await under_rules(WORDS, listed=True)
    await elsewhere(room, PutList(list="insults", terms=("knave",)), ADMIN)
    knave = await room.ask(post("c2", "knave"), BEN, key="k")
    fool = await room.ask(post("c3", "fool"), BEN, key="l")
    assert (knave.comment and knave.comment.status, fool.comment and fool.comment.status) == ("pending", "published")


async def test_a_guest_is_compared_with_others_without_any_rule() -> None:
    room = await Newsroom(AggregateCache()).opened(comment="anyone")
    await room.ask(post("c1"), key="first")
    room.log.beside = lambda _: FoundBeside(staff="mod")
    with pytest.raises(NameNotAllowed):
        await room.ask(post("c2"), GUEST, key="k")
