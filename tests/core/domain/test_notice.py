"""A notice says that a comment is illegal: only a decision that names it closes it."""

from typing import Any, Literal

import pytest

from core.caller import Caller
from core.domain.moderation import Decide, ReverseDecision
from core.domain.notice import FILER, MOST_OPEN, FileNotice, filer
from core.events.comment_events import CommentApproved, CommentHeld, CommentRejected, CommentWithdrawn, DecisionReversed
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.report_events import NoticeFiled
from core.refusals import BadField, NotFound, StaleStatus, Suspended, TooManyNotices
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, GUEST, MOD, OTHER_MOD, edited, policy, posted
from tests.support.story import Story, by, given

STRANGER, _ = filer(None)
FILE = FileNotice(comment="c1", reference="n1", explanation="It names a minor.", law="§ 22 KunstUrhG")
FILED = NoticeFiled(comment="c1", revision=1, reference="n1", explanation="It names a minor.", law="§ 22 KunstUrhG")


def filed(reference: str = "n1", **fields: Any) -> NoticeFiled:
    return NoticeFiled(**{"comment": "c1", "revision": 1, "reference": reference, "explanation": "It lies.", **fields})


def decide(verdict: Literal["approve", "hold", "reject"], **fields: Any) -> Decide:
    return Decide(**{"comment": "c1", "verdict": verdict, "revision": 1, "ground": "law", **fields})


def test_a_stranger_files_one_about_the_text_that_readers_see() -> None:
    given(posted(), edited(2, "other words"), edited(3, "a link", rule="links")).when(FILE, STRANGER).then(
        NoticeFiled(comment="c1", revision=2, reference="n1", explanation=FILE.explanation, law=FILE.law)
    )


@pytest.mark.parametrize(
    "before",
    [
        (),
        (posted(rule="links"),),
        (posted(), CommentRejected(comment="c1", revision=1)),
        (posted(), CommentHeld(comment="c1", revision=1)),
        (posted(), CommentWithdrawn(comment="c1")),
    ],
)
@pytest.mark.parametrize("caller", [STRANGER, MOD])
def test_what_is_not_public_is_not_there(before: tuple[Event, ...], caller: Caller) -> None:
    given(*before).when(FILE, caller).refused(NotFound)


def test_nobody_is_named_but_a_moderator_who_files_of_their_own_initiative() -> None:
    assert filer(MOD) == (MOD, "staff")
    for caller, kind in ((None, "anyone"), (BEN, "member"), (GUEST, "guest"), (ADMIN, "staff"), (AUDITOR, "staff")):
        anonymous, by_kind = filer(caller)
        assert (anonymous.id, anonymous.actor.kind, by_kind) == (FILER, "guest", kind)


def test_a_badge_that_the_policy_trusts_makes_it_a_flaggers() -> None:
    caller, kind = filer(ADA)
    command = FileNotice(comment="c1", reference="n1", explanation="It lies.", by=kind)
    listed = policy(trusted_by=("subscriber",))
    given(posted()).when(command, caller).then(filed(by="member"))
    given(listed, posted()).when(command, caller).then(filed(by="member", flagger=True))
    given(listed, posted()).when(command, STRANGER).then(filed(by="member"))


def test_a_suspended_moderator_files_none() -> None:
    given(posted(), MemberSuspended(member="mod")).when(FILE, MOD).refused(Suspended)


@pytest.mark.parametrize("explanation", ["", " \u200b", "\x00\x01"])
def test_an_explanation_has_visible_words(explanation: str) -> None:
    command = FileNotice(comment="c1", reference="n1", explanation=explanation)
    given(posted()).when(command, STRANGER).refused(BadField)


def test_a_comment_has_so_many_open_ones_until_one_is_decided() -> None:
    story = given(posted(), *(filed(f"n{number}") for number in range(2, MOST_OPEN + 2)))
    story.when(FILE, STRANGER).refused(TooManyNotices)
    story.record(CommentApproved(comment="c1", revision=1, ground="terms", notice="n2"), MOD)
    story.when(FILE, STRANGER).then(FILED)


@pytest.mark.parametrize(("verdict", "kind"), [("approve", CommentApproved), ("reject", CommentRejected)])
def test_a_decision_that_names_it_closes_exactly_that_one(
    verdict: Literal["approve", "reject"], kind: type[CommentApproved | CommentRejected]
) -> None:
    story = given(posted(), filed("n1"), filed("n2"))
    event = kind(comment="c1", revision=1, ground="law", basis="notice", notice="n1")
    story.when(decide(verdict, notice="n1")).then(event)
    notices = story.comment("c1").notices
    assert notices["n2"].outcome is None
    outcome = notices["n1"].outcome
    assert outcome is not None
    assert (outcome.verdict, outcome.ground) == (verdict, "law")
    # The same verdict again is a decision, because it closes another notice.
    story.when(decide(verdict, notice="n2")).then(
        kind(comment="c1", revision=1, ground="law", basis="notice", notice="n2")
    )


@pytest.mark.parametrize(
    "decision",
    [
        CommentApproved(comment="c1", revision=1, ground="law"),
        CommentRejected(comment="c1", revision=1, ground="law"),
        CommentHeld(comment="c1", revision=1, ground="law"),
    ],
)
def test_every_other_decision_leaves_it_open(decision: Event) -> None:
    assert given(posted(), filed(), by(MOD, decision)).comment("c1").open_notices == 1


def test_so_do_edits_withdrawals_and_rules() -> None:
    later = edited(2, "a link", rule="links"), CommentWithdrawn(comment="c1")
    assert given(posted(), filed(), *later).comment("c1").open_notices == 1


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        (decide("hold", notice="n1"), "/notice"),
        (decide("reject", notice="n2"), "/notice"),
        (decide("reject", notice="n1", ground=None), "/ground"),
        (decide("approve", notice="n1", ground=None), "/ground"),
    ],
)
def test_a_decision_about_one_says_which_and_on_what_ground(command: Decide, pointer: str) -> None:
    given(posted(), filed()).when(command).refused(BadField, pointer=pointer)


def test_a_code_gives_the_ground() -> None:
    command = decide("reject", notice="n1", ground=None, code="hatred")
    event = CommentRejected(comment="c1", revision=1, code="hatred", ground="law", basis="notice", notice="n1")
    given(posted(), filed()).when(command).then(event)


def test_of_two_moderators_the_second_is_told_that_it_is_closed() -> None:
    closed = CommentRejected(comment="c1", revision=1, ground="law", notice="n1")
    story = given(posted(), filed(), by(MOD, closed))
    story.when(decide("reject", notice="n1"), OTHER_MOD).nothing_happens()
    story.when(decide("approve", notice="n1"), OTHER_MOD).refused(StaleStatus)


def test_a_reversal_opens_it_again_exactly() -> None:
    story: Story = given(posted(), filed("n1"), filed("n2"))
    before = story.comment("c1").notices
    story.record(CommentRejected(comment="c1", revision=1, ground="law", notice="n1"), MOD, batch="b")
    story.record(filed("n3"), STRANGER)
    undone = DecisionReversed(comment="c1", revision=1, reverses="b")
    after = story.when(ReverseDecision(comment="c1", batch="b"), OTHER_MOD).then(undone).comment("c1").notices
    assert {name: after[name] for name in before} == before
    assert after["n3"].outcome is None
