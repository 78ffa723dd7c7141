"""Sketches of texts, to estimate how much two have in common (Broder 1997).

A shingle is three words in a row; in scripts without word separators, three letters. A sketch has the lowest 16 of the
hashes of all shingles. No word can be read from a sketch.

A hash has 20 bits and is written as a character of the planes 1 to 16. So a sketch is a string, and whether one of
hundreds of hashes is among 16 others is a search for characters: that takes a fourth of the time of a set of numbers.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from zlib import crc32

from core.text.diff import UNSPACED
from core.text.readings import folded

HASHES: Final = 16
"""Hashes of a sketch."""
_WIDTH: Final = 3
_ALL: Final = 100
_NONE: Final = "\0"
"""Fills up the sketch of a short text."""
_WORD: Final = re.compile(r"\w+")
# For ASCII: letters in lower case, and a blank for all that is in no word. Takes a fifth of the time of the expression.
_IN_WORDS: Final = "".join(one.lower() if _WORD.match(one) else " " for one in map(chr, range(128))).encode() + bytes(
    128
)


def words_of(body: str) -> list[bytes]:
    """Return the words of a text, its case folded; in a text with a script without word separators, its letters.

    They are in UTF-8.
    """
    if body.isascii():
        return body.encode().translate(_IN_WORDS).split()
    words: list[str] = _WORD.findall(folded(body))
    if UNSPACED.search(body) is not None:
        return [letter.encode() for word in words for letter in word]
    return [word.encode() for word in words]


def sketch(body: str) -> str:
    """Return the sketch of a text. Empty if it has no words."""
    # By its hash, so that no text is kept: a text is judged, and noted soon after.
    key = hash(body)
    known = _RECENT.get(key)
    if known is None:
        if len(_RECENT) >= _MOST_RECENT:
            _RECENT.clear()
        known = _RECENT[key] = _sketched(body)
    return known


def alike(own: str, others: str, length: int, skip: Callable[[int], bool]) -> int:
    """Return the greatest estimated share of shingles that a text has in common with one of others, in percent.

    `own` is its sketch. The sketches of the others lie in `others`, each at the end of a part of this length. The parts
    at which `skip` returns true are left out.
    """
    own = own.rstrip(_NONE)
    shared = [*filter(others.__contains__, own)]
    if not shared:
        return 0  # as most texts are
    most, hashes = 0, set(own)
    for at in sorted({place - place % length for hash_ in shared for place in _places(hash_, others)}, reverse=True):
        other = others[at + length - HASHES : at + length].rstrip(_NONE)
        both = hashes.intersection(other)
        if not both or skip(at):
            continue
        lowest = sorted(hashes.union(other))[:HASHES]
        most = max(most, _ALL * sum(map(both.__contains__, lowest)) // len(lowest))
        if most == _ALL:
            break
    return most


def _places(character: str, text: str) -> Iterator[int]:
    """Yield the places of a character in a text."""
    at = text.find(character)
    while at >= 0:
        yield at
        at = text.find(character, at + 1)


def characters(numbers: Iterable[int]) -> str:
    """Return numbers of 32 bits as characters, by their upper 20 bits."""
    return "".join([chr(0x10000 + (number >> 12)) for number in numbers])


def _sketched(body: str) -> str:
    words = words_of(body)
    if not words:
        return ""
    if len(words) < _WIDTH:
        hashes = [crc32(b" ".join(words))]
    else:
        rows = map(b" ".join, zip(words, words[1:], words[2:], strict=False))
        hashes = _lowest([*map(crc32, rows)])
    return characters(hashes).ljust(HASHES, _NONE)


def _lowest(numbers: list[int]) -> list[int]:
    """Return the lowest 16 of some numbers, each once."""
    numbers.sort()
    lowest = numbers[:HASHES]
    # Hardly a text repeats three words, so that a set of all would be made for nothing.
    return lowest if len(set(lowest)) == HASHES else sorted(set(numbers))[:HASHES]


_MOST_RECENT: Final = 256
_RECENT: Final[dict[int, str]] = {}
"""Sketches of the last texts, by the hash of the text."""
