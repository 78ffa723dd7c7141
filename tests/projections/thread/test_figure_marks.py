"""The marks that events leave for figures: open codes alone, made of the comment as it was before."""

import msgspec
import pytest

from core.caller import Caller
from core.domain.notice import FILER
from core.domain.screening import SCREENER
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    DecisionReversed,
)
from core.events.event import Event
from core.events.import_events import IMPORT
from core.events.report_events import NoticeFiled, ReportFiled
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.events.vote_events import VoteCast, VoteRestored, VoteVoided
from projections.thread import figure_marks
from projections.thread.snapshots import kept
from projections.thread.state import FigureMark
from projections.views.listings.figures import FIGURES, figure_of
from tests.support.folded import Told, told
from tests.support.people import BEN, MOD

RULE = Caller(id="reports_over", name="", kind="system")
STRANGER = Caller(id=FILER, name="", kind="guest")


def posted(**fields: object) -> CommentPosted:
    return CommentPosted(comment="c1", body="words", **fields)  # type: ignore[arg-type] # any of its fields


def marks(story: Told) -> list[FigureMark]:
    return story.thread.rows["c1"].figures


def flags(story: Told) -> list[str]:
    return [mark.flags for mark in marks(story)]


def test_what_is_published_and_voted_on_leaves_none() -> None:
    story = told(posted())
    story.tell(VoteCast(comment="c1", value=1), BEN)
    story.tell(ReportFiled(comment="c1", reason="spam"), BEN)
    story.tell(CommentEdited(comment="c1", revision=2, body="others"))
    assert marks(story) == []


def test_a_text_that_a_rule_turned_away_is_a_decision_of_the_rule() -> None:
    story = told(posted(rule="links"))
    story.tell(CommentEdited(comment="c1", revision=2, body="fool", rule="words", rejected=True))
    assert [(one.kind, one.revision, one.verdict, one.by, one.rule, one.flags) for one in marks(story)] == [
        ("comment.posted", 1, "hold", None, "links", ""),
        ("comment.edited", 2, "reject", None, "words", "r"),
    ]


def test_to_wait_for_the_screener_is_no_decision_and_what_it_holds_back_is_one_of_a_rule() -> None:
    story = told(posted(rule="screening", screening="before"))
    story.tell(CommentHeld(comment="c1", revision=1, rule="screening"), SCREENER)
    assert [(one.kind, one.by, one.rule, one.basis) for one in marks(story)] == [
        ("comment.held", None, "screening", "rule")
    ]


def test_a_decision_says_who_why_and_how_long_it_took() -> None:
    story = told(posted(rule="links"))
    waits = story.last.ms
    story.tell(CommentRejected(comment="c1", revision=1, code="insult", ground="terms", basis="rule", reason="rude"))
    decided = marks(story)[-1]
    assert (decided.by, decided.rule, decided.code, decided.ground) == (MOD.id, "links", "insult", "terms")
    assert (decided.basis, decided.since, decided.flags) == ("rule", waits, "r")


def test_a_decision_of_a_rule_names_the_rule_and_nobody() -> None:
    story = told(posted())
    story.tell(CommentHeld(comment="c1", revision=1, basis="report", rule="reports_over"), RULE)
    assert [(one.by, one.rule, one.basis, one.flags) for one in marks(story)] == [(None, "reports_over", "report", "r")]


@pytest.mark.parametrize(
    ("before", "event", "expected"),
    [
        ((), CommentRejected(comment="c1", revision=1), "r"),
        ((), CommentHeld(comment="c1", revision=1), "r"),
        ((CommentHeld(comment="c1", revision=1),), CommentHeld(comment="c1", revision=1, reason="x"), ""),
        ((CommentRejected(comment="c1", revision=1),), CommentRejected(comment="c1", revision=1, reason="x"), ""),
        ((CommentRejected(comment="c1", revision=1),), CommentApproved(comment="c1", revision=1), "o"),
        ((CommentApproved(comment="c1", revision=1),), CommentRejected(comment="c1", revision=1), "ro"),
        ((CommentHeld(comment="c1", revision=1),), CommentApproved(comment="c1", revision=1), ""),
        ((), CommentRejected(comment="c1", revision=1, spam=True), "rs"),
    ],
)
def test_flags_say_what_a_decision_did(before: tuple[Event, ...], event: Event, expected: str) -> None:
    story = told(posted())
    for one in before:
        story.tell(one)
    story.tell(event)
    assert flags(story)[-1] == expected


def test_who_overturns_a_rule_is_told_from_who_overturns_a_moderator() -> None:
    story = told(posted(rule="words", rejected=True))
    story.tell(CommentApproved(comment="c1", revision=1, basis="rule"))
    assert flags(story) == ["r", "oa"]


def test_a_notice_and_the_decision_that_closes_it_name_its_reference_and_never_its_filer() -> None:
    story = told(posted())
    story.tell(NoticeFiled(comment="c1", revision=1, reference="n1", flagger=True, explanation="It lies."), STRANGER)
    filed = story.last.ms
    story.tell(CommentRejected(comment="c1", revision=1, ground="law", basis="notice", notice="n1"))
    notice, decided = marks(story)
    assert (notice.kind, notice.notice, notice.flags, notice.by) == ("notice.filed", "n1", "f", None)
    assert (decided.notice, decided.noticed, decided.basis, decided.flags) == ("n1", filed, "notice", "rf")


def test_an_appeal_has_waited_since_it_was_filed() -> None:
    story = told(posted())
    story.tell(CommentRejected(comment="c1", revision=1))
    decision = str(story.last)
    story.tell(StatementTold(comment="c1", revision=1, decision=decision))
    story.tell(AppealFiled(comment="c1", revision=1, decision=decision, text="No!"))
    filed = story.last.ms
    story.tell(AppealDecided(comment="c1", revision=1, verdict="uphold"))
    _, appeal, outcome = marks(story)
    assert (appeal.kind, appeal.by) == ("appeal.filed", MOD.id)
    assert (outcome.kind, outcome.verdict, outcome.by, outcome.since) == ("appeal.decided", "uphold", MOD.id, filed)


def test_a_reversal_leaves_the_decision_and_adds_one() -> None:
    story = told(posted())
    story.tell(CommentRejected(comment="c1", revision=1), batch="b1")
    decided = story.last.ms
    story.tell(DecisionReversed(comment="c1", revision=1, reverses="b1"))
    assert [(one.kind, one.since) for one in marks(story)] == [
        ("comment.rejected", None),
        ("decision.reversed", decided),
    ]


def test_a_void_and_its_reversal_say_which_moderator_and_no_voter() -> None:
    story = told(posted())
    story.tell(VoteCast(comment="c1", value=1), BEN)
    cast = str(story.last)
    story.tell(VoteVoided(comment="c1", voter=BEN.id, value=1, cast=cast), MOD, batch="b1")
    story.tell(VoteRestored(comment="c1", voter=BEN.id, value=1, cast=cast, reverses="b1"), MOD)
    assert [(one.kind, one.by) for one in marks(story)] == [("vote.voided", MOD.id), ("vote.restored", MOD.id)]
    assert BEN.id not in str(marks(story))


def test_an_event_of_an_import_is_marked_as_left_out() -> None:
    story = told()
    story.tell(posted(rule="links"), cause=IMPORT)
    story.tell(CommentRejected(comment="c1", revision=1, code="insult"), MOD, cause=IMPORT, at=10**12)
    assert marks(story) == [
        FigureMark(position=one.position, kind=one.kind, flags=figure_marks.IMPORTED) for one in marks(story)
    ]
    assert [one.position.ms for one in marks(story)] == [story.last.ms - 1000, 10**12]
    assert [one.kind for one in marks(story)] == ["comment.posted", "comment.rejected"]


def test_snapshots_leave_marks_out() -> None:
    story = told(posted(rule="links"))
    assert kept(story.thread).rows["c1"].figures == []
    assert len(marks(story)) == 1


def test_a_mark_is_listed_with_its_codes_and_read_back() -> None:
    story = told(posted(rule="links"))
    story.tell(CommentRejected(comment="c1", revision=1, code="insult", ground="terms", basis="rule", note="secret"))
    ((_, _), (member, _)) = FIGURES.of_comment(story.thread.rows["c1"], "t")
    assert "secret" not in member
    figure = figure_of(member)
    mark = marks(story)[-1]
    assert (figure.thread, figure.comment, figure.ms) == ("t", "c1", mark.position.ms)
    told_fields = msgspec.structs.asdict(mark)
    del told_fields["position"]
    assert {name: getattr(figure, name) for name in told_fields} == told_fields
