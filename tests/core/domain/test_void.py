"""Voiding of votes, and its reversal: what counts, what the voter may do, and what is refused."""

from typing import Any, Literal

import pytest

from core import heads
from core.caller import Caller
from core.domain import vote
from core.domain.void import RestoreVote, VoidVote
from core.domain.vote import CastVote
from core.events.comment_events import CommentApproved, CommentHeld, CommentRejected
from core.events.event import Event
from core.events.thread_events import ThreadArchived
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.refusals import NotAllowed, NotFound, UnknownVoter, VoteIsVoid
from tests.support.people import ADMIN, AUDITOR, BEN, EVE, LINK, MOD, OTHER_MOD, edited, posted
from tests.support.story import Story, given, usual

VOID = VoidVote(comment="c1", voter="ben", reason="A ring.")
UP = CastVote(comment="c1", value=1)
BACK = CastVote(comment="c1", value=0)
CAST = VoteCast(comment="c1", value=1)


def undo(batch: str = "b") -> RestoreVote:
    return RestoreVote(comment="c1", voter="ben", batch=batch)


def voided(story: Story, *, batch: str = "b", **more: Any) -> VoteVoided:
    """The event that voids Ben's vote, recorded."""
    (event,) = story.when(VOID).events()
    assert isinstance(event, VoteVoided)
    assert {name: getattr(event, name) for name in more} == more
    story.record(event, MOD, batch=batch)
    return event


def test_a_moderator_voids_the_vote_of_a_member() -> None:
    story = given(posted(), CAST)
    cast = str(story.last)
    voided(story, voter="ben", value=1, revision=1, cast=cast, texts=(), reason="A ring.")
    story.when(VOID, by=OTHER_MOD).nothing_happens(settled=story.last.n)


def test_the_voter_does_not_cast_it_again_until_the_batch_is_reversed() -> None:
    story = given(posted(), CAST)
    event = voided(story)
    for value in (1, -1):
        story.when(CastVote(comment="c1", value=value)).refused(VoteIsVoid)
    story.when(UP, by=EVE).is_taken()
    back = VoteRestored(comment="c1", voter="ben", value=1, cast=event.cast, reverses="b")
    story.when(undo(), by=OTHER_MOD).then(back)
    story.when(UP).nothing_happens()
    story.when(CastVote(comment="c1", value=-1)).then(VoteCast(comment="c1", value=-1))


def test_a_void_vote_is_retracted_as_any_other_and_stays_void() -> None:
    story = given(posted(), CAST)
    voided(story)
    story.when(BACK).then(VoteRetracted(comment="c1", voided="b"))
    story.when(UP).refused(VoteIsVoid)
    story.when(VOID).refused(UnknownVoter)
    story.when(undo()).then(VoteRestored(comment="c1", voter="ben", value=0, reverses="b"))
    story.when(UP).then(CAST)


def test_only_the_batch_that_voided_a_vote_restores_it_and_only_once() -> None:
    story = given(posted(), CAST)
    story.when(undo()).nothing_happens(settled=4)
    event = voided(story)
    story.when(undo("other")).nothing_happens(settled=5)
    story.when(undo()).then(VoteRestored(comment="c1", voter="ben", value=1, cast=event.cast, reverses="b"))
    story.when(undo()).nothing_happens(settled=6)
    again = voided(story, batch="later", cast=event.cast)
    assert again.cast == event.cast, "the vote is the one that was cast at first"
    story.when(undo()).nothing_happens(settled=7)
    story.when(undo("later")).is_taken()


def test_the_event_names_the_texts_that_left_the_page_with_the_vote() -> None:
    story = given(
        posted(), edited(2, "two"), CAST, edited(3, "three"), edited(4, "four"), edited(5, LINK, rule="links")
    )
    story.record(CommentApproved(comment="c1", revision=5), MOD)
    story.record(CommentHeld(comment="c1", revision=5), MOD)
    voided(story, texts=((2, 6),))
    story = given(posted(), edited(2, "two"), CAST, CommentRejected(comment="c1", revision=2))
    story.record(CommentApproved(comment="c1", revision=2), MOD)
    voided(story, texts=())


def test_a_vote_that_names_an_older_text_is_in_no_tally_from_before_it_was_cast() -> None:
    story = given(posted(), edited(2, "two"), edited(3, "three"), VoteCast(comment="c1", revision=1, value=1))
    voided(story, revision=1, texts=())


@pytest.mark.parametrize("events", [[], [CAST, VoteRetracted(comment="c1")]])
def test_there_must_be_a_vote(events: list[Event]) -> None:
    given(posted(), *events).when(VOID).refused(UnknownVoter)


@pytest.mark.parametrize(
    "since", [CommentRejected(comment="c1", revision=1), ThreadArchived(), edited(2, LINK, rule="links")]
)
def test_votes_are_voided_whatever_became_of_the_comment(since: Event) -> None:
    story = given(posted(), CAST)
    story.record(since, usual(since))
    story.when(VOID).is_taken()


@pytest.mark.parametrize("caller", [BEN, ADMIN, AUDITOR], ids=lambda caller: caller.name)
def test_only_moderators_void_and_restore(caller: Caller) -> None:
    story = given(posted(), CAST).when(VOID, by=caller).refused(NotAllowed)
    voided(story)
    story.when(undo(), by=caller).refused(NotAllowed)


def test_what_was_never_posted_is_not_found() -> None:
    given().when(VOID).refused(NotFound)


@pytest.mark.parametrize(("value", "revision"), [(1, 1), (-1, 3)])
def test_the_note_beside_its_head_tells_a_void_vote_as_its_events_do(value: Literal[1, -1], revision: int) -> None:
    story, state = given(posted()), vote.NO_VOTE

    def told(event: Event, caller: Caller = MOD) -> vote.Vote:
        recorded = story.record(event, caller, batch="b")
        head = story.heads[heads.vote("c1", "ben")]
        now = vote.evolve(state, recorded)
        assert vote.noted(head.note, head.position) == now
        return now

    state = told(VoteCast(comment="c1", value=value, revision=revision), BEN)
    facts: dict[str, Any] = {"comment": "c1", "voter": "ben", "revision": revision, "cast": str(state.cast)}
    state = told(VoteVoided(**facts, value=value))
    assert (state.value, state.counted, state.voided) == (value, 0, "b")
    state = told(VoteRestored(**facts, value=value, reverses="b"))
    assert (state.value, state.counted, str(state.cast)) == (value, value, facts["cast"])
    state = told(VoteVoided(**facts, value=value))
    state = told(VoteRetracted(comment="c1", revision=revision, voided="b"), BEN)
    assert (state.value, state.voided, state.cast) == (0, "b", None)
    state = told(VoteRestored(**{**facts, "cast": None}, value=0, reverses="b"))
    assert (state.value, state.voided) == (0, None)
