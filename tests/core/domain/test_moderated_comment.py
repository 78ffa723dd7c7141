"""The state that deciders and projection share."""

import pytest

from core.domain.comment import UNPOSTED, Comment, evolve
from core.domain.moderated_comment import shown
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentScreened,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    DecisionReversed,
    RemovalCancelled,
    RemovalRefused,
    RemovalRequested,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.import_events import AuthorReassigned, VotesBrought
from core.events.report_events import NoticeFiled
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.events.types import COMMENT_EVENTS
from tests.support.people import edited, posted
from tests.support.story import given, usual

TWICE: list[Event] = [posted(), edited(2, "other words")]
ASKED = [*TWICE, RemovalRequested(comment="c1", revision=1)]
REJECTED = CommentRejected(comment="c1", revision=1)
CHANGES: dict[type[Event], tuple[list[Event], Event]] = {
    CommentEdited: ([posted()], edited(2, "other words")),
    CommentWithdrawn: ([posted()], CommentWithdrawn(comment="c1")),
    CommentRestored: ([posted(), CommentWithdrawn(comment="c1")], CommentRestored(comment="c1")),
    CommentHeld: ([posted()], CommentHeld(comment="c1", revision=1)),
    CommentApproved: ([posted(rule="links")], CommentApproved(comment="c1", revision=1)),
    CommentRejected: ([posted()], CommentRejected(comment="c1", revision=1)),
    RevisionRedacted: (
        [posted(), edited(2, "other words")],
        RevisionRedacted(comment="c1", revision=1, reason="r"),
    ),
    CommentScreened: (
        [posted(rule="screening", screening="before")],
        CommentScreened(comment="c1", verdict="approve"),
    ),
    DecisionReversed: (
        [posted(), CommentRejected(comment="c1", revision=1)],
        DecisionReversed(comment="c1", revision=1, reverses="b"),
    ),
    RemovalRequested: (TWICE, RemovalRequested(comment="c1", revision=1)),
    RemovalCancelled: (ASKED, RemovalCancelled(comment="c1", revision=1)),
    RemovalRefused: (ASKED, RemovalRefused(comment="c1", revision=1)),
    StatementTold: (
        [posted(), REJECTED],
        StatementTold(comment="c1", revision=1, decision="1700000003000-4"),
    ),
    AppealFiled: (
        [posted(), REJECTED],
        AppealFiled(comment="c1", revision=1, decision="1700000003000-4", text="Why?"),
    ),
    AppealDecided: (
        [
            posted(),
            REJECTED,
            AppealFiled(comment="c1", revision=1, decision="1700000003000-4", text="Why?"),
        ],
        AppealDecided(comment="c1", revision=1, verdict="uphold"),
    ),
    NoticeFiled: ([posted()], NoticeFiled(comment="c1", revision=1, reference="n1")),
    CommentFeatured: ([posted()], CommentFeatured(comment="c1")),
    VotesBrought: ([posted()], VotesBrought(comment="c1", up=3)),
    AuthorReassigned: ([posted()], AuthorReassigned(comment="c1", author="wp:7")),
    CommentUnfeatured: (
        [posted(), CommentFeatured(comment="c1")],
        CommentUnfeatured(comment="c1"),
    ),
    CommentPinned: ([posted()], CommentPinned(comment="c1")),
    CommentUnpinned: ([posted(), CommentPinned(comment="c1")], CommentUnpinned(comment="c1")),
}


@pytest.mark.parametrize("event", [event for event in COMMENT_EVENTS if event is not CommentPosted])
def test_every_event_of_a_comment_changes_its_state(event: type[Event]) -> None:
    before, change = CHANGES[event]
    story = given(*before[:-1])
    story.record(before[-1], usual(before[-1]), batch="b")
    comment = UNPOSTED
    for recorded in story.facts.values():
        if recorded.envelope.comment == "c1":
            comment = evolve(comment, recorded)
    after = evolve(comment, story.record(change, story.caller))
    assert state(after) != state(comment)


def state(comment: Comment) -> tuple[object, ...]:
    return comment.texts, comment.notices, comment.tally, comment.author, shown(comment)
