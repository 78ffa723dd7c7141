"""Sketches of texts, to estimate how much two have in common (Broder 1997).

A shingle is three words in a row; in scripts without word separators, three letters. A sketch has the lowest 16 of the
hashes of all shingles. No word can be read from a sketch.
"""

import re
from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import Final
from zlib import crc32

from core.text.diff import UNSPACED
from core.text.readings import folded

SIZE: Final = 64
"""Length of a sketch in bytes."""
_HASHES: Final = SIZE // 4
_WIDTH: Final = 3
_ALL: Final = 100
_PACKED: Final = Struct(f">{_HASHES}I")
_NONE: Final = 0xFFFFFFFF
_NOTHING: Final = frozenset({_NONE})
_WORD: Final = re.compile(r"\w+")


def words_of(body: str) -> list[str]:
    """Return the words of a text, its case folded; in a text with a script without word separators, its letters."""
    words: list[str] = _WORD.findall(folded(body))
    if not body.isascii() and UNSPACED.search(body) is not None:
        return [letter for word in words for letter in word]
    return words


def sketch(body: str) -> bytes:
    """Return the sketch of a text. Empty if it has no words."""
    # By its hash, so that no text is kept: a text is judged, and noted soon after.
    key = hash(body)
    known = _RECENT.get(key)
    if known is None:
        if len(_RECENT) >= _MOST_RECENT:
            _RECENT.clear()
        known = _RECENT[key] = _sketched(body)
    return known


def alike(own: bytes, others: bytes, length: int, skip: Callable[[int], bool]) -> int:
    """Return the greatest estimated share of shingles that a text has in common with one of others, in percent.

    `own` is its sketch. The sketches of the others lie in `others`, each at the end of a part of this length in bytes.
    The parts at which `skip` returns true are left out.
    """
    number = len(others) // length
    if not own or not number:
        return 0
    hashes = set(_PACKED.unpack(own))
    hashes.discard(_NONE)
    found = _layout(number, length - SIZE).unpack_from(others)
    if hashes.isdisjoint(found):
        return 0  # as most texts are
    most = 0
    for at in reversed(range(number)):  # the last one first: it is the likeliest
        other = found[at * _HASHES : (at + 1) * _HASHES]
        if hashes.isdisjoint(other) or skip(at * length):
            continue
        both = hashes.intersection(other)
        lowest = sorted(hashes.union(other) - _NOTHING)[:_HASHES]
        most = max(most, 100 * sum(map(both.__contains__, lowest)) // len(lowest))
        if most == _ALL:
            break
    return most


def _sketched(body: str) -> bytes:
    words = words_of(body)
    if not words:
        return b""
    if len(words) < _WIDTH:
        hashes = [crc32(" ".join(words).encode())]
    else:
        coded = [word.encode() for word in words]
        rows = map(b" ".join, zip(coded, coded[1:], coded[2:], strict=False))
        hashes = sorted(set(map(crc32, rows)))[:_HASHES]
    return _PACKED.pack(*hashes, *(_NONE,) * (_HASHES - len(hashes)))


@cache
def _layout(number: int, before: int) -> Struct:
    return Struct(">" + f"{before}x{_HASHES}I" * number)


_MOST_RECENT: Final = 256
_RECENT: Final[dict[int, bytes]] = {}
"""Sketches of the last texts, by the hash of the text."""
