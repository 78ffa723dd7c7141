"""An author asks that a superseded text be removed; the author ends that, or staff do."""

import pytest

from core.domain.moderation import RedactRevision
from core.domain.removal import EndRemovalRequest, RequestRemoval
from core.events.comment_events import RemovalCancelled, RemovalRefused, RemovalRequested, RevisionRedacted
from core.refusals import NotAllowed, NotFound, RevisionIsPublished, RevisionIsRedacted
from tests.support.people import ADA, AUDITOR, BEN, MOD, edited, posted
from tests.support.story import by, given

ASK = RequestRemoval(comment="c1", revision=1)
END = EndRemovalRequest(comment="c1", revision=1)
ASKED = by(ADA, RemovalRequested(comment="c1", revision=1))
TWICE = posted(), edited(2, "better words")


def test_the_author_asks_once_and_may_take_it_back() -> None:
    story = given(*TWICE).when(ASK, ADA).then(ASKED.event)
    story.when(END, ADA).then(RemovalCancelled(comment="c1", revision=1))
    story.when(ASK, ADA).then(ASKED.event)


def test_a_moderator_refuses_and_a_redaction_grants() -> None:
    given(*TWICE, ASKED).when(END, MOD).then(RemovalRefused(comment="c1", revision=1))
    redacted = RevisionRedacted(comment="c1", revision=1, reason="asked for")
    story = given(*TWICE, ASKED).when(RedactRevision(comment="c1", revision=1, reason="asked for"), MOD).then(redacted)
    story.when(END, ADA).nothing_happens()
    story.when(ASK, ADA).refused(RevisionIsRedacted)


@pytest.mark.parametrize("revision", [2, 3])
def test_what_stands_or_waits_is_not_superseded(revision: int) -> None:
    waiting = edited(3, "a link", rule="links")
    ask = RequestRemoval(comment="c1", revision=revision)
    given(*TWICE, waiting).when(ask, ADA).refused(RevisionIsPublished)


def test_a_text_that_never_was_is_not_found() -> None:
    given(*TWICE).when(RequestRemoval(comment="c1", revision=7), ADA).refused(NotFound)


def test_nobody_asks_for_another_and_only_moderators_refuse() -> None:
    for caller in (BEN, MOD, AUDITOR):
        given(*TWICE).when(ASK, caller).refused(NotAllowed)
    for caller in (BEN, AUDITOR):
        given(*TWICE, ASKED).when(END, caller).refused(NotAllowed)
