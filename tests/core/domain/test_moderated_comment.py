"""The state that deciders and projection share."""

import pytest

from core.domain.comment import UNPOSTED, evolve
from core.domain.moderated_comment import shown
from core.events import types as events
from core.events.event import Event
from core.events.types import COMMENT_EVENTS, CommentPosted
from tests.support.people import edited, posted
from tests.support.story import given, usual

TWICE: list[Event] = [posted(), edited(2, "other words")]
ASKED = [*TWICE, events.RemovalRequested(comment="c1", revision=1)]
REJECTED = events.CommentRejected(comment="c1", revision=1)
CHANGES: dict[type[Event], tuple[list[Event], Event]] = {
    events.CommentEdited: ([posted()], edited(2, "other words")),
    events.CommentWithdrawn: ([posted()], events.CommentWithdrawn(comment="c1")),
    events.CommentRestored: ([posted(), events.CommentWithdrawn(comment="c1")], events.CommentRestored(comment="c1")),
    events.CommentHeld: ([posted()], events.CommentHeld(comment="c1", revision=1)),
    events.CommentApproved: ([posted(rule="links")], events.CommentApproved(comment="c1", revision=1)),
    events.CommentRejected: ([posted()], events.CommentRejected(comment="c1", revision=1)),
    events.RevisionRedacted: (
        [posted(), edited(2, "other words")],
        events.RevisionRedacted(comment="c1", revision=1, reason="r"),
    ),
    events.RemovalRequested: (
        [posted(), edited(2, "other words")],
        events.RemovalRequested(comment="c1", revision=1),
    ),
    events.RemovalCancelled: (
        [posted(), edited(2, "other words"), events.RemovalRequested(comment="c1", revision=1)],
        events.RemovalCancelled(comment="c1", revision=1),
    ),
    events.RemovalRefused: (
        [posted(), edited(2, "other words"), events.RemovalRequested(comment="c1", revision=1)],
        events.RemovalRefused(comment="c1", revision=1),
    ),
    events.CommentScreened: (
        [posted(rule="screening", screening="before")],
        events.CommentScreened(comment="c1", verdict="approve"),
    ),
    events.DecisionReversed: (
        [posted(), events.CommentRejected(comment="c1", revision=1)],
        events.DecisionReversed(comment="c1", revision=1, reverses="b"),
    ),
    events.RemovalRequested: (TWICE, events.RemovalRequested(comment="c1", revision=1)),
    events.RemovalCancelled: (ASKED, events.RemovalCancelled(comment="c1", revision=1)),
    events.RemovalRefused: (ASKED, events.RemovalRefused(comment="c1", revision=1)),
    events.StatementTold: (
        [posted(), REJECTED],
        events.StatementTold(comment="c1", revision=1, decision="1700000003000-4"),
    ),
    events.AppealFiled: (
        [posted(), REJECTED],
        events.AppealFiled(comment="c1", revision=1, decision="1700000003000-4", text="Why?"),
    ),
    events.AppealDecided: (
        [
            posted(),
            REJECTED,
            events.AppealFiled(comment="c1", revision=1, decision="1700000003000-4", text="Why?"),
        ],
        events.AppealDecided(comment="c1", revision=1, verdict="uphold"),
    ),
    events.NoticeFiled: ([posted()], events.NoticeFiled(comment="c1", revision=1, reference="n1")),
    events.CommentFeatured: ([posted()], events.CommentFeatured(comment="c1")),
    events.CommentUnfeatured: (
        [posted(), events.CommentFeatured(comment="c1")],
        events.CommentUnfeatured(comment="c1"),
    ),
    events.CommentPinned: ([posted()], events.CommentPinned(comment="c1")),
    events.CommentUnpinned: ([posted(), events.CommentPinned(comment="c1")], events.CommentUnpinned(comment="c1")),
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
    assert (after.texts, after.notices, shown(after)) != (comment.texts, comment.notices, shown(comment))
