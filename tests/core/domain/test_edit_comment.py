from typing import Any

import pytest

from core.caller import Caller
from core.domain.authoring import RestoreComment, WithdrawComment
from core.domain.comment import Comment
from core.domain.handler import Command
from core.events.comment_events import (
    CommentApproved,
    CommentHeld,
    CommentRejected,
    CommentRestored,
    CommentWithdrawn,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.thread_events import ThreadArchived, ThreadClosed
from core.refusals import (
    BodyEmpty,
    BodyTooLong,
    CommentIsWithdrawn,
    EditWindowOver,
    NotAllowed,
    NotEntitled,
    NotFound,
    Refusal,
    StaleEdit,
    Suspended,
    ThreadIsArchived,
    ThreadIsClosed,
)
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, GUEST, LINK, MOD, edit, edited, overridden, policy, posted
from tests.support.story import before_anything, by, given, given_a_site

PENDING = posted(body=LINK, rule="links", match="https://example.com/x")
REVIEW = {"rule": "edit-under-review"}
OWN = [edit(1, "other words"), WithdrawComment(comment="c1"), RestoreComment(comment="c1")]
LINKS = policy(premoderation="links")


def approved(revision: int) -> CommentApproved:
    return CommentApproved(comment="c1", revision=revision)


def held(revision: int) -> CommentHeld:
    return CommentHeld(comment="c1", revision=revision)


def rejected(revision: int) -> CommentRejected:
    return CommentRejected(comment="c1", revision=revision)


def redacted(revision: int) -> RevisionRedacted:
    return RevisionRedacted(comment="c1", revision=revision)


WITHDRAWN = CommentWithdrawn(comment="c1")
RESTORED = CommentRestored(comment="c1")


def test_an_author_changes_her_own_words_and_readers_see_them() -> None:
    story = given(posted()).when(edit(1, "other words", reason="typo")).then(edited(2, "other words", reason="typo"))
    story.leaves(standing=2, latest=2, published=True)


def test_the_same_words_again_are_no_edit() -> None:
    given(posted(), edited(2, "other words")).when(edit(2, " other words\n", reason="why")).nothing_happens(settled=4)


def test_a_text_that_was_redacted_is_the_same_as_none() -> None:
    gone = posted(), edited(2, LINK, rule="links"), redacted(2)
    given(LINKS, *gone).when(edit(2, LINK)).then(edited(3, LINK, rule="links", match="https://example.com/x"))


@pytest.mark.parametrize("number", [0, 1, 3])
def test_an_edit_in_view_of_another_revision_than_the_latest_is_stale(number: int) -> None:
    given(posted(), edited(2, "other words")).when(edit(number, "third")).refused(StaleEdit, current=2)


def test_an_edit_may_name_several_revisions_of_which_one_is_the_latest() -> None:
    twice = given(posted(), edited(2, "other words"))
    twice.when(edit((1, 2), "third")).then(edited(3, "third"))
    given(posted(), edited(2, "other words")).when(edit((1, 3), "third")).refused(StaleEdit, current=2)


def test_an_edit_sees_the_revision_that_waits_as_the_latest() -> None:
    given(posted(), edited(2, LINK, rule="links")).when(edit(1, "third")).refused(StaleEdit, current=2)


def test_an_edit_is_judged_as_a_post_is() -> None:
    given(posted()).when(edit(1, "\u200b")).refused(BodyEmpty)
    given(posted(), policy(max_body=4)).when(edit(1, "other")).refused(BodyTooLong, limit=4)
    given(posted()).when(edit(1, "cafe\u0301\x00 ")).then(edited(2, "café"))


def test_the_edit_window_begins_with_the_posting_and_ends_sharp() -> None:
    short = given(posted(), policy(edit_window=60))
    short.when(edit(1, "other words"), later=59).refused(EditWindowOver)
    short.when(edit(1, "other words"), later=58.999).is_taken()
    again = given(posted(), edited(2, "second"), policy(edit_window=60))
    again.when(edit(2, "third"), later=58).refused(EditWindowOver)


def test_an_edit_window_of_nothing_allows_no_edit() -> None:
    given(posted(), overridden(edit_window=0)).when(edit(1, "other words")).refused(EditWindowOver)


def test_an_edit_records_the_entitlement_that_carried_it() -> None:
    story = given(posted(), policy(comment="entitled")).when(edit(1, "other words"), by=ADA)
    story.then(edited(2, "other words", entitlement="subscriber"))


def test_who_may_not_comment_any_more_does_not_edit_either() -> None:
    given(by(BEN, posted()), policy(comment="entitled")).when(edit(1, "x"), by=BEN).refused(NotEntitled)
    given(by(GUEST, posted())).when(edit(1, "x"), by=GUEST).refused(NotAllowed)
    given(posted(), MemberSuspended(member="ada")).when(edit(1, "x")).refused(Suspended)


# --- whose it is, and who sees it ---


@pytest.mark.parametrize("command", OWN, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("caller", [BEN, MOD, ADMIN, AUDITOR, GUEST], ids=lambda caller: caller.name)
def test_nobody_touches_what_another_wrote(command: Command, caller: Caller) -> None:
    given(posted()).when(command, by=caller).refused(NotAllowed)
    given(posted(), rejected(1)).when(command, by=caller).refused(NotAllowed)


@pytest.mark.parametrize("command", OWN, ids=lambda command: type(command).__name__)
def test_what_readers_never_saw_does_not_exist_for_others(command: Command) -> None:
    for fate in ([], [WITHDRAWN], [held(1)], [rejected(1)], [WITHDRAWN, approved(1)], [ThreadArchived()]):
        given(PENDING, *fate).when(command, by=BEN).refused(NotFound)
        given(PENDING, *fate).when(command, by=ADMIN).refused(NotFound)
        given(PENDING, *fate).when(command, by=MOD).refused(NotAllowed)


@pytest.mark.parametrize("command", OWN, ids=lambda command: type(command).__name__)
def test_what_was_never_posted_is_not_found(command: Command) -> None:
    given().when(command).refused(NotFound)
    given_a_site().when(command).refused(NotFound)
    before_anything().when(command).refused(NotFound)


@pytest.mark.parametrize("command", OWN, ids=lambda command: type(command).__name__)
def test_an_auditor_touches_not_even_what_they_wrote_before(command: Command) -> None:
    given(by(AUDITOR, posted())).when(command, by=AUDITOR).refused(NotAllowed)


# --- an edit runs the policy again, and never publishes itself ---


def test_a_held_edit_leaves_the_standing_revision_in_place() -> None:
    waits = edited(2, LINK, rule="links", match="https://example.com/x")
    given(LINKS, posted()).when(edit(1, LINK)).then(waits).leaves(standing=1, latest=2, published=True)


def test_a_clean_edit_replaces_one_that_a_rule_holds() -> None:
    story = given(LINKS, posted(), edited(2, LINK, rule="links")).when(edit(2, "clean"))
    story.then(edited(3, "clean")).leaves(standing=3, latest=3, published=True)


@pytest.mark.parametrize(
    ("before", "latest", "status"),
    [
        ([PENDING], 1, "pending"),
        ([PENDING, held(1)], 1, "pending"),
        ([PENDING, rejected(1)], 1, "pending"),
        ([posted(), held(1)], 1, "pending"),
        ([posted(), rejected(1)], 1, "pending"),
        ([posted(), rejected(1), edited(2, "second", **REVIEW)], 2, "pending"),
        ([posted(), edited(2, LINK, rule="links"), held(2)], 2, "published"),
        ([posted(), edited(2, LINK, rule="links"), rejected(2)], 2, "published"),
        ([posted(), edited(2, LINK, rule="links"), rejected(2), edited(3, "third", **REVIEW)], 3, "published"),
        ([posted(), edited(2, LINK, rule="links"), rejected(2), edited(3, LINK, rule="links")], 3, "published"),
        ([posted(), edited(2, LINK, rule="links"), held(2), approved(1)], 2, "published"),
        ([posted(), rejected(1), edited(2, "second", **REVIEW), approved(1)], 2, "published"),
    ],
    ids=[
        "it waits by rule",
        "it waits by staff",
        "it was rejected unseen",
        "it was held",
        "it was rejected",
        "it was rejected and edited",
        "its latest was held",
        "its latest was rejected",
        "its latest was rejected and edited",
        "its latest was rejected and edited into another rule",
        "its latest was held while its standing was approved",
        "it was approved while its latest waits after a rejection",
    ],
)
def test_an_edit_waits_where_moderators_have_not_let_it_stand(before: list[Event], latest: int, status: Any) -> None:
    story = given(LINKS, *before)
    standing = story.comment("c1").standing
    story.when(edit(latest, "quite clean")).then(edited(latest + 1, "quite clean", **REVIEW))
    story.leaves(standing=standing, latest=latest + 1, status=status)


def test_a_text_that_was_turned_down_waits_also_when_a_later_one_was_approved() -> None:
    before = posted(), edited(2, "insult", **REVIEW), rejected(2), edited(3, "sorry", **REVIEW), approved(3)
    given(*before).when(edit(3, "insult")).then(edited(4, "insult", **REVIEW)).leaves(standing=3)
    given(*before).when(edit(3, "really sorry")).then(edited(4, "really sorry")).leaves(standing=4)


def test_a_text_that_waited_and_was_never_let_through_waits_again() -> None:
    before = posted(), rejected(1), edited(2, "second", **REVIEW), edited(3, "third", **REVIEW), approved(3)
    given(*before).when(edit(3, "second")).then(edited(4, "second", **REVIEW)).leaves(standing=3)
    relaxed = LINKS, posted(), edited(2, LINK, rule="links"), edited(3, "third"), policy(premoderation="none")
    given(*relaxed).when(edit(3, LINK)).then(edited(4, LINK, **REVIEW)).leaves(standing=3)


@pytest.mark.parametrize("words", ["first words", "quite clean"])
@pytest.mark.parametrize(
    "before",
    [
        [edited(2, "second"), redacted(1)],
        [edited(2, "second"), redacted(1), edited(3, "third", **REVIEW)],
        [edited(2, "second"), redacted(1), edited(3, "third", **REVIEW), approved(3)],
        [edited(2, "insult", **REVIEW), redacted(2)],
    ],
    ids=["an earlier one", "edited since", "edited and approved since", "one that waits"],
)
def test_an_edit_waits_where_a_text_of_the_comment_was_redacted(before: list[Event], words: str) -> None:
    """Or its author would publish the words again that were taken out for good."""
    story = given(posted(), *before)
    comment = story.comment("c1")
    latest = comment.latest
    story.when(edit(latest, words)).then(edited(latest + 1, words, **REVIEW)).leaves(standing=comment.standing)


def test_an_author_may_return_to_a_text_that_stood() -> None:
    given(posted(), edited(2, "second")).when(edit(2, "first words")).then(edited(3, "first words")).leaves(standing=3)


def test_once_its_latest_is_approved_an_author_edits_freely_again() -> None:
    before = posted(), rejected(1), edited(2, "second", **REVIEW), approved(2)
    given(*before).when(edit(2, "third")).then(edited(3, "third")).leaves(standing=3, published=True)


def test_a_premoderation_rule_keeps_its_name_where_an_edit_waits_anyway() -> None:
    waits = edited(2, LINK, rule="links", match="https://example.com/x")
    given(LINKS, posted(), rejected(1)).when(edit(1, LINK)).then(waits).leaves(status="pending", standing=1)
    everything = policy(premoderation="all")
    given(everything, posted(), held(1)).when(edit(1, "x")).then(edited(2, "x", rule="premoderation"))


# --- withdrawal and restoration ---


def test_an_author_withdraws_and_it_leaves_the_page() -> None:
    story = given(posted()).when(WithdrawComment(comment="c1")).then(WITHDRAWN)
    story.leaves(published=False, status="published", standing=1)


def test_what_is_withdrawn_is_withdrawn_once() -> None:
    given(posted(), WITHDRAWN).when(WithdrawComment(comment="c1")).nothing_happens(settled=4)


@pytest.mark.parametrize("hindrance", [ThreadClosed(), ThreadArchived(), MemberSuspended(member="ada")])
def test_nothing_keeps_an_author_from_withdrawing(hindrance: Event) -> None:
    given(posted(), hindrance).when(WithdrawComment(comment="c1")).then(WITHDRAWN)


def test_who_may_not_comment_any_more_still_withdraws() -> None:
    given(by(GUEST, posted())).when(WithdrawComment(comment="c1"), by=GUEST).then(WITHDRAWN)


def test_an_author_takes_the_withdrawal_back() -> None:
    given(posted(), WITHDRAWN).when(RestoreComment(comment="c1")).then(RESTORED).leaves(published=True, standing=1)


def test_what_is_not_withdrawn_is_not_restored() -> None:
    given(posted()).when(RestoreComment(comment="c1")).nothing_happens(settled=3)
    given(posted(), WITHDRAWN, RESTORED).when(RestoreComment(comment="c1")).nothing_happens(settled=5)


@pytest.mark.parametrize(
    ("hindrance", "refusal"),
    [
        (ThreadClosed(), ThreadIsClosed),
        (ThreadArchived(), ThreadIsArchived),
        (MemberSuspended(member="ada"), Suspended),
    ],
)
def test_restorations_and_edits_end_with_the_thread_and_with_a_suspension(
    hindrance: Event, refusal: type[Refusal]
) -> None:
    given(posted(), WITHDRAWN, hindrance).when(RestoreComment(comment="c1")).refused(refusal)
    given(posted(), hindrance).when(edit(1, "other words")).refused(refusal)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([PENDING], "pending"),
        ([posted(), held(1)], "pending"),
        ([posted(), rejected(1)], "rejected"),
        ([PENDING, rejected(1)], "rejected"),
    ],
)
def test_a_restoration_brings_back_the_status_and_publishes_nothing(before: list[Event], status: Any) -> None:
    given(*before, WITHDRAWN).when(RestoreComment(comment="c1")).then(RESTORED).leaves(status=status, published=False)


def test_what_is_withdrawn_is_not_edited() -> None:
    given(posted(), WITHDRAWN).when(edit(1, "other words")).refused(CommentIsWithdrawn)


def test_a_text_approved_while_withdrawn_is_seen_only_when_it_is_restored() -> None:
    def seen(comment: Comment) -> list[bool]:
        return [text.seen for text in comment.texts.values()]

    story = given(PENDING, WITHDRAWN, approved(1)).leaves(standing=1, published=False)
    assert seen(story.comment("c1")) == [False]
    story.when(RestoreComment(comment="c1")).then(RESTORED).leaves(published=True)
    assert seen(story.comment("c1")) == [True]


# --- which check comes first ---


def test_ownership_comes_before_the_window_the_window_before_the_thread_and_so_on() -> None:
    late = posted(), policy(edit_window=0), ThreadClosed(), WITHDRAWN
    given(*late).when(edit(9, ""), by=BEN).refused(NotAllowed)
    given(*late).when(edit(9, "")).refused(EditWindowOver)
    given(posted(), ThreadClosed(), WITHDRAWN).when(edit(9, "")).refused(ThreadIsClosed)
    given(posted(), WITHDRAWN).when(edit(9, "")).refused(CommentIsWithdrawn)
    given(posted()).when(edit(9, "")).refused(StaleEdit)


@pytest.mark.parametrize(("later", "grace"), [(0, True), (59, True), (60, False)])
def test_an_edit_says_whether_it_was_within_grace(later: int, grace: bool) -> None:
    story = given(policy(grace=60), posted())
    # The post is a second older than the last fact.
    story.when(edit(1, "other words"), later=later).then(edited(2, "other words", grace=grace))
