"""What the page says after some facts."""

import pytest

from core.caller import Caller
from core.events.comment_events import (
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentRejected,
    CommentRestored,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    RevisionRedacted,
)
from core.events.envelope import Envelope, Recorded
from core.events.event import Event
from core.events.report_events import ReportFiled
from core.events.skip_events import UnknownEvent
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadReopened,
    ThreadRetitled,
)
from core.events.vote_events import VoteCast, VoteRetracted
from core.policy import PolicyChanges
from core.position import Position
from projections.thread.fold import CannotApply, UnknownShape, apply
from projections.thread.state import ThreadState
from tests.support.folded import BEGIN, Told, told
from tests.support.people import ADA, BEN, EVE, MOD, SITE, THREAD, TITLE, URL, edited, posted, reply

WITHDRAWN = CommentWithdrawn(comment="c1")
RULE = Caller(id="screening", name="Screening", kind="system")
IMPORT = Caller(id="import", name="Import", kind="system")
HELD = posted("c1", rule="links", match="https://example.com")


def approved(comment: str = "c1", revision: int = 1) -> CommentApproved:
    return CommentApproved(comment=comment, revision=revision)


def rejected(comment: str = "c1", revision: int = 1) -> CommentRejected:
    return CommentRejected(comment=comment, revision=revision, reason="manners", note="again")


def held(comment: str = "c1", revision: int = 1) -> CommentHeld:
    return CommentHeld(comment=comment, revision=revision)


def up(comment: str = "c1") -> VoteCast:
    return VoteCast(comment=comment, revision=1, value=1)


def down(comment: str = "c1") -> VoteCast:
    return VoteCast(comment=comment, revision=1, value=-1)


def on_page(story: Told) -> dict[str, str]:
    """The rows of the page, each with its status."""
    return {name: row.status for name, row in story.thread.rows.items() if row.on_page}


def test_a_thread_that_was_opened_has_its_title_and_is_empty() -> None:
    thread = told().thread
    assert (thread.url, thread.title, thread.status, thread.comments) == (URL, TITLE, "open", 0)


def test_the_thread_itself_changes_for_everyone_to_see() -> None:
    story = told(
        ThreadRetitled(url=URL, title="Another"),
        ThreadClosed(),
        PolicyOverridden(overrides=PolicyChanges(votes=False)),
    )
    thread = story.thread
    assert (thread.title, thread.status, thread.overrides.votes) == ("Another", "closed", False)
    assert story.noticed == [(("thread.changed", None),)] * 4
    assert thread.position == story.last


def test_a_thread_is_closed_opened_again_and_archived() -> None:
    assert told(ThreadClosed()).thread.status == "closed"
    assert told(ThreadClosed(), ThreadReopened()).thread.status == "open"
    assert told(ThreadReopened(), ThreadArchived()).thread.status == "archived"


def test_a_post_is_on_the_page_and_counted() -> None:
    story = told(posted(badges=("subscriber",)))
    row = story.thread.rows["c1"]
    assert on_page(story) == {"c1": "published"}
    assert story.thread.comments == 1
    assert (row.author.name, row.author.badges, row.texts[1].body) == ("Ada", ("subscriber",), "first words")
    assert story.noticed[-1] == (("comment.posted", "c1"),)


def test_what_a_rule_held_changes_nothing_that_readers_see() -> None:
    story = told(HELD)
    assert on_page(story) == {}
    assert story.thread.comments == 0
    assert story.noticed[-1] == ()
    assert story.thread.position < story.thread.last == story.last
    assert story.thread.rows["c1"].waiting == 1


def test_it_is_posted_for_readers_when_it_is_approved_and_restored_when_it_comes_back() -> None:
    story = told(HELD)
    assert story.tell(approved()) == (("comment.posted", "c1"),)
    assert story.tell(held()) == (("comment.removed", "c1"),)
    assert story.tell(approved()) == (("comment.restored", "c1"),)
    assert story.tell(CommentWithdrawn(comment="c1")) == (("comment.removed", "c1"),)
    assert story.tell(CommentRestored(comment="c1")) == (("comment.restored", "c1"),)
    assert story.thread.comments == 1


def test_approving_what_stands_is_no_news() -> None:
    story = told(posted())
    assert story.tell(approved()) == ()


def test_a_restored_comment_that_was_rejected_meanwhile_stays_away() -> None:
    story = told(posted(), CommentWithdrawn(comment="c1"), rejected())
    assert story.tell(CommentRestored(comment="c1")) == ()
    assert story.thread.rows["c1"].status == "rejected"


def test_an_edit_shows_at_once_or_waits_beside_the_text_that_stands() -> None:
    story = told(posted())
    assert story.tell(edited(2, "better words")) == (("comment.edited", "c1"),)
    assert story.tell(edited(3, "words with a link", rule="links")) == ()
    row = story.thread.rows["c1"]
    assert (row.standing, row.latest, row.waiting, row.overlaid) == (2, 3, 3, True)
    assert story.tell(rejected(revision=3)) == ()
    assert (row.status, row.waiting, row.overlaid) == ("published", None, True)
    assert story.tell(edited(4, "words that wait", rule="edit-after-decision")) == ()
    assert story.tell(approved(revision=4)) == (("comment.edited", "c1"),)
    assert (row.standing, row.waiting, row.overlaid) == (4, None, False)


def test_featured_shows_in_the_row_only_while_there_is_one() -> None:
    story = told(posted())
    assert story.tell(CommentFeatured(comment="c1")) == (("comment.edited", "c1"),)
    story.tell(rejected())
    assert story.tell(CommentUnfeatured(comment="c1")) == ()


def test_pinned_shows_in_the_row_only_while_there_is_one() -> None:
    story = told(posted(), posted("c2"))
    assert story.tell(CommentPinned(comment="c1")) == (("comment.edited", "c1"),)
    assert story.tell(CommentUnpinned(comment="c1")) == (("comment.edited", "c1"),)
    assert story.tell(CommentPinned(comment="c2")) == (("comment.edited", "c2"),)
    assert (story.thread.pinned, [row.pinned for row in story.thread.rows.values()]) == ("c2", [False, True])
    story.tell(rejected("c2"))
    assert story.thread.pinned == "c2"
    assert story.tell(CommentUnpinned(comment="c2")) == ()
    assert story.thread.pinned != "c2"


def test_picks_are_the_published_featured_comments_oldest_first() -> None:
    story = told(posted(), posted("c2"), posted("c3"), *(CommentFeatured(comment=name) for name in ("c3", "c1")))
    assert story.thread.picks == ["c1", "c3"]
    story.tell(rejected("c1"))
    assert story.thread.picks == ["c3"]
    story.tell(approved("c1"))
    story.tell(CommentUnfeatured(comment="c3"))
    assert story.thread.picks == ["c1"]


def test_a_thread_tells_when_its_status_last_changed() -> None:
    assert told(posted()).thread.status_at is None
    story = told(posted(), ThreadClosed())
    assert story.thread.status_at == story.last.ms
    story.tell(ThreadReopened(), at=BEGIN)
    assert story.thread.status_at == BEGIN
    story.tell(ThreadRetitled(url=URL, title="Another"))
    assert story.thread.status_at == BEGIN


@pytest.mark.parametrize(
    ("facts", "gone"),
    [
        ([], None),
        ([WITHDRAWN], "author"),
        ([rejected()], "moderator"),
        ([held()], "moderator"),
        ([rejected(), WITHDRAWN], "author"),
        ([rejected(), edited(2, "other", rule="edit-under-review")], "moderator"),
        ([(rejected(), RULE)], "rule"),
        ([(rejected(), RULE), rejected()], "moderator"),
        ([(rejected(), IMPORT)], "unknown"),
        ([(rejected(), IMPORT), RevisionRedacted(comment="c1", revision=1)], "unknown"),
        ([edited(2, "other", rule="links"), rejected(), rejected(revision=2)], "moderator"),
    ],
)
def test_a_tombstone_tells_by_what_the_comment_is_gone(
    facts: list[Event | tuple[Event, Caller]], gone: str | None
) -> None:
    story = told(posted(), reply("c2", "c1", 1), *facts)
    assert story.thread.rows["c1"].gone == gone


@pytest.mark.parametrize(("rule", "gone"), [("links", "rule"), ("import", "unknown")])
def test_what_readers_never_saw_is_gone_by_the_rule_that_held_it(rule: str, gone: str) -> None:
    assert told(posted("c1", rule=rule)).thread.rows["c1"].gone == gone


def test_a_tombstone_is_told_anew_when_it_is_gone_by_something_else() -> None:
    story = told(posted(), reply("c2", "c1", 1), (rejected(), RULE))
    assert story.tell(rejected()) == (("comment.removed", "c1"),)
    assert story.tell(rejected()) == ()


def test_a_tombstone_stands_where_something_below_is_published() -> None:
    story = told(posted("c1"), reply("c2", "c1", 1), reply("c3", "c2", 2))
    assert story.tell(rejected("c2")) == (("comment.removed", "c2"),)
    assert story.tell(rejected("c1")) == (("comment.removed", "c1"),)
    assert on_page(story) == {"c1": "rejected", "c2": "rejected", "c3": "published"}
    assert story.thread.comments == 1
    # The tombstones go with what kept them, and are told before it, the topmost first.
    gone = story.tell(CommentWithdrawn(comment="c3"))
    assert gone == (("comment.removed", "c1"), ("comment.removed", "c2"), ("comment.removed", "c3"))
    assert on_page(story) == {}
    back = story.tell(CommentRestored(comment="c3"))
    assert back == (("comment.removed", "c1"), ("comment.removed", "c2"), ("comment.restored", "c3"))
    assert on_page(story) == {"c1": "rejected", "c2": "rejected", "c3": "published"}
    assert [story.thread.rows[name].answers for name in ("c1", "c2", "c3")] == [["c2"], ["c3"], []]


def test_a_tombstone_stays_while_another_answer_is_left() -> None:
    story = told(posted("c1"), reply("c2", "c1", 1), reply("c3", "c1", 1), rejected("c1"))
    assert story.tell(rejected("c2")) == (("comment.removed", "c2"),)
    assert on_page(story) == {"c1": "rejected", "c3": "published"}


def test_a_tombstone_whose_status_changes_is_told_again() -> None:
    story = told(posted("c1"), reply("c2", "c1", 1), rejected("c1"))
    assert story.tell(CommentWithdrawn(comment="c1")) == (("comment.removed", "c1"),)
    assert on_page(story) == {"c1": "withdrawn", "c2": "published"}
    assert story.tell(CommentRestored(comment="c1")) == (("comment.removed", "c1"),)


def test_one_vote_a_member_counts_and_the_last_one_only() -> None:
    story = told(posted(), (up(), BEN), (up(), EVE), (up(), BEN), (down(), EVE))
    row = story.thread.rows["c1"]
    assert (row.up, row.down) == (1, 1)
    assert row.ballots == {"ben": (1, 1), "eve": (-1, 1)}
    assert story.noticed[-1] == (("votes.changed", "c1"),)
    story.tell(VoteRetracted(comment="c1", revision=1), EVE)
    assert (row.up, row.down, row.ballots) == (1, 0, {"ben": (1, 1)})


def test_each_text_keeps_the_votes_that_it_left_the_page_with() -> None:
    story = told(posted(), (up(), BEN), edited(2, "better"), (down(), EVE))
    row = story.thread.rows["c1"]
    assert (row.votes_then(1), row.votes_then(2)) == ((1, 0), (1, 1))
    story.tell(edited(3, "a link", rule="links"))
    assert row.votes_then(3) is None
    story.tell(held(revision=2))
    assert row.votes_then(2) == (1, 1)
    story.tell(approved(revision=3))
    assert row.votes_then(3) == (1, 1)
    assert row.votes_then(2) == (1, 1)
    story.tell(up(), EVE)
    assert (row.votes_then(1), row.votes_then(2), row.votes_then(3)) == ((1, 0), (1, 1), (2, 0))


def test_reports_are_open_until_somebody_approves_or_rejects() -> None:
    report = ReportFiled(comment="c1", revision=1, reason="spam", note="look")
    story = told(posted(), (report, BEN), (report, EVE))
    row = story.thread.rows["c1"]
    assert [one.by for one in row.reports] == ["ben", "eve"]
    assert story.noticed[-1] == ()
    story.tell(held())
    assert len(row.reports) == 2
    story.tell(approved())
    assert row.reports == []


def test_a_decision_tells_who_and_why_beside_the_text() -> None:
    story = told(HELD, rejected())
    text = story.thread.rows["c1"].texts[1]
    assert text.decision is not None
    assert (text.status, text.rule, text.match) == ("rejected", "links", "https://example.com")
    decision = text.decision
    assert (decision.by, decision.reason, decision.note, decision.at) == ("mod", "manners", "again", story.last.ms)
    assert text.judged == story.last


def test_redacted_words_leave_the_state() -> None:
    story = told(posted(), edited(2, "worse words", reason="the reason", rule="links", match="a match"))
    assert story.tell(RevisionRedacted(comment="c1", revision=2, reason="law")) == ()
    text = story.thread.rows["c1"].texts[2]
    assert (text.body, text.match, text.reason, text.status) == (None, None, None, "redacted")
    assert story.thread.redacted == [("c1", 2)]
    assert "worse" not in repr(story.thread)


def test_what_readers_see_cannot_be_redacted() -> None:
    story = told(posted())
    with pytest.raises(CannotApply, match="readers see that text"):
        story.tell(RevisionRedacted(comment="c1", revision=1))


def test_an_anchor_counts_what_is_published_on_it() -> None:
    story = told(
        AnchorOpened(anchor="a1", exact="a passage", prompt="Why?"),
        posted("c1", anchor="a1"),
        reply("c2", "c1", 1, anchor="a1"),
        AnchorClosed(anchor="a1"),
        AnchorReworded(anchor="a1", exact="another passage"),
    )
    anchor = story.thread.anchors["a1"]
    assert (anchor.exact, anchor.prompt, anchor.status, anchor.comments) == ("another passage", None, "closed", 2)
    story.tell(rejected("c1"))
    assert anchor.comments == 1


def test_what_came_by_import_has_its_own_time_and_the_order_of_the_log() -> None:
    story = told()
    story.tell(posted("late"), at=BEGIN - 5000)
    story.tell(posted("early"), at=BEGIN - 9000)
    times = [(name, row.posted_at - BEGIN) for name, row in story.thread.rows.items()]
    assert times == [("late", -5000), ("early", -9000)]
    assert story.thread.now == BEGIN + 1000


def test_an_event_of_an_unknown_shape_cannot_be_applied() -> None:
    story = told(posted())
    envelope = Envelope(v=1, type="comment.sung", actor=ADA.actor, site=SITE, thread=THREAD)
    with pytest.raises(UnknownShape, match="does not know this event type"):
        apply(story.thread, Recorded(Position(BEGIN + 9000, 9), envelope, UnknownEvent(name="comment.sung")))


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (posted("c1"), "the comment exists"),
        (reply("c2", "nobody", 1), "no such parent"),
        (up("nobody"), "KeyError"),
        (edited(3, "too far"), "revision 3 after 1"),
        (approved(revision=2), "KeyError"),
        (AnchorClosed(anchor="a1"), "KeyError"),
    ],
)
def test_what_makes_no_sense_is_an_error_that_names_the_event(event: object, why: str) -> None:
    story = told(posted("c1"))
    with pytest.raises(CannotApply, match=why) as caught:
        story.tell(event)  # type: ignore[arg-type] # some event
    assert caught.value.position == story.last
    assert caught.value.type in str(caught.value)


def test_nothing_happens_to_a_thread_before_it_is_opened_or_twice() -> None:
    story = Told()
    with pytest.raises(CannotApply, match="never opened"):
        story.tell(posted())
    story = told()
    again = Recorded(story.last, Envelope(v=1, type="x", actor=MOD.actor, site=SITE, thread=THREAD), ThreadClosed())
    with pytest.raises(CannotApply, match="already at"):
        apply(story.thread, again)
    assert story.thread == told().thread != ThreadState(site=SITE, id=THREAD)


def since(story: Told) -> Position | None:
    return story.thread.rows["c1"].waits_since


def test_what_waits_waits_since_it_first_did_whatever_is_done_to_it_meanwhile() -> None:
    story = told(HELD)
    first = story.last
    for event in (
        edited(2, "other words", rule="links"),
        held(revision=2),
        held(revision=2),
        CommentWithdrawn(comment="c1"),
        CommentRestored(comment="c1"),
        edited(3, "more words", rule="edit-under-review"),
        RevisionRedacted(comment="c1", revision=2, reason="a name"),
        ReportFiled(comment="c1", revision=1, reason="spam"),
    ):
        story.tell(event)
        assert since(story) == first
    story.tell(approved(revision=3))
    assert since(story) is None


def test_what_was_decided_and_is_held_again_waits_anew() -> None:
    story = told(HELD)
    for event in (approved(), rejected()):
        story.tell(event)
        assert since(story) is None
        story.tell(held())
        assert since(story) == story.last
    story.tell(rejected())
    story.tell(edited(2, "better words", rule="edit-under-review"))
    again = story.last
    story.tell(edited(3, "still better words", rule="edit-under-review"))
    assert since(story) == again


def test_an_edit_that_waits_beside_what_stands_gives_its_place_to_the_next() -> None:
    story = told(posted())
    assert since(story) is None
    story.tell(edited(2, "a link", rule="links"))
    first = story.last
    story.tell(edited(3, "another link", rule="links"))
    assert since(story) == first
    story.tell(edited(4, "no link"))
    assert since(story) is None
    story.tell(edited(5, "a link", rule="links"))
    assert since(story) == story.last


def test_a_thread_knows_who_opened_it() -> None:
    thread = told().thread
    assert thread.opened_by == MOD.actor
    assert thread.opened_at is None, "it is as it was recorded"
