"""What is missing from a log though no event took it out."""

from collections.abc import Callable
from typing import Any

import pytest

from core.events import content
from core.events.comment_events import CommentEdited, CommentHeld, CommentPosted, RevisionRedacted
from core.events.content import without_profile, without_words
from core.events.envelope import Stamp, decode, encode, envelope_of
from core.events.event import Event
from core.events.lost_content import LostContents
from core.events.thread_events import ThreadClosed
from core.events.vote_events import VoteCast
from core.position import Position
from tests.support.people import ADA, SITE, THREAD

POSTED = CommentPosted(comment="c1", body="words", name="Ada")
EDITED = CommentEdited(comment="c1", revision=2, body="other words")
REDACTED = RevisionRedacted(comment="c1", revision=1, reason="the law")
Change = Callable[[bytes], bytes]


def as_it_is(c: bytes) -> bytes:
    return c


def nothing(c: bytes) -> bytes:
    return c[:0]


def both(c: bytes) -> bytes:
    return without_profile(without_words(c))


def lost(*entries: tuple[Event, Change], format_: int | None = None) -> list[tuple[int, str]]:
    """Number and part of what is lost where these events are stored, each changed in some way."""
    found = LostContents()
    for number, (event, change) in enumerate(entries, 1):
        e, c = encode(event, Stamp(actor=ADA.actor, site=SITE, thread=THREAD), format_)
        position = Position(number, number)
        found.add(position, decode(position, e + b',"tp":""}', change(c)).envelope, change(c))
    return [(one.position.n, one.part) for one in found.found()]


@pytest.mark.parametrize("format_", [1, 2, 3])
def test_of_a_log_as_it_was_written_nothing_is_lost(format_: int) -> None:
    events = (POSTED, EDITED, REDACTED, ThreadClosed(), ThreadClosed(reason="over"), VoteCast(comment="c1", value=1))
    assert lost(*((event, as_it_is) for event in events), format_=format_) == []


@pytest.mark.parametrize(
    ("event", "change", "parts"),
    [
        (POSTED, nothing, ["words"]),
        (POSTED, without_words, ["words"]),
        (POSTED, without_profile, ["profile"]),
        (POSTED, both, ["profile", "words"]),
        (EDITED, nothing, ["words"]),
        (EDITED, without_words, ["words"]),
        (CommentEdited(comment="c1", revision=2, body="w", name="Countess"), without_profile, ["profile"]),
        (CommentHeld(comment="c1", revision=1, reason="manners"), without_words, ["words"]),
        (ThreadClosed(reason="over"), without_words, ["words"]),
    ],
)
def test_a_part_that_no_event_took_out_is_lost(event: Event, change: Change, parts: list[str]) -> None:
    assert lost((event, change)) == [(1, part) for part in parts]


def test_a_text_that_is_stored_plain_and_gone_is_lost() -> None:
    assert lost((POSTED, lambda _: content.plain(b'{"name":"Ada"}')), format_=1) == [(1, "words")]


@pytest.mark.parametrize("change", [nothing, without_words])
def test_the_words_of_a_redacted_revision_may_be_gone_and_those_of_no_other(change: Change) -> None:
    assert lost((POSTED, change), (EDITED, as_it_is), (REDACTED, as_it_is)) == []
    assert lost((POSTED, as_it_is), (EDITED, change), (REDACTED, as_it_is)) == [(2, "words")]
    assert lost((POSTED, both), (REDACTED, as_it_is)) == [(1, "profile")], "nor may the profile"


def test_what_this_version_does_not_know_is_not_judged() -> None:
    assert lost((POSTED, lambda _: b"\x07of a later version")) == []
    found = LostContents()
    e = b'{"v":7,"type":"comment.posted","actor":{"id":"ada"},"site":"kew","thread":"t","comment":"c","tp":""}'
    found.add(Position(1, 1), envelope_of(Position(1, 1), e), b"")
    assert found.found() == []


def test_what_is_lost_is_said_without_a_word_of_it() -> None:
    found = LostContents()
    e, c = encode(POSTED, Stamp(actor=ADA.actor, site=SITE, thread=THREAD))
    envelope = decode(Position(1, 1), e + b',"tp":""}', c).envelope
    for _ in range(2):
        found.add(Position(1, 1), envelope, without_words(c))
    (one,) = found.texts()
    expected: dict[str, Any] = {
        "site": SITE,
        "thread": THREAD,
        "comment": "c1",
        "revision": 1,
        "type": "comment.posted",
    }
    assert {name: getattr(one, name) for name in expected} == expected
    assert one.why == "its text is missing, and no event took it out"
