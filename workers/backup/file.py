"""The file of a backup: what is in it, and whether it is whole.

A line that names the format and its version; a gzip stream of records, each with its length (4 bytes, big-endian)
before it and in msgpack; and the SHA-256 of all that. The first record is a header, the last one counts the others.
`reading` reads it.
"""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta, Struct

from core.log.port import Entry
from workers.runtime.process import Failed

MAGIC: Final = b"hansard backup 1\n"
"""What a file begins with. Another number is another format."""

GZIP: Final = 31
"""For zlib: a gzip header, and the largest window."""
DIGEST: Final = hashlib.sha256().digest_size
"""Bytes of the checksum at the end."""
LENGTH: Final = 4
"""Bytes of the length before a record."""
_LONG: Final = 4 * 1024 * 1024
"""Bytes of texts in a record, but for what a single entry has more."""


class Header(Struct, frozen=True, kw_only=True, tag="header"):
    """What the file is a backup of."""

    taken: int
    """When, in milliseconds since 1970."""
    version: Annotated[str, Meta(max_length=100)]
    """Of the program that took it."""
    layout: int
    """The format of the deployment (`core.formats`)."""
    partitions: int


class Entries(Struct, frozen=True, tag="entries"):
    """Entries of one partition's log, in order; the first follows the last of those before."""

    partition: int
    entries: list[tuple[bytes, bytes, bytes]]
    """Position, `e`, `c`."""


class Commands(Struct, frozen=True, tag="commands"):
    """Command keys of one window of a partition, and what each is remembered by."""

    partition: int
    window: int
    records: list[tuple[bytes, bytes]]


class SiteKeysRecord(Struct, frozen=True, tag="site"):
    """What signs the tokens of a site."""

    site: Annotated[str, Meta(max_length=40)]
    fields: list[tuple[bytes, bytes]]

    def __repr__(self) -> str:
        """Show the site alone."""
        return f"SiteKeys({self.site!r})"


class Lacks(Struct, frozen=True, kw_only=True, tag="lacks"):
    """Something that could not be taken: the file is not whole. A partition has no entries behind this.

    A version that does not know this record refuses the file.
    """

    partition: int
    after: bytes
    """The position of the last event of the partition that is in the file."""
    why: Annotated[str, Meta(max_length=1000)]

    def __str__(self) -> str:
        return f"partition {self.partition} after {self.after.decode(errors='replace')}: {self.why}"


class End(Struct, frozen=True, kw_only=True, tag="end"):
    """How much there was."""

    upto: list[bytes]
    """By partition, the position of the last event in the file."""
    events: int
    commands: int
    sites: int


Record = Header | Entries | Commands | SiteKeysRecord | Lacks | End


def portions(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries in as many records as they need: however long each is, no record is too long to be read."""
    some: list[Entry] = []
    size = 0
    for entry in entries:
        more = len(entry.e) + len(entry.c)
        if some and size + more > _LONG:
            yield some
            some, size = [], 0
        some.append(entry)
        size += more
    if some:
        yield some


class Damaged(Failed):
    """The file is not what was written."""


class Writer:
    """Writes records to a file; `path` appears when `written` ends well."""

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
        """Add what tells that this is all. Returns the checksum of the file."""
        self._out(self._gzip.flush())
        self._file.write(self._hash.digest())
        return self._hash.hexdigest()

    def _out(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """A writer of a file, for its owner alone, that is at `path` whole when the block ends, or not at all.

    Raises Failed where there is something at `path`, or the file cannot be written.
    """
    if path.exists():
        raise Failed(f"{path} exists: a backup never replaces another")
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")  # 0600 from the beginning
        with os.fdopen(handle, "wb") as file:
            yield Writer(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
        _settle(path.absolute().parent)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if name is not None:
            with suppress(FileNotFoundError):  # it has its own name now
                Path(name).unlink()


def _settle(directory: Path) -> None:
    """Let the name of a file survive a power failure."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
