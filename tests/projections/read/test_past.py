"""The page as it was, case by case: moments, and what is not public now."""

from typing import Any

import msgspec
import pytest

from core.domain.authoring import EditComment, PostComment, WithdrawComment
from core.domain.moderation import Decide, RedactRevision
from core.domain.vote import CastVote
from core.events.envelope import decode
from core.position import Position
from core.refusals import NotFound, NotYetOpened
from projections.read.queries import PageAnswer, PageQuery
from projections.thread import snapshots
from projections.thread.fold import pass_over
from projections.thread.state import ThreadState
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import BEGIN, MOD, PEOPLE, SITE, THREADS
from tests.support.viewing import Stage, ids, page_at

ADA, BEN, EVE, DAN = PEOPLE
THREAD = THREADS[0]
STAFF = Viewer("mod", staff=True)


def post(comment: str, parent: str | None = None) -> PostComment:
    return PostComment(comment=comment, body=f"words of {comment}", parent=parent)


async def test_the_past_has_a_beginning(there: Stage) -> None:
    first = (await there.log.thread_last(SITE, THREAD)) or pytest.fail("it was opened")
    at = await there.do(ADA, post("a"))
    assert ids(msgspec.json.decode((await at_page(there, first.ms)).body)["comments"]) == []
    with pytest.raises(NotYetOpened):
        await at_page(there, BEGIN - 1)
    with pytest.raises(NotYetOpened):
        await at_page(there, replace_n(first, -1))
    with pytest.raises(NotFound):
        await page_at(there.served, there.log, SITE, "nowhere", at, PageQuery(), PUBLIC)


async def at_page(there: Stage, at: Any, viewer: Viewer = PUBLIC, query: PageQuery | None = None) -> PageAnswer:
    return await page_at(there.served, there.log, SITE, THREAD, at, query or PageQuery(), viewer)


def replace_n(position: Any, by: int) -> Any:
    return position._replace(n=position.n + by)


async def test_a_time_means_the_last_event_until_then(there: Stage) -> None:
    one = await there.do(ADA, post("a"))
    two = await there.do(ADA, post("b"))
    assert two.ms > one.ms
    for at, expected, position in (
        (one.ms - 1, [], None),
        (one.ms, ["a"], one),
        (two.ms - 1, ["a"], one),
        (two.ms, ["b", "a"], two),
        (two.ms + 10_000_000, ["b", "a"], two),
    ):
        found = msgspec.json.decode((await at_page(there, at)).body)
        assert ids(found["comments"]) == expected
        assert position is None or found["thread"]["position"] == str(position)


def test_a_thread_of_before_1970_is_found_by_its_times() -> None:
    """Snapshots, too, are found by times that are negative."""
    thread = ThreadState(site=SITE, id="old")
    for number, at in enumerate((-5000, -3000, -4000), 1):
        pass_over(
            thread, decode(Position(1, number), b'{"type":"x.y","actor":{"id":"a"},"site":"s","at":%d}' % at, b"")
        )
        assert thread.now == max((-5000, -3000, -4000)[:number])
    marked = snapshots.mark(thread)
    assert snapshots.marks([snapshots.field(thread).encode()]) == [marked]


async def test_what_was_rejected_since_is_a_tombstone_in_the_past_even_as_a_leaf_but_not_for_staff(
    there: Stage,
) -> None:
    await there.do(ADA, post("a"))
    await there.do(BEN, CastVote(comment="a", value=1))
    await there.do(BEN, post("b", "a"))
    at = await there.do(DAN, post("c"))
    before = await at_page(there, at)
    await there.do(
        MOD, Decide(comment="a", verdict="reject", revision=1), Decide(comment="b", verdict="hold", revision=1)
    )
    after = await at_page(there, at)
    assert before.tag != after.tag
    then = msgspec.json.decode(after.body)
    assert ids(then["comments"]) == ["c", ["a", ["b"]]]
    (_, a) = then["comments"]
    assert (a["status"], a["author"], a["body"]) == ("rejected", None, None)
    (b,) = a["replies"]["comments"]
    assert (b["status"], b["in_reply_to"], b["votes"]) == ("pending", None, None)
    assert then["thread"]["comments"] == 3
    staff = msgspec.json.decode((await at_page(there, at, STAFF)).body)
    (_, a) = staff["comments"]
    assert (a["status"], a["body"], a["votes"]["up"]) == ("published", "words of a", 1)
    assert a["replies"]["comments"][0]["in_reply_to"]["name"] == "Ada"
    assert await at_page(there, at, Viewer("ada")) == after


async def test_a_name_is_gone_from_the_past_with_its_comment(there: Stage) -> None:
    await there.do(ADA, post("a"))
    at = await there.do(BEN, post("b", "a"))
    await there.do(ADA, WithdrawComment(comment="a"))
    (a,) = msgspec.json.decode((await at_page(there, at)).body)["comments"]
    assert a["replies"]["comments"][0]["in_reply_to"] == {"comment": "a", "revision": 1, "name": None}
    assert "Ada" not in (await at_page(there, at)).body.decode()


async def test_a_text_that_was_rejected_since_is_absent_from_the_past_of_a_comment_that_is_published_again(
    there: Stage,
) -> None:
    at = await there.do(ADA, post("a"))
    await there.do(MOD, Decide(comment="a", verdict="reject", revision=1))
    await there.do(ADA, EditComment(comment="a", revision=1, body="better words"))
    await there.do(MOD, Decide(comment="a", verdict="approve", revision=2))
    (row,) = msgspec.json.decode((await at_page(there, at)).body)["comments"]
    assert (row["status"], row["revision"], row["body"], row["html"]) == ("published", 1, None, None)
    (row,) = msgspec.json.decode((await at_page(there, at, STAFF)).body)["comments"]
    assert row["body"] == "words of a"


async def test_a_redacted_text_is_absent_from_the_past_for_staff_too(there: Stage) -> None:
    at = await there.do(ADA, post("a"))
    await there.do(ADA, EditComment(comment="a", revision=1, body="better words"))
    await there.do(MOD, RedactRevision(comment="a", revision=1, reason="law"))
    for viewer in (PUBLIC, STAFF):
        answer = await at_page(there, at, viewer)
        (row,) = msgspec.json.decode(answer.body)["comments"]
        assert (row["revision"], row["body"], row["html"]) == (1, None, None)
        assert b"words of a" not in answer.body
