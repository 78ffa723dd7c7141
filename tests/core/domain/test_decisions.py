"""Decisions that name a code, a ground or spam; and what a moderator is told who comes too late."""

from typing import Any

import pytest

from core.domain.moderation import Decide
from core.events.comment_events import CommentApproved, CommentHeld, CommentRejected, CommentWithdrawn
from core.events.site_events import PolicyChanged
from core.policy import PolicyChanges, Reason
from core.refusals import BadField, StaleRevision, StaleStatus, UnknownCode
from tests.support.people import LINK, OTHER_MOD, edited, posted
from tests.support.story import BEGIN, given

OWN = (
    Reason(code="rude", ground="terms", tells={"de": "Bitte höflich.", "en": "Please stay polite."}),
    Reason(code="crime", ground="law", tells={"fr": "C’est un délit.", "en": "This is a crime."}),
    Reason(code="wordless", ground="terms"),
)
OWN_REASONS = PolicyChanged(changes=PolicyChanges(reasons=OWN, language="de"))
WAITS = edited(2, LINK, rule="links")


def decide(verdict: Any, revision: int = 1, **fields: Any) -> Decide:
    return Decide(comment="c1", verdict=verdict, revision=revision, **fields)


@pytest.mark.parametrize(
    ("verdict", "kind"), [("approve", CommentApproved), ("hold", CommentHeld), ("reject", CommentRejected)]
)
def test_a_code_gives_the_ground_and_the_words_for_the_author(verdict: str, kind: Any) -> None:
    given(OWN_REASONS, posted(rule="links")).when(decide(verdict, code="rude", note="twice")).then(
        kind(comment="c1", revision=1, code="rude", ground="terms", basis="rule", reason="Bitte höflich.", note="twice")
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"code": "crime"}, {"ground": "law", "reason": "C’est un délit."}),
        ({"code": "crime", "ground": "law"}, {"ground": "law", "reason": "C’est un délit."}),
        ({"code": "rude", "reason": "Not so loud."}, {"ground": "terms", "reason": "Not so loud."}),
        ({"code": "rude", "reason": " \u200b "}, {"ground": "terms", "reason": "Bitte höflich."}),
        ({"code": "wordless"}, {"ground": "terms", "reason": None}),
        ({"ground": "law"}, {"ground": "law"}),
    ],
)
def test_what_a_code_gives_yields_to_what_is_said(said: dict[str, Any], told: dict[str, Any]) -> None:
    expected = CommentRejected(comment="c1", revision=1, code=said.get("code"), **told)
    given(OWN_REASONS, posted()).when(decide("reject", **said)).then(expected)


def test_a_site_that_lists_no_reasons_has_ours_without_words() -> None:
    given(posted()).when(decide("reject", code="hatred")).then(
        CommentRejected(comment="c1", revision=1, code="hatred", ground="law")
    )


def test_a_code_that_the_policy_does_not_list_is_refused_after_everything_else() -> None:
    given(posted()).when(decide("reject", code="rude")).refused(UnknownCode, pointer="/code")
    given(OWN_REASONS, posted()).when(decide("reject", code="hatred")).refused(UnknownCode)
    given(posted()).when(decide("reject", 2, code="rude")).refused(StaleRevision)
    given(posted()).when(decide("reject", code="rude", status="pending")).refused(StaleStatus)


def test_a_ground_that_is_not_that_of_the_code_is_refused() -> None:
    given(posted()).when(decide("reject", code="hatred", ground="terms")).refused(BadField, pointer="/ground")


def test_spam_is_rejected_without_a_word_to_the_author() -> None:
    given(OWN_REASONS, posted()).when(decide("reject", spam=True)).then(
        CommentRejected(comment="c1", revision=1, spam=True)
    )
    given(OWN_REASONS, posted()).when(decide("reject", spam=True, code="rude", note="a shop")).then(
        CommentRejected(comment="c1", revision=1, spam=True, code="rude", ground="terms", note="a shop")
    )


@pytest.mark.parametrize("verdict", ["approve", "hold"])
def test_only_a_rejection_is_one_of_spam(verdict: str) -> None:
    given(posted()).when(decide(verdict, spam=True)).refused(BadField, pointer="/spam")


def test_spam_has_no_reason() -> None:
    given(posted()).when(decide("reject", spam=True, reason="")).refused(BadField, pointer="/reason")


@pytest.mark.parametrize("more", [{"code": "spam", "ground": "terms"}, {"spam": True}, {"ground": "law"}])
def test_another_code_or_ground_is_another_decision(more: dict[str, Any]) -> None:
    given(posted(), CommentRejected(comment="c1", revision=1)).when(decide("reject", **more)).then(
        CommentRejected(comment="c1", revision=1, **more)
    )


def test_a_decision_keeps_what_it_said() -> None:
    said: dict[str, Any] = {"code": "spam", "ground": "terms", "spam": True}
    story = given(posted(), CommentRejected(comment="c1", revision=1, **said))
    decision = story.comment("c1").texts[1].decision
    assert decision is not None
    assert {name: getattr(decision, name) for name in said} == said
    assert not decision.automated


def test_a_stale_status_tells_of_the_decision_that_came_between() -> None:
    story = given(posted(rule="links"))
    story.record(CommentRejected(comment="c1", revision=1, reason="rude"), OTHER_MOD)
    decided = {
        "verdict": "reject",
        "by": {"id": OTHER_MOD.id},
        "at": "2023-11-14T22:13:23.000Z",
        "reason": "rude",
    }
    assert BEGIN == 1_700_000_000_000
    story.when(decide("approve", status="pending")).refused(StaleStatus, current="rejected", decided=decided)


def test_a_stale_revision_tells_of_the_approval_that_came_between() -> None:
    story = given(posted(), WAITS, CommentApproved(comment="c1", revision=2)).when(decide("reject", 1))
    assert refused_with(story, StaleRevision)["decided"]["verdict"] == "approve"


@pytest.mark.parametrize(
    ("events", "command"),
    [
        ([posted(), CommentWithdrawn(comment="c1")], decide("reject", status="published")),
        ([posted(), WAITS, edited(3, "Better.")], decide("approve", 2)),
        ([posted(), CommentRejected(comment="c1", revision=1)], decide("approve", 2)),
        # The moderator was shown the outcome: the edit came between, not the decision.
        (
            [posted(), CommentRejected(comment="c1", revision=1), edited(2, "Better.", rule="edit-under-review")],
            decide("approve", 1, status="rejected"),
        ),
        ([posted(), CommentRejected(comment="c1", revision=1), WAITS, edited(3, LINK)], decide("approve", 2)),
    ],
)
def test_no_decision_is_told_of_that_did_not_come_between(events: list[Any], command: Decide) -> None:
    extra = refused_with(given(*events).when(command), StaleStatus, StaleRevision)
    assert "decided" not in extra


def refused_with(story: Any, *refusals: type[Exception]) -> dict[str, Any]:
    with pytest.raises(refusals) as caught:
        story.is_taken()
    extra: dict[str, Any] = caught.value.extra  # type: ignore[attr-defined] # a refusal
    return extra
