"""Fast rendering of ordinary lines: the same HTML as the inline parser, without parsing.

Covers prose, usual links, and emphasis and code that begin and end within a line without nesting. A line that may have
more raises `NotOrdinary` and is left to the parser, which costs ten times as much and is the reference.
"""

import re
from html import escape
from typing import Final

from core.text.cost import Meter
from core.text.plain import perhaps_link
from core.text.unicode import as_it_looks, is_blank
from core.text.unseen import UNSEEN

MARK_STEPS: Final = 10
"""Steps per link, emphasis or piece of code."""
UNSEEN_STEPS: Final = 25
"""Steps per invisible character in the words of a link."""
_UNSEEN: Final = re.compile(f"[{UNSEEN}]")

_HOST: Final = r"https?://(?![^/?#]*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}[a-z][a-z0-9]{0,23}"
_SAFE: Final = r"(?:[A-Za-z0-9_/~=+&-]|\.(?=[A-Za-z0-9_])|%[0-9A-Fa-f]{2})"
_ADDRESS: Final = rf"{_HOST}(?:/(?:{_SAFE}|\({_SAFE}*\))*)?(?:\?{_SAFE}+)?(?:#[A-Za-z0-9_/=+-]+)?"
_WORDS: Final = r"(?=[^\W_])[^*_`\\\[\]<>]+(?<=[^\W_])"
_BEFORE: Final = r"(?<![^ (\"'])"
_BEHIND: Final = r"(?=[ .,;:!?)\"'-]|$)"
# Each emphasis begins after a blank or an opening sign and ends before a blank or a closing sign, with a letter or a
# digit inside at both ends: so no asterisk is ambiguous. The look-ahead for the first character comes first: trying
# every kind at every character takes ten times as long.
_MARK: Final = re.compile(
    rf"(?=[*_`\[<h])"
    rf"(?:(?P<around>(?<![^ ])\*\*?(?=\[))?\[(?P<label>[^\[\]]+)\]\((?P<to>{_ADDRESS})\)(?(around)(?P=around)(?= |$)|)"
    rf"|<(?P<bracketed>{_ADDRESS})>"
    rf"|(?<![^ (])(?P<bare>{_ADDRESS})(?=[.,]?(?: |$)|\)[.,]?(?: |$))"
    rf"|{_BEFORE}(?P<mark>\*\*?|__?)(?P<words>{_WORDS})(?P=mark){_BEHIND}"
    r"|(?<!`)`(?P<code>[^`]+)`(?!`))"
)
_EMPHASIS: Final = {"*": "em", "_": "em", "**": "strong", "__": "strong"}
# An asterisk between blanks and an underscore between letters are literal.
_LITERAL: Final = re.compile(r"(?<= )\*(?= )|(?<=[^\W_])_(?=[^\W_])")
# Angle brackets may enclose an address. It is scanned at most twice, however many colons it has.
_MARKUP: Final = re.compile(r"[*_`\\]|\]\(|<(?=[^<>\s]*+>)[^<>\s:@]*+[:@]|://")
_IN_LABEL: Final = re.compile(r"[*_`\\<>]")
_WHITE: Final = re.compile(r"[^\S \xa0]")


class NotOrdinary(Exception):
    """The text must be rendered by the parser."""


def line(text: str, meter: Meter) -> str:
    """Return the HTML of a line. Raises NotOrdinary, `core.text.cost.TooCostly`."""
    if text[0].isspace() or text[-1].isspace() or "\u0338" in text or _WHITE.search(text) is not None:
        raise NotOrdinary
    if not text.isascii() and is_blank(text):
        raise NotOrdinary
    parts: list[str] = []
    at = 0
    for mark in _MARK.finditer(text):
        meter.spend(MARK_STEPS)
        if at < mark.start():
            parts.append(_words(text[at : mark.start()], meter))
        parts.append(_marked(mark, meter))
        at = mark.end()
    if at < len(text):
        parts.append(_words(text[at:], meter))
    return "".join(parts)


def _marked(mark: re.Match[str], meter: Meter) -> str:
    kind = mark.lastgroup
    if mark["code"] is not None:
        code = mark["code"]
        if is_blank(code):
            raise NotOrdinary
        if code[0] == code[-1] == " " and code.strip(" "):
            code = code[1:-1]
        return f"<code>{_escaped(code)}</code>"
    if mark["mark"] is not None:
        tag = _EMPHASIS[mark["mark"]]
        return f"<{tag}>{_words(mark['words'], meter)}</{tag}>"
    if mark["label"] is None:
        address = mark[kind or 0]
        return _link(address, address)
    if _IN_LABEL.search(mark["label"]) is not None or is_blank(mark["label"]):
        raise NotOrdinary
    words = visible_words(mark["label"], meter)
    if perhaps_link(words) and _misleads(words, mark["to"], meter):
        raise NotOrdinary
    link = _link(mark["to"], mark["label"])
    if not mark["around"]:
        return link
    tag = _EMPHASIS[mark["around"]]
    return f"<{tag}>{link}</{tag}>"


def visible_words(words: str, meter: Meter) -> str:
    """Return the words of a link as they look. Raises TooCostly."""
    if words.isascii():
        return words
    meter.spend(10 + len(words) // 2 + UNSEEN_STEPS * len(_UNSEEN.findall(words)))
    return as_it_looks(words)


def _misleads(words: str, address: str, meter: Meter) -> bool:
    # Imported late, as the parser is.
    from core.text.addresses import misleads  # noqa: PLC0415 # see above

    return misleads(words, address, meter.spend)


def _words(text: str, meter: Meter) -> str:
    """Return the HTML of text without markup. Raises NotOrdinary, TooCostly."""
    if _MARKUP.search(text) is not None and _MARKUP.search(_LITERAL.sub(" ", text)) is not None:
        raise NotOrdinary
    if not perhaps_link(text):
        return _escaped(text)
    # Imported late, as the parser is.
    from core.text.addresses import bare_links  # noqa: PLC0415 # see above

    parts: list[str] = []
    at = 0
    for begin, end, address in bare_links(text, meter):
        if address is None:
            raise NotOrdinary
        parts += (_escaped(text[at:begin]), _link(address, text[begin:end]))
        at = end
    parts.append(_escaped(text[at:]))
    return "".join(parts)


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("\xa0", "&nbsp;")


def _link(address: str, label: str) -> str:
    return f'<a href="{escape(address)}" rel="nofollow ugc noopener">{_escaped(label)}</a>'
