"""Threads filled through the log, as fast as that goes and without HTTP: heads, command keys and all."""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import anyio

from core.application.aggregate_cache import AggregateCache
from core.application.transact import Result, transact
from core.domain.authoring import EditComment, PostComment
from core.domain.handler import Command
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.domain.vote import CastVote
from core.ids import command_key, comment_id
from core.log.redis import RedisLog
from core.policy import Policy
from core.redis.deployment import Deployment
from tests.bench.conversations import ABOVE, ROWS
from tests.bench.people import MEMBERS, MODERATOR, OPERATOR, SITE, body

AT_ONCE: Final = 32


class Fill:
    """Writes into the log of an open deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._log = RedisLog(deployment)
        self._folds = AggregateCache(2**28)
        self._dice = random.Random(1)
        self._keys = 0

    async def site(self, policy: Policy | None = None) -> None:
        """Open the site, for what needs no tokens."""
        opening = OpenSite(name="Bench", policy=policy or Policy(), keys_kind="hs256", keys_number=1)
        await transact(self._log, opening, site=SITE, caller=OPERATOR)

    async def open(self, threads: Sequence[str]) -> None:
        """Open threads."""

        async def one(thread: str) -> None:
            about = OpenThread(url=f"https://bench.example/{thread}", title=f"About {thread}")
            await transact(self._log, about, site=SITE, thread=thread, caller=MODERATOR)

        await all_of(threads, one)

    async def comments(self, threads: Sequence[str], each: int, *, flat: bool = False) -> None:
        """Write so many comments into each thread: conversations, or top-level comments alone."""

        async def one(thread: str) -> None:
            names: list[str] = []
            for number in range(each):
                above = None if flat else ABOVE[number % ROWS]
                parent = None if above is None else names[number // ROWS * ROWS + above]
                names.append(await self.post(thread, number, parent))

        await all_of(threads, one)

    async def post(self, thread: str, number: int, parent: str | None = None) -> str:
        """Write one comment; its id."""
        name = comment_id(SITE, thread, MEMBERS[number % len(MEMBERS)].id, str(number))
        await self.act(thread, PostComment(comment=name, body=body(self._dice), parent=parent), number)
        return name

    async def edit(self, thread: str, number: int, comment: str, revision: int, words: str | None = None) -> None:
        """Edit the comment that this one posted, in view of a revision; say something else, or these words."""
        command = EditComment(comment=comment, revision=revision, body=words or body(self._dice))
        await self.act(thread, command, number)

    async def vote(self, thread: str, number: int, comment: str) -> None:
        """Vote for a comment."""
        await self.act(thread, CastVote(comment=comment, value=1), number)

    async def act(self, thread: str, command: Command, number: int) -> Result:
        """Carry out what one member does, under a key as the gateway makes them."""
        self._keys += 1
        caller = MEMBERS[number % len(MEMBERS)]
        key = command_key(SITE, caller.id, "POST", thread, str(self._keys))
        return await transact(self._log, command, site=SITE, thread=thread, caller=caller, key=key, cache=self._folds)


async def all_of(things: Sequence[str], work: Callable[[str], Awaitable[object]]) -> None:
    """Do something with each, some at a time."""
    left = list(reversed(things))

    async def take_turns() -> None:
        while left:
            await work(left.pop())

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(take_turns)
