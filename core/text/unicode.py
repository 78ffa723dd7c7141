"""One form for every text that people send: composed, without characters that act unseen, and of bounded height.

What is removed, and why the rest stays:

- Control characters but newline and tab, lone surrogates, noncharacters, U+FEFF, interlinear annotation, the object
  replacement character, deprecated format characters, invisible operators, musical format characters, unassigned
  invisible characters and the soft hyphen: none is seen, none is needed in a comment, each hides something.
- Embeddings, overrides and isolates (LRE RLE LRO RLO PDF, LRI RLI FSI PDI): they reorder what comes after them, as far
  as the text around the comment. LRM, RLM and ALM stay: each is one invisible letter of a direction, which honest
  Hebrew and Arabic need beside a bracket or a number, and moves nothing but the neutrals next to it.
- Tag characters, except in the flags of England, Scotland and Wales, the only emoji made with them.
- ZWJ, ZWNJ (Persian, Indic scripts, emoji), the zero-width space (Thai, Khmer) and variation selectors stay, but a
  second selector in a row goes, and so does what follows `STACK` marks or invisible characters in a row.
- A line of which nothing can be seen is an empty line: what makes a comment higher is seen.

Names, badges, titles and quotations lose more (`core.text.unseen`): two of them that look alike are to be the same.

Sources: UAX #9 (bidi), UAX #15 (NFC), UTS #51 (emoji), DerivedCoreProperties.txt (Default_Ignorable_Code_Point).
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import category, normalize

from core.text.unseen import UNSEEN, without_unseen

STACK: Final = 8
"""Marks and invisible characters on one letter. Hebrew with points and accents uses 6, a Tibetan stack up to 8."""

_BREAK: Final = re.compile(r"[\r\v\f\x85\u2028\u2029]")
_SELECTOR: Final = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_SELECTORS: Final = re.compile(f"({_SELECTOR}){_SELECTOR}+")

_NONCHARACTERS: Final = r"\ufdd0-\ufdef" + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17))
# Of ASCII: what is removed, and what becomes of the rest. A table takes a fifth of the time of an expression.
_CONTROLS: Final = bytes((*range(0x09), *range(0x0E, 0x20), 0x7F))
_BREAKS: Final = bytes.maketrans(b"\r\v\f", b"\n\n\n")
_FLAGS: Final = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
_REMOVED: Final = (
    r"\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u202a-\u202e\u2061-\u206f\ufeff\ufff0-\ufffc\ud800-\udfff"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff" + _NONCHARACTERS
)
_UNWANTED: Final = re.compile(f"[{_REMOVED}]")
# A whole flag is met first and put back; any other tag character falls to the class behind it.
_UNWANTED_BUT_FLAGS: Final = re.compile(f"(\U0001f3f4(?:{_FLAGS})\U000e007f)|[{_REMOVED}]")

# Anything but white space, controls, Default_Ignorable_Code_Point, the empty Braille cell and what is removed.
_SEEN: Final = re.compile(rf"[^\s{UNSEEN}{_REMOVED}]")
_UNSEEN_LINE: Final = re.compile(rf"^(?:[^\S\n]|[{UNSEEN}])+$", re.MULTILINE)

_LEADING: Final = re.compile(r"\A(?:[^\S\n]*\n)+")
# More characters in a row than may stand on one letter, all in blocks that have marks or invisible characters: the
# blocks between have none, and most words are shorter.
_PERHAPS_STACKED: Final = re.compile(
    r"[\u0300-\u1fff\u200b-\u200f\u2060\u20d0-\u20ff\u2c00-\u2fff\u302a-\u302f\u3099\u309a\ua66f-\uabff"
    rf"\ufb00-\U0010ffff]{{{STACK + 1},}}"
)
# Two letters a character, the first upper case and the second lower, so that a match cannot begin between two.
_STACKS: Final = re.compile(f"(?:M[ne]|Cf){{{STACK + 1},}}")


def normalise(text: str) -> str:
    r"""A text in the form in which it is judged, stored and counted; "" where nothing of it can be seen.

    Newlines are `\n`. Blank lines before and white space after the text go; the first line of several keeps its
    indentation, which in a list means something. Normalising twice changes nothing more.
    """
    text = _formed(text)
    if is_blank(text):
        return ""
    text = _LEADING.sub("", text).rstrip()
    return text if "\n" in text else text.lstrip()


def seen(text: str) -> str:
    """A text in that form, also without what cannot be seen where no script needs it. White space around it stays."""
    form = _formed(text)
    while (kept := without_unseen(form)) != form:
        form = _formed(kept)
    return form


def quoted(text: str) -> str:
    """A passage of an article without what acts unseen or is not seen; otherwise as it came, for it is looked for."""
    return without_unseen(_UNWANTED_BUT_FLAGS.sub(r"\1", text))


def as_it_looks(words: str) -> str:
    """Words as they look: what cannot be seen is gone, full-width letters and such are the letters that they show."""
    return words if words.isascii() else seen(normalize("NFKC", words))


def words_or_none(text: str | None) -> str | None:
    """A text that nobody has to give, normalised; None where there is none or nothing of it can be seen."""
    return None if text is None else normalise(text) or None


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen: white space, invisible characters, blank letters (U+3164 and such)."""
    return _SEEN.search(text) is None


@lru_cache(maxsize=4096)  # the same people say the same name with everything that they write
def one_line(text: str, limit: int) -> str:
    """A name, title or badge: `seen`, white space collapsed to single blanks, at most `limit` code points.

    What is longer ends in an ellipsis. "" where nothing can be seen. `limit` is 1 or more.
    """
    line = " ".join(seen(text).split())
    if is_blank(line):
        return ""
    if len(line) <= limit:
        return line
    # A cut may fall behind what only the next character needs.
    return seen(f"{line[: limit - 1].rstrip()}…")


def _formed(text: str) -> str:
    """A text without what nobody may send, composed, before its ends are trimmed."""
    text = text.replace("\r\n", "\n")
    if text.isascii():
        return text.encode().translate(_BREAKS, _CONTROLS).decode()
    text = _BREAK.sub("\n", text)
    if _UNWANTED.search(text) is not None:
        text = _UNWANTED_BUT_FLAGS.sub(r"\1", text)
    text = _SELECTORS.sub(r"\1", text)
    # Capped before composing as well: composing sorts each run of marks, in time quadratic in its length.
    text = _capped(normalize("NFC", _capped(text)))
    return _UNSEEN_LINE.sub("", text) if "\n" in text else text


def _capped(text: str) -> str:
    return _PERHAPS_STACKED.sub(_cap, text)


def _cap(perhaps: re.Match[str]) -> str:
    # A prefix of a run of marks in canonical order is in that order too, and one mark that stays keeps the letters at
    # both ends from composing: capping what is NFC leaves it NFC.
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
