from typing import Any

import pytest

from core.caller import Caller
from core.domain.handler import Command
from core.domain.thread import OpenThread, OverridePolicy, PutAnchor, SetThreadStatus
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    ThreadArchived,
    ThreadClosed,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from core.policy import PolicyChanges
from core.refusals import BadField, NotAllowed, NotFound, Suspended, UrlNotAllowed
from tests.support.people import ADA, ADMIN, AUDITOR, TITLE, URL, overridden, policy
from tests.support.story import before_anything, given, given_a_site

OPEN = OpenThread(url=URL, title=TITLE)
CLOSE = SetThreadStatus(status="closed")
OVERRIDE = OverridePolicy(overrides=PolicyChanges(votes=False))
ANCHOR = PutAnchor(anchor="q1", exact="the passage", prompt="What do you think?")
ANCHOR_OPENED = AnchorOpened(anchor="q1", exact="the passage", prompt="What do you think?")
ALL = [OPEN, CLOSE, OVERRIDE, ANCHOR]


def test_a_moderator_opens_a_thread() -> None:
    given_a_site().when(OPEN).then(ThreadOpened(url=URL, title=TITLE))


def test_opening_a_thread_again_alike_changes_nothing() -> None:
    given(ThreadClosed()).when(OPEN).nothing_happens(settled=2)


def test_opening_a_thread_again_otherwise_retitles_it() -> None:
    given().when(OpenThread(url=URL, title="Another")).then(ThreadRetitled(url=URL, title="Another"))
    given().when(OpenThread(url=URL + "?p=2", title=TITLE)).then(ThreadRetitled(url=URL + "?p=2", title=TITLE))


def test_a_title_is_one_line_without_unseen_characters() -> None:
    given_a_site().when(OpenThread(url=URL, title="The\n power\u202e ")).then(ThreadOpened(url=URL, title="The power"))


def test_an_address_is_kept_in_its_one_form() -> None:
    opened = ThreadOpened(url="https://unherd.com/%C3%A4?b=%22c%22", title=TITLE)
    for url in ('HTTPS://UnHerd.com:443/ä?b="c"', "https://unherd.com/%c3%a4?b=%22%63%22"):
        given_a_site().when(OpenThread(url=url, title=TITLE)).then(opened)
        given_a_site(policy(origins=("https://unherd.com",))).when(OpenThread(url=url, title=TITLE)).then(opened)


def test_what_was_stored_before_addresses_and_titles_had_one_form_is_the_same() -> None:
    stored = ThreadOpened(url="https://UnHerd.com/ä", title="The\u200b power")
    again = OpenThread(url="https://unherd.com:443/%C3%A4", title="The power")
    given_a_site(stored).when(again).nothing_happens(settled=2)
    anchored = AnchorOpened(anchor="q1", exact="the\u2060 passage", suffix="\u200b")
    given(anchored).when(PutAnchor(anchor="q1", exact="the passage", suffix="")).nothing_happens(settled=3)


@pytest.mark.parametrize("url", ["https://me@unherd.com/a", "https://me:word@unherd.com/", "https://unherd.com:99999/"])
def test_an_address_has_no_user_and_a_port_that_exists(url: str) -> None:
    given_a_site().when(OpenThread(url=url, title=TITLE)).refused(BadField, pointer="/url")


def test_a_title_can_be_seen() -> None:
    given_a_site().when(OpenThread(url=URL, title="\u200b")).refused(BadField, pointer="/title")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://unherd.com/a", "/power", "", "https://a b.com/"])
def test_a_thread_is_about_a_page_on_the_web(url: str) -> None:
    given_a_site().when(OpenThread(url=url, title=TITLE)).refused(BadField, pointer="/url")


def test_where_origins_are_given_an_article_lies_in_one_of_them() -> None:
    there = policy(origins=("https://unherd.com",))
    given_a_site(there).when(OPEN).then(ThreadOpened(url=URL, title=TITLE))
    for url in ("https://example.com/a", "javascript:alert(1)"):
        given_a_site(there).when(OpenThread(url=url, title=TITLE)).refused(UrlNotAllowed, pointer="/url")
        given(there).when(OpenThread(url=url, title=TITLE)).refused(UrlNotAllowed, pointer="/url")


@pytest.mark.parametrize(
    ("before", "status", "event"),
    [
        ([], "closed", ThreadClosed(reason="late")),
        ([], "archived", ThreadArchived(reason="late")),
        ([ThreadClosed()], "open", ThreadReopened(reason="late")),
        ([ThreadArchived()], "open", ThreadReopened(reason="late")),
        ([ThreadArchived()], "closed", ThreadClosed(reason="late")),
        ([ThreadClosed()], "archived", ThreadArchived(reason="late")),
    ],
)
def test_a_moderator_opens_closes_and_archives(before: list[Event], status: Any, event: Any) -> None:
    given(*before).when(SetThreadStatus(status=status, reason=" late ")).then(event)


def test_a_status_that_is_so_already_stays_whatever_the_reason() -> None:
    given().when(SetThreadStatus(status="open")).nothing_happens(settled=2)
    given(ThreadClosed(reason="late")).when(SetThreadStatus(status="closed", reason="later")).nothing_happens(settled=3)


def test_a_moderator_overrides_the_policy_whole() -> None:
    given(overridden(max_depth=2)).when(OVERRIDE).then(overridden(votes=False))


def test_overrides_that_are_in_force_already_stay() -> None:
    given(overridden(votes=False)).when(OVERRIDE).nothing_happens(settled=3)
    given().when(OverridePolicy(overrides=PolicyChanges())).nothing_happens(settled=2)


def test_an_override_given_back_is_the_sites_again() -> None:
    story = given(overridden(votes=False)).when(OverridePolicy(overrides=PolicyChanges())).then(overridden())
    assert story.context().policy.votes


def test_a_moderator_opens_an_anchor() -> None:
    given().when(ANCHOR).then(ANCHOR_OPENED)


def test_an_anchor_may_be_closed_from_the_start() -> None:
    closed = PutAnchor(anchor="q1", exact="the passage", status="closed")
    given().when(closed).then(AnchorOpened(anchor="q1", exact="the passage"), AnchorClosed(anchor="q1"))


def test_an_anchor_is_reworded_closed_and_reopened() -> None:
    reworded = AnchorReworded(anchor="q1", exact="the passage", prompt="And now?")
    closing = PutAnchor(anchor="q1", exact="the passage", prompt="And now?", status="closed")
    given(ANCHOR_OPENED).when(closing).then(reworded, AnchorClosed(anchor="q1"))
    given(ANCHOR_OPENED, AnchorClosed(anchor="q1")).when(ANCHOR).then(AnchorReopened(anchor="q1"))


def test_an_anchor_that_is_so_already_stays() -> None:
    given(ANCHOR_OPENED).when(ANCHOR).nothing_happens(settled=3)


def test_a_closed_anchor_stays_closed_when_it_is_reworded() -> None:
    closed = PutAnchor(anchor="q1", exact="another passage", status="closed")
    given(ANCHOR_OPENED, AnchorClosed(anchor="q1")).when(closed).then(
        AnchorReworded(anchor="q1", exact="another passage")
    )


def test_the_quote_of_an_anchor_is_kept_as_it_came() -> None:
    quoting = PutAnchor(anchor="q1", exact="cafe\u0301 ", prefix=" the ", suffix="\n")
    given().when(quoting).then(AnchorOpened(anchor="q1", exact="cafe\u0301 ", prefix=" the ", suffix="\n"))


def test_a_quote_loses_what_cannot_be_seen() -> None:
    quoting = PutAnchor(anchor="q1", exact="the\u200b pass\xadage", prefix="\u2060on ", suffix="\u202e.")
    given().when(quoting).then(AnchorOpened(anchor="q1", exact="the passage", prefix="on ", suffix="."))


def test_an_anchor_quotes_something_that_can_be_seen() -> None:
    given().when(PutAnchor(anchor="q1", exact=" \u200b")).refused(BadField, pointer="/quote/exact")


@pytest.mark.parametrize("command", ALL, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("caller", [ADA, ADMIN, AUDITOR], ids=lambda caller: caller.name)
def test_nobody_but_a_moderator_looks_after_threads(command: Command, caller: Caller) -> None:
    given().when(command, by=caller).refused(NotAllowed)


@pytest.mark.parametrize("command", ALL, ids=lambda command: type(command).__name__)
def test_a_suspended_moderator_looks_after_nothing(command: Command) -> None:
    given(MemberSuspended(member="mod")).when(command).refused(Suspended)


@pytest.mark.parametrize("command", [CLOSE, OVERRIDE, ANCHOR], ids=lambda command: type(command).__name__)
def test_a_thread_that_was_never_opened_is_not_found(command: Command) -> None:
    given_a_site().when(command).refused(NotFound)
    given_a_site().when(command, by=ADA).refused(NotFound)


@pytest.mark.parametrize("command", ALL, ids=lambda command: type(command).__name__)
def test_a_thread_on_a_site_that_was_never_opened_is_not_found(command: Command) -> None:
    before_anything().when(command).refused(NotFound)


@pytest.mark.parametrize("command", [OPEN, OVERRIDE, ANCHOR], ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("status", [ThreadClosed(), ThreadArchived()], ids=["closed", "archived"])
def test_a_thread_that_takes_no_comments_is_still_looked_after(command: Command, status: Any) -> None:
    given(ThreadRetitled(url=URL, title="Old"), status).when(command).is_taken()
