"""Characters that look alike (UTS #39): letters in place of others, and the skeleton of a name.

The data is that of `confusable-homoglyphs`, the table of the Unicode consortium. It is read at the first use.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from confusable_homoglyphs.utils import load

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TALL: Final = str.maketrans({"i": "l", "1": "l", "|": "l", "!": "l", "0": "o", "m": "rn"})
"""ASCII characters that look alike in one typeface or another."""


@cache
def latin() -> Mapping[str, str]:
    """Return the characters outside of ASCII that look like a letter of ASCII, with that letter in lower case."""
    table: dict[str, str] = {}
    data = load("confusables.json")
    for letter in _LETTERS:
        for one in data.get(letter, ()):
            character = one["c"]
            if len(character) == 1 and not character.isascii() and character.isalpha():
                table.setdefault(character, letter.lower())
    return table


@lru_cache(maxsize=4096)  # one entry per character that is in use
def plain(character: str) -> str:
    """Return a character as the plain letters that it looks like, without accents; "" for a mark."""
    known = latin().get(character)
    if known is not None:
        return known
    parts = unicodedata.normalize("NFKD", character).casefold()
    table = latin()
    return "".join(table.get(part, part) for part in parts if unicodedata.category(part) != "Mn")


def skeleton(name: str) -> str:
    """Return the skeleton of a name: names with the same skeleton look alike.

    Blanks and punctuation are left out, unless there is nothing else.
    """
    letters = "".join(map(plain, name)).translate(_TALL)
    return "".join(filter(str.isalnum, letters)) or letters
