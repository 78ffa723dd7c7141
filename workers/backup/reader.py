"""Reader of a backup file, which may come from an untrusted source.

Nothing in a file is trusted, neither an announced length nor the number of elements in a list. Memory use is bounded,
however much a few compressed bytes expand to.
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
from workers.runtime.process import Failed

_PIECE: Final = 256 * 1024
_LONGEST: Final = 64 * 1024 * 1024
"""Maximum length of a record, in bytes. Hansard writes records of some megabytes."""
_MOST: Final = 65_536
"""Maximum length of a list in a record. Hansard writes lists of some hundreds."""

_NOTHING: Final = msgspec.Raw(b"\x90")


class _Uncounted(Struct, frozen=True, kw_only=True):
    """A record of any kind whose lists are not decoded yet, so that their announced lengths can be checked first."""

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
    """Verify the checksum of a file and return it. Raises Damaged, or Failed if the file cannot be read."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Damaged(f"{path} is not a backup that this version of Hansard can read")
            found.update(MAGIC)
            left = os.fstat(file.fileno()).st_size - len(MAGIC) - DIGEST
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                found.update(piece)
                left -= len(piece)
            if left != 0 or file.read() != found.digest():
                raise Damaged(f"{path} is damaged or truncated")
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}") from error
    return found.hexdigest()


def records(path: Path) -> Iterator[Record]:
    """Yield the records of a file. Raises Damaged."""
    data = bytearray()
    number = 0
    try:
        for piece in _pieces(path):
            data += piece
            at = 0
            while len(data) - at >= LENGTH:
                length = int.from_bytes(data[at : at + LENGTH], "big")
                if length > _LONGEST:
                    raise Damaged(f"{path} is damaged: record {number + 1} claims to have {length} bytes")
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
    """Decode a record. Raises ValueError and RecursionError."""
    # Every list is scanned, and its length checked, before memory is allocated for it. Only the list that was checked
    # is decoded, however often the record repeats the field.
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
        case "contacts":
            return ContactsRecord(found.site, _PAIRS.decode(_counted(found.fields)))
        case "screener":
            return _SCREENER.decode(data)
        case "lacks":
            return _LACKS.decode(data)
        case "end":
            upto = _UPTO.decode(_counted(found.upto))
            return End(upto=upto, events=found.events, commands=found.commands, sites=found.sites)
        case _:
            raise ValueError("its kind is unknown to this version of Hansard")


def _counted(packed: msgspec.Raw) -> msgspec.Raw:
    """Return a msgpack list if its announced length is within the limit. Raises ValueError if not."""
    head = bytes(packed)[:5]
    width = {b"\xdc": 2, b"\xdd": 4}.get(head[:1], 0)
    if int.from_bytes(head[1 : 1 + width], "big") > _MOST:
        raise ValueError(f"a list in it has more than {_MOST} items")
    return packed


_UNCOUNTED: Final = msgspec.msgpack.Decoder(_Uncounted)
_HEADER: Final = msgspec.msgpack.Decoder(Header)
_SCREENER: Final = msgspec.msgpack.Decoder(ScreenerRecord)
_LACKS: Final = msgspec.msgpack.Decoder(Lacks)
_ENTRIES: Final = msgspec.msgpack.Decoder(list[tuple[bytes, bytes, bytes]])
_PAIRS: Final = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]])
_UPTO: Final = msgspec.msgpack.Decoder(list[bytes])


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield the decompressed data. Raises zlib.error, and Damaged if the checksum does not follow the gzip stream."""
    gzip = zlib.decompressobj(wbits=GZIP)
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        while not gzip.eof and (piece := file.read(_PIECE)):
            yield from _unpacked(gzip, piece)
        if not gzip.eof or len(gzip.unused_data + file.read(DIGEST + 1)) != DIGEST:
            raise Damaged(f"{path} is damaged: the packed data does not end where the checksum begins")


def _unpacked(gzip: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    """Decompress a piece of the stream, and yield a bounded number of bytes at a time."""
    while not gzip.eof:
        data = gzip.decompress(piece, _PIECE)
        yield data
        piece = gzip.unconsumed_tail
        if not piece and len(data) < _PIECE:
            return  # output of full length may have been cut off, even with all input consumed
