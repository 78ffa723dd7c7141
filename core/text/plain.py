"""The html of plain prose, which most comments are, without parsing: what `core.text.markdown` would make of it.

Prose here is lines that begin with a letter, a digit or a quotation mark, with no character in them that could be
markup or make a link. Where one might, the parser is asked: it costs thirty times as much, and is the definition.
"""

import re
from html import escape
from typing import Final

SECTION: Final = 5000
"""Code points rendered at once, and counted: a longer body is cut, and costs in proportion."""

# Each begins with one character, which is found faster than one of several.
_SCHEME: Final = re.compile(r":\S")
_DOMAIN: Final = re.compile(r"\.(?<=[^\s.]\.)[^\s.]")

# Markup within a line, and white space that the parser or the sanitiser writes otherwise.
_ASCII_MARKUP: Final = b"*_`\\[]<>\t\x1c\x1d\x1e\x1f"
_MARKUP: Final = re.compile(
    rf"[{re.escape(_ASCII_MARKUP.decode())}\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
# No number of a list; no blank, sign or mark that lays on what is before it.
_EMPTY_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n)+")
BEGINNING: Final = r"(?!\d+[.)])[^\W_]|[\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]"
_BEGINS: Final = re.compile(BEGINNING)
_BEGINS_OTHERWISE: Final = re.compile(rf"\n(?!\n|{BEGINNING})")


def perhaps_link(text: str) -> bool:
    """Whether there may be a link in it: most prose passes without a look at 1,500 domains."""
    return "@" in text or _SCHEME.search(text) is not None or _DOMAIN.search(text) is not None


def perhaps_markup(text: str) -> bool:
    """True where there may be markup in a line, or white space that is written otherwise in html."""
    if text.isascii():
        # Whether anything is deleted: a fifth of the time of the expression.
        return len(text.encode().translate(None, _ASCII_MARKUP)) < len(text)
    return _MARKUP.search(text) is not None


def plain(text: str) -> str:
    """The html of a text that is shown as it was typed: paragraphs and line breaks, nothing else."""
    shown = escape(text.strip("\n"), quote=False).replace("\xa0", "&nbsp;")
    paragraphs = _EMPTY_LINES.sub("</p>\n<p>", shown).replace("\n", "<br>\n").replace("</p><br>\n<p>", "</p>\n<p>")
    return f"<p>{paragraphs}</p>\n".replace(">\u0338", ">&#x338;")


def html(body: str) -> str | None:
    """The html of a normalised body that is nothing but prose; None where it may be more than that."""
    if (
        len(body) > SECTION
        or perhaps_markup(body)
        or perhaps_link(body)
        or " \n" in body
        or _BEGINS.match(body) is None
        or _BEGINS_OTHERWISE.search(body) is not None
    ):
        return None
    if "&" in body:
        body = body.replace("&", "&amp;")
    paragraphs = body.split("\n\n")
    if "\n" in body:
        paragraphs = [lines for paragraph in paragraphs if (lines := paragraph.strip("\n").replace("\n", "<br>\n"))]
    between = "</p>\n<p>"
    return f"<p>{between.join(paragraphs)}</p>\n"
