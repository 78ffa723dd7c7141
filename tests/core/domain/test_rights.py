"""Who may comment, reply, vote and report, by the policy; and when a thread closes by itself."""

from typing import Any

import pytest

from core.caller import Caller
from core.domain.authoring import EditComment, RestoreComment, WithdrawComment
from core.domain.report import FileReport
from core.domain.vote import CastVote
from core.events.comment_events import CommentRestored, CommentWithdrawn
from core.events.report_events import ReportFiled
from core.events.thread_events import ThreadClosed
from core.events.vote_events import VoteCast
from core.refusals import NotAllowed, NotEntitled, ThreadIsClosed, VotesOff
from tests.support.people import ADA, ADMIN, BEN, GUEST, MOD, edit, overridden, policy, post, posted
from tests.support.story import given

VOTE = CastVote(comment="c1", value=1)
REPORT = FileReport(comment="c1", reason="spam")
REPLY = post(parent="c1")
HOUR = 3600


@pytest.mark.parametrize(("command", "field"), [(REPLY, "reply"), (VOTE, "vote"), (REPORT, "report")])
@pytest.mark.parametrize(
    ("who", "caller", "refusal"),
    [
        ("anyone", GUEST, None),
        ("anyone", BEN, None),
        ("member", GUEST, NotAllowed),
        ("member", BEN, None),
        ("entitled", GUEST, NotAllowed),
        ("entitled", BEN, NotEntitled),
        ("entitled", Caller(id="eve", name="Eve", entitlements=frozenset({"subscriber"})), None),
        ("entitled", MOD, None),
        ("nobody", BEN, NotAllowed),
    ],
)
def test_each_act_is_for_whom_the_policy_says(command: Any, field: str, who: str, caller: Caller, refusal: Any) -> None:
    story = given(policy(**{field: who}), posted()).when(command, caller)
    if refusal is None:
        story.is_taken()
    else:
        story.refused(VotesOff if (who, field) == ("nobody", "vote") else refusal)


def test_the_entitlement_that_allowed_a_vote_or_a_report_is_recorded() -> None:
    eve = Caller(id="eve", name="Eve", entitlements=frozenset({"founder", "subscriber"}))
    story = given(policy(vote="entitled", report="entitled", entitlement="founder"), posted())
    story.when(VOTE, eve).then(VoteCast(comment="c1", value=1, entitlement="founder"))
    story.when(REPORT, eve).then(ReportFiled(comment="c1", reason="spam", entitlement="founder"))
    story.when(VOTE, BEN).refused(NotEntitled, needs="founder")


def test_replies_are_as_comments_where_the_policy_says_nothing_of_them() -> None:
    given(policy(comment="entitled"), posted()).when(REPLY, BEN).refused(NotEntitled)
    given(policy(comment="entitled", reply="member"), posted()).when(REPLY, BEN).is_taken()
    given(policy(reply="entitled"), posted()).when(REPLY, BEN).refused(NotEntitled)
    given(policy(reply="entitled"), posted()).when(post(), BEN).is_taken()


def test_a_frozen_site_takes_no_text_but_of_staff_and_takes_votes_reports_and_withdrawals() -> None:
    frozen = policy(comment="nobody")
    for command in (post(), REPLY, edit(1, "other words")):
        given(posted(), frozen).when(command, ADA).refused(ThreadIsClosed, because="site")
    withdrawn = CommentWithdrawn(comment="c1")
    given(posted(), withdrawn, frozen).when(RestoreComment(comment="c1"), ADA).refused(ThreadIsClosed, because="site")
    for command in (post(), REPLY):
        given(posted(), frozen).when(command, MOD).is_taken()
        given(posted(), frozen).when(command, GUEST).refused(ThreadIsClosed, because="site")
    given(posted(), frozen).when(VOTE).is_taken()
    given(posted(), frozen).when(REPORT, BEN).is_taken()
    given(posted(), frozen).when(WithdrawComment(comment="c1"), ADA).then(withdrawn)


def test_a_frozen_site_may_take_replies() -> None:
    questions = policy(comment="nobody", reply="member")
    given(posted(), questions).when(REPLY, BEN).is_taken()
    given(posted(), questions).when(post(), BEN).refused(ThreadIsClosed, because="site")


def test_one_call_freezes_and_one_call_thaws() -> None:
    given(policy(comment="nobody"), policy(comment="member")).when(post(), BEN).is_taken()
    given(policy(comment="nobody"), overridden(comment="member")).when(post(), BEN).is_taken()


def test_a_thread_closes_by_its_age_for_everyone_without_an_event() -> None:
    aged = policy(close_after=HOUR)
    given(aged, posted()).when(post(), BEN, later=HOUR - 3).is_taken()
    for command, caller in ((post(), BEN), (REPLY, BEN), (post(), MOD), (edit(1, "other words"), ADA)):
        given(aged, posted()).when(command, caller, later=HOUR).refused(ThreadIsClosed, because="age")
    given(aged, posted()).when(VOTE, later=HOUR).is_taken()
    restored = RestoreComment(comment="c1")
    given(posted(), CommentWithdrawn(comment="c1")).when(restored, ADA, later=HOUR).then(CommentRestored(comment="c1"))


def test_an_override_opens_a_thread_that_its_age_has_closed() -> None:
    aged = policy(close_after=HOUR)
    given(aged, overridden(close_after=None)).when(post(), BEN, later=2 * HOUR).is_taken()
    given(overridden(close_after=0)).when(post(), BEN).refused(ThreadIsClosed, because="age")


def test_the_reason_for_which_a_thread_is_closed_is_that_of_staff_first() -> None:
    given(policy(close_after=0, comment="nobody"), ThreadClosed()).when(post(), BEN).refused(
        ThreadIsClosed, because="staff"
    )


def test_an_edit_of_a_reply_is_for_whom_replies_are() -> None:
    replied = posted("c2", parent="c1", answered="c1", answered_revision=1, depth=1)
    story = given(posted(), replied, policy(reply="entitled"))
    story.when(EditComment(comment="c2", revision=1, body="other"), BEN).refused(NotAllowed)
    nobody = given(posted(), replied, policy(reply="nobody"))
    nobody.when(EditComment(comment="c2", revision=1, body="other"), ADA).refused(NotAllowed)
    nobody.when(post(), ADMIN).is_taken()
