"""Texts that wait for the screener, and what its answer does to them."""

from typing import Any, Final

import pytest

from core.caller import Caller
from core.domain.moderation import Decide, ReverseDecision
from core.domain.screening import SCREENER, RecordScreening
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentScreened,
    CommentWithdrawn,
    DecisionReversed,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.member_events import StandingChanged
from core.policy import Screening
from core.refusals import NotAllowed, NotFound
from tests.support.people import ADA, ADMIN, GUEST, LINK, MOD, edit, edited, policy, post, posted
from tests.support.story import before_anything, given, given_a_site

BEFORE: Final = policy(screening=Screening(when="before", deadline=5, on_failure="hold"))
AFTER: Final = policy(screening=Screening(when="after", deadline=5, on_failure="hold"))
OFF: Final = policy(screening=None)
WAITS: Final = posted(rule="screening", screening="before")
PUBLISHED: Final = posted(screening="after")
LINKED: Final = posted(body=LINK, rule="links", screening="before")


def waiting_edit(revision: int, body: str = "other words", **fields: Any) -> CommentEdited:
    return edited(revision, body, **{"rule": "screening", "screening": "before", **fields})


def said(verdict: Any, revision: int = 1, **fields: Any) -> RecordScreening:
    return RecordScreening(comment="c1", revision=revision, verdict=verdict, shape="hansard", **fields)


def screened(verdict: Any, revision: int = 1, **fields: Any) -> CommentScreened:
    return CommentScreened(comment="c1", revision=revision, verdict=verdict, shape="hansard", **fields)


def held(revision: int = 1, **fields: Any) -> CommentHeld:
    return CommentHeld(comment="c1", revision=revision, basis="rule", **{"rule": "screening", **fields})


def rejected(revision: int = 1, **fields: Any) -> CommentRejected:
    return CommentRejected(comment="c1", revision=revision, basis="rule", rule="screening", **fields)


def new(**fields: Any) -> list[Event]:
    body: Any = {"comment": "new", "body": "new words", "name": "Ada", "badges": ("subscriber",)}
    return [CommentPosted(**body | fields)]


# --- what is screened ---


def test_where_the_policy_screens_before_a_comment_waits_for_the_screener() -> None:
    given(BEFORE).when(post()).then(*new(rule="screening", screening="before"))


def test_where_the_policy_screens_after_a_comment_is_published_and_screened() -> None:
    given(AFTER).when(post()).then(*new(screening="after"))


def test_an_edit_is_screened_like_a_comment() -> None:
    given(BEFORE, posted()).when(edit(1, "other words")).then(waiting_edit(2))
    given(AFTER, posted()).when(edit(1, "other words")).then(edited(2, "other words", screening="after"))


def test_texts_of_staff_are_not_screened() -> None:
    (event,) = given(BEFORE).when(post(), by=MOD).events()
    assert isinstance(event, CommentPosted)
    assert (event.rule, event.screening) == (None, None)


def test_texts_of_trusted_members_are_screened_as_those_of_others() -> None:
    trusted = StandingChanged(member="ada", standing="trusted")
    story = given(BEFORE, policy(premoderation="all"), trusted).when(post())
    (event,) = story.events()
    assert isinstance(event, CommentPosted)
    assert (event.rule, event.screening) == ("screening", "before")


def test_what_an_import_brings_is_not_screened() -> None:
    story = given(BEFORE).knowing(cause="import").when(post())
    story.then(*new())


def test_a_text_that_a_rule_holds_waits_for_a_moderator_and_is_screened_too() -> None:
    story = given(BEFORE, policy(premoderation="links")).when(post(body=LINK))
    story.then(*new(body=LINK, rule="links", match="https://example.com/x", screening="before"))


def test_a_text_that_a_rule_rejects_is_not_screened() -> None:
    short = {"kind": "length", "over": 3, "action": "reject"}
    (event,) = given(BEFORE, policy(rules=(short,))).when(post()).events()
    assert isinstance(event, CommentPosted)
    assert (event.rejected, event.screening) == (True, None)


# --- what an answer does ---


def test_an_approval_publishes_what_waited_for_the_screener() -> None:
    story = given(BEFORE, WAITS).when(said("approve")).then(screened("approve"))
    story.leaves(status="published", standing=1)


def test_a_hold_leaves_the_text_to_a_moderator_with_the_words_of_the_screener() -> None:
    story = given(BEFORE, WAITS).when(said("hold", reason="Looks like an advertisement.", note="0.93"))
    story.then(screened("hold", note="0.93"), held(reason="Looks like an advertisement.", note="0.93"))
    story.leaves(status="pending", standing=None)


def test_a_rejection_rejects_and_names_the_reason_of_the_policy() -> None:
    story = given(BEFORE, WAITS).when(said("reject", code="hatred"))
    story.then(screened("reject"), rejected(code="hatred", ground="law")).leaves(status="rejected")


def test_a_code_that_the_policy_does_not_list_is_left_out() -> None:
    given(BEFORE, WAITS).when(said("reject", code="unheard-of")).then(screened("reject"), rejected())


def test_the_author_of_spam_is_told_no_reason() -> None:
    story = given(BEFORE, WAITS).when(said("reject", spam=True, reason="Spam.", code="spam"))
    story.then(screened("reject"), rejected(spam=True, code="spam", ground="terms"))


def test_what_was_published_first_is_taken_down_by_a_hold_and_by_a_rejection() -> None:
    given(AFTER, PUBLISHED).when(said("approve")).then(screened("approve")).leaves(status="published")
    given(AFTER, PUBLISHED).when(said("hold")).then(screened("hold"), held()).leaves(status="pending")
    given(AFTER, PUBLISHED).when(said("reject")).then(screened("reject"), rejected()).leaves(status="rejected")


def test_no_answer_publishes_what_a_rule_holds_but_one_may_reject_it() -> None:
    given(BEFORE, LINKED).when(said("approve")).then(screened("approve")).leaves(status="pending")
    given(BEFORE, LINKED).when(said("hold", note="0.7")).then(screened("hold", note="0.7")).leaves(status="pending")
    given(BEFORE, LINKED).when(said("reject")).then(screened("reject"), rejected()).leaves(status="rejected")


def test_where_the_screener_failed_the_policy_decides_and_the_event_says_so() -> None:
    story = given(BEFORE, WAITS).when(said("approve", failed="late"))
    story.then(screened("approve", failed="late")).leaves(status="published")
    story = given(BEFORE, WAITS).when(said("hold", failed="late"))
    story.then(screened("hold", failed="late"), held(rule="screening-failed")).leaves(status="pending")


def test_an_edit_that_waits_leaves_the_text_before_it_standing() -> None:
    story = given(BEFORE, posted(), waiting_edit(2)).when(said("reject", 2))
    story.then(screened("reject", 2), rejected(2)).leaves(status="published", standing=1)
    story = given(BEFORE, posted(), waiting_edit(2)).when(said("approve", 2))
    story.then(screened("approve", 2)).leaves(status="published", standing=2)


# --- who was first ---


@pytest.mark.parametrize("decision", [CommentApproved, CommentHeld, CommentRejected])
@pytest.mark.parametrize("verdict", ["approve", "hold", "reject"])
def test_a_decision_of_staff_that_came_first_stands(decision: type[Any], verdict: Any) -> None:
    given(BEFORE, WAITS, decision(comment="c1", revision=1)).when(said(verdict)).nothing_happens(settled=5)


def test_a_decision_of_staff_that_was_undone_is_none() -> None:
    story = given(BEFORE, WAITS)
    story.record(CommentRejected(comment="c1", revision=1), MOD, batch="b")
    story.when(ReverseDecision(comment="c1", batch="b")).then(DecisionReversed(comment="c1", revision=1, reverses="b"))
    story.when(said("approve")).then(screened("approve")).leaves(status="published")


def test_a_moderator_may_decide_after_the_screener() -> None:
    story = given(BEFORE, WAITS, screened("reject"), rejected())
    story.when(Decide(comment="c1", revision=1, verdict="approve"))
    story.then(CommentApproved(comment="c1", revision=1, basis="rule")).leaves(status="published")


def test_a_moderator_need_not_wait_for_the_screener() -> None:
    story = given(BEFORE, WAITS).when(Decide(comment="c1", revision=1, verdict="reject"))
    story.then(CommentRejected(comment="c1", revision=1, basis="own")).leaves(status="rejected")


def test_an_answer_about_a_text_that_its_author_replaced_is_void() -> None:
    given(BEFORE, WAITS, waiting_edit(2)).when(said("reject")).nothing_happens()
    given(AFTER, PUBLISHED, edited(2, "x", screening="after")).when(said("reject")).nothing_happens()


def test_an_edit_of_a_text_that_waits_for_the_screener_waits_for_nobody_else() -> None:
    story = given(BEFORE, WAITS).when(edit(1, "other words")).then(waiting_edit(2))
    story.when(said("approve", 2)).then(screened("approve", 2)).leaves(status="published", standing=2)


def test_a_text_that_is_written_again_before_it_was_screened_waits_for_nobody_else() -> None:
    story = given(BEFORE, WAITS, waiting_edit(2)).when(edit(2, "first words"))
    story.then(waiting_edit(3, "first words"))


@pytest.mark.parametrize("decision", [held(), held(rule="screening-failed"), rejected()])
def test_an_edit_of_a_text_that_the_screener_turned_down_waits_for_a_moderator(decision: Event) -> None:
    story = given(BEFORE, WAITS, screened("hold"), decision).when(edit(1, "other words"))
    story.then(waiting_edit(2, rule="edit-under-review"))
    story.when(said("approve", 2)).then(screened("approve", 2)).leaves(status="pending")


def test_an_approval_of_an_edit_brings_nothing_back_that_staff_took_down_meanwhile() -> None:
    down = CommentRejected(comment="c1", revision=1)
    story = given(BEFORE, posted(), waiting_edit(2), down).when(said("approve", 2)).then(screened("approve", 2))
    story.leaves(status="pending", standing=1)
    assert story.comment("c1").last.rule == "edit-under-review"


def test_what_stands_is_screened_even_while_a_later_text_waits() -> None:
    waits = edited(2, LINK, rule="links", screening="after")
    story = given(AFTER, PUBLISHED, waits).when(said("reject")).then(screened("reject"), rejected())
    story.leaves(status="pending")
    assert story.comment("c1").unscreened == (2,)


def test_a_withdrawn_text_is_not_screened_until_its_author_restores_it() -> None:
    gone, back = CommentWithdrawn(comment="c1"), CommentRestored(comment="c1")
    given(BEFORE, WAITS, gone).when(said("approve")).nothing_happens()
    given(BEFORE, WAITS, gone, back).when(said("approve")).then(screened("approve")).leaves(status="published")


def test_a_text_is_screened_once() -> None:
    given(AFTER, PUBLISHED, screened("approve")).when(said("reject")).nothing_happens(settled=5)


def test_a_redacted_text_is_not_screened() -> None:
    given(BEFORE, WAITS, RevisionRedacted(comment="c1", revision=1)).when(said("approve")).nothing_happens()


def test_a_text_that_waits_is_screened_although_the_policy_screens_no_more() -> None:
    given(BEFORE, WAITS, OFF).when(said("approve")).then(screened("approve")).leaves(status="published")


# --- who may ---


@pytest.mark.parametrize("caller", [ADA, GUEST, MOD, ADMIN, Caller(id="words", name="words", kind="system")])
def test_only_the_screener_says_what_the_screener_said(caller: Caller) -> None:
    given(BEFORE, WAITS).when(said("approve"), by=caller).refused(NotAllowed)


def test_nothing_is_said_of_what_is_not_there() -> None:
    given(BEFORE).when(said("approve")).refused(NotFound)
    given_a_site(BEFORE).when(said("approve")).refused(NotFound)
    before_anything().when(said("approve"), by=SCREENER).refused(NotFound)
