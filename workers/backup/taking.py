"""Taking a backup while everybody goes on writing: per partition the log up to a position, and what belongs to it.

Where each partition ends is asked first, of all of them; what comes later is in the next backup. The command keys are
read after the log, so that those of every event in the backup are there, and only those of events in the backup are
kept: a retry after a restore gets its first answer, or is carried out because what it did is gone.
"""

import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from core.envelope import decode
from core.gathering import gathered
from core.keys import window
from core.log import wire
from core.log.port import Entry
from core.log.redis import RedisLog
from core.position import START, Position
from core.redis.deployment import Deployment
from core.redis.faults import insist
from workers.backup import file
from workers.backup.file import Commands, End, Entries, Header, SiteKeys, Writer
from workers.process import Failed

BATCH: Final = 256
"""Entries that are read at once, and written again at once."""
KEYS: Final = 1000
"""Command keys that are read at once, about."""

_OPENED: Final = b'"type":"site.opened"'


class Taken(Struct, frozen=True, kw_only=True):
    """What is in a backup."""

    events: int
    commands: int
    sites: int
    checksum: str


async def take(
    deployment: Deployment,
    path: Path,
    *,
    site_keys: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Taken:
    """Write a backup to `path`, whole or not at all; with `site_keys`, what signs the tokens of its sites is in it.

    Raises Failed where the file cannot be written or the log is not whole, `core.refusals.Unavailable`.
    """
    log = RedisLog(deployment)
    cuts = await gathered([partial(log.last, number) for number in range(log.partitions)])
    with file.written(path) as writer:
        taking = _Taking(deployment, log, writer, progress, sum(cut.n for cut in cuts))
        writer.write(Header(taken=_now(), version=version("hansard"), layout=log.format, partitions=log.partitions))
        for number, cut in enumerate(cuts):
            await taking.log(number, cut)
            await taking.commands(number, cut)
        if site_keys:
            await taking.site_keys()
        end = End(
            upto=[str(cut).encode() for cut in cuts],
            events=taking.events,
            commands=taking.count,
            sites=taking.sites,
        )
        writer.write(end)
        digest = writer.close()
    return Taken(events=end.events, commands=end.commands, sites=end.sites, checksum=digest)


class _Taking:
    """A backup being written."""

    def __init__(
        self, deployment: Deployment, log: RedisLog, writer: Writer, progress: Callable[[int, int], None], of: int
    ) -> None:
        self._deployment = deployment
        self._log = log
        self._writer = writer
        self._progress = progress
        self._of = of
        self._opened: list[str] = []
        self.events = 0
        self.count = 0
        self.sites = 0

    async def log(self, partition: int, cut: Position) -> None:
        """Write the log of a partition up to `cut`."""
        at = START
        while at < cut:
            entries = await self._log.read(partition, at, limit=BATCH, upto=cut)
            numbers = [entry.position.n for entry in entries]
            if not entries or numbers != list(range(at.n + 1, at.n + 1 + len(entries))):
                raise Failed(f"The log of partition {partition} is not whole after {at}: see `hansard verify`")
            self._writer.write(Entries(partition, [(str(position).encode(), e, c) for position, e, c in entries]))
            self._note_sites(entries)
            at = entries[-1].position
            self.events += len(entries)
            self._progress(self.events, self._of)

    async def commands(self, partition: int, cut: Position) -> None:
        """Write the command keys of a partition whose events are in the backup, and those that appended nothing."""
        for number in _windows(cut):
            key = self._deployment.keys[partition].commands(number)
            async for found in self._scan(key):
                records = [(name, record) for name, record in found if _within(number, record, cut)]
                if records:
                    self._writer.write(Commands(partition, number, records))
                    self.count += len(records)

    async def site_keys(self) -> None:
        """Write the keys of the sites that were opened."""
        for site in self._opened:
            fields = await self._ask("HGETALL", self._deployment.keys.of(site).site_keys(site))
            if fields:
                self._writer.write(SiteKeys(site, _pairs(fields)))
                self.sites += 1

    def _note_sites(self, entries: list[Entry]) -> None:
        for entry in entries:
            if _OPENED in entry.e:
                envelope = decode(*entry).envelope
                if envelope.type == "site.opened":
                    self._opened.append(envelope.site)

    async def _scan(self, key: str) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """The fields of a hash and their values, in parts; each at least once."""
        cursor: bytes | int = 0
        while cursor != b"0":
            cursor, flat = await self._ask("HSCAN", key, cursor, "COUNT", KEYS)
            yield _pairs(flat)

    async def _ask(self, *command: str | bytes | int) -> Any:
        return await insist(lambda: self._deployment.reads.call(*command), str(command[0]))


def _within(number: int, record: bytes, cut: Position) -> bool:
    """Whether a command key's events are no later than `cut`: their numbers are those of its partition."""
    return all(position.n <= cut.n for position in wire.answer(number, record).positions)


def _windows(cut: Position) -> list[int]:
    """The windows of command keys that there may be: about now, and about the last event, whatever a clock did."""
    return sorted({window(ms) + near for ms in (_now(), cut.ms) for near in (-2, -1, 0, 1)})


def _pairs(flat: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _now() -> int:
    return time.time_ns() // 1_000_000
