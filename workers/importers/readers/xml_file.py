"""XML exports, read element by element in bounded memory, however hostile they are.

Written by programs that are not careful, they have control characters and undeclared prefixes. Parsing therefore
recovers; but recovery also drops text without a word, so that every other error that it recovered from makes the file
unfit. Nothing is expanded and nothing is fetched: a document type with declarations is refused before its content.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from workers.importers.readers.input_file import PIECE, InputFile
from workers.importers.source_records import UnfitFile

_DECLARATION: Final = 512
"""Bytes that are looked at for the declaration of the encoding."""
_CARRY: Final = 24
"""Bytes at the end of a piece that may be the beginning of a reference, or of a character."""
_DROPPED: Final = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)))
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
_NONCHARACTERS: Final = re.compile(rb"\xef\xbf[\xbe\xbf]")
_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00", b"\x4c\x6f\xa7\x94")
_ENCODING: Final = re.compile(rb"""^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_READ: Final = re.compile(rb"utf-?8|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d", re.IGNORECASE)
_CHARACTERS: Final = ((9, 10), (13, 13), (0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
"""The characters that XML 1.0 may have."""
_TOLERATED: Final = ("NS_ERR_UNDEFINED_NAMESPACE", "WAR_NS_URI", "WAR_NS_URI_RELATIVE")


class CleanXml:
    """The bytes of an XML file without what no parser takes.

    These are marks before the document, control characters, and their references. Raises UnfitFile for encodings whose
    bytes cannot be filtered like this.
    """

    def __init__(self, file: InputFile) -> None:
        self.name = file.name
        self._file = file
        self._kept = b""
        self._ended = False
        head = b""
        while len(head) < _DECLARATION and (piece := self._file.read(PIECE)):
            head += piece
        if head.startswith(_WIDE):
            raise UnfitFile(self.name, "it is not in UTF-8: convert it first, for example with iconv")
        while head and not (head := head.lstrip(_BEFORE)):
            head = self._file.read(PIECE)
        if not head.startswith(b"<"):
            raise UnfitFile(self.name, "it does not begin with an element or <?xml", place="at its first character")
        encoding = _ENCODING.match(head)
        if encoding is not None and _READ.fullmatch(encoding[1]) is None:
            raise UnfitFile(self.name, f"it is in {encoding[1].decode()}: convert it to UTF-8 first")
        self._next = head

    def read(self, _: int = PIECE, /) -> bytes:
        """The next bytes, about as many as a piece has; none at the end."""
        while not self._ended:
            piece = self._kept + (self._next or self._file.read(PIECE))
            self._next = b""
            if len(piece) == len(self._kept):
                self._ended = True
                self._kept = b""
            else:
                at = max(piece.rfind(b"&", -_CARRY), piece.rfind(b"\xef", -3))
                if at > 0 and b";" not in piece[at:]:
                    piece, self._kept = piece[:at], piece[at:]
                else:
                    self._kept = b""
            if cleaned := _cleaned(piece):
                return cleaned
        return b""


def elements(file: InputFile, tags: tuple[str, ...], *, root: str, within: tuple[str, ...]) -> Iterator[Any]:
    """Yield the elements with these tags, each when it ends, then free them. Raises UnfitFile.

    `tags` may begin with `{*}`, for any namespace. `root` is the outermost element. Elements count only as children of
    those named in `within`. The first of these holds nothing but them: with each, all before it is freed.
    """
    etree = _etree()
    events = etree.iterparse(
        CleanXml(file),
        events=("start", "end"),
        tag=(f"{{*}}{root}", *tags),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    rooted = False
    try:
        for event, element in events:
            if event == "start":
                if not rooted:
                    _check_root(file.name, element, root)
                    rooted = True
                continue
            parent = element.getparent()
            if parent is None or (outer := local(parent.tag)) not in within:
                continue
            yield element
            element.clear()
            while (before := element.getprevious()) is not None and (outer == within[0] or before.tag == element.tag):
                parent.remove(before)
    except etree.XMLSyntaxError as error:
        raise UnfitFile(file.name, _said(error.msg or "it is not XML"), place=f"line {error.lineno}") from error
    for entry in events.error_log:
        if not entry.type_name.startswith(_TOLERATED):
            raise UnfitFile(file.name, _said(entry.message), place=f"line {entry.line}")
    if not rooted:
        raise UnfitFile(file.name, f"its outermost element is not {root}")


def text(element: Any) -> str:
    """The text of an element, without that of elements in it."""
    if not len(element):
        return element.text or ""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def _check_root(name: str, element: Any, root: str) -> None:
    if element.getparent() is not None or local(element.tag) != root:
        raise UnfitFile(name, f"its outermost element is not {root}")
    if element.getroottree().docinfo.internalDTD is not None:
        raise UnfitFile(name, "it has a DOCTYPE, which could declare entities and which no export has")


def _cleaned(piece: bytes) -> bytes:
    piece = piece.translate(None, _DROPPED)
    if b"&#" in piece:
        piece = _REFERENCE.sub(_kept, piece)
    return _NONCHARACTERS.sub(b"", piece) if b"\xef\xbf" in piece else piece


def _kept(reference: re.Match[bytes]) -> bytes:
    """A reference to a character that XML may have; nothing for any other."""
    number = int(reference[1], 16) if reference[1] is not None else int(reference[2])
    return reference[0] if any(first <= number <= last for first, last in _CHARACTERS) else b""


def _said(message: str) -> str:
    """The message of the parser, in one line, without text of the file."""
    return _QUOTED.sub("…", " ".join(message.split()))[:120]


_QUOTED: Final = re.compile(r"(?<=[\s:])['\"][^'\"]*['\"]")


def _etree() -> Any:
    from lxml import etree  # noqa: PLC0415 - it comes with the extra `import`

    return etree
