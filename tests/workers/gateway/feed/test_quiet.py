"""An import beside an open feed: it tells nobody, and pages, counts and what caches keep move all the same."""

from collections.abc import AsyncIterator

import pytest

from core.caller import Actor
from core.events.comment_events import CommentApproved, CommentEdited, CommentPosted, CommentRejected
from core.events.import_events import VotesBrought
from core.events.thread_events import ThreadClosed
from core.events.vote_events import VoteCast
from tests.support.bringing import bring
from tests.support.following import Station, station
from tests.support.house import ADA, BEN, MOD, THREAD, House

WANDA = Actor(id="wp:7")


@pytest.fixture
async def radio(house: House) -> AsyncIterator[Station]:
    async with station(house) as found:
        yield found


async def test_an_import_tells_nobody_and_everything_else_moves(radio: Station) -> None:
    house = radio.house
    own = await house.post(ADA, "Here already.")
    before = await house.get(f"threads/{THREAD}")
    async with radio.follow() as reader:
        await bring(house, CommentPosted(comment="wp-1", body="Old words."), by=WANDA)
        await bring(house, CommentEdited(comment="wp-1", revision=2, body="Old words, again."), by=WANDA)
        await bring(house, CommentPosted(comment="wp-2", body="More.", parent="wp-1", depth=1), by=WANDA)
        await bring(house, VotesBrought(comment="wp-1", up=3, down=1))
        await bring(house, VoteCast(comment="wp-1", value=1, revision=2), by=Actor(id="wp:8"))
        await bring(house, CommentRejected(comment="wp-2", revision=1))
        await bring(house, CommentApproved(comment="wp-2", revision=1))
        position = await bring(house, CommentRejected(comment=own, revision=1))
        answer = await house.get(f"threads/{THREAD}", If_None_Match=before.headers["etag"])
        assert answer.status_code == 200
        page = answer.json()
        assert page["thread"]["position"] == str(position)
        assert page["thread"]["comments"] == 2
        (row,) = page["comments"]
        assert (row["id"], row["votes"], row["revision"]) == ("wp-1", {"up": 4, "down": 1, "score": 3}, 2)
        assert (await house.get(f"counts?thread={THREAD}")).json() == {"counts": {THREAD: 2}}
        reply = await house.post(BEN, "I remember that.", parent="wp-2")
        (told,) = await reader.until("comment.posted")
    assert told.data["comment"] == reply
    assert told.data["row"]["in_reply_to"] == {"comment": "wp-2", "revision": 1, "name": None}
    assert told.data["thread"]["comments"] == 3


async def test_a_decision_here_on_what_an_import_brought_is_told(radio: Station) -> None:
    house = radio.house
    await bring(house, CommentPosted(comment="wp-1", body="Old words."), by=WANDA)
    async with radio.follow() as reader:
        await house.decide("wp-1", "reject")
        (told,) = await reader.until("comment.removed")
    assert told.data["comment"] == "wp-1"


async def test_a_page_that_ends_with_an_import_is_followed_from_there(radio: Station) -> None:
    house = radio.house
    await house.post(ADA, "Here already.")
    await bring(house, CommentPosted(comment="wp-1", body="Old words."), by=WANDA)
    page = await radio.page()
    async with radio.follow(page.thread["position"]) as reader:
        reply = await house.post(BEN, "I remember that.", parent="wp-1")
        (told,) = await reader.until("comment.posted")
    assert told.data["comment"] == reply
    page.apply(told)
    assert page == await radio.page()
    # The feed has no entry at the position of an import: what is behind the newest page is not sure to be whole.
    await bring(house, CommentPosted(comment="wp-2", body="More."), by=WANDA)
    position = (await radio.page()).thread["position"]
    await house.post(BEN, "And that.")
    async with radio.follow(position) as reader:
        await reader.until("reset")


async def test_a_closing_by_an_import_is_told_to_nobody(radio: Station) -> None:
    house = radio.house
    async with radio.follow() as reader:
        await bring(house, ThreadClosed())
        answer = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "open"})
        assert answer.status_code == 200, answer.text
        (told,) = await reader.until("thread.changed")
    assert told.data["thread"]["status"] == "open"
