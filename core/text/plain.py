"""Fast rendering of plain prose, which most comments are: the same HTML as `core.text.markdown`, without parsing.

Prose here is lines that begin with a letter, a digit or a quotation mark, without any character that could be markup or
make a link. Other texts are left to the parser, which costs thirty times as much and is the reference.
"""

import re
from html import escape
from typing import Final

SECTION: Final = 5000
"""Maximum code points that are rendered and counted at once. A longer body is cut, and costs in proportion."""

# Each begins with a literal character, which is found faster than a class of characters.
_SCHEME: Final = re.compile(r":\S")
_DOMAIN: Final = re.compile(r"\.(?<=[^\s.]\.)[^\s.]")

# Markup within a line, and white space that the parser or the sanitiser would rewrite.
_ASCII_MARKUP: Final = b"*_`\\[]<>\t\x1c\x1d\x1e\x1f"
_MARKUP: Final = re.compile(
    rf"[{re.escape(_ASCII_MARKUP.decode())}\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
# Excludes the number of a list item, blanks, signs, and marks that combine with the character before them.
_EMPTY_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n)+")
BEGINNING: Final = r"(?!\d+[.)])[^\W_]|[\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]"
_BEGINS: Final = re.compile(BEGINNING)
_BEGINS_OTHERWISE: Final = re.compile(rf"\n(?!\n|{BEGINNING})")


def perhaps_link(text: str) -> bool:
    """True if the text may contain a link. Spares most prose the check against 1,500 domains."""
    return "@" in text or _SCHEME.search(text) is not None or _DOMAIN.search(text) is not None


def perhaps_markup(text: str) -> bool:
    """True if a line may have markup, or white space that is written differently in HTML."""
    if text.isascii():
        # Counting deletions takes a fifth of the time of the regular expression.
        return len(text.encode().translate(None, _ASCII_MARKUP)) < len(text)
    return _MARKUP.search(text) is not None


def paragraphs(text: str) -> str:
    """Return the HTML of a text shown as typed: paragraphs and line breaks only."""
    shown = escape(text.strip("\n"), quote=False).replace("\xa0", "&nbsp;")
    joined = _EMPTY_LINES.sub("</p>\n<p>", shown).replace("\n", "<br>\n").replace("</p><br>\n<p>", "</p>\n<p>")
    return f"<p>{joined}</p>\n".replace(">\u0338", ">&#x338;")


def html_or_none(body: str) -> str | None:
    """Return the HTML of a normalised body of plain prose; None if the body may have more."""
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
    parts = body.split("\n\n")
    if "\n" in body:
        parts = [lines for part in parts if (lines := part.strip("\n").replace("\n", "<br>\n"))]
    between = "</p>\n<p>"
    return f"<p>{between.join(parts)}</p>\n"
