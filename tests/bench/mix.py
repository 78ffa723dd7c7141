"""A log to fold: what members of many threads did, decided by the real deciders.

Of its events 70 % are votes, 20 % posts, 5 % edits and 5 % moderation; threads have Zipf sizes. The opening of the
site and of the threads comes first and is not counted.
"""

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Literal

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.transact import Result, transact
from core.caller import Caller
from core.domain.authoring import EditComment, PostComment
from core.domain.comment import Comment
from core.domain.handler import Command
from core.domain.moderation import Decide
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.domain.vote import CastVote
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.log.memory import MemoryLog
from core.log.port import Append, NewEvent
from core.policy import Policy
from core.refusals import Refusal
from tests.bench.people import BY_ID, MEMBERS, MODERATOR, OPERATOR, SITE, body

Deed = Literal["vote", "post", "edit", "decide"]

SHARES: Final[dict[Deed, int]] = {"vote": 70, "post": 20, "edit": 5, "decide": 5}
"""Percent of the events."""
BEGIN: Final = 1_700_000_000_000
STEP: Final = 5
"""Milliseconds from one event to the next."""
_FIRST: Final = 8
"""So many posts come first, that there is something to vote on."""
_ANSWERS: Final = 0.6
"""So many posts of all answer another."""


class Discussion:
    """Threads being written into `log`, which is in memory."""

    def __init__(self, threads: int, *, partitions: int, seed: int = 1) -> None:
        self.log = MemoryLog(partitions, clock=lambda: self._now)
        self.threads = [f"article-{number}" for number in range(threads)]
        self._weights = list(accumulate(1 / rank for rank in range(1, threads + 1)))
        self._dice = random.Random(seed)
        self._folds = AggregateCache(2**32)
        self._now = BEGIN
        self._comments: dict[str, list[Comment]] = {thread: [] for thread in self.threads}
        self._posted = 0

    async def open(self, policy: Policy) -> None:
        """Open the site and the threads."""
        await self.act("", OpenSite(name="Bench", policy=policy, keys_kind="hs256", keys_number=1), OPERATOR)
        for thread in self.threads:
            command = OpenThread(url=f"https://bench.example/{thread}", title=f"About {thread}")
            await self.act(thread, command, MODERATOR)

    async def go_on(self, events: int) -> None:
        """Add so many events of the mix."""
        deeds = [deed for deed, share in SHARES.items() for _ in range(events * share // 100)]
        self._dice.shuffle(deeds)
        # Stable, so that only the first posts move.
        early = [at for at, deed in enumerate(deeds) if deed == "post"][:_FIRST]
        deeds = [deeds[at] for at in early] + [deed for at, deed in enumerate(deeds) if at not in early]
        for deed in deeds:
            while not await self._done(deed):
                pass  # nothing there to do it to, or it would change nothing: somewhere else, then

    async def post(self, comments: int) -> None:
        """Add so many comments and nothing else."""
        for _ in range(comments):
            await self._done("post")

    async def act(self, thread: str, command: Command, caller: Caller) -> Result:
        """Carry out one command, a moment later. Raises a Refusal."""
        self._now += STEP
        return await transact(self.log, command, site=SITE, thread=thread, caller=caller, cache=self._folds)

    async def record(self, thread: str, events: Sequence[tuple[Caller, Event]]) -> None:
        """Have these events in the log as well, at one moment, decided by nobody."""
        self._now += STEP
        new = []
        for caller, event in events:
            e, c = encode(event, Stamp(actor=caller.actor, site=SITE, thread=thread))
            head, mark = heads.of(event, caller.actor), heads.mark(event)
            new.append(NewEvent(head=head, e=e, c=c, note=heads.note(event), mark=mark))
        await self.log.append(Append(site=SITE, thread=thread, expected={}, events=tuple(new), now=self._now))

    def words(self) -> str:
        """Something to say."""
        return body(self._dice)

    async def _done(self, deed: Deed) -> bool:
        (thread,) = self._dice.choices(self.threads, cum_weights=self._weights)
        there = self._comments[thread]
        if deed == "post":
            result = await self.act(thread, self._post(there), self._dice.choice(MEMBERS))
            assert result.comment is not None
            there.append(result.comment)
            return True
        if not there:
            return False
        at = self._dice.randrange(len(there))
        try:
            result = await self.act(thread, *self._about(deed, there[at]))
        except Refusal:
            return False
        assert result.comment is not None
        there[at] = result.comment
        return bool(result.recorded)

    def _post(self, there: list[Comment]) -> PostComment:
        self._posted += 1
        standing = self._dice.choice(there) if there and self._dice.random() < _ANSWERS else None
        parent = standing.id if standing is not None and standing.published else None
        return PostComment(comment=f"c{self._posted}", body=self.words(), parent=parent)

    def _about(self, deed: Deed, comment: Comment) -> tuple[Command, Caller]:
        latest = comment.latest
        match deed:
            case "edit":
                return EditComment(comment=comment.id, revision=latest, body=self.words()), BY_ID[comment.author.id]
            case "decide":
                verdict: Literal["approve", "hold", "reject"] = "approve"
                if comment.published:
                    verdict = "hold" if self._dice.random() < 0.3 else "reject"
                return Decide(comment=comment.id, verdict=verdict, revision=latest, reason="manners"), MODERATOR
            case _:
                value: Literal[1, -1] = 1 if self._dice.random() < 0.8 else -1
                return CastVote(comment=comment.id, value=value), self._dice.choice(MEMBERS)
