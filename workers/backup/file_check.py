"""Verification of a whole backup before any of it is restored.

A backup may come from an untrusted source: its checksum proves that the file is intact, not that its content is valid.
So nothing in the file is trusted. Each fault is one line that names the file, the record and the entry. The restore
writes verified content without further checks, so that no restore ends half-way because of the file's content.
"""

import re
from pathlib import Path
from typing import Final, NoReturn

from msgspec import Struct

from core import heads
from core.events import content
from core.events.envelope import Envelope, Recorded, UnreadableEntry, read
from core.events.skip_events import UnknownEvent, UnreadableEvent
from core.formats import FORMATS, Formats, reads
from core.heads import LAST
from core.ids import is_comment, is_member, is_site, is_thread
from core.keys import window
from core.log import wire
from core.log.port import Entry
from core.partitions import partition_of
from core.position import START, Position
from core.times import LATEST
from workers.backup import reader
from workers.backup.file import (
    Commands,
    ContactsRecord,
    Damaged,
    End,
    Entries,
    Header,
    Lacks,
    Record,
    ScreenerRecord,
    SiteKeysRecord,
)
from workers.gateway.auth.signing_keys import is_keys
from workers.runtime.process import Failed

MOST_PARTITIONS: Final = 1024
"""Maximum number of partitions of a deployment."""
MOST_LACKS: Final = 10_000
"""Maximum number of `Lacks` records in a backup."""
LONGEST_KEY: Final = 255
"""Maximum length of a command key, in bytes."""

_POINTERS: Final = re.compile(rb'"tp":"([\d-]*)"(?:,"ap":"([\d-]*)")?\}\Z')
"""The end of every `e`, as the append script writes it and the restore script reads it."""
_ENDING: Final = 80

_GRAMMARS: Final = {
    "comment": is_comment,
    "parent": is_comment,
    "answered": is_comment,
    "anchor": is_thread,
    "member": is_member,
    "batch": is_comment,
    "reverses": is_comment,
}


class Checked(Struct, frozen=True, kw_only=True):
    """A backup that can be restored: in whole, or in part if it `lacks` something."""

    checksum: str
    header: Header
    end: End
    lacks: tuple[Lacks, ...] = ()
    altered: int = 0
    """Number of events whose content does not match its commitment. They are restored as they are."""


def check(path: Path, formats: Formats = FORMATS) -> Checked:
    """Verify a backup to its end. Raises Failed if it is no backup, is damaged, or is unusable for this version."""
    checksum = reader.checksum(path)
    checking: _Checking | None = None
    for number, record in enumerate(reader.records(path), 1):
        if checking is None:
            if not isinstance(record, Header):
                raise Damaged(f"{path} is not a backup: it has no header")
            if record.layout not in formats.reads:
                raise Failed(
                    f"{path} has data of format {record.layout}; this version of Hansard reads {reads(formats)}"
                )
            checking = _Checking(path, record)
        else:
            checking.take(number, record)
    if checking is None:
        raise Damaged(f"{path} is not a backup: it has no header")
    return checking.checked(checksum)


class _Checking:
    """The state of a verification, for a backup that began with `header`."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._record = 1
        self._header = header
        if not 1 <= header.partitions <= MOST_PARTITIONS:
            self._refuse(f"no deployment has {header.partitions} partitions")
        self._at = [START] * header.partitions
        self._partition = 0
        """The partition being read. Partitions come in order."""
        self._heads: dict[int, str] = {}
        """Position of every head of that partition. The key is a hash of the head's place: there may be millions."""
        self._cut = False
        """Set if the partition lacks something, so that no entry may follow."""
        self._lacks: list[Lacks] = []
        self._altered = 0
        self._commands = 0
        self._sites: set[str] = set()
        self._end: End | None = None

    def take(self, number: int, record: Record) -> None:
        """Verify one more record."""
        self._record = number
        if self._end is not None:
            raise Damaged(f"{self._path} continues after its end")
        match record:
            case Entries():
                self._take_entries(record)
            case Commands():
                self._take_commands(record)
            case SiteKeysRecord():
                self._take_keys(record)
            case ContactsRecord():
                if not is_site(record.site):
                    self._refuse("these are the contacts of no site")
            case ScreenerRecord():
                if not is_site(record.site):
                    self._refuse("this is the screener of no site")
            case Lacks():
                self._take_lacks(record)
            case End():
                self._end = record
            case Header():
                raise Damaged(f"{self._path} has two headers")

    def checked(self, checksum: str) -> Checked:
        """Return the result for the file, after its last record. Raises Damaged if the end record does not match."""
        end = self._end
        upto = [str(last).encode() for last in self._at]
        counts = (sum(last.n for last in self._at), self._commands, len(self._sites))
        if end is None or (end.upto, end.events, end.commands, end.sites) != (upto, *counts):
            raise Damaged(f"{self._path} does not hold what its end record says")
        return Checked(checksum=checksum, header=self._header, end=end, lacks=tuple(self._lacks), altered=self._altered)

    def _take_entries(self, record: Entries) -> None:
        self._enter(record.partition)
        if not record.entries:
            self._refuse("it has no entries")
        if self._cut:
            self._refuse(f"partition {record.partition} continues after the part that it lacks")
        for number, (position, e, c) in enumerate(record.entries, 1):
            here = self._position(position, number)
            last = self._at[record.partition]
            if here.n != last.n + 1 or here.ms < last.ms:
                self._refuse(f"there is a hole in partition {record.partition} after {last}", number)
            self._take_event(Entry(here, e, c), number)
            self._at[record.partition] = here

    def _take_event(self, entry: Entry, number: int) -> None:
        try:
            recorded = read(*entry)
        except UnreadableEntry as error:
            self._refuse(str(error), number)
        event, envelope = recorded.event, recorded.envelope
        if isinstance(event, UnreadableEvent):
            self._refuse(f"the entry at {entry.position} cannot be read: {event.fault}", number)
        if isinstance(event, UnknownEvent):
            raise Failed(f"{self._path} has events of type {event.name}: restore it with a newer version of Hansard")
        if partition_of(envelope.site, envelope.thread, self._header.partitions) != self._partition:
            self._refuse(f"the event at {entry.position} does not belong in partition {self._partition}", number)
        if (wrong := _misfit(recorded, entry.c)) is not None:
            self._refuse(f"the event at {entry.position} is inconsistent: {wrong}", number)
        self._altered += content.mismatch(entry.c) is not None
        self._follow(recorded, entry, number)

    def _follow(self, recorded: Recorded, entry: Entry, number: int) -> None:
        """Compare the back pointers of an event with the events before it, as the restore does."""
        envelope, event = recorded.envelope, recorded.event
        mark, here = heads.mark(event), str(entry.position)
        last, head = (hash((*_place(envelope), one)) for one in (LAST, heads.of(event, envelope.actor)))
        pointers = _POINTERS.search(entry.e[-_ENDING:])
        stored = None if pointers is None else (pointers[1].decode(), (pointers[2] or b"").decode())
        if stored != (self._heads.get(last, ""), self._heads.get(head, "")):
            raise Damaged(
                f"{self._path} is not a true record of partition {self._partition}: the entry at {entry.position} "
                f"does not follow those before it ({self._place(number)})"
            )
        self._heads[head] = self._heads[last] = here
        if mark is not None:
            self._heads[hash((*_place(envelope), mark))] = here

    def _take_commands(self, record: Commands) -> None:
        self._enter(record.partition)
        if not record.records:
            self._refuse("it has no command keys")
        if not 0 <= record.window <= window(LATEST):
            self._refuse(f"there is no window {record.window} of command keys")
        for number, (key, remembered) in enumerate(record.records, 1):
            try:
                answer = wire.answer(record.window, remembered)
            except (ValueError, IndexError):
                self._refuse("it is not a command key", number)
            if not 1 <= len(key) <= LONGEST_KEY:
                self._refuse("no command key is that long", number)
            if any(position.n > self._at[record.partition].n for position in answer.positions):
                self._refuse("it is the command key of events that are missing", number)
        self._commands += len(record.records)

    def _take_keys(self, record: SiteKeysRecord) -> None:
        if not is_site(record.site) or record.site in self._sites:
            self._refuse("these are the keys of no site, or of a site that was there before")
        if not is_keys(dict(record.fields)):
            self._refuse(f"these are not keys of the site {record.site}")
        self._sites.add(record.site)

    def _take_lacks(self, record: Lacks) -> None:
        if not 0 <= record.partition < len(self._at):
            self._refuse(f"there is no partition {record.partition}")
        if self._position(record.after) != self._at[record.partition]:
            self._refuse(f"partition {record.partition} does not end where it lacks something")
        if len(self._lacks) >= MOST_LACKS:
            self._refuse(f"more than {MOST_LACKS} parts are missing")
        self._lacks.append(record)
        self._cut = self._cut or record.partition == self._partition

    def _enter(self, partition: int) -> None:
        """Enter a partition, for a record that belongs to it."""
        if not 0 <= partition < len(self._at):
            self._refuse(f"there is no partition {partition}")
        if partition < self._partition or (self._sites and partition != self._partition):
            self._refuse(f"partition {partition} is out of order")
        if partition != self._partition:
            self._partition, self._heads, self._cut = partition, {}, False

    def _position(self, text: bytes, number: int | None = None) -> Position:
        try:
            return Position.parse(text.decode("ascii"))
        except ValueError:
            self._refuse("a position must be <ms>-<n>", number)

    def _refuse(self, what: str, number: int | None = None) -> NoReturn:
        raise Damaged(f"{self._path} is damaged: {what} ({self._place(number)})")

    def _place(self, number: int | None) -> str:
        return f"record {self._record}" if number is None else f"record {self._record}, entry {number}"


def _place(envelope: Envelope) -> tuple[str, str]:
    return envelope.site, envelope.thread


def _misfit(recorded: Recorded, c: bytes) -> str | None:
    """The fault of an event that Hansard never writes. None if the event is valid."""
    event, envelope = recorded.event, recorded.envelope
    # The content is parsed as the end of the facts: its parts have to be objects, and must not repeat their fields.
    parts = content.parse(c)
    if any(part is not None and (part[:1], part[-1:]) != (b"{", b"}") for part in (parts.profile, parts.words)):
        return "its content is not an object"
    if getattr(event, "comment", None) != envelope.comment:
        return "its content and its facts name different comments"
    if envelope.revision is not None and getattr(event, "revision", None) != envelope.revision:
        return "its content and its facts name different revisions"
    if not is_member(envelope.actor.id):
        return "the id of its actor is invalid"
    for name, fits in _GRAMMARS.items():
        value = getattr(event, name, None)
        if value is not None and not fits(value):
            return f"its {name} is invalid"
    return None
