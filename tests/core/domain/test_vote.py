from typing import Any, Literal

import pytest

from core import heads
from core.caller import Caller
from core.domain import vote
from core.domain.vote import CastVote
from core.events.comment_events import CommentHeld, CommentRejected, CommentWithdrawn
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.thread_events import ThreadArchived, ThreadClosed
from core.events.vote_events import VoteCast, VoteRetracted
from core.position import Position
from core.refusals import (
    CommentNotPublished,
    NotAllowed,
    NotFound,
    OwnVoteForbidden,
    StaleRevision,
    Suspended,
    ThreadIsArchived,
    VotesOff,
)
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, EVE, GUEST, LINK, MOD, edited, overridden, policy, posted
from tests.support.story import before_anything, by, given, given_a_site

UP = CastVote(comment="c1", value=1)
DOWN = CastVote(comment="c1", value=-1)
BACK = CastVote(comment="c1", value=0)
PENDING = posted(rule="links")


def cast(value: Literal[1, -1], revision: int = 1) -> VoteCast:
    return VoteCast(comment="c1", revision=revision, value=value)


def retracted(revision: int = 1) -> VoteRetracted:
    return VoteRetracted(comment="c1", revision=revision)


@pytest.mark.parametrize("value", [1, -1])
def test_a_member_votes_in_view_of_the_standing_revision(value: Any) -> None:
    given(posted()).when(CastVote(comment="c1", value=value)).then(cast(value))
    given(posted(), edited(2, "x")).when(CastVote(comment="c1", value=value)).then(cast(value, 2))


def test_a_vote_may_name_any_revision_that_readers_saw() -> None:
    given(posted(), edited(2, "x")).when(CastVote(comment="c1", value=1, revision=1)).then(cast(1, 1))


@pytest.mark.parametrize("number", [0, 3, 4])
def test_a_vote_names_no_revision_that_readers_never_saw(number: int) -> None:
    waiting = posted(), edited(2, "x"), edited(3, LINK, rule="links")
    given(*waiting).when(CastVote(comment="c1", value=1, revision=number)).refused(StaleRevision, current=2)


def test_a_vote_is_absolute() -> None:
    given(posted(), cast(1)).when(DOWN).then(cast(-1))
    given(posted(), cast(1)).when(BACK).then(retracted())
    given(posted(), cast(1), retracted()).when(UP).then(cast(1))


def test_the_same_vote_again_changes_nothing() -> None:
    given(posted(), cast(1)).when(UP).nothing_happens(settled=4)
    given(posted(), cast(1), edited(2, "x")).when(UP).nothing_happens(settled=4)
    given(posted(), cast(1)).when(CastVote(comment="c1", value=1, revision=1)).nothing_happens(settled=4)


def test_the_same_vote_in_view_of_another_text_counts() -> None:
    story = given(posted(), cast(1), edited(2, "x")).when(CastVote(comment="c1", value=1, revision=2))
    story.then(cast(1, 2))


def test_a_vote_that_was_never_cast_is_not_taken_back() -> None:
    given(posted(), edited(2, "x")).when(BACK).nothing_happens(settled=3)
    given(posted(), cast(1), retracted()).when(BACK).nothing_happens(settled=5)


def test_members_have_a_vote_each() -> None:
    given(posted(), by(EVE, cast(1))).when(UP).then(cast(1))


@pytest.mark.parametrize("caller", [MOD, ADMIN], ids=lambda caller: caller.name)
def test_staff_votes_like_members(caller: Caller) -> None:
    given(posted()).when(UP, by=caller).then(cast(1))


def test_votes_go_on_in_closed_threads_and_end_in_archived_ones() -> None:
    given(posted(), ThreadClosed()).when(UP).then(cast(1))
    given(posted(), ThreadArchived()).when(UP).refused(ThreadIsArchived)
    given(posted(), cast(1), ThreadArchived()).when(DOWN).refused(ThreadIsArchived)


def test_where_votes_are_off_nobody_votes() -> None:
    given(posted(), policy(votes=False)).when(UP).refused(VotesOff)
    given(posted(), overridden(votes=False)).when(DOWN).refused(VotesOff)


def test_nobody_votes_on_their_own_unless_they_may() -> None:
    given(posted()).when(UP, by=ADA).refused(OwnVoteForbidden)
    given(posted(), policy(own_votes=True)).when(UP, by=ADA).then(cast(1))


@pytest.mark.parametrize("caller", [GUEST, AUDITOR], ids=lambda caller: caller.name)
def test_neither_guests_nor_auditors_vote(caller: Caller) -> None:
    given(posted(), policy(comment="anyone")).when(UP, by=caller).refused(NotAllowed)


def test_a_suspended_member_does_not_vote() -> None:
    given(posted(), MemberSuspended(member="ben")).when(UP).refused(Suspended)


@pytest.mark.parametrize(
    "fate",
    [
        CommentHeld(comment="c1", revision=1),
        CommentRejected(comment="c1", revision=1),
        CommentWithdrawn(comment="c1"),
    ],
)
def test_what_is_not_published_any_more_is_not_voted_on(fate: Any) -> None:
    given(posted(), fate).when(UP).refused(CommentNotPublished)
    given(posted(), cast(1), fate).when(DOWN).refused(CommentNotPublished)


@pytest.mark.parametrize(
    "since",
    [
        [policy(votes=False)],
        [overridden(votes=False)],
        [MemberSuspended(member="ben")],
        [ThreadClosed()],
        [ThreadArchived()],
        [CommentHeld(comment="c1", revision=1)],
        [CommentRejected(comment="c1", revision=1)],
        [CommentWithdrawn(comment="c1")],
        [CommentRejected(comment="c1", revision=1), ThreadArchived(), MemberSuspended(member="ben")],
    ],
)
def test_taking_a_vote_back_always_passes(since: list[Event]) -> None:
    given(posted(), cast(1), *since).when(BACK).then(retracted())
    given(posted(), *since).when(BACK).nothing_happens(settled=3)


def test_a_vote_on_what_one_wrote_is_taken_back_where_there_may_be_none_any_more() -> None:
    own = by(ADA, cast(1))
    given(posted(), policy(own_votes=True), own, policy(own_votes=False)).when(BACK, by=ADA).then(retracted())


def test_who_became_a_guest_takes_a_vote_back() -> None:
    given(posted(), by(GUEST, cast(1))).when(BACK, by=GUEST).then(retracted())


def test_a_vote_is_taken_back_in_view_of_the_text_named_or_else_of_the_one_that_stands() -> None:
    twice = posted(), cast(1), edited(2, "x"), edited(3, LINK, rule="links")
    given(*twice).when(BACK).then(retracted(2))
    for seen in (1, 2):
        given(*twice).when(CastVote(comment="c1", value=0, revision=seen)).then(retracted(seen))
    for unseen in (3, 4):
        # It passes all the same, but the record names no text that nobody saw.
        given(*twice).when(CastVote(comment="c1", value=0, revision=unseen)).then(retracted(2))


def test_what_is_taken_back_has_to_be_there_for_whoever_asks() -> None:
    given(PENDING).when(BACK).refused(NotFound)
    given().when(BACK).refused(NotFound)
    given_a_site().when(BACK).refused(NotFound)
    given(posted()).when(BACK, by=AUDITOR).refused(NotAllowed)


def test_what_readers_never_saw_is_voted_on_by_nobody() -> None:
    given(PENDING).when(UP, by=BEN).refused(NotFound)
    given(PENDING).when(UP, by=GUEST).refused(NotFound)
    given(PENDING, policy(own_votes=True)).when(UP, by=ADA).refused(CommentNotPublished)
    given(PENDING).when(UP, by=MOD).refused(CommentNotPublished)


def test_what_was_never_posted_is_not_found() -> None:
    given().when(UP).refused(NotFound)
    given_a_site().when(UP).refused(NotFound)
    before_anything().when(UP).refused(NotFound)


def test_who_may_vote_at_all_is_told_first_then_the_thread_then_the_comment() -> None:
    gone = posted(), CommentRejected(comment="c1", revision=1), ThreadArchived()
    given(*gone, policy(votes=False), MemberSuspended(member="guest")).when(UP, by=GUEST).refused(Suspended)
    given(*gone, policy(votes=False)).when(UP, by=GUEST).refused(NotAllowed)
    given(*gone, policy(votes=False)).when(UP, by=ADA).refused(VotesOff)
    given(*gone).when(UP, by=ADA).refused(OwnVoteForbidden)
    given(*gone).when(UP).refused(ThreadIsArchived)
    given(*gone[:2]).when(CastVote(comment="c1", value=1, revision=9)).refused(CommentNotPublished)


@pytest.mark.parametrize("events", [[cast(1)], [cast(-1, 3)], [cast(1), retracted(2)], [cast(1), cast(1, 2)]])
def test_the_note_beside_its_head_tells_a_vote_as_its_events_do(events: list[Event]) -> None:
    story, state = given(posted()), vote.NO_VOTE
    for event in events:
        state = vote.evolve(state, story.record(event, BEN))
    head = story.heads[heads.vote("c1", "ben")]
    assert vote.noted(head.note, head.position) == state


def test_no_head_is_no_vote() -> None:
    assert vote.noted("", None) == vote.NO_VOTE
    at = Position(1, 2)
    assert vote.noted("-1 2", at) == vote.Vote(value=-1, revision=2, position=at, cast=at)
