"""Exports of a log, in memory."""

import io
from typing import Any, Final, NamedTuple

import msgspec

from core import heads
from core.caller import Actor
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.log.memory import MemoryLog
from core.log.port import Append, Appended, Log, NewEvent
from tests.support.discussions import BEGIN, SITE
from workers.exporters.export_writer import ExportedSite
from workers.exporters.exporter import Exported, export
from workers.exporters.registry import EXPORT_FORMATS
from workers.exporters.source import SiteSource

MADE: Final = 1_750_000_000_000


class MadeExport(NamedTuple):
    """What an export wrote, and what it said of it."""

    content: bytes
    said: Exported

    @property
    def text(self) -> str:
        """What was written."""
        return self.content.decode()

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The facts of an export in the native format."""
        return [msgspec.json.decode(line) for line in self.content.splitlines()[1:]]


async def exported(
    log: Log,
    format_: str = "native",
    *,
    site: str = SITE,
    name: str = "Kew",
    since: int | None = None,
    timezone: str = "UTC",
) -> MadeExport:
    """The export of a site."""
    source = SiteSource(log, site)
    await source.find()
    out = io.BytesIO()
    found = ExportedSite(id=site, name="Kew", origins=(), timezone=timezone, made=MADE)
    said = await export(source, found, EXPORT_FORMATS[format_].writer(), out, since=since)
    return MadeExport(out.getvalue(), said)


class EventLog:
    """A log in memory to which events are appended as they are, a second apart, without a decision."""

    def __init__(self, partitions: int = 1) -> None:
        self._now = BEGIN
        self.log = MemoryLog(partitions, clock=lambda: self._now)
        self.kinds: set[type[Event]] = set()

    async def record(
        self,
        thread: str,
        event: Event,
        by: Actor,
        *,
        batch: str | None = None,
        at: int | None = None,
        cause: str | None = None,
    ) -> str:
        """Append an event. Returns its position."""
        self._now += 1000
        stamp = Stamp(actor=by, site=SITE, thread=thread, batch=batch, at=at, cause=cause)
        e, c = encode(event, stamp)
        field, note = heads.of(event, by), heads.note(event, batch)
        new = NewEvent(head=field, e=e, c=c, note=note, mark=heads.mark(event))
        append = Append(site=SITE, thread=thread, expected={}, events=(new,), now=self._now)
        outcome = await self.log.append(append)
        assert isinstance(outcome, Appended)
        self.kinds.add(type(event))
        return str(outcome.positions[-1])
