from typing import Any

import pytest

from core.caller import Caller
from core.domain import thread
from core.events.comment_events import CommentApproved, CommentHeld, CommentPosted, CommentRejected, CommentWithdrawn
from core.events.member_events import MemberSuspended
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    ThreadArchived,
    ThreadClosed,
    ThreadOpened,
)
from core.refusals import (
    AnchorIsClosed,
    BadField,
    BodyEmpty,
    BodyTooLong,
    IdempotencyKeyReused,
    NotAllowed,
    NotEntitled,
    NotFound,
    ParentNotPublished,
    StaleRevision,
    Suspended,
    ThreadIsArchived,
    ThreadIsClosed,
    ThreadNotOpened,
    UnknownParent,
    UrlNotAllowed,
)
from tests.support.people import (
    ADA,
    ADMIN,
    AUDITOR,
    BEN,
    BOTH,
    GUEST,
    LINK,
    MOD,
    TITLE,
    URL,
    edited,
    overridden,
    policy,
    post,
    posted,
    reply,
)
from tests.support.story import Story, before_anything, by, given, given_a_site

ANCHOR = AnchorOpened(anchor="q1", exact="the passage")
PENDING = posted(rule="links")
ORIGINS = policy(origins=("https://unherd.com",))


def written(**fields: Any) -> CommentPosted:
    """What Ben posted with `post()`."""
    return posted(**{"comment": "new", "body": "new words", "name": "Ben", **fields})


def test_a_member_posts_and_readers_see_it() -> None:
    given().when(post(), by=BEN).then(written()).leaves("new", published=True, standing=1)


def test_a_comment_carries_name_avatar_and_badges_of_the_token() -> None:
    vain = Caller(id="vain", name="V\u202ean\nity ", avatar="https://a.example/v.png", badges=("Gold ", "\u200b"))
    seen = written(name="Van ity", avatar="https://a.example/v.png", badges=("Gold",))
    given().when(post(), by=vain).then(seen)


def test_names_and_badges_that_differ_only_in_what_cannot_be_seen_are_the_same() -> None:
    vain = Caller(id="vain", name="Van\u200b ity\u2060", badges=("Gold", "G\u034fold", "Gold\ufe0f", "\u3164"))
    given().when(post(), by=vain).then(written(name="Van ity", badges=("Gold",)))


def test_who_has_no_name_that_can_be_seen_goes_by_their_id() -> None:
    given().when(post(), by=Caller(id="u-7", name=" ")).then(written(name="u-7"))


def test_a_text_is_normalised_before_it_is_judged_and_stored() -> None:
    given(policy(max_body=4)).when(post(body="\u202ecafe\u0301\x00 "), by=BEN).then(written(body="café"))


@pytest.mark.parametrize("body", ["", "  \n", "\u200b\u202e\x00"])
def test_an_empty_text_is_refused(body: str) -> None:
    given().when(post(body=body)).refused(BodyEmpty)


def test_a_text_is_as_long_as_the_policy_allows_in_code_points() -> None:
    given(policy(max_body=3)).when(post(body="🦊🦊🦊"), by=BEN).then(written(body="🦊🦊🦊"))
    given(policy(max_body=3)).when(post(body="four")).refused(BodyTooLong, limit=3)


# --- who may comment ---


@pytest.mark.parametrize("caller", [ADA, BEN, GUEST, MOD, ADMIN], ids=lambda caller: caller.name)
def test_where_anyone_may_comment_guests_do(caller: Caller) -> None:
    words = written(name=caller.name, badges=caller.badges)
    given(policy(comment="anyone")).when(post(), by=caller).then(words)


def test_where_members_comment_guests_do_not() -> None:
    given().when(post(), by=GUEST).refused(NotAllowed)


def test_where_an_entitlement_is_asked_for_it_is_recorded() -> None:
    words = written(name="Ada", badges=("subscriber",), entitlement="subscriber")
    given(policy(comment="entitled")).when(post(), by=ADA).then(words)


def test_where_an_entitlement_is_asked_for_others_are_refused() -> None:
    given(policy(comment="entitled")).when(post(), by=BEN).refused(NotEntitled, needs="subscriber")


def test_a_guest_is_refused_where_an_entitlement_is_asked_for_even_with_it() -> None:
    guest = Caller(id="g", name="G", kind="guest", entitlements=frozenset({"subscriber"}))
    given(policy(comment="entitled")).when(post(), by=guest).refused(NotAllowed)


def test_a_thread_may_ask_for_another_entitlement_than_its_site() -> None:
    patrons = given(policy(comment="entitled"), overridden(entitlement="patron"))
    patrons.when(post(), by=ADA).refused(NotEntitled, needs="patron")


def test_an_auditor_writes_nothing() -> None:
    given(policy(comment="anyone")).when(post(), by=AUDITOR).refused(NotAllowed)


def test_a_suspended_member_writes_nothing() -> None:
    given(MemberSuspended(member="ben")).when(post(), by=BEN).refused(Suspended)


# --- how the thread stands ---


def test_a_closed_thread_takes_no_comments() -> None:
    given(ThreadClosed()).when(post()).refused(ThreadIsClosed)


def test_an_archived_thread_takes_no_comments() -> None:
    given(ThreadArchived()).when(post()).refused(ThreadIsArchived)


def test_on_a_site_that_was_never_opened_nothing_is_found() -> None:
    before_anything().when(post()).refused(NotFound)
    before_anything().when(post(url=URL, title=TITLE), by=MOD).refused(NotFound)


# --- a first comment opens its thread ---


def test_a_first_comment_opens_its_thread_where_the_article_is_the_publications() -> None:
    opened = ThreadOpened(url=URL, title=TITLE, unverified=True)
    given_a_site(ORIGINS).when(post(url=URL, title=TITLE), by=BEN).then(opened, written())


def test_a_first_comment_that_is_held_opens_its_thread_all_the_same() -> None:
    opened = ThreadOpened(url=URL, title=TITLE, unverified=True)
    story = given_a_site(ORIGINS, policy(premoderation="all")).when(post(url=URL, title=TITLE), by=BEN)
    story.then(opened, written(rule="premoderation"))


@pytest.mark.parametrize("site", [given_a_site(ORIGINS), given_a_site()], ids=["origins", "none"])
@pytest.mark.parametrize(
    ("words", "missing"), [({}, ["/url", "/title"]), ({"url": URL}, ["/title"]), ({"title": TITLE}, ["/url"])]
)
def test_a_first_comment_that_lacks_what_opening_takes_is_told_what(
    site: Story, words: dict[str, str], missing: list[str]
) -> None:
    for caller in (BEN, MOD):
        site.when(post(**words), by=caller).refused(ThreadNotOpened, pointer=missing[-1])
        with pytest.raises(ThreadNotOpened) as caught:
            thread.opening(words.get("url"), words.get("title"), site.context())
        assert [error["pointer"] for error in caught.value.extra["errors"]] == missing


@pytest.mark.parametrize(
    "url",
    [
        "https://unherd.com.evil.example/a",
        "https://unherd.com@evil.example/a",
        "https://evil.example\\@unherd.com/a",
        "http://unherd.com/a",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("caller", [BEN, MOD], ids=lambda caller: caller.name)
def test_a_first_comment_opens_no_thread_about_another_publication(caller: Caller, url: str) -> None:
    given_a_site(ORIGINS).when(post(url=url, title=TITLE), by=caller).refused(UrlNotAllowed, pointer="/url")


def test_a_first_comment_brings_a_title_that_can_be_seen() -> None:
    given_a_site(ORIGINS).when(post(url=URL, title="\u200b")).refused(BadField, pointer="/title")


def test_where_no_origins_are_given_only_staff_opens_threads() -> None:
    first = post(url=URL, title=TITLE)
    given_a_site().when(first, by=BEN).refused(UrlNotAllowed, pointer="/url")
    for staff in (MOD, ADMIN):
        given_a_site().when(first, by=staff).then(ThreadOpened(url=URL, title=TITLE), written(name=staff.name))
        given_a_site().when(post(url="ftp://unherd.com/", title=TITLE), by=staff).refused(BadField, pointer="/url")
    given_a_site().when(first, by=AUDITOR).refused(NotAllowed)


def test_a_first_comment_that_is_refused_opens_nothing() -> None:
    first = {"url": URL, "title": TITLE}
    given_a_site(ORIGINS).when(post(**first), by=GUEST).refused(NotAllowed)
    given_a_site(ORIGINS).when(post(**first), by=AUDITOR).refused(NotAllowed)
    given_a_site(ORIGINS).when(post(body="", **first)).refused(BodyEmpty)
    given_a_site(ORIGINS).when(post(parent="c1", **first)).refused(UnknownParent)
    given_a_site(ORIGINS).when(post(anchor="q1", **first)).refused(BadField, pointer="/anchor")


@pytest.mark.parametrize("url", [URL, URL + "?utm=1", "https://evil.example/a", "javascript:alert(1)"])
def test_in_a_thread_that_is_open_address_and_title_are_not_looked_at(url: str) -> None:
    # Articles move, and are read under several addresses: nobody is kept from answering by that.
    given(ORIGINS).when(post(url=url, title="Mine"), by=BEN).then(written())


# --- replies ---


def test_a_reply_hangs_under_what_it_answers() -> None:
    answer = written(parent="c1", depth=1, answered="c1", answered_revision=1)
    given(posted()).when(post(parent="c1"), by=BEN).then(answer)


def test_a_reply_names_the_revision_that_it_answers() -> None:
    first = written(parent="c1", depth=1, answered="c1", answered_revision=1)
    second = written(parent="c1", depth=1, answered="c1", answered_revision=2)
    twice = posted(), edited(2, "second words")
    given(*twice).when(post(parent="c1", parent_revision=1), by=BEN).then(first)
    given(*twice).when(post(parent="c1"), by=BEN).then(second)


@pytest.mark.parametrize("number", [0, 3, 4])
def test_a_reply_answers_no_revision_that_readers_never_saw(number: int) -> None:
    waiting = posted(), edited(2, "second words"), edited(3, LINK, rule="links")
    given(*waiting).when(post(parent="c1", parent_revision=number), by=BEN).refused(StaleRevision, current=2)


def test_a_comment_that_answers_nothing_names_no_revision() -> None:
    given().when(post(parent_revision=1)).refused(BadField, pointer="/parent_revision")


def test_a_deeper_reply_hangs_under_the_deepest_ancestor_allowed() -> None:
    line = posted(), reply("c2", "c1", 1), reply("c3", "c2", 2)
    answer = written(parent="c2", depth=2, answered="c3", answered_revision=1)
    given(*line, policy(max_depth=2)).when(post(parent="c3"), by=BEN).then(answer)


def test_where_less_depth_is_allowed_than_there_is_a_reply_climbs_as_far_as_it_must() -> None:
    line = posted(), reply("c2", "c1", 1), reply("c3", "c2", 2), reply("c4", "c3", 3)
    answer = written(parent="c1", depth=1, answered="c4", answered_revision=1)
    given(*line, overridden(max_depth=1)).when(post(parent="c4"), by=BEN).then(answer)


def test_a_reply_may_hang_under_what_is_not_published_when_it_answers_what_is() -> None:
    line = posted(), reply("c2", "c1", 1), CommentRejected(comment="c1", revision=1), policy(max_depth=1)
    answer = written(parent="c1", depth=1, answered="c2", answered_revision=1)
    given(*line).when(post(parent="c2"), by=BEN).then(answer)


def test_where_no_depth_is_allowed_nothing_is_answered() -> None:
    given(posted(), policy(max_depth=0)).when(post(parent="c1")).refused(NotAllowed)
    given(policy(max_depth=0)).when(post(), by=BEN).then(written())


def test_what_is_not_in_the_thread_is_not_answered() -> None:
    given().when(post(parent="c1")).refused(UnknownParent)
    given().when(post(parent="new")).refused(UnknownParent)
    given(ThreadArchived()).when(post(parent="c1"), by=AUDITOR).refused(UnknownParent)


@pytest.mark.parametrize("fate", [[], [CommentHeld(comment="c1", revision=1)], [CommentWithdrawn(comment="c1")]])
def test_what_readers_never_saw_does_not_exist_for_who_answers(fate: Any) -> None:
    given(PENDING, *fate).when(post(parent="c1"), by=BEN).refused(UnknownParent)
    given(PENDING, *fate, ThreadArchived()).when(post(parent="c1"), by=GUEST).refused(UnknownParent)


def test_what_waits_is_answered_by_nobody_its_author_and_staff_included() -> None:
    given(PENDING).when(post(parent="c1"), by=ADA).refused(ParentNotPublished)
    given(PENDING).when(post(parent="c1"), by=MOD).refused(ParentNotPublished)


@pytest.mark.parametrize(
    "fate",
    [
        CommentHeld(comment="c1", revision=1),
        CommentRejected(comment="c1", revision=1),
        CommentWithdrawn(comment="c1"),
    ],
)
def test_what_is_not_published_any_more_is_not_answered(fate: Any) -> None:
    given(posted(), fate).when(post(parent="c1"), by=BEN).refused(ParentNotPublished)


def test_what_was_approved_is_answered() -> None:
    answer = written(parent="c1", depth=1, answered="c1", answered_revision=1)
    given(PENDING, CommentApproved(comment="c1", revision=1)).when(post(parent="c1"), by=BEN).then(answer)


# --- anchors ---


def test_a_comment_may_hang_on_an_anchor() -> None:
    given(ANCHOR).when(post(anchor="q1"), by=BEN).then(written(anchor="q1"))


def test_an_anchor_that_is_not_there_is_a_bad_field() -> None:
    given().when(post(anchor="q1")).refused(BadField, pointer="/anchor")


def test_a_closed_anchor_takes_no_comments_until_it_is_opened_again() -> None:
    closed = ANCHOR, AnchorClosed(anchor="q1")
    given(*closed).when(post(anchor="q1")).refused(AnchorIsClosed)
    given(*closed, AnchorReopened(anchor="q1")).when(post(anchor="q1"), by=BEN).then(written(anchor="q1"))


@pytest.mark.parametrize("named", [None, "q1"])
def test_a_reply_has_the_anchor_of_what_it_answers(named: str | None) -> None:
    answer = written(parent="c1", depth=1, answered="c1", answered_revision=1, anchor="q1")
    given(ANCHOR, posted(anchor="q1")).when(post(parent="c1", anchor=named), by=BEN).then(answer)


def test_a_reply_names_no_other_anchor() -> None:
    there = ANCHOR, AnchorOpened(anchor="q2", exact="other"), posted(anchor="q1"), posted("c2")
    given(*there).when(post(parent="c1", anchor="q2")).refused(BadField, pointer="/anchor")
    given(*there).when(post(parent="c2", anchor="q1")).refused(BadField, pointer="/anchor")


def test_under_a_closed_anchor_replies_are_not_taken_either() -> None:
    there = ANCHOR, posted(anchor="q1"), AnchorClosed(anchor="q1")
    given(*there).when(post(parent="c1")).refused(AnchorIsClosed)


# --- pre-moderation ---


def test_where_everything_is_moderated_first_a_comment_waits() -> None:
    story = given(policy(premoderation="all")).when(post(), by=BEN).then(written(rule="premoderation"))
    story.leaves("new", status="pending", published=False, standing=None)


def test_where_links_are_moderated_first_a_link_waits_and_is_named() -> None:
    held = written(body=LINK, rule="links", match="https://example.com/x")
    given(policy(premoderation="links")).when(post(body=LINK), by=BEN).then(held)
    given(policy(premoderation="links")).when(post(), by=BEN).then(written())


@pytest.mark.parametrize("caller", [MOD, ADMIN, BOTH], ids=lambda caller: caller.name)
def test_staff_that_may_write_passes_pre_moderation_and_entitlement(caller: Caller) -> None:
    for setting in ({"premoderation": "all"}, {"premoderation": "links"}, {"comment": "entitled"}):
        given(policy(**setting)).when(post(body=LINK), by=caller).then(written(name=caller.name, body=LINK))


# --- the same post again, after its key was forgotten ---


def test_the_same_post_again_gets_its_first_answer_whatever_was_since() -> None:
    since = policy(comment="entitled"), MemberSuspended(member="ada"), ThreadArchived(), edited(2, "other words")
    given(posted(), *since).when(post("c1", "first words ")).nothing_happens(settled=3)


def test_another_post_under_the_same_id_is_refused() -> None:
    given(posted()).when(post("c1", "other words")).refused(IdempotencyKeyReused)
    given(by(BEN, posted())).when(post("c1", "first words"), by=ADA).refused(IdempotencyKeyReused)


def test_a_post_whose_text_was_destroyed_counts_as_the_same() -> None:
    given(posted(body=None)).when(post("c1", "whatever it was")).nothing_happens(settled=3)


# --- which check comes first ---


def test_role_and_standing_come_before_the_thread_and_the_thread_before_the_text() -> None:
    given(ThreadClosed()).when(post(body=""), by=GUEST).refused(NotAllowed)
    given(ThreadClosed(), MemberSuspended(member="ben")).when(post(body=""), by=BEN).refused(Suspended)
    given(ThreadClosed(), policy(max_depth=0), posted()).when(post(body="", parent="c1")).refused(NotAllowed)
    given(ThreadClosed()).when(post(body="")).refused(ThreadIsClosed)
    gone = posted(), CommentRejected(comment="c1", revision=1)
    given(*gone, ThreadClosed()).when(post(parent="c1", parent_revision=9)).refused(ThreadIsClosed)
    given(*gone).when(post(parent="c1", parent_revision=9)).refused(ParentNotPublished)
    given(posted()).when(post(body="", parent="c1", parent_revision=9)).refused(StaleRevision)
