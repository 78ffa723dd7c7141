"""Normalisation of user text: composed, without invisible control characters, and of bounded height.

Removed characters, and the reasons for those that stay:

- Control characters but newline and tab, lone surrogates, noncharacters, U+FEFF, interlinear annotation, the object
  replacement character, deprecated format characters, invisible operators, musical format characters, unassigned
  invisible characters and the soft hyphen: all are invisible, no comment needs them, and each can hide something.
- Embeddings, overrides and isolates (LRE RLE LRO RLO PDF, LRI RLI FSI PDI): they reorder the text after them, even
  the text around the comment. LRM, RLM and ALM stay: each acts as one invisible letter of a direction, which honest
  Hebrew and Arabic need beside a bracket or a number, and moves only the neutrals next to it.
- Tag characters, except in the flags of England, Scotland and Wales, the only emoji made with them.
- ZWJ, ZWNJ (Persian, Indic scripts, emoji), the zero-width space (Thai, Khmer) and variation selectors stay. A second
  selector in a row is removed, and so is everything after `STACK` marks or invisible characters in a row.
- A line without visible characters becomes an empty line: only visible text makes a comment higher.

Names, badges, titles and quotations lose more (`core.text.unseen`): two that look alike must be equal.

Sources: UAX #9 (bidi), UAX #15 (NFC), UTS #51 (emoji), DerivedCoreProperties.txt (Default_Ignorable_Code_Point).
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import category, normalize

from core.text.unseen import UNSEEN, without_unseen

STACK: Final = 8
"""Maximum marks and invisible characters on one letter. Hebrew with points and accents uses 6, a Tibetan
stack up to 8."""

_BREAK: Final = re.compile(r"[\r\v\f\x85\u2028\u2029]")
_SELECTOR: Final = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_SELECTORS: Final = re.compile(f"({_SELECTOR}){_SELECTOR}+")

_NONCHARACTERS: Final = r"\ufdd0-\ufdef" + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17))
# For ASCII: removed characters, and replacements. A table takes a fifth of the time of a regular expression.
_CONTROLS: Final = bytes((*range(0x09), *range(0x0E, 0x20), 0x7F))
_BREAKS: Final = bytes.maketrans(b"\r\v\f", b"\n\n\n")
_FLAGS: Final = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
_REMOVED: Final = (
    r"\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u202a-\u202e\u2061-\u206f\ufeff\ufff0-\ufffc\ud800-\udfff"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff" + _NONCHARACTERS
)
_UNWANTED: Final = re.compile(f"[{_REMOVED}]")
# A whole flag matches first and is put back; any other tag character matches the class after it.
_UNWANTED_BUT_FLAGS: Final = re.compile(f"(\U0001f3f4(?:{_FLAGS})\U000e007f)|[{_REMOVED}]")

# Anything but white space, controls, Default_Ignorable_Code_Point, the empty Braille cell and removed characters.
_SEEN: Final = re.compile(rf"[^\s{UNSEEN}{_REMOVED}]")
_UNSEEN_LINE: Final = re.compile(rf"^(?:[^\S\n]|[{UNSEEN}])+$", re.MULTILINE)

_LEADING: Final = re.compile(r"\A(?:[^\S\n]*\n)+")
# A run longer than the marks allowed on one letter, all in blocks that have marks or invisible characters. The blocks
# between have none, and most words are shorter.
_PERHAPS_STACKED: Final = re.compile(
    r"[\u0300-\u1fff\u200b-\u200f\u2060\u20d0-\u20ff\u2c00-\u2fff\u302a-\u302f\u3099\u309a\ua66f-\uabff"
    rf"\ufb00-\U0010ffff]{{{STACK + 1},}}"
)
# Two letters per character, the first upper case and the second lower, so that a match cannot begin between two.
_STACKS: Final = re.compile(f"(?:M[ne]|Cf){{{STACK + 1},}}")


def normalise(text: str) -> str:
    r"""Return a text in the form in which it is judged, stored and counted; "" if nothing in it is visible.

    Newlines are `\n`. Blank lines before and white space after the text are removed. The first of several lines keeps
    its indentation, which is significant in a list. Normalisation is idempotent.
    """
    text = _formed(text)
    if is_blank(text):
        return ""
    text = _LEADING.sub("", text).rstrip()
    return text if "\n" in text else text.lstrip()


def seen(text: str) -> str:
    """Normalise a text without trimming, and remove invisible characters that no script needs."""
    form = _formed(text)
    while (kept := without_unseen(form)) != form:
        form = _formed(kept)
    return form


def quoted(text: str) -> str:
    """Return an article's passage without control or invisible characters, otherwise unchanged: it is searched for."""
    return without_unseen(_UNWANTED_BUT_FLAGS.sub(r"\1", text))


def as_it_looks(words: str) -> str:
    """Return words as they look: invisible characters removed, full-width letters and such in their plain form."""
    return words if words.isascii() else seen(normalize("NFKC", words))


def words_or_none(text: str | None) -> str | None:
    """Normalise an optional text; None if it is absent or nothing in it is visible."""
    return None if text is None else normalise(text) or None


def is_blank(text: str) -> bool:
    """True if nothing in the text is visible: white space, invisible characters, blank letters (U+3164 and such)."""
    return _SEEN.search(text) is None


@lru_cache(maxsize=4096)  # the same names recur with everything that their owners write
def one_line(text: str, limit: int) -> str:
    """Return a name, title or badge: `seen`, white space collapsed to single blanks, at most `limit` code points.

    A longer text is cut and ends in an ellipsis. "" if nothing in it is visible. `limit` is 1 or more.
    """
    line = " ".join(seen(text).split())
    if is_blank(line):
        return ""
    if len(line) <= limit:
        return line
    # The cut may leave a character that only the next one needed.
    return seen(f"{line[: limit - 1].rstrip()}…")


def _formed(text: str) -> str:
    """Remove forbidden characters and compose a text, before its ends are trimmed."""
    text = text.replace("\r\n", "\n")
    if text.isascii():
        return text.encode().translate(_BREAKS, _CONTROLS).decode()
    text = _BREAK.sub("\n", text)
    if _UNWANTED.search(text) is not None:
        text = _UNWANTED_BUT_FLAGS.sub(r"\1", text)
    text = _SELECTORS.sub(r"\1", text)
    # Capped before composing too: composing sorts each run of marks, in time quadratic in its length.
    text = _capped(normalize("NFC", _capped(text)))
    return _UNSEEN_LINE.sub("", text) if "\n" in text else text


def _capped(text: str) -> str:
    return _PERHAPS_STACKED.sub(_cap, text)


def _cap(perhaps: re.Match[str]) -> str:
    # A prefix of a run of marks in canonical order is in that order too, and a remaining mark keeps the letters at both
    # ends from composing: capped NFC text stays NFC.
    text = perhaps[0]
    kinds = "".join(map(category, text))
    if _STACKS.search(kinds) is None:
        return text
    parts = []
    start = 0
    for run in _STACKS.finditer(kinds):
        parts.append(text[start : run.start() // 2 + STACK])
        start = run.end() // 2
    parts.append(text[start:])
    return "".join(parts)
