"""Screening of one partition: follow the log, keep what is due, and do it, for as long as the lease is held.

A cursor says how far the log was looked at. What it asked for is stored in the same step, and struck out when it is
done: a restart goes on where both are. Until the end of the log is reached, screeners are not asked: a later event may
say that it was done.
"""

import time
from contextlib import aclosing
from typing import Final

import anyio
import structlog
from anyio.abc import TaskGroup
from redis.exceptions import RedisError

from core.error_summary import fault
from core.log.port import Log, LogDiverged
from core.position import START, Position
from core.redis.errors import delays, is_passing
from core.refusals import Refusal
from workers.screener.asking import Asker
from workers.screener.due_store import DueItem, DueStore
from workers.screener.screening import CommentScreening
from workers.screener.triggers import triggers

BATCH: Final = 256
"""Entries per read."""
TELL_AFTER_S: Final = 60.0
"""Seconds after which the screener is told of a decision of staff: one that was undone by then is not told."""
LONGEST_PAUSE_S: Final = 60.0
"""Most seconds between two attempts at what cannot be done yet."""

_log = structlog.get_logger(__name__)


class Backlog:
    """Numbers of the texts that wait for the screener, by site, over all partitions of a process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_site: dict[str, int] = {}

    def add(self, site: str) -> bool:
        """Count one more text of a site. True if it is one of those that are too many."""
        number = self._of_site[site] = self._of_site.get(site, 0) + 1
        return number > self._most

    def remove(self, site: str) -> None:
        """Count one text of a site less."""
        self._of_site[site] -= 1
        if not self._of_site[site]:
            del self._of_site[site]


class PartitionScreening:
    """Screens the texts of one partition."""

    def __init__(
        self,
        partition: int,
        log: Log,
        store: DueStore,
        screening: CommentScreening,
        asker: Asker,
        backlog: Backlog,
        *,
        tell_after: float = TELL_AFTER_S,
    ) -> None:
        self.partition = partition
        self.due: dict[DueItem, Position] = {}
        """Items that are due, with the positions of the events that ask for them."""
        self._log = log
        self._store = store
        self._screening = screening
        self._asker = asker
        self._backlog = backlog
        self._tell_after = tell_after
        self._level = anyio.Event()

    async def run(self, nonce: str) -> None:
        """Screen until the lease with this nonce is lost."""
        pauses = delays(longest=2.0)
        while True:
            try:
                async with anyio.create_task_group() as tasks:
                    await self._follow(nonce, tasks)
                    tasks.cancel_scope.cancel()
                return
            except* (RedisError, Refusal, LogDiverged) as errors:
                error = errors.exceptions[0]
                if isinstance(error, LogDiverged):
                    await self._begin_again(nonce)
                _log.warning("screening_retried", partition=self.partition, fault=fault(error))
            finally:
                self._forget()
            await anyio.sleep(next(pauses))

    async def _follow(self, nonce: str, tasks: TaskGroup) -> None:
        cursor = await self._store.cursor(self.partition)
        last = await self._log.last(self.partition)
        self._level = anyio.Event()
        for item, at in (await self._store.due(self.partition)).items():
            self._add(item, at, nonce, tasks)
        if cursor >= last:
            self._level.set()
        # The ignored error: every `follow` is a generator, which its type does not say.
        async with aclosing(self._log.follow(self.partition, cursor, limit=BATCH)) as batches:  # type: ignore[type-var]
            async for entries in batches:
                found = triggers(entries)
                cursor = entries[-1].position
                # Stored first: what is struck out cannot come back.
                if not await self._store.commit(self.partition, nonce, cursor, found):
                    return
                for item, at in found.items():
                    self._add(item, at, nonce, tasks)
                if cursor >= last:
                    self._level.set()

    async def _begin_again(self, nonce: str) -> None:
        """Look at the log from its beginning if the event at the cursor is gone: nothing is asked about twice."""
        try:
            cursor = await self._store.cursor(self.partition)
            if cursor != START and await self._log.entry(self.partition, cursor) is None:
                await self._store.commit(self.partition, nonce, START, {})
        except (RedisError, Refusal) as error:
            _log.warning("screening_retried", partition=self.partition, fault=fault(error))

    def _forget(self) -> None:
        for item in self.due:
            self._backlog.remove(item.site)
        self.due = {}

    def _add(self, item: DueItem, at: Position, nonce: str, tasks: TaskGroup) -> None:
        is_new = item not in self.due
        self.due[item] = at
        if is_new:
            tasks.start_soon(self._do, item, nonce, self._backlog.add(item.site), tasks)

    async def _do(self, item: DueItem, nonce: str, is_excess: bool, tasks: TaskGroup) -> None:  # noqa: FBT001 - of a task
        """Do what is due, until nothing asks for it any more. With `is_excess` no screener is asked."""
        await self._level.wait()
        pauses = delays(longest=LONGEST_PAUSE_S)
        while True:
            at = self.due[item]
            try:
                done = await self._done(item, at, is_excess=is_excess)
                if done and self.due[item] == at:
                    if not await self._store.strike(self.partition, nonce, item, at):
                        tasks.cancel_scope.cancel()  # another worker has the partition
                        return
                    if self.due[item] == at:
                        del self.due[item]
                        self._backlog.remove(item.site)
                        return
                    continue
            except (RedisError, Refusal) as error:
                if isinstance(error, RedisError) and not is_passing(error):
                    raise
                self._say(item, fault(error))
            except Exception as defect:  # noqa: BLE001 - one comment must not stop the others
                _log.error(
                    "screening_failed", site=item.site, thread=item.thread, comment=item.comment, exc_info=defect
                )
            if self.due[item] == at:
                await anyio.sleep(next(pauses))

    def _say(self, item: DueItem, why: str) -> None:
        _log.warning("screening_postponed", site=item.site, thread=item.thread, comment=item.comment, fault=why)

    async def _done(self, item: DueItem, at: Position, *, is_excess: bool) -> bool:
        if item.what == "tell":
            await anyio.sleep(max(0.0, at.ms / 1000 + self._tell_after - time.time()))
        if is_excess and item.what == "ask":
            await self._screening.ask(item, is_excess=True)
            return True
        async with self._asker.turn(item.site):
            if item.what == "tell":
                return await self._screening.tell(item, at)
            await self._screening.ask(item, is_excess=False)
        return True
