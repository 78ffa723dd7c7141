"""Fast rendering of simply structured comments: the same HTML as `core.text.markdown`, without block parsing.

Covers paragraphs, headings, quotations, lists that are not nested, and fenced code. `core.text.lines` renders the
lines, or else the inline parser does. A text of more structure (nested lists, definitions, rules) is left to the
parser, which costs up to ten times as much and is the reference.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple

from core.text.code import shown
from core.text.cost import Meter
from core.text.lines import NotOrdinary, line
from core.text.plain import SECTION
from core.text.unicode import is_blank

DEEPEST: Final = 4
"""Maximum levels of quotation."""
LINE_STEPS: Final = 8
PART_STEPS: Final = 24
PARSED_STEPS: Final = 40
INLINE_STEPS: Final = 64
"""Steps of parsing a paragraph and, if it is a part of its own, sanitising it."""

_ITEM: Final = re.compile(r"(?:([-+*])|(\d{1,9})([.)])) (?=[^ ])")
# Characters that begin a block, or may appear to.
_BLOCK: Final = re.compile(r"[\s>+-]|#{1,6}(?: |$)|```|~~~|\d+[.)](?: |$)|[*_](?: |$)|[*_ ]+$")


_FENCE: Final = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})(.*)")
_MOST_INDENTED: Final = 3
NBSP: Final = "\xa0"
_HEADING: Final = re.compile(r"#{1,6} +(?=[^\s#])")


class _List:
    """A list under construction."""

    def __init__(self, kind: str, number: str) -> None:
        self.kind = kind
        self.number = number
        self.items: list[list[str]] = []
        self.loose = False


class _Paragraph(NamedTuple):
    """Consecutive lines of a paragraph."""

    lines: list[str]


class _Whole(NamedTuple):
    """A heading, or the lines of a fenced code block."""

    tag: str
    lines: list[str]


class _Quotation:
    """Quoted lines, without the quotation marks (`>`)."""

    def __init__(self) -> None:
        self.lines: list[str] = []


_Block = _List | _Paragraph | _Quotation | _Whole


def html(body: str, meter: Meter) -> str | None:
    """Return the HTML of a normalised body of simple structure; None if the body may have more.

    Raises `core.text.cost.TooCostly`.
    """
    if len(body) > SECTION or "\t" in body or "\u0338" in body or "]:" in body:
        return None
    lines = body.split("\n")
    try:
        return _without_blocks(lines, meter)
    except NotOrdinary:
        meter.spend(len(lines) // 2)
        parts = list(_parts(lines))
    if len(parts) == 1:
        return None
    try:
        return "".join([_part(part, meter) for part in parts])
    except NotOrdinary:
        return None


def _without_blocks(lines: list[str], meter: Meter) -> str:
    """Return the HTML of lines that need no block parser. Raises NotOrdinary, TooCostly."""
    inlines = _Inlines(meter)
    return inlines.sanitised("".join(_html(lines, inlines, meter)))


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """Split a text before each paragraph that follows an empty line: only code extends beyond such a point."""
    if any(("```" in text or "~~~" in text) and _FENCE.match(text) is None for text in lines):
        # Code within a list or a quotation may end without a closing fence.
        yield lines
        return
    fence: re.Match[str] | None = None
    begun = 0
    for number, text in enumerate(lines):
        if fence is not None:
            if _closes(fence[1], text):
                fence = None
        elif (opened := _FENCE.fullmatch(text)) is not None:
            fence = opened
        elif number and not lines[number - 1] and text[:1].isalpha():
            yield lines[begun:number]
            begun = number
    yield lines[begun:]


def _part(lines: list[str], meter: Meter) -> str:
    """Return the HTML of a part of a text. Raises NotOrdinary, `core.text.cost.TooCostly`."""
    meter.spend(PART_STEPS)
    try:
        return _without_blocks(lines, meter)
    except NotOrdinary:
        from core.text.markdown import blocks  # noqa: PLC0415 # imported late, as in `core.text.render`

        meter.spend(PARSED_STEPS)
        parsed = blocks("\n".join(lines), meter)
        if parsed is None:
            raise
        return parsed


def _blocks(lines: list[str], meter: Meter) -> list[_Block]:
    """Return the blocks of a text. Raises NotOrdinary."""
    blocks: list[_Block] = []
    last: _Block | None = None
    empty = False
    rest = iter(lines)
    for text in rest:
        if not text.strip(" "):
            empty = True
            continue
        meter.spend(LINE_STEPS)
        new = _begun(text, rest, last, empty=empty)
        if new is None:
            assert last is not None
            _go_on(last, text)
        elif new is not last:
            blocks.append(new)
        # No line continues a heading or code.
        last = None if isinstance(new, _Whole) else new or last
        empty = False
    return blocks


def _begun(text: str, rest: Iterator[str], last: _Block | None, *, empty: bool) -> _Block | None:
    """Return the block that a line begins or extends with its own mark; None for a continuation. Raises NotOrdinary."""
    if text[0] == ">":
        quotation = last if isinstance(last, _Quotation) and not empty else _Quotation()
        quotation.lines.append(text[2:] if text[1:2] == " " else text[1:])
        return quotation
    if (heading := _HEADING.match(text)) is not None:
        if text.rstrip(" ")[-1] == "#":
            raise NotOrdinary
        return _Whole("strong", [text[heading.end() :]])
    if (fence := _FENCE.fullmatch(text)) is not None:
        return _Whole("code", _fenced(fence, rest))
    if (item := _ITEM.match(text)) is not None:
        if _BLOCK.match(text, item.end()) is not None:
            raise NotOrdinary
        items = _listed(item, last, empty=empty)
        items.items.append([text[item.end() :]])
        return items
    if _BLOCK.match(text) is not None:
        raise NotOrdinary
    return _Paragraph([text]) if last is None or empty else None


def _go_on(last: _Block, text: str) -> None:
    if isinstance(last, _List):
        last.items[-1].append(text)
    elif isinstance(last, _Paragraph):
        last.lines.append(text)
    else:
        raise NotOrdinary  # an unmarked line that continues a quotation


def _fenced(fence: re.Match[str], rest: Iterator[str]) -> list[str]:
    """Return the shown lines of a fenced code block. Raises NotOrdinary."""
    lines: list[str] = []
    for text in rest:
        if _closes(fence[1], text):
            return shown(fence[2], lines)
        lines.append(text)
    raise NotOrdinary  # unclosed code ends with the block around it


def _closes(fence: str, text: str) -> bool:
    """True if the line closes the code block that `fence` opened."""
    closing = text.strip(" ")
    indented = len(text) - len(text.lstrip(" "))
    return len(closing) >= len(fence) and indented <= _MOST_INDENTED and not closing.strip(fence[0])


def _listed(item: re.Match[str], last: _Block | None, *, empty: bool) -> _List:
    """Return the list of an item: the last one, or a new one. Raises NotOrdinary."""
    kind, number = item[1] or item[3], item[2] or ""
    if isinstance(last, _List):
        if last.kind != kind:
            raise NotOrdinary
        last.loose = last.loose or empty
        return last
    # Only a list that begins with 1 may interrupt a paragraph, and a quotation may end with a paragraph.
    if not empty and ((isinstance(last, _Paragraph) and number and int(number) != 1) or isinstance(last, _Quotation)):
        raise NotOrdinary
    return _List(kind, number)


def _html(lines: list[str], inlines: "_Inlines", meter: Meter, depth: int = 0) -> Iterator[str]:
    """Return the pieces of the HTML of some lines. Raises NotOrdinary, TooCostly."""
    for block in _blocks(lines, meter):
        match block:
            case _Whole("code"):
                code = "".join(f"{text}\n" for text in block.lines)
                if is_blank(code):
                    raise NotOrdinary
                meter.spend(len(block.lines))
                yield f"<pre><code>{escape(code, quote=False).replace(NBSP, '&nbsp;')}</code></pre>\n"
            case _Whole():
                yield f"<p><strong>{inlines.html(block.lines)}</strong></p>\n"
            case _Paragraph():
                yield f"<p>{inlines.html(block.lines)}</p>\n"
            case _Quotation():
                quoted = "".join(_html(block.lines, inlines, meter, depth + 1)) if depth < DEEPEST else ""
                if not quoted:
                    raise NotOrdinary
                yield f"<blockquote>\n{quoted}</blockquote>\n"
            case _List():
                yield from _list(block, inlines)


def _list(block: _List, inlines: "_Inlines") -> Iterator[str]:
    tag = "ol" if block.number else "ul"
    start = f' start="{int(block.number)}"' if block.number and int(block.number) != 1 else ""
    yield f"<{tag}{start}>\n"
    for item in block.items:
        shown = inlines.html(item)
        yield f"<li>\n<p>{shown}</p>\n</li>\n" if block.loose else f"<li>{shown}</li>\n"
    yield f"</{tag}>\n"


class _Inlines:
    """Renderer of the lines of one paragraph."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._parsed = False

    def html(self, lines: list[str]) -> str:
        """Return the HTML of some lines. Raises TooCostly, and NotOrdinary if nothing in the lines is visible."""
        lines[-1] = lines[-1].rstrip(" ")
        if lines[-1][-1].isspace():
            raise NotOrdinary
        try:
            return "<br>\n".join([line(text, self._meter) for text in lines])
        except NotOrdinary:
            from core.text.markdown import inline  # noqa: PLC0415 # imported late, as in `core.text.render`

            self._parsed = True
            self._meter.spend(INLINE_STEPS)
            shown = inline("\n".join(lines), self._meter)
            if shown is None:
                raise
            return shown

    def sanitised(self, html: str) -> str:
        """Return the HTML of the whole text, sanitised if the parser made a part of it. Raises TooCostly."""
        if not self._parsed:
            return html
        from core.text.markdown import sanitised  # noqa: PLC0415 # as above

        return sanitised(html, self._meter)
