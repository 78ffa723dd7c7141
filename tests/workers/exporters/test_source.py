"""How a site is read for an export: what is damaged is named, what is new is left for the next one."""

import anyio
import pytest

from core.caller import Actor
from core.events.comment_events import CommentApproved, CommentPosted
from core.events.member_events import StandingChanged
from core.events.site_events import SiteOpened
from core.events.thread_events import ThreadOpened
from core.events.vote_events import VoteCast
from core.log.memory import MemoryLog
from core.log.port import Append, NewEvent
from core.policy import Policy
from tests.support.discussions import BEGIN, SITE
from tests.support.eventful import ADA, BEN, MOD, OPERATOR
from tests.support.exporting import EventLog, exported
from workers.exporters.source import SiteSource

OPENED = ThreadOpened(url="https://kew.example/tea", title="Tea")


async def _begun(partitions: int = 1) -> EventLog:
    made = EventLog(partitions)
    await made.record("", SiteOpened(policy=Policy()), OPERATOR)
    return made


async def test_a_thread_that_cannot_be_folded_on_is_exported_up_to_there_and_named() -> None:
    made = await _begun()
    await made.record("tea", OPENED, MOD)
    await made.record("tea", CommentPosted(comment="c1", body="One", name="Ada"), ADA)
    at = await made.record("tea", CommentApproved(comment="nothing", revision=1), MOD)
    await made.record("tea", CommentPosted(comment="c2", body="Two", name="Ada"), ADA)
    await made.record("whole", OPENED, MOD)
    export = await exported(made.log)
    assert [(fact["thread"], fact["do"]) for fact in export.facts] == [
        ("whole", "open"),
        ("tea", "open"),
        ("tea", "post"),
    ]
    (fault,) = export.said.faults
    assert fault.startswith(f"tea: everything from {at} on: ")


async def test_a_thread_that_was_never_opened_is_named() -> None:
    made = await _begun()
    await made.record("tea", VoteCast(comment="c1", value=1), BEN)
    export = await exported(made.log)
    assert export.facts == []
    assert export.said.written["discussions"] == 0
    assert [fault.partition(":")[0] for fault in export.said.faults] == ["tea"]


async def test_a_text_that_the_log_lost_is_named() -> None:
    made = await _begun()
    await made.record("tea", OPENED, MOD)
    await made.record("tea", CommentPosted(comment="c1", body=None, name="Ada"), ADA)
    export = await exported(made.log)
    assert [fact["do"] for fact in export.facts] == ["open", "post"]
    assert len(export.said.faults) == 1
    assert "its text is missing, and no event took it out" in export.said.faults[0]


async def test_a_partition_is_exported_up_to_what_cannot_be_read() -> None:
    made = await _begun()
    await made.record("", StandingChanged(member="ada", standing="trusted"), MOD)
    last = await made.record("tea", OPENED, MOD)
    foreign = NewEvent(head="x", e=b'{"type":"', c=b"")
    await made.log.append(Append(site=SITE, thread="tea", expected={}, events=(foreign,), now=BEGIN + 100_000))
    await made.record("other", OPENED, MOD)
    export = await exported(made.log)
    assert [fact["do"] for fact in export.facts] == ["open", "standing"]
    (fault,) = export.said.faults
    assert fault.startswith(f"partition 0 after {last}: ")


async def test_facts_about_members_come_up_to_what_cannot_be_read() -> None:
    made = await _begun()
    await made.record("tea", OPENED, MOD)
    await made.record("", StandingChanged(member="ada", standing="trusted"), MOD)
    foreign = NewEvent(head="x", e=b'{"type":"later.known","actor":{"id":"a"},"site":"kew","v":1', c=b"")
    await made.log.append(Append(site=SITE, thread="", expected={}, events=(foreign,), now=BEGIN + 100_000))
    await made.record("", StandingChanged(member="ben", standing="held"), MOD)
    export = await exported(made.log)
    assert [fact.get("member") for fact in export.facts] == [None, "ada", "ben"]
    (fault,) = export.said.faults
    assert fault.startswith("members: later.known at ")


async def test_what_is_written_after_the_start_is_not_in_the_export() -> None:
    made = await _begun(partitions=2)
    await made.record("tea", OPENED, MOD)
    source = SiteSource(made.log, SITE)
    await source.find()
    await made.record("tea", CommentPosted(comment="c1", body="One", name="Ada"), ADA)
    await made.record("new", OPENED, MOD)
    (thread,) = source.threads
    found = await source.discussion(thread)
    assert found is not None
    assert [fact.__struct_config__.tag async for fact in found.facts()] == ["open"]
    assert found.state.rows == {}


async def test_other_sites_are_not_in_it() -> None:
    made = await _begun()
    await made.record("tea", OPENED, MOD)
    assert (await exported(made.log, site="other")).said.written["discussions"] == 0


async def test_since_takes_the_discussions_in_which_something_happened_whole() -> None:
    made = await _begun()
    for thread in ("old", "new", "brought"):
        await made.record(thread, OPENED, MOD, at=BEGIN if thread == "brought" else None, cause="import")
    await made.record("new", CommentPosted(comment="c1", body="One", name="Ada"), ADA)
    await made.record("brought", CommentPosted(comment="c2", body="Two", name="Ada"), ADA, at=BEGIN, cause="import")
    last = (await made.log.lasts([0]))[0].ms
    export = await exported(made.log, since=last - 1000)
    assert [(fact["thread"], fact["do"]) for fact in export.facts] == [("new", "open"), ("new", "post")]
    assert (await exported(made.log, since=BEGIN)).said.written["discussions"] == 3


@pytest.mark.parametrize("format_", ["native", "wxr", "disqus"])
async def test_an_export_of_many_votes_is_read_in_pieces(format_: str) -> None:
    made = await _begun()
    await made.record("tea", OPENED, MOD)
    await made.record("tea", CommentPosted(comment="c1", body="One", name="Ada"), ADA)
    for number in range(2500):
        await made.record("tea", VoteCast(comment="c1", value=1), Actor(id=f"u-{number}"))
        if not number % 500:
            await anyio.lowlevel.checkpoint()
    assert isinstance(made.log, MemoryLog)
    export = await exported(made.log, format_)
    if format_ == "native":
        assert [fact["by"]["id"] for fact in export.facts[2:]] == [f"u-{number}" for number in range(2500)]
    assert export.said.written["comments"] == 1
