"""Backup while writes continue: per partition, the log up to a position, and the data that belongs to it.

The last position of every partition is read first. Later events are in the next backup. The command keys are read after
the log, so that the keys of every event in the backup exist. Only keys of events in the backup are kept: a retry after
a restore gets its first answer, or is executed because its events are gone.

Data that cannot be read, or could not be restored, is left out, and the file records that. The log of a partition is
taken up to the first such entry. No view can read past that entry, either.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import redis.exceptions
from msgspec import Struct

from core.concurrency import gathered
from core.events.envelope import UnreadableEntry, read
from core.events.skip_events import UnreadableEvent
from core.keys import window
from core.log import wire
from core.log.port import Entry
from core.log.redis import RedisLog
from core.position import START, Position
from core.redis.deployment import Deployment
from core.redis.errors import is_wrong_type, retry
from core.refusals import UnreadablePartition
from workers.backup import file
from workers.backup.file import (
    LONGEST_SEALED,
    Commands,
    ContactsRecord,
    End,
    Entries,
    Header,
    Lacks,
    ScreenerRecord,
    SiteKeysRecord,
    Writer,
)
from workers.runtime.process import Failed

BATCH: Final = 256
"""Entries per read, and per write of a restore."""
KEYS: Final = 1000
"""Approximate number of command keys per read."""


class Taken(Struct, frozen=True, kw_only=True):
    """Summary of a finished backup."""

    events: int
    commands: int
    sites: int
    checksum: str
    lacks: tuple[Lacks, ...] = ()
    """Data that could not be backed up. If there is any, the backup is partial."""


async def take(
    deployment: Deployment,
    path: Path,
    *,
    site_keys: bool = True,
    broken: Mapping[int, str] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Taken:
    """Write a backup to `path`, complete or not at all. With `site_keys`, it includes the sites' signing keys.

    Contacts and screeners are sealed, so they are always included.

    `broken` maps a partition to the reason why its log is not whole: a log that came back empty looks complete. Raises
    Failed if the file cannot be written, or a log loses its end meanwhile, and `core.refusals.Unavailable`.
    """
    log = RedisLog(deployment)
    cuts = await gathered([partial(_end, log, number) for number in range(log.partitions)])
    # The format may have been raised since the deployment was opened. Read after the cuts, it allows all events there.
    await deployment.record.refresh()
    upto: list[Position] = []
    with file.written(path) as writer:
        of = sum(cut.n for cut in cuts if isinstance(cut, Position))
        backup = _Backup(deployment, log, writer, progress, of)
        writer.write(Header(taken=_now(), version=version("hansard"), layout=log.format, partitions=log.partitions))
        for number, cut in enumerate(cuts):
            upto.append(await backup.log(number, cut))
            if broken is not None and number in broken and all(one.partition != number for one in backup.lacks):
                backup.record_gap(number, upto[-1], broken[number])
            await backup.commands(number, upto[-1])
        if site_keys:
            await backup.site_keys(upto)
        await backup.contacts(upto)
        await backup.screeners(upto)
        end = End(
            upto=[str(last).encode() for last in upto],
            events=backup.events,
            commands=backup.count,
            sites=backup.sites,
        )
        writer.write(end)
        digest = writer.close()
    return Taken(events=end.events, commands=end.commands, sites=end.sites, checksum=digest, lacks=tuple(backup.lacks))


async def _end(log: RedisLog, partition: int) -> Position | UnreadablePartition:
    """Last position in the log of a partition, or the error that prevents reading it."""
    try:
        return await log.last(partition)
    except UnreadablePartition as error:
        return error


class _Backup:
    """The state of a backup."""

    def __init__(
        self, deployment: Deployment, log: RedisLog, writer: Writer, progress: Callable[[int, int], None], of: int
    ) -> None:
        self._deployment = deployment
        self._log = log
        self._writer = writer
        self._progress = progress
        self._of = of
        self._sites: dict[str, None] = {}
        self.lacks: list[Lacks] = []
        self.events = 0
        self.count = 0
        self.sites = 0

    async def log(self, partition: int, cut: Position | UnreadablePartition) -> Position:
        """Write the log of a partition up to `cut` or the first bad entry. Returns the last position written."""
        at = START
        if isinstance(cut, UnreadablePartition):
            self.record_gap(partition, at, cut.why)
            return at
        while at < cut:
            try:
                entries = await self._log.read(partition, at, limit=BATCH, upto=cut)
            except UnreadablePartition as error:
                self.record_gap(partition, at, error.why)
                return at
            if not entries:
                raise Failed(
                    f"The log of partition {partition} lost its end after {at} during the backup: take the backup again"
                )
            restorable, why = self._restorable(entries, at)
            for portion in file.portions(restorable):
                self._writer.write(Entries(partition, [(str(position).encode(), e, c) for position, e, c in portion]))
                at = portion[-1].position
            self.events += len(restorable)
            self._progress(self.events, self._of)
            if why is not None:
                self.record_gap(partition, at, why)
                return at
        return at

    def _restorable(self, entries: list[Entry], after: Position) -> tuple[list[Entry], str | None]:
        """Entries before the first that could not be restored, and the fault of that entry."""
        for number, entry in enumerate(entries):
            try:
                recorded = read(*entry)
            except UnreadableEntry as error:
                return entries[:number], str(error)
            if entry.position.n != after.n + 1 + number:
                before = entries[number - 1].position if number else after
                return entries[:number], f"the event after {before} is missing"
            if isinstance(recorded.event, UnreadableEvent):
                why = f"the entry at {entry.position} cannot be read: {recorded.event.fault}"
                return entries[:number], why
            self._sites[recorded.envelope.site] = None
        return entries, None

    def record_gap(self, partition: int, after: Position, why: str) -> None:
        """Record missing data in the file."""
        lacks = Lacks(partition=partition, after=str(after).encode(), why=why)
        self._writer.write(lacks)
        self.lacks.append(lacks)

    async def commands(self, partition: int, cut: Position) -> None:
        """Write a partition's command keys whose events are in the backup, and those that appended nothing."""
        damaged = 0
        for number in _windows(cut):
            key = self._deployment.keys[partition].commands(number)
            try:
                async for found in self._scan(key):
                    records = [(name, record) for name, record in found if is_record(number, record)]
                    damaged += len(found) - len(records)
                    records = [(name, record) for name, record in records if _within(number, record, cut)]
                    if records:
                        self._writer.write(Commands(partition, number, records))
                        self.count += len(records)
            except redis.exceptions.ResponseError as error:
                if not is_wrong_type(error):
                    raise
                self.record_gap(partition, cut, f"the key {key} has the wrong type")
        if damaged:
            self.record_gap(partition, cut, f"{damaged} of its command keys cannot be read")

    async def site_keys(self, upto: list[Position]) -> None:
        """Write the keys of the sites that have events in the backup."""
        for site in self._sites:
            keys = self._deployment.keys.of(site)
            try:
                fields = await self._command("HGETALL", keys.site_keys(site))
            except redis.exceptions.ResponseError as error:
                if not is_wrong_type(error):
                    raise
                self.record_gap(keys.number, upto[keys.number], f"the keys of the site {site} have the wrong type")
                continue
            if fields:
                self._writer.write(SiteKeysRecord(site, _pairs(fields)))
                self.sites += 1

    async def contacts(self, upto: list[Position]) -> None:
        """Write the contacts of the sites that have events in the backup, sealed as they are."""
        for site in self._sites:
            keys = self._deployment.keys.of(site)
            try:
                async for found in self._scan(keys.contacts(site)):
                    if found:
                        self._writer.write(ContactsRecord(site, found))
            except redis.exceptions.ResponseError as error:
                if not is_wrong_type(error):
                    raise
                self.record_gap(keys.number, upto[keys.number], f"the contacts of the site {site} have the wrong type")

    async def screeners(self, upto: list[Position]) -> None:
        """Write the screeners of the sites that have events in the backup, sealed as they are."""
        for site in self._sites:
            keys = self._deployment.keys.of(site)
            try:
                sealed = await self._command("GET", keys.screener(site))
            except redis.exceptions.ResponseError as error:
                if not is_wrong_type(error):
                    raise
                self.record_gap(keys.number, upto[keys.number], f"the screener of the site {site} has the wrong type")
                continue
            if sealed is not None and len(sealed) > LONGEST_SEALED:
                self.record_gap(keys.number, upto[keys.number], f"the screener of the site {site} is too long")
            elif sealed is not None:
                self._writer.write(ScreenerRecord(site, sealed))

    async def _scan(self, key: str) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """Yield the fields of a hash with their values, in parts. Each field is returned at least once."""
        cursor: bytes | int = 0
        while cursor != b"0":
            cursor, flat = await self._command("HSCAN", key, cursor, "COUNT", KEYS)
            yield _pairs(flat)

    async def _command(self, *command: str | bytes | int) -> Any:
        return await retry(lambda: self._deployment.reads.call(*command), str(command[0]))


def is_record(number: int, record: bytes) -> bool:
    """True if the stored value of a command key is one that an append may have written."""
    try:
        wire.answer(number, record)
    except (ValueError, IndexError):
        return False
    return True


def _within(number: int, record: bytes, cut: Position) -> bool:
    """True if a command key's events are no later than `cut`, by their numbers, which count in the partition."""
    return all(position.n <= cut.n for position in wire.answer(number, record).positions)


def _windows(cut: Position) -> list[int]:
    """Windows of command keys that may exist: around now and around the last event, in case a clock was wrong."""
    return sorted({window(ms) + near for ms in (_now(), cut.ms) for near in (-2, -1, 0, 1)})


def _pairs(flat: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _now() -> int:
    return time.time_ns() // 1_000_000
