"""Whether a backup can be restored, all of it, before anything of it is."""

from pathlib import Path

import msgspec
from msgspec import Struct

from core.envelope import decode
from core.events import UnknownEvent
from core.formats import FORMATS, Formats, reads
from core.position import START, Position
from workers.backup import file
from workers.backup.file import Commands, Damaged, End, Entries, Header, Lacks, SiteKeys
from workers.process import Failed


class Checked(Struct, frozen=True, kw_only=True):
    """A backup that can be restored, whole or, where it `lacks` something, in part."""

    checksum: str
    header: Header
    end: End
    lacks: tuple[Lacks, ...] = ()


def check(path: Path, formats: Formats = FORMATS) -> Checked:
    """Read a backup to its end. Raises Failed where it is none, is damaged, or is of no use to this version."""
    checksum = file.checksum(path)
    records = file.records(path)
    header = next(records, None)
    if not isinstance(header, Header):
        raise Damaged(f"{path} is no backup: it does not say of what")
    if header.layout not in formats.reads:
        raise Failed(f"{path} has data of format {header.layout}; this version of Hansard reads {reads(formats)}")
    count = _Count(path, header.partitions)
    end: End | None = None
    for record in records:
        if end is not None:
            raise Damaged(f"{path} goes on after its end")
        match record:
            case Entries(partition, entries):
                count.entries(partition, entries)
            case Commands():
                count.commands += len(record.records)
            case SiteKeys():
                count.sites += 1
            case Lacks():
                count.lacks.append(record)
            case End():
                end = record
            case Header():
                raise Damaged(f"{path} begins twice")
    upto = [str(last).encode() for last in count.at]
    if end is None or (end.upto, end.events, end.commands, end.sites) != (
        upto,
        sum(last.n for last in count.at),
        count.commands,
        count.sites,
    ):
        raise Damaged(f"{path} does not hold what it says that it holds")
    return Checked(checksum=checksum, header=header, end=end, lacks=tuple(count.lacks))


class _Count:
    """What there was so far."""

    def __init__(self, path: Path, partitions: int) -> None:
        self._path = path
        self.at = [START] * partitions
        self.commands = 0
        self.sites = 0
        self.lacks: list[Lacks] = []

    def entries(self, partition: int, entries: list[tuple[bytes, bytes, bytes]]) -> None:
        for position, e, c in entries:
            here = Position.decode(position)
            if here.n != self.at[partition].n + 1 or here.ms < self.at[partition].ms:
                raise Damaged(f"{self._path} has a hole in partition {partition} after {self.at[partition]}")
            self.at[partition] = here
            try:
                event = decode(here, e, c).event
            except msgspec.DecodeError as error:
                raise Damaged(f"{self._path} has an event that cannot be read, in partition {partition}") from error
            if isinstance(event, UnknownEvent):
                raise Failed(
                    f"{self._path} has events of type {event.name}: restore it with a newer version of Hansard"
                )
