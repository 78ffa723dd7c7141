"""The words that readers see of a text in HTML, and its formatting: what a conversion must keep."""

import re
from collections import Counter
from html import unescape
from typing import Final

from core.text.unicode import normalise

TAG: Final = r"<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>"
"""A tag of sanitised HTML, whose attributes are in double quotes and may have any other character."""
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>")
_BETWEEN: Final = frozenset(
    ("p", "br", "div", "blockquote", "ul", "ol", "li", "pre", "hr", "table", "tr", "td", "th", "h1", "h2", "h3", "h4")
) | {"h5", "h6"}
"""Elements whose boundaries part words."""
_ALIKE: Final = {"b": "strong", "i": "em"} | {f"h{level}": "strong" for level in range(1, 7)}
_FORMATTING: Final = frozenset(
    ("strong", "em", "a", "blockquote", "ul", "ol", "code", "pre", "del", "sub", "sup", "table")
)
_EMPTY: Final = re.compile(r"<([a-z][a-z0-9]*)(?: [^>]*)?>\s*</\1>")


def words(html: str) -> list[str]:
    """The visible words of sanitised HTML, normalised as the text of a comment is."""
    return normalise(unescape(_TAG.sub(_gap, html))).split()


def typed_words(text: str) -> list[str]:
    """The words of a text without markup."""
    return normalise(text).split()


def formatting(html: str) -> Counter[str]:
    """The formatting elements of sanitised HTML that have content, by their number."""
    while (kept := _EMPTY.sub("", html)) != html:
        html = kept
    found = Counter(_ALIKE.get(tag[2], tag[2]) for tag in _TAG.finditer(html) if not tag[1])
    return Counter({name: number for name, number in found.items() if name in _FORMATTING})


def _gap(tag: re.Match[str]) -> str:
    return "\n" if tag[2] in _BETWEEN else ""
