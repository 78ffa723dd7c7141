"""Exports in JSON: lines of documents, and the elements of one large document, both in bounded memory."""

import json
from collections.abc import Iterator
from typing import Any, Final

from workers.importers.readers.input_file import PIECE, InputFile
from workers.importers.source_records import UnfitFile

LONGEST: Final = 16 * 1024 * 1024
"""Most bytes of a line, and most characters of an element."""
_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"{\x00", b"[\x00")


def lines(file: InputFile) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, each with its number. Raises UnfitFile for a line that is too long."""
    kept = b""
    number = 0
    while piece := file.read(PIECE):
        if not number and not kept and piece.startswith(_WIDE):
            raise UnfitFile(file.name, "it is not JSON in UTF-8", place="at its first character")
        *whole, kept = (kept + piece).split(b"\n")
        for line in whole:
            number += 1
            if stripped := _stripped(line, number):
                yield number, stripped
        if len(kept) > LONGEST:
            raise UnfitFile(file.name, f"it is longer than {LONGEST:,} bytes", place=f"line {number + 1}")
    if stripped := _stripped(kept, number + 1):
        yield number + 1, stripped


def elements(file: InputFile) -> Iterator[tuple[str, Any]]:
    """Yield the elements of a JSON document: of an array with "" each, of an object the members with their names.

    A member that is an array is yielded element by element, any other one as it is. Raises UnfitFile.
    """
    reader = _Reader(file)
    opening = reader.next()
    if opening == "[":
        for element in reader.array():
            yield "", element
    elif opening == "{":
        yield from reader.members()
    else:
        raise UnfitFile(file.name, "it is not a JSON document", place="at its first character")
    if reader.next() != "":
        raise UnfitFile(file.name, "something follows the end of the document", place=reader.place)


class _Reader:
    """Decodes a document piece by piece."""

    def __init__(self, file: InputFile) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._passed = 0
        self._ended = False
        self._bytes = b""
        self._decode = json.JSONDecoder().raw_decode

    @property
    def place(self) -> str:
        """The place that was read up to."""
        return f"character {self._passed + self._at + 1}"

    def next(self) -> str:
        """Pass white space, and return and pass the character after it; "" at the end."""
        found = self._peek()
        self._at += len(found)
        return found

    def array(self) -> Iterator[Any]:
        """The elements of an array whose bracket has been passed."""
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if (found := self.next()) != ",":
                break
        if found != "]":
            raise self._unfit("an array has no end")

    def members(self) -> Iterator[tuple[str, Any]]:
        """The members of an object whose brace has been passed."""
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            name = self._value()
            if not isinstance(name, str) or self.next() != ":":
                raise self._unfit("an object has no name for a member")
            if self._peek() == "[":
                self._at += 1
                for element in self.array():
                    yield name, element
            else:
                yield name, self._value()
            if (found := self.next()) != ",":
                break
        if found != "}":
            raise self._unfit("an object has no end")

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if not isinstance(error, RecursionError) and self._more():
                    continue
                raise self._unfit("a value cannot be read") from error
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._at = end
            return value

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n\ufeff":
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _more(self) -> bool:
        """Read another piece, as large as what is kept so that work stays linear. False at the end."""
        self._text, self._passed, self._at = self._text[self._at :], self._passed + self._at, 0
        if len(self._text) > LONGEST:
            raise self._unfit(f"a value is longer than {LONGEST:,} characters")
        wanted = max(PIECE, len(self._text))
        read = [self._bytes]
        length = 0
        while length < wanted and (piece := self._file.read(PIECE)):
            read.append(piece)
            length += len(piece)
        data = b"".join(read)
        try:
            text = data.decode()
            self._bytes = b""
        except UnicodeDecodeError as error:
            if not length or error.reason != "unexpected end of data":
                raise self._unfit("it is not in UTF-8") from error
            text, self._bytes = data[: error.start].decode(), data[error.start :]
        self._text += text
        return bool(length)

    def _unfit(self, why: str) -> UnfitFile:
        return UnfitFile(self._file.name, why, place=self.place)


def _stripped(line: bytes, number: int) -> bytes:
    return line.strip(_BEFORE) if number == 1 else line.strip()
