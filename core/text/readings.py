"""Readings of a text: what its words may be meant to say, for word lists.

The first reading is the text with its case folded. Others undo disguises: letters of other scripts and with accents
(`fööl`), digits and signs in place of letters (`f00l`), and words in single letters (`f o o l`). Most texts have one
reading. A reading knows for each of its characters where it comes from.

Every step takes time linear in the text.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Final
from unicodedata import normalize

from core.text.lookalikes import plain

_SIGNS: Final = "@$!|+¢€£"
_LETTERS: Final = str.maketrans("0345789@$!|+¢€£", "oeastbgasiltcel")
_ONE: Final = (str.maketrans("1", "i"), str.maketrans("1!|", "lll"))
"""The digit 1 is an i or an l; so are the signs."""
_DISGUISES: Final = f"0123456789{_SIGNS}"
_DISGUISED: Final = re.compile(rf"[{re.escape(_DISGUISES)}]")
_ASCII_DISGUISES: Final = _DISGUISES.encode("ascii", "ignore")
# Signs count within a word and, as far as they are used so, at its ends. Runs are bounded: a long one costs no more.
_WORD: Final = re.compile(rf"[@$€£¢]{{0,4}}\w+(?:[{re.escape(_SIGNS)}]{{1,4}}\w+)*[@$]{{0,4}}")
_SINGLES: Final = re.compile(r"(?<!\w)\w(?:[^\w\n]{1,3}\w(?!\w)){2,}")
_KINDS: Final = b"".join(b"a" if chr(one).isalnum() or chr(one) == "_" else b" " for one in range(128)) + bytes(128)
_TWO_SINGLES: Final = re.compile(rb" a {1,3}a ")
_SPELT: Final = 3
_BLANKS: Final = re.compile(r"\s{2,}|[\t\n]")


class Reading:
    """One reading. `places` is called when a match is located: most texts have none."""

    def __init__(self, text: str, places: Callable[[], list[int]] | None = None) -> None:
        self.text = text
        self.places = places
        """Returns the index in the source of each character, and of the end; None: they are the same."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the source of a part of the reading, `end` exclusive."""
        if self.places is None:
            return start, end
        places = self.places()
        return places[start], places[end - 1] + 1

    def within(self, text: str, places: Callable[[], list[int]]) -> "Reading":
        """A reading of parts of this one: `places` returns the index in this one of each character."""
        own = self.places
        return Reading(text, places if own is None else lambda: [own()[place] for place in places()])


def folded(text: str) -> str:
    """Return a text with its case folded, and compatible characters as one."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def undisguised(text: str) -> str:
    """Return a text with the letters of ASCII in place of those that look like them, and without accents."""
    return text.lower() if text.isascii() else text.translate(_PLAIN)


def readings(text: str, *, phrases: bool = True) -> Iterator[Reading]:
    """Yield the readings of a normalised text, the text itself first. `phrases` may span more than one blank."""
    base = _mapped(text, _FOLDS)
    yield base
    if not text.isascii():
        second = _mapped(text, _PLAIN)
        if second.text != base.text:
            base = second
            yield base
    single = _joined(base)
    for one in (single, _collapsed(base) if phrases else None):
        if one is not None:
            yield one
    for one in (base, single):
        if one is not None and _is_disguised(one.text):
            yield from _lettered(one)


class _Table(dict[int, str]):
    """A table for `str.translate`, filled as characters occur; it forgets all beyond `most`."""

    def __init__(self, one: Callable[[str], str], most: int = 8192) -> None:
        super().__init__()
        self._one = one
        self._most = most
        self.uneven: set[str] = set()
        """Characters that do not become one character."""

    def __missing__(self, point: int) -> str:
        if len(self) >= self._most:
            self.clear()
            self.uneven.clear()
        found = self._one(chr(point))
        self[point] = found
        if len(found) != 1:
            self.uneven.add(chr(point))
        return found


def _fold(character: str) -> str:
    return normalize("NFKC", character).casefold()


_FOLDS: Final = _Table(_fold)
_PLAIN: Final = _Table(plain)


def _mapped(text: str, table: _Table) -> Reading:
    if text.isascii():
        return Reading(text.lower())
    made = text.translate(table)
    if len(made) == len(text) and table.uneven.isdisjoint(text):
        return Reading(made)

    @cache
    def places() -> list[int]:
        return [*(at for at, character in enumerate(text) for _ in table[ord(character)]), len(text)]

    return Reading(made, places)


def _joined(base: Reading) -> Reading | None:
    """The words that are spelt in at least three single letters, with the same signs between; None without any.

    Each is there with and without its first letter, which may be a word: `a f o o l`.
    """
    text = base.text
    if text.isascii() and not _may_have_singles(text):
        return None
    letters: list[str] = []
    places: list[int] = []
    for run in _SINGLES.finditer(text):
        at = [place for place in range(run.start(), run.end()) if text[place].isalnum()]
        for word in _spelt(text, at):
            for part in (word, word[1:]):
                letters += [*(text[place] for place in part), " "]
                places += [*part, 0]
    return base.within("".join(letters), lambda: [*places, 0]) if letters else None


def _may_have_singles(text: str) -> bool:
    """True if an ASCII text has two single letters in a row. Takes a tenth of the time of looking for them all."""
    return _TWO_SINGLES.search(b" %b " % text.encode().translate(_KINDS)) is not None


def _spelt(text: str, at: list[int]) -> Iterator[list[int]]:
    """Split single letters where the signs between them change. Yields words of at least three."""
    word, between = at[:1], ""
    for before, place in pairwise(at):
        signs = text[before + 1 : place]
        if len(word) > 1 and signs != between:
            if len(word) >= _SPELT:
                yield word
            word = [before]
        between = signs
        word.append(place)
    if len(word) >= _SPELT:
        yield word


def _collapsed(base: Reading) -> Reading | None:
    """The text with one blank between two words, for terms of several words; None if it is so already."""
    text = base.text
    if "  " not in text and "\n" not in text and "\t" not in text:
        return None

    @cache
    def places() -> list[int]:
        return _blank_places(text)

    return base.within(_BLANKS.sub(" ", text), places)


def _blank_places(text: str) -> list[int]:
    """The places in a text of the characters that it has with one blank between two words, and of its end."""
    places: list[int] = []
    at = 0
    for blanks in _BLANKS.finditer(text):
        places += range(at, blanks.start() + 1)
        at = blanks.end()
    return [*places, *range(at, len(text) + 1)]


def _is_disguised(text: str) -> bool:
    """True if a text has a digit or a sign that may stand for a letter."""
    if text.isascii():
        # Counting deletions takes half the time of the regular expression.
        return len(text.encode().translate(None, _ASCII_DISGUISES)) < len(text)
    return _DISGUISED.search(text) is not None


def _lettered(base: Reading) -> Iterator[Reading]:
    """The text with letters in place of digits and signs, in words that have a letter."""
    words = [word for word in _WORD.finditer(base.text) if not (said := word[0]).isalpha() and _has_letter(said)]
    made: list[str] = []
    for ones in _ONE if words else ():
        parts: list[str] = []
        at = 0
        for word in words:
            parts += (base.text[at : word.start()], word[0].translate(ones).translate(_LETTERS))
            at = word.end()
        text = "".join((*parts, base.text[at:]))
        if text != base.text and text not in made:
            made.append(text)
            yield Reading(text, base.places)


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))
