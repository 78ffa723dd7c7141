"""Sections of a long body, rendered separately: cut where little is lost, and never inside code.

Fenced code that begins within a section begins the next section instead. A code block longer than a section is a
section of its own, whatever its length, because code needs no parser.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple

from core.text.code import shown
from core.text.plain import SECTION
from core.text.unicode import is_blank

_FENCE: Final = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})(.*)")
_CLOSING: Final = re.compile(r"^ {0,3}(`{3,}|~{3,}) *$", re.MULTILINE)
# Code within a list or a quotation, which ends with it at the latest.
_INNER_FENCE: Final = re.compile(r"(?:[> ]|[-+*] |\d{1,9}[.)] )+(?:`{3,}(?=[^`]*$)|~{3,}).*")
_INNER_CLOSING: Final = re.compile(r"[> ]*(?:`{3,}|~{3,}) *")


class Section(NamedTuple):
    """A part of a body. `code` is set if it is one fenced code block and nothing else."""

    text: str
    code: bool = False


def sections(body: str) -> Iterator[Section]:
    """Return the sections of a body.

    A long body is cut before code, at an empty line, else at a newline, else at a blank, else at the maximum length.
    """
    while len(body) > SECTION:
        cut = next((at for mark in ("\n\n", "\n", " ") if (at := body.rfind(mark, 1, SECTION)) > 0), SECTION)
        begun = _unclosed(body[:cut])
        if begun == 0:
            cut = _end(body)
        elif begun is not None:
            cut = begun
        yield Section(body[:cut], begun == 0)
        body = body[cut:]
    if body:
        yield Section(body)


def code(text: str) -> str:
    """Return the HTML of a section that is code; "" if nothing in it is visible."""
    first, *lines = text.split("\n")
    fence = _FENCE.fullmatch(first)
    assert fence is not None
    if lines and (closing := _CLOSING.fullmatch(lines[-1])) is not None and closing[1].startswith(fence[1]):
        lines.pop()
    html = "".join(f"{escape(line, quote=False)}\n" for line in shown(fence[2], lines)).replace("\xa0", "&nbsp;")
    return "" if is_blank(html) else f"<pre><code>{html}</code></pre>\n"


def _unclosed(text: str) -> int | None:
    """Return the index where code begins that is not closed within the text; None if there is none."""
    if "```" not in text and "~~~" not in text:
        return None
    at = 0
    fence: re.Match[str] | None = None
    begun: int | None = None
    inner = False
    for line in text.split("\n"):
        if fence is not None:
            closing = _CLOSING.fullmatch(line)
            if closing is not None and closing[1].startswith(fence[1]):
                fence = begun = None
        elif inner and line[:1] in ("", " ", "\t", ">"):
            inner = _INNER_CLOSING.fullmatch(line) is None
        else:
            fence = _FENCE.fullmatch(line)
            begun = None if fence is None else at
            inner = fence is None and _INNER_FENCE.fullmatch(line) is not None
        at += len(line) + 1
    return begun


def _end(text: str) -> int:
    """Return the index where the code at the beginning of the text ends."""
    first = text.partition("\n")[0]
    fence = _FENCE.fullmatch(first)
    assert fence is not None
    closings = _CLOSING.finditer(text, len(first) + 1)
    return next((closing.end() for closing in closings if closing[1].startswith(fence[1])), len(text))
