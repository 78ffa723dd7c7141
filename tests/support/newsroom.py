"""A log in memory with a clock to turn, and people who ask it for things."""

from collections.abc import Awaitable, Callable
from typing import Any

from core.application.aggregate_cache import AggregateCache
from core.application.transact import Result, transact
from core.caller import Caller
from core.domain.handler import Command
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.events.envelope import Recorded, decode
from core.log.memory import MemoryLog
from core.log.port import Append, Load, LoadResult, Outcome
from core.policy import Policy
from core.position import START
from tests.support.people import ADA, MOD, OPERATOR, SITE, THREAD, TITLE, URL

BEGIN = 1_700_000_000_000
HOUR = 3_600_000


class WatchedLog(MemoryLog):
    """A log in memory that tells what was asked of it, and lets others in between."""

    def __init__(self) -> None:
        self.now = BEGIN
        super().__init__(partitions=4, clock=lambda: self.now)
        self.loads: list[tuple[Load, LoadResult]] = []
        self.appends: list[Append] = []
        self.meanwhile: list[Callable[[], Awaitable[object]]] = []
        """What happens, one at each append, just before it."""

    async def load(self, load: Load) -> LoadResult:
        loaded = await super().load(load)
        self.loads.append((load, loaded))
        return loaded

    async def append(self, append: Append) -> Outcome:
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        self.appends.append(append)
        return await super().append(append)


class Newsroom:
    """A site with an open thread, unless told otherwise."""

    def __init__(self, cache: AggregateCache | None = None) -> None:
        self.log = WatchedLog()
        self.cache = cache

    async def opened(self, **policy: Any) -> "Newsroom":
        """The same, with its site and its thread open."""
        given = Policy(**{"grace": 0, **policy})
        await self.ask(OpenSite(name="UnHerd", policy=given, keys_kind="hs256", keys_number=1), OPERATOR)
        await self.ask(OpenThread(url=URL, title=TITLE), MOD)
        self.log.loads.clear()
        self.log.appends.clear()
        return self

    async def ask(self, command: Command, by: Caller = ADA, *, thread: str = THREAD, **how: Any) -> Result:
        """Carry a command out, a millisecond later."""
        self.log.now += 1
        return await transact(self.log, command, site=SITE, thread=thread, caller=by, cache=self.cache, **how)

    async def events(self) -> list[Recorded]:
        """Everything in the log, by partition."""
        entries = [await self.log.read(number, START, limit=10_000) for number in range(self.log.partitions)]
        return [decode(*entry) for partition in entries for entry in partition]

    async def types(self) -> list[str]:
        """The types of the events of the thread's partition, in order."""
        return [one.envelope.type for one in await self.events() if one.envelope.thread]
