"""The file format of a backup, and its writer.

A file is a line with the format and its version, a gzip stream of records, and the SHA-256 of all that. Each record is
msgpack, preceded by its length (4 bytes, big-endian). The first record is a header, the last one counts the others.
`reader` reads the file.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta, Struct

from core.log.port import Entry
from workers.runtime import private_file
from workers.runtime.process import Failed

MAGIC: Final = b"hansard backup 1\n"
"""First line of a file. Another number is another format."""

GZIP: Final = 31
"""`wbits` for zlib: a gzip header, and the largest window."""
DIGEST: Final = hashlib.sha256().digest_size
"""Length of the checksum at the end, in bytes."""
LENGTH: Final = 4
"""Size of the length field before a record, in bytes."""
_LONG: Final = 4 * 1024 * 1024
"""Maximum bytes of texts in a record, unless a single entry is longer."""


LONGEST_SEALED: Final = 16_384
"""Maximum bytes of a sealed screener."""


class Header(Struct, frozen=True, kw_only=True, tag="header"):
    """Description of the deployment that the file is a backup of."""

    taken: int
    """Time of the backup, in milliseconds since 1970."""
    version: Annotated[str, Meta(max_length=100)]
    """Version of the program that took the backup."""
    layout: int
    """The format of the deployment (`core.formats`)."""
    partitions: int


class Entries(Struct, frozen=True, tag="entries"):
    """Entries of one partition's log, in order. The first follows the last entry of the record before."""

    partition: int
    entries: list[tuple[bytes, bytes, bytes]]
    """Position, `e`, `c`."""


class Commands(Struct, frozen=True, tag="commands"):
    """Command keys of one window of a partition, and the stored value of each."""

    partition: int
    window: int
    records: list[tuple[bytes, bytes]]


class SiteKeysRecord(Struct, frozen=True, tag="site"):
    """Keys that sign the tokens of a site."""

    site: Annotated[str, Meta(max_length=40)]
    fields: list[tuple[bytes, bytes]]

    def __repr__(self) -> str:
        """Show only the site."""
        return f"SiteKeys({self.site!r})"


class ContactsRecord(Struct, frozen=True, tag="contacts"):
    """Contacts of a site, sealed (`core.contacts`): unreadable without the key of the deployment.

    A version that does not know this record refuses the file.
    """

    site: Annotated[str, Meta(max_length=40)]
    fields: list[tuple[bytes, bytes]]

    def __repr__(self) -> str:
        """Show only the site."""
        return f"Contacts({self.site!r})"


class ScreenerRecord(Struct, frozen=True, tag="screener"):
    """The screener of a site, sealed (`core.screener`): unreadable without the key of the deployment.

    A version that does not know this record refuses the file.
    """

    site: Annotated[str, Meta(max_length=40)]
    sealed: Annotated[bytes, Meta(max_length=LONGEST_SEALED)]

    def __repr__(self) -> str:
        """Show only the site."""
        return f"Screener({self.site!r})"


class Lacks(Struct, frozen=True, kw_only=True, tag="lacks"):
    """Something that could not be backed up: the file is incomplete. No entries of the partition follow this record.

    A version that does not know this record refuses the file.
    """

    partition: int
    after: bytes
    """Position of the partition's last event in the file."""
    why: Annotated[str, Meta(max_length=1000)]

    def __str__(self) -> str:
        return f"partition {self.partition} after {self.after.decode(errors='replace')}: {self.why}"


class End(Struct, frozen=True, kw_only=True, tag="end"):
    """The end of a backup, with the totals of its content."""

    upto: list[bytes]
    """Position of the last event in the file, by partition."""
    events: int
    commands: int
    sites: int


Record = Header | Entries | Commands | SiteKeysRecord | ContactsRecord | ScreenerRecord | Lacks | End


def portions(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Split entries into records, so that no record is too long to be read, however long the entries are."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        more = len(entry.e) + len(entry.c)
        if portion and size + more > _LONG:
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += more
    if portion:
        yield portion


class Damaged(Failed):
    """Raised if the content of a file is not valid."""


class Writer:
    """Writes records to a file. The file appears at its path when `written` succeeds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._gzip = zlib.compressobj(wbits=GZIP)
        self._encoder = msgspec.msgpack.Encoder()
        self._out(MAGIC)

    def write(self, record: Record) -> None:
        """Add a record."""
        packed = self._encoder.encode(record)
        self._out(self._gzip.compress(len(packed).to_bytes(LENGTH, "big") + packed))

    def close(self) -> str:
        """End the stream and add the checksum. Returns the checksum of the file."""
        self._out(self._gzip.flush())
        self._file.write(self._hash.digest())
        return self._hash.hexdigest()

    def _out(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """Yield a writer of a file that only its owner can read. The file appears at `path` complete, or not at all.

    Raises Failed if `path` exists, or the file cannot be written.
    """
    with private_file.written(path, "a backup") as file:
        yield Writer(file)
