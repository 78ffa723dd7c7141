"""Files of an export: opened, decompressed with a bound, and digested."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from core.domain.import_facts import ImportedFile
from workers.importers.source_records import UnfitFile

PIECE: Final = 65_536
"""Bytes per read."""
MOST_TIMES: Final = 200
"""Most times that decompressed bytes may be of those read, beyond `FREE`. Text is compressed 3 to 20 times."""
FREE: Final = 16 * 1024 * 1024
"""Decompressed bytes that are not held against the ratio."""
_GZIP: Final = b"\x1f\x8b"


def digested(path: Path) -> ImportedFile:
    """Name and digest of a file. Raises UnfitFile."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnfitFile(path.name, error.strerror or "it cannot be read") from error
    return ImportedFile(name=path.name, sha256=digest)


def begins(path: Path, size: int = 512) -> bytes:
    """The first bytes of a file, decompressed. Raises UnfitFile."""
    with opened(path) as file:
        return file.read(size)


class opened:  # noqa: N801 - used as a function
    """A file to read from, decompressed if it is gzip. Raises UnfitFile for what cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> "InputFile":
        try:
            self._file = self._path.open("rb")
        except OSError as error:
            raise UnfitFile(self._path.name, error.strerror or "it cannot be read") from error
        return InputFile(self._path.name, self._file)

    def __exit__(self, *_: object) -> None:
        self._file.close()


class InputFile:
    """The content of a file, in pieces of any size."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self._file = file
        self._left = b""
        head = file.read(2)
        self._pieces = self._unpacked() if head == _GZIP else self._plain(head)

    def read(self, size: int = PIECE, /) -> bytes:
        """At most `size` bytes; none at the end. Raises UnfitFile."""
        if not self._left:
            self._left = next(self._pieces, b"")
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def _plain(self, head: bytes) -> Iterator[bytes]:
        while piece := head + self._file.read(PIECE - len(head)):
            yield piece
            head = b""

    def _unpacked(self) -> Iterator[bytes]:
        made = 0
        self._file.seek(0)
        try:
            with gzip.GzipFile(fileobj=self._file) as unpacked:
                while piece := unpacked.read(PIECE):
                    made += len(piece)
                    if made > FREE and made > MOST_TIMES * self._file.tell():
                        raise UnfitFile(
                            self.name, f"it grows to more than {MOST_TIMES} times its size when decompressed"
                        )
                    yield piece
        except EOFError as error:
            raise UnfitFile(self.name, "it is cut off: the compressed data has no end") from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise UnfitFile(self.name, f"it is damaged: {error}") from error
