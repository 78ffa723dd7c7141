"""Writing of member records and names beside the log, behind the requests that make them.

No response waits for a note. The notes of many requests are written in one pipeline. A note that cannot be written is
dropped and counted: it is a hint for rules, and changes no event.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import redis.exceptions
import structlog

from core.error_summary import fault
from core.log.notes import MemberNotes, NameNote, Note
from workers.runtime import metrics

MOST: Final = 4096
"""Notes that wait for the server. Beyond them, the oldest are dropped."""
TOGETHER: Final = 256
"""Notes that are written in one pipeline."""
_AGAIN_MS: Final = 3600 * 1000
LAST_WITHIN: Final = 1.0
"""Seconds for which the last notes are waited for when the process ends."""

_log = structlog.get_logger(__name__)


class NoteKeeper:
    """Takes notes at once, and writes them in the order in which they came while it runs."""

    def __init__(self, notes: MemberNotes, *, most: int = MOST) -> None:
        self._notes = notes
        self._most = most
        self._queue = deque[Note]()
        self._names: dict[tuple[str, str, str, str], int] = {}
        """Times at which names were noted last."""
        self._due = anyio.Event()
        self._idle = anyio.Event()
        self._idle.set()

    def put(self, notes: Iterable[Note]) -> None:
        """Take notes to be written."""
        for note in notes:
            if isinstance(note, NameNote) and self._is_fresh(note):
                continue
            if len(self._queue) >= self._most:
                self._queue.popleft()
                metrics.NOTES_DROPPED.inc()
            self._queue.append(note)
        if self._queue and not self._due.is_set():
            self._idle = anyio.Event()
            self._due.set()

    def _is_fresh(self, note: NameNote) -> bool:
        """True if the same name was noted within the last hour: names are kept for 90 days."""
        key = note.site, note.thread, note.look, note.owner
        before = self._names.get(key)
        if before is not None and note.at - before < _AGAIN_MS:
            return True
        if len(self._names) >= self._most:
            self._names.clear()
        self._names[key] = note.at
        return False

    async def written(self) -> None:
        """Wait until every note that was taken so far is written, or dropped."""
        await self._idle.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write notes for as long as the context lasts, and the last ones at its end."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            try:
                yield
            finally:
                with anyio.move_on_after(LAST_WITHIN, shield=True):
                    await self.written()
                tasks.cancel_scope.cancel()

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            while self._queue:
                await self._write([self._queue.popleft() for _ in range(min(TOGETHER, len(self._queue)))])
            self._due = anyio.Event()
            self._idle.set()

    async def _write(self, notes: list[Note]) -> None:
        try:
            await self._notes.write(notes)
        except redis.exceptions.RedisError as error:
            metrics.NOTES_DROPPED.inc(len(notes))
            _log.warning("notes_dropped", dropped=len(notes), fault=fault(error))
