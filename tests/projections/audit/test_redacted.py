"""The texts that are redacted by now, of as many threads as events are of."""

from itertools import count

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.handler import Command
from core.domain.moderation import Decide, RedactRevision
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.events.envelope import read
from core.log.memory import MemoryLog
from core.policy import Policy
from core.position import START
from projections.audit.records import redacted
from tests.support.people import ADA, MOD, OPERATOR, SITE

THREADS = [f"thread-{number}" for number in range(40)]


async def test_they_are_told_of_every_thread_and_of_no_other_text() -> None:
    clock = count(1_700_000_000_000)
    log = MemoryLog(1, clock=lambda: next(clock))
    opening = OpenSite(name="Unherd", policy=Policy(), keys_kind="hs256", keys_number=1)
    await transact(log, opening, site=SITE, caller=OPERATOR)
    for thread in THREADS:
        steps: list[tuple[Command, Caller]] = [
            (OpenThread(url=f"https://unherd.com/{thread}", title=thread), MOD),
            (PostComment(comment=f"{thread}-a", body="These words stay."), ADA),
            (PostComment(comment=f"{thread}-b", body="These words go."), ADA),
            (Decide(comment=f"{thread}-b", verdict="reject", revision=1, reason="A name."), MOD),
            (RedactRevision(comment=f"{thread}-b", revision=1, reason="A name."), MOD),
        ]
        for command, caller in steps:
            await transact(log, command, site=SITE, thread=thread, caller=caller)
    events = [read(*entry) for entry in await log.read(0, START, limit=1000)]
    kept = {f"{thread}-a": frozenset[int]() for thread in THREADS}
    gone = {f"{thread}-b": frozenset({1}) for thread in THREADS}
    assert await redacted(log, events) == {**kept, **gone}
