"""An edit within grace leaves no public version, unless somebody acted on the comment before it."""

from typing import Any

import pytest

from core.events.comment_events import CommentApproved, CommentEdited, CommentRejected
from core.events.report_events import ReportFiled
from core.events.vote_events import VoteCast, VoteRetracted
from projections.read.revisions import visible
from projections.thread.state import ThreadState
from projections.views import rows
from projections.views.viewer import PUBLIC, Viewer
from tests.support.folded import told
from tests.support.people import ADA, THREAD, edited, posted, reply

OWN = Viewer(member=ADA.id)
STAFF = Viewer(staff=True)
REPORT = ReportFiled(comment="c1", reason="spam")


def thread(*events: Any) -> ThreadState:
    return told(*events).thread


def quick(revision: int, **fields: Any) -> CommentEdited:
    return edited(revision, f"words {revision}", grace=True, **fields)


def listed(state: ThreadState, viewer: Viewer = PUBLIC) -> list[int]:
    return list(visible(state.rows["c1"], viewer, "public"))


def shows_edit(state: ThreadState) -> bool:
    comment = state.rows["c1"]
    return b'"edited":null' not in rows.public(comment, THREAD, "")


def test_quick_edits_leave_the_last_text_alone_for_everyone_and_all_texts_for_author_and_staff() -> None:
    state = thread(posted(), quick(2), quick(3))
    assert listed(state) == [3]
    assert listed(state, OWN) == listed(state, STAFF) == [1, 2, 3]
    assert not shows_edit(state)


def test_a_later_edit_is_shown_as_one_and_the_text_that_stood_then_is_listed() -> None:
    state = thread(posted(), quick(2), edited(3, "late"))
    assert listed(state) == [2, 3]
    assert shows_edit(state)


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param([VoteCast(comment="c1", value=1)], id="voted"),
        pytest.param([VoteCast(comment="c1", value=1), VoteRetracted(comment="c1")], id="voted and thought better"),
        pytest.param([reply("c2", "c1", 1)], id="replied"),
        pytest.param([REPORT], id="reported"),
        pytest.param([CommentApproved(comment="c1", revision=1)], id="approved"),
        pytest.param(
            [ReportFiled(comment="c1", reason="spam"), CommentApproved(comment="c1", revision=1)], id="judged"
        ),
    ],
)
def test_whoever_acted_on_a_text_finds_it_again(acts: list[Any]) -> None:
    state = thread(posted(), *acts, quick(2))
    assert listed(state) == [1, 2]
    assert shows_edit(state)


def test_what_came_after_the_edit_changes_nothing() -> None:
    state = thread(posted(), quick(2), VoteCast(comment="c1", value=1), reply("c2", "c1", 1))
    assert listed(state) == [2]
    assert not shows_edit(state)


def test_a_quick_edit_that_waits_leaves_the_standing_text_until_it_is_approved() -> None:
    waiting = [posted(), quick(2, rule="links")]
    assert listed(thread(*waiting)) == [1]
    approved = thread(*waiting, CommentApproved(comment="c1", revision=2))
    assert listed(approved) == [2]
    rejected = thread(*waiting, CommentRejected(comment="c1", revision=2))
    assert listed(rejected) == [1]


def test_edits_of_before_there_was_grace_are_shown() -> None:
    state = thread(posted(), edited(2, "other"))
    assert listed(state) == [1, 2]
    assert shows_edit(state)
