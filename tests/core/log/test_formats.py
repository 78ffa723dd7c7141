"""Commands against a deployment of an older format than the program writes, wherever the log lives."""

from typing import Any

import pytest

from core.application.transact import Result, transact
from core.domain.authoring import PostComment
from core.domain.moderation import FeatureComment
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.domain.vote import CastVote
from core.events.comment_events import CommentFeatured, CommentPosted
from core.events.content import mismatch
from core.events.envelope import Codec, read
from core.events.upcasting import EARLIER, VERSION
from core.events.vote_events import VoteCast
from core.formats import SALTED_SINCE
from core.log.port import Log
from core.policy import Policy
from core.position import START
from core.refusals import FormatTooOld
from tests.support.logs import Place, facts
from tests.support.people import ADA, BEN, MOD, OPERATOR, SITE, THREAD, TITLE, URL

NEXT = VERSION["vote.cast"] + 1
NEWER = Codec(
    versions={**VERSION, "vote.cast": NEXT},
    earlier={**EARLIER, ("vote.cast", NEXT): lambda entry: entry},
    introduced={("vote.cast", NEXT): 2, ("comment.featured", 1): 2},
    newest=2,
)
"""A program that tells votes anew and features comments, both since format 2."""

pytestmark = pytest.mark.anyio


async def ask(log: Log, command: Any, by: Any = ADA, **how: Any) -> Result:
    return await transact(log, command, site=SITE, thread=THREAD, caller=by, codec=NEWER, **how)


async def length(log: Log) -> int:
    return sum([len(await log.read(number, START, limit=100)) for number in range(log.partitions)])


@pytest.fixture
async def opened(place: Place) -> Place:
    await ask(place.log, OpenSite(name="Kew", policy=Policy(), keys_kind="hs256", keys_number=1), OPERATOR)
    await ask(place.log, OpenThread(url=URL, title=TITLE), MOD)
    await ask(place.log, PostComment(comment="c1", body="Words."))
    return place


async def versions(place: Place, result: Result) -> int:
    for number in range(place.log.partitions):
        entry = await place.log.entry(number, result.position)
        if entry is not None:
            return int(facts(entry).get("v", 1))
    raise AssertionError


async def test_a_command_writes_the_version_before_until_the_format_allows_todays(opened: Place) -> None:
    await opened.upgrade(1)
    first = await ask(opened.log, CastVote(comment="c1", value=1), BEN)
    assert await versions(opened, first) == 1
    await opened.upgrade(2)
    assert opened.log.format == 2
    second = await ask(opened.log, CastVote(comment="c1", value=-1), BEN)
    assert await versions(opened, second) == NEXT


async def test_a_command_that_needs_a_newer_format_is_refused_and_changes_nothing(opened: Place) -> None:
    await opened.upgrade(1)
    before = await length(opened.log)
    with pytest.raises(FormatTooOld, match=r"comment\.featured needs format 2, but the deployment has format 1"):
        await ask(opened.log, FeatureComment(comment="c1", featured=True), MOD, key="k")
    assert await length(opened.log) == before
    await opened.upgrade(2)
    done = await ask(opened.log, FeatureComment(comment="c1", featured=True), MOD, key="k")
    assert not done.repeated, "a refusal is not remembered under its key"
    assert await length(opened.log) == before + 1


async def test_content_is_salted_once_the_format_allows_it_and_one_log_holds_both(opened: Place) -> None:
    await opened.upgrade(SALTED_SINCE - 1)
    await transact(opened.log, PostComment(comment="c2", body="Plain words."), site=SITE, thread=THREAD, caller=ADA)
    await opened.upgrade(SALTED_SINCE)
    await transact(opened.log, PostComment(comment="c3", body="Salted words."), site=SITE, thread=THREAD, caller=ADA)
    found = {}
    for number in range(opened.log.partitions):
        for entry in await opened.log.read(number, START, limit=100):
            event = read(*entry).event
            if isinstance(event, CommentPosted):
                found[event.comment] = (entry.c[:1], event.body, event.name, mismatch(entry.c))
    assert found["c2"] == (b"\x00", "Plain words.", ADA.name, None)
    assert found["c3"] == (b"\x01", "Salted words.", ADA.name, None)


async def test_what_was_written_in_an_older_format_is_read_by_every_program(opened: Place) -> None:
    await opened.upgrade(1)
    await ask(opened.log, CastVote(comment="c1", value=1), BEN)
    kinds = []
    for number in range(opened.log.partitions):
        kinds += [type(read(*entry).event) for entry in await opened.log.read(number, START, limit=100)]
    assert VoteCast in kinds
    assert CommentFeatured not in kinds
