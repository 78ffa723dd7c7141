"""The comments of a batch, by its id."""

from core.events.comment_events import CommentHeld, CommentRejected, DecisionReversed
from projections.views.listings.batches import BATCHES
from tests.support.folded import told
from tests.support.people import THREAD, edited, posted


def test_a_comment_is_listed_under_each_batch_also_after_later_acts() -> None:
    story = told(posted())
    row = story.thread.rows["c1"]
    assert BATCHES.of_comment(row, THREAD) == ()
    story.tell(CommentRejected(comment="c1", revision=1), batch="b1")
    story.tell(DecisionReversed(comment="c1", revision=1, reverses="b1"))
    story.tell(CommentHeld(comment="c1", revision=1), batch="b2")
    story.tell(edited(2, "other words", rule="edit-under-review"))
    assert BATCHES.of_comment(row, THREAD) == ((f"b1 {THREAD} c1", 0), (f"b2 {THREAD} c1", 0))
    assert (BATCHES.thread_of(f"b1 {THREAD} c1"), BATCHES.comment_of(f"b1 {THREAD} c1")) == (THREAD, "c1")
    assert BATCHES.thread_of("b1 c1") == ""
