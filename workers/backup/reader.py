"""Reading the file of a backup, which may come from a stranger.

Nothing of a file is believed: neither a length that it announces, nor how many things follow. What is in memory at a
time is bounded, whatever a few bytes were unpacked to.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from core.error_summary import fault
from workers.backup.file import (
    DIGEST,
    GZIP,
    LENGTH,
    MAGIC,
    Commands,
    Damaged,
    End,
    Entries,
    Header,
    Lacks,
    Record,
    SiteKeysRecord,
)
from workers.runtime.process import Failed

_PIECE: Final = 256 * 1024
_LONGEST: Final = 64 * 1024 * 1024
"""Bytes of a record; those that are written have some megabytes."""
_MOST: Final = 65_536
"""Things in a record; those that are written have some hundreds."""

_NOTHING: Final = msgspec.Raw(b"\x90")


class _Uncounted(Struct, frozen=True, kw_only=True):
    """A record of any kind whose lists have not been looked into: how long they say that they are can be asked."""

    type: str
    partition: int = -1
    window: int = -1
    site: Annotated[str, Meta(max_length=40)] = ""
    events: int = -1
    commands: int = -1
    sites: int = -1
    entries: msgspec.Raw = _NOTHING
    records: msgspec.Raw = _NOTHING
    fields: msgspec.Raw = _NOTHING
    upto: msgspec.Raw = _NOTHING


def checksum(path: Path) -> str:
    """The checksum of a file that is whole. Raises Damaged, or Failed where it cannot be read."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Damaged(f"{path} is no backup that this version of Hansard can read")
            found.update(MAGIC)
            left = os.fstat(file.fileno()).st_size - len(MAGIC) - DIGEST
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                found.update(piece)
                left -= len(piece)
            if left != 0 or file.read() != found.digest():
                raise Damaged(f"{path} is damaged, or cut short")
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}") from error
    return found.hexdigest()


def records(path: Path) -> Iterator[Record]:
    """The records of a file, one after the other. Raises Damaged."""
    data = bytearray()
    number = 0
    try:
        for piece in _pieces(path):
            data += piece
            at = 0
            while len(data) - at >= LENGTH:
                length = int.from_bytes(data[at : at + LENGTH], "big")
                if length > _LONGEST:
                    raise Damaged(f"{path} is damaged: record {number + 1} says that it has {length} bytes")
                if len(data) - at - LENGTH < length:
                    break
                number += 1
                yield _decoded(bytes(data[at + LENGTH : at + LENGTH + length]))
                at += LENGTH + length
            del data[:at]
    except zlib.error as error:
        raise Damaged(f"{path} is damaged: what follows record {number} cannot be unpacked") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path} is damaged: record {number} cannot be read ({fault(error)})") from error
    if data:
        raise Damaged(f"{path} is damaged: it ends inside record {number + 1}")


def _decoded(data: bytes) -> Record:
    """A record. Raises ValueError and RecursionError."""
    # Every list is gone through, and counted, before there is room made for it; and only the one that was counted is
    # read, however often the record says that it has it.
    found = _UNCOUNTED.decode(data)
    match found.type:
        case "header":
            return _HEADER.decode(data)
        case "entries":
            return Entries(found.partition, _ENTRIES.decode(_counted(found.entries)))
        case "commands":
            return Commands(found.partition, found.window, _PAIRS.decode(_counted(found.records)))
        case "site":
            return SiteKeysRecord(found.site, _PAIRS.decode(_counted(found.fields)))
        case "lacks":
            return _LACKS.decode(data)
        case "end":
            upto = _UPTO.decode(_counted(found.upto))
            return End(upto=upto, events=found.events, commands=found.commands, sites=found.sites)
        case _:
            raise ValueError("it is of no kind that this version of Hansard knows")


def _counted(packed: msgspec.Raw) -> msgspec.Raw:
    """A list in msgpack that says of itself that it is not too long. Raises ValueError."""
    head = bytes(packed)[:5]
    width = {b"\xdc": 2, b"\xdd": 4}.get(head[:1], 0)
    if int.from_bytes(head[1 : 1 + width], "big") > _MOST:
        raise ValueError(f"a list in it has more than {_MOST} things")
    return packed


_UNCOUNTED: Final = msgspec.msgpack.Decoder(_Uncounted)
_HEADER: Final = msgspec.msgpack.Decoder(Header)
_LACKS: Final = msgspec.msgpack.Decoder(Lacks)
_ENTRIES: Final = msgspec.msgpack.Decoder(list[tuple[bytes, bytes, bytes]])
_PAIRS: Final = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]])
_UPTO: Final = msgspec.msgpack.Decoder(list[bytes])


def _pieces(path: Path) -> Iterator[bytes]:
    """What was compressed. Raises zlib.error, and Damaged where something else stands before the checksum."""
    gzip = zlib.decompressobj(wbits=GZIP)
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        while not gzip.eof and (piece := file.read(_PIECE)):
            yield from _unpacked(gzip, piece)
        if not gzip.eof or len(gzip.unused_data + file.read(DIGEST + 1)) != DIGEST:
            raise Damaged(f"{path} is damaged: what was packed does not end where the checksum begins")


def _unpacked(gzip: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    """What comes of some more bytes, a bounded number of bytes at a time."""
    while not gzip.eof:
        data = gzip.decompress(piece, _PIECE)
        yield data
        piece = gzip.unconsumed_tail
        if not piece and len(data) < _PIECE:
            return  # a full answer may have been cut, though everything was read
