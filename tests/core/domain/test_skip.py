"""Skipping an event: by the operator alone, once, and only where the thread is parked at it."""

import pytest

from core import heads
from core.application.aggregates import was_skipped
from core.caller import OPERATOR, Caller
from core.domain.authoring import EditComment, PostComment
from core.domain.skip import SkipEvent
from core.domain.thread import OpenThread
from core.events.comment_events import CommentRejected
from core.events.envelope import Stamp, encode
from core.events.skip_events import EventSkipped
from core.log.port import Append, Appended, NewEvent
from core.position import Position
from core.refusals import BadField, CannotFold, NotAllowed, NotFound, NotParked, Unavailable, UnknownParent
from tests.support.newsroom import Newsroom
from tests.support.people import ADA, ADMIN, AUDITOR, MOD, SITE, THREAD, TITLE, URL, edited, posted
from tests.support.story import BEGIN, SECOND, before_anything, given

AT = f"{BEGIN + 2 * SECOND}-3"
"""Of the first fact after site and thread."""
OTHER = f"{BEGIN + 3 * SECOND}-4"
BAD = edited(7, "x", comment="ghost")
SKIP = SkipEvent(position=AT, reason="a fault", parked=AT)
SKIPPED = EventSkipped(position=AT, reason="a fault")


def test_the_operator_skips_the_event_that_the_thread_is_parked_at() -> None:
    given(BAD).when(SKIP).then(SKIPPED)


def test_skipping_twice_appends_nothing_whatever_the_thread_is_parked_at_now() -> None:
    given(BAD, SKIPPED).when(SKIP).nothing_happens(settled=4)
    given(BAD, SKIPPED).when(SkipEvent(position=AT, reason="another", parked=None)).nothing_happens(settled=4)


def test_each_event_is_skipped_by_itself() -> None:
    second = SkipEvent(position=OTHER, reason="too", parked=OTHER)
    given(BAD, BAD, SKIPPED).when(second).then(EventSkipped(position=OTHER, reason="too"))


@pytest.mark.parametrize("caller", [ADA, MOD, ADMIN, AUDITOR])
def test_nobody_else_skips_anything(caller: Caller) -> None:
    given(BAD).when(SKIP, caller).refused(NotAllowed)


@pytest.mark.parametrize("position", ["1-1", f"{BEGIN}-3", "", "nonsense", "1-1-1"])
def test_what_is_not_there_cannot_be_skipped(position: str) -> None:
    given(BAD).when(SkipEvent(position=position, reason="r", parked=position)).refused(NotFound)


def test_an_event_that_keeps_nobody_from_anything_is_not_skipped() -> None:
    given(posted()).when(SkipEvent(position=AT, reason="r")).refused(NotParked, current=None)
    given(BAD, posted()).when(SkipEvent(position=OTHER, reason="r", parked=AT)).refused(NotParked, current=AT)


def test_a_reason_is_text_that_can_be_seen() -> None:
    given(BAD).when(SkipEvent(position=AT, reason=" \u200b", parked=AT)).refused(BadField, pointer="/reason")
    told = EventSkipped(position=AT, reason="a fault")
    given(BAD).when(SkipEvent(position=AT, reason=" a fa\u202eult ", parked=AT)).then(told)


def test_without_a_site_there_is_nothing_to_skip() -> None:
    before_anything().when(SKIP).refused(NotFound)


async def poisoned(room: Newsroom, thread: str = THREAD) -> Position:
    """Put an edit of a comment that was never posted into the log."""
    e, c = encode(BAD, Stamp(actor=ADA.actor, site=SITE, thread=thread))
    event = NewEvent(head=heads.comment("ghost"), e=e, c=c)
    outcome = await room.log.append(Append(site=SITE, thread=thread, expected={}, events=(event,), now=room.log.now))
    assert isinstance(outcome, Appended)
    return outcome.positions[0]


def skip(position: Position) -> SkipEvent:
    return SkipEvent(position=str(position), reason="a fault", parked=str(position))


async def test_a_skip_is_an_event_of_its_thread_and_known_by_its_head() -> None:
    room = await Newsroom().opened()
    bad = await poisoned(room)
    assert not await was_skipped(room.log, SITE, THREAD, bad)
    done = await room.ask(skip(bad), OPERATOR)
    assert await was_skipped(room.log, SITE, THREAD, bad)
    assert not await was_skipped(room.log, SITE, THREAD, done.position)
    (event,) = (one for one in await room.events() if isinstance(one.event, EventSkipped))
    assert event.event == EventSkipped(position=str(bad), reason="a fault")
    assert (event.envelope.thread, event.envelope.actor) == (THREAD, OPERATOR.actor)
    assert (event.envelope.tp, event.envelope.ap) == (str(bad), "")
    again = await room.ask(skip(bad), OPERATOR)
    assert again.position == done.position
    assert len(await room.types()) == 3


async def test_an_event_of_another_thread_is_not_there() -> None:
    room = await Newsroom().opened()
    await room.ask(OpenThread(url=URL, title=TITLE), MOD, thread="elsewhere")
    bad = await poisoned(room, "elsewhere")
    with pytest.raises(NotFound):
        await room.ask(skip(bad), OPERATOR)


async def test_a_skip_needs_nothing_of_the_thread_to_be_readable() -> None:
    room = await Newsroom().opened()
    e = (
        f'{{"v":1,"type":"thread.closed","actor":{{"kind":"staff","id":"mod"}},"site":"{SITE}","thread":"{THREAD}"'
        ',"reason":7'
    )
    event = NewEvent(head=heads.THREAD, e=e.encode(), c=b"")
    outcome = await room.log.append(Append(site=SITE, thread=THREAD, expected={}, events=(event,), now=room.log.now))
    assert isinstance(outcome, Appended)
    with pytest.raises(Unavailable):
        await room.ask(PostComment(comment="c1", body="words"))
    await room.ask(skip(outcome.positions[0]), OPERATOR)
    assert await was_skipped(room.log, SITE, THREAD, outcome.positions[0])
    assert (await room.ask(PostComment(comment="c1", body="words"))).created


async def test_what_cannot_be_applied_keeps_writers_from_its_comment_until_it_is_skipped() -> None:
    room = await Newsroom().opened()
    await room.ask(PostComment(comment="c1", body="words"))
    e, c = encode(CommentRejected(comment="c1", revision=9), Stamp(actor=MOD.actor, site=SITE, thread=THREAD))
    bad = NewEvent(head=heads.comment("c1"), e=e, c=c)
    outcome = await room.log.append(Append(site=SITE, thread=THREAD, expected={}, events=(bad,), now=room.log.now))
    assert isinstance(outcome, Appended)
    with pytest.raises(CannotFold) as caught:
        await room.ask(EditComment(comment="c1", revision=1, body="other words"))
    assert caught.value.position == outcome.positions[0]
    assert (await room.ask(PostComment(comment="c2", body="words"))).created, "nothing else is kept"
    await room.ask(skip(outcome.positions[0]), OPERATOR)
    done = await room.ask(EditComment(comment="c1", revision=1, body="other words"))
    assert done.comment is not None
    assert done.comment.published
    assert len(done.comment.texts) == 2


async def test_a_comment_that_was_never_posted_is_not_there_whatever_happened_to_it() -> None:
    room = await Newsroom().opened()
    await poisoned(room)
    with pytest.raises(UnknownParent):
        await room.ask(PostComment(comment="c1", body="words", parent="ghost"))
    assert (await room.ask(PostComment(comment="ghost", body="words"))).created
