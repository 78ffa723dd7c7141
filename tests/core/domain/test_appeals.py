"""An author is told of a decision, appeals against it, and another moderator decides the appeal."""

import pytest
from hypothesis import given as assuming
from hypothesis import strategies as st

from core.domain.comment_appeal import DecideAppeal, FileAppeal
from core.domain.member import SuspendMember
from core.domain.moderation import Decide, RedactRevision, ReverseDecision
from core.domain.statement import TellStatement, adverse, untold
from core.domain.suspension_appeal import DecideSuspensionAppeal, FileSuspensionAppeal, TellSuspension
from core.events.comment_events import CommentApproved, CommentHeld, CommentRejected
from core.events.member_events import MemberReinstated, MemberSuspended
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.refusals import (
    AppealExists,
    AppealOfOwnDecision,
    AppealWindowOver,
    BodyEmpty,
    NotAllowed,
    NotFound,
    RevisionIsRedacted,
    StaleStatus,
    Suspended,
)
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, BOTH, MOD, OTHER_MOD, edited, policy, posted
from tests.support.story import Story, by, given

DAY = 24 * 3600
APPEAL = FileAppeal(comment="c1", text="  It is a quotation. ")
REVERSE = DecideAppeal(comment="c1", verdict="reverse", reason="It is.")
UPHOLD = DecideAppeal(comment="c1", verdict="uphold", reason="Still an insult.")
SOLE = DecideAppeal(comment="c1", verdict="uphold", reason="Still an insult.", sole=True)
REJECTED = CommentRejected(comment="c1", revision=1, reason="insult")
APPROVED = CommentApproved(comment="c1", revision=1, reason="It is.")
REVERSED = AppealDecided(comment="c1", revision=1, verdict="reverse", reason="It is.")
UPHELD = AppealDecided(comment="c1", revision=1, verdict="uphold", reason="Still an insult.")


def decision_of(story: Story) -> str:
    """The position of the decision against the author."""
    found = adverse(story.comment("c1"))
    assert found is not None
    return str(found.decision.position)


def tell(story: Story) -> TellStatement:
    """The author sees the oldest statement that they were not told yet."""
    return TellStatement(comment="c1", decision=str(untold(story.comment("c1"))[0].position))


def filed(story: Story, revision: int = 1) -> AppealFiled:
    """The appeal that the author files now."""
    return AppealFiled(comment="c1", revision=revision, decision=decision_of(story), text="It is a quotation.")


def rejected() -> Story:
    return given(posted(), REJECTED)


def appealed() -> Story:
    story = rejected()
    return story.when(APPEAL, ADA).then(filed(story))


def test_an_author_appeals_once_against_a_rejection() -> None:
    appealed().when(FileAppeal(comment="c1", text="Again."), ADA).refused(AppealExists)


def test_a_text_that_stood_and_is_held_was_taken_down_and_one_that_never_stood_waits() -> None:
    story = given(posted(), CommentHeld(comment="c1", revision=1))
    story.when(APPEAL, ADA).then(filed(story))
    given(posted(rule="links"), CommentHeld(comment="c1", revision=1)).when(APPEAL, ADA).refused(NotFound)


def test_the_rejection_of_an_edit_is_a_decision_too() -> None:
    story = given(posted(), edited(2, "a link", rule="links"), CommentRejected(comment="c1", revision=2))
    story.when(APPEAL, ADA).then(filed(story, 2))
    approved = CommentApproved(comment="c1", revision=2, reason="It is.")
    reversed_ = AppealDecided(comment="c1", revision=2, verdict="reverse", reason="It is.")
    story.when(REVERSE, OTHER_MOD).then(approved, reversed_).leaves(standing=2)


def test_nobody_appeals_for_another_nor_without_a_decision_or_words() -> None:
    for caller in (BEN, MOD, AUDITOR):
        rejected().when(APPEAL, caller).refused(NotAllowed)
    given(posted()).when(APPEAL, ADA).refused(NotFound)
    given(posted(), REJECTED, APPROVED).when(APPEAL, ADA).refused(NotFound)
    rejected().when(FileAppeal(comment="c1", text=" \n"), ADA).refused(BodyEmpty)


def test_a_suspended_author_may_appeal() -> None:
    story = given(posted(), REJECTED, MemberSuspended(member="ada"))
    story.when(APPEAL, ADA).then(filed(story))


def test_the_window_begins_when_the_author_was_told() -> None:
    story = given(policy(appeal_window=200), posted(), REJECTED)
    story.when(APPEAL, ADA, later=400 * DAY).is_taken()
    command = tell(story)
    told = StatementTold(comment="c1", revision=1, decision=decision_of(story))
    story.when(command, ADA).then(told)
    story.when(command, ADA).nothing_happens()
    story.when(APPEAL, ADA, later=200 * DAY - 1).is_taken()
    late = story.when(APPEAL, ADA, later=200 * DAY)
    late.refused(AppealWindowOver, until="2024-06-01T22:13:25.000Z")


def test_only_the_author_is_told_and_the_author_of_spam_is_not() -> None:
    story = rejected()
    command = tell(story)
    for caller in (BEN, MOD, AUDITOR):
        story.when(command, caller).refused(NotAllowed)
    spam = given(posted(), CommentRejected(comment="c1", revision=1, spam=True))
    spam.when(TellStatement(comment="c1", decision=decision_of(spam)), ADA).nothing_happens()
    spam.when(APPEAL, ADA, later=400 * DAY).then(filed(spam))


def test_another_moderator_reverses_as_an_approval_does() -> None:
    story = appealed().when(REVERSE, OTHER_MOD).then(APPROVED, REVERSED).leaves(published=True, standing=1)
    story.when(UPHOLD, OTHER_MOD).refused(StaleStatus)
    assert [one.position for one in untold(story.comment("c1"))] == [story.last]


def test_another_moderator_upholds_and_the_author_is_told_that_too() -> None:
    story = appealed().when(UPHOLD, OTHER_MOD).then(UPHELD).leaves(status="rejected")
    story.when(tell(story), ADA).then(StatementTold(comment="c1", revision=1, decision=decision_of(story)))
    outcome = StatementTold(comment="c1", revision=1, decision=tell(story).decision)
    story.when(tell(story), ADA).then(outcome)
    assert untold(story.comment("c1")) == []
    story.when(APPEAL, ADA).refused(AppealExists)


def test_who_decided_first_does_not_decide_the_appeal() -> None:
    for command in (REVERSE, UPHOLD):
        appealed().when(command, MOD).refused(AppealOfOwnDecision)
    own = given(posted(), by(BOTH, REJECTED))
    own.when(APPEAL, ADA).then(filed(own))
    own.when(UPHOLD, BOTH).then(UPHELD)


def test_the_first_moderator_decides_where_there_was_no_other_and_the_trail_says_so() -> None:
    alone = AppealDecided(comment="c1", revision=1, verdict="uphold", sole=True, reason="Still an insult.")
    appealed().when(SOLE, MOD).then(alone)
    appealed().when(SOLE, OTHER_MOD).then(UPHELD)


def test_anybody_who_moderates_decides_about_the_decision_of_a_rule() -> None:
    for caller in (ADA, BEN, AUDITOR, ADMIN):
        appealed().when(UPHOLD, caller).refused(NotAllowed)
    rejected().when(UPHOLD, OTHER_MOD).refused(NotFound)


def test_a_second_decision_of_the_first_moderator_does_not_end_an_appeal() -> None:
    again = Decide(comment="c1", verdict="reject", revision=1, reason="another reason")
    story = appealed().when(again, MOD).then(CommentRejected(comment="c1", revision=1, reason="another reason"))
    story.when(REVERSE, MOD).refused(AppealOfOwnDecision)
    story.when(REVERSE, OTHER_MOD).then(APPROVED, REVERSED)


def test_an_approval_ends_an_appeal() -> None:
    approve = Decide(comment="c1", verdict="approve", revision=1, reason="It is.")
    appealed().when(approve, MOD).then(APPROVED, REVERSED)


def test_a_reversal_of_the_batch_brings_the_appeal_back() -> None:
    story = appealed()
    story.record(APPROVED, OTHER_MOD, batch="b")
    story.record(REVERSED, OTHER_MOD, batch="b")
    story.when(ReverseDecision(comment="c1", batch="b"), MOD).is_taken()
    for event in story._decide():
        story.record(event, MOD)
    story.leaves(status="rejected").when(UPHOLD, OTHER_MOD).then(UPHELD)


def test_a_redacted_text_is_not_brought_back() -> None:
    story = appealed()
    story.when(RedactRevision(comment="c1", revision=1, reason="an address"), MOD).is_taken()
    for event in story._decide():
        story.record(event, MOD)
    story.when(REVERSE, OTHER_MOD).refused(RevisionIsRedacted)
    story.when(UPHOLD, OTHER_MOD).then(UPHELD)


@assuming(st.lists(st.sampled_from(["tell", "reject", "hold", "approve", "appeal", "uphold", "reverse"]), max_size=12))
def test_no_decision_is_told_twice(acts: list[str]) -> None:
    story = given(posted())
    told: list[str] = []
    commands = {
        "reject": Decide(comment="c1", verdict="reject", revision=1),
        "hold": Decide(comment="c1", verdict="hold", revision=1),
        "approve": Decide(comment="c1", verdict="approve", revision=1),
        "appeal": APPEAL,
        "uphold": UPHOLD,
        "reverse": REVERSE,
    }
    for act in acts:
        if act == "tell":
            for one in untold(story.comment("c1")):
                told += _done(story, TellStatement(comment="c1", decision=str(one.position)), ADA)
        else:
            _done(story, commands[act], ADA if act == "appeal" else OTHER_MOD if act in ("uphold", "reverse") else MOD)
    assert len(told) == len(set(told))
    for decision in told:
        assert _done(story, TellStatement(comment="c1", decision=decision), ADA) == []


def _done(story: Story, command: object, caller: object) -> list[str]:
    """Execute a command; the decisions that it records as told."""
    story.when(command, caller)  # type: ignore[arg-type] # of any kind
    try:
        events = story._decide()
    except (NotFound, AppealExists, StaleStatus):
        return []
    for event in events:
        story.record(event, story.caller)
    return [event.decision for event in events if isinstance(event, StatementTold)]


# --- suspensions ---

SUSPENDED = MemberSuspended(member="ada", reason="spam", by_role="moderator")
FILE = FileSuspensionAppeal(member="ada", text="It was no spam.")
LIFT = DecideSuspensionAppeal(member="ada", verdict="reverse", reason="It was not.")
KEEP = DecideSuspensionAppeal(member="ada", verdict="uphold", reason="It was.")


def suspended() -> tuple[Story, str]:
    story = given(SUSPENDED)
    return story, str(story.last)


def test_a_suspended_member_appeals_once_and_another_moderator_reinstates() -> None:
    story, at = suspended()
    story.when(FILE, ADA).then(AppealFiled(member="ada", decision=at, text="It was no spam."))
    story.when(FileSuspensionAppeal(member="ada", text="Again."), ADA).refused(AppealExists)
    story.when(LIFT, MOD).refused(AppealOfOwnDecision)
    lifted = AppealDecided(member="ada", verdict="reverse", reason="It was not.")
    story.when(LIFT, OTHER_MOD).then(MemberReinstated(member="ada"), lifted)
    story.when(KEEP, OTHER_MOD).refused(NotFound)


def test_a_suspension_is_upheld_and_the_member_is_told_both_once() -> None:
    story, at = suspended()
    seen = TellSuspension(member="ada", decision=at)
    story.when(seen, ADA).then(StatementTold(member="ada", decision=at))
    story.when(seen, ADA).nothing_happens()
    story.when(FILE, ADA, later=184 * DAY).refused(AppealWindowOver)
    story.when(FILE, ADA).then(AppealFiled(member="ada", decision=at, text="It was no spam."))
    story.when(KEEP, OTHER_MOD).then(AppealDecided(member="ada", verdict="uphold", reason="It was."))
    outcome = TellSuspension(member="ada", decision=str(story.last))
    story.when(outcome, ADA).then(StatementTold(member="ada", decision=str(story.last)))
    story.when(outcome, ADA).nothing_happens()


def test_another_suspension_is_another_decision() -> None:
    story, at = suspended()
    story.when(FILE, ADA).then(AppealFiled(member="ada", decision=at, text="It was no spam."))
    story.when(SuspendMember(member="ada", reason="insults"), MOD).is_taken()
    for event in story._decide():
        story.record(event, MOD)
    story.when(FILE, ADA).then(AppealFiled(member="ada", decision=str(story.last), text="It was no spam."))


def test_nobody_appeals_for_another_nor_decides_their_own_appeal() -> None:
    story, _ = suspended()
    for caller in (BEN, MOD):
        story.when(FILE, caller).refused(NotAllowed)
    given().when(FILE, ADA).refused(NotFound)
    own = given(by(OTHER_MOD, MemberSuspended(member="bo")))
    own.when(FileSuspensionAppeal(member="bo", text="Why?"), BOTH).is_taken()
    own.when(DecideSuspensionAppeal(member="bo", verdict="reverse", reason="No."), BOTH).refused(NotAllowed)
    mod = given(by(BOTH, MemberSuspended(member="mod")))
    mod.when(DecideSuspensionAppeal(member="mod", verdict="reverse", reason="No."), MOD).refused(Suspended)


@pytest.mark.parametrize("caller", [MOD, OTHER_MOD])
def test_sole_is_recorded_only_of_who_decided_first(caller: object) -> None:
    story, at = suspended()
    story.when(FILE, ADA).then(AppealFiled(member="ada", decision=at, text="It was no spam."))
    keep = DecideSuspensionAppeal(member="ada", verdict="uphold", reason="It was.", sole=True)
    expected = AppealDecided(member="ada", verdict="uphold", reason="It was.", sole=caller is MOD)
    story.when(keep, caller).then(expected)  # type: ignore[arg-type] # a caller
