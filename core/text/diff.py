"""Word-level difference of two texts.

Words are runs of letters, digits and their marks, an apostrophe inside included. Runs of white space, single symbols
with their modifiers, and single letters of scripts without word separators (Han, Kana, Thai, Lao, Khmer, Burmese) count
as words too. The longest common subsequence is computed with one bit per pair of words (Hyyrö 2004). The cost depends
only on the number of words, never on their content.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias
from unicodedata import category

Op: TypeAlias = Literal["=", "-", "+"]
"""In both texts, only in the old one, only in the new one."""

PAIRS: Final = 8_000_000
"""Maximum pairs of words to compare, at one bit of memory each: 10 ms. 5,000 characters of prose have less
than half."""

UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
"""A letter of a script without word separators."""
# Applied to kinds (see `_kind`): white space, word, letter of an unspaced script, flag, symbols joined by a ZWJ.
_WORD: Final = re.compile(r" +|w[mj]*(?:'?w[mj]*)*|u[mj]*|fm*(?:fm*)?|.[mj]*(?:(?<=j).[mj]*)*")
# The same for the characters themselves if all are ASCII: most texts are, and need no classification.
_ASCII_WORD: Final = re.compile(r"\s+|\w+(?:'\w+)*|[^\w\s]")


def words(before: str, after: str) -> list[tuple[Op, str]]:
    """Return the difference of two texts as pieces in order, `[("=", "the "), ("-", "Senat"), ("+", "Senate")]`.

    The pieces with = and - joined are `before`, those with = and + are `after`. No piece is empty, no two neighbours
    have the same sign, and - comes before + where text is replaced. The part between the common beginning and the
    common end is one replacement if it has more than `PAIRS` pairs of words.
    """
    old, new = _split(before), _split(after)
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    shorter -= start
    end = next((at for at in range(shorter) if old[-1 - at] != new[-1 - at]), shorter)
    removed, added = old[start : len(old) - end], new[start : len(new) - end]
    # Beyond the bound, the middle is treated as having nothing in common.
    common = _common(removed, added) if len(removed) * len(added) <= PAIRS else []
    steps: list[tuple[str, str, str]] = []
    same, i, j = old[:start], 0, 0
    for to_i, to_j in (*common, (len(removed), len(added))):
        if i < to_i or j < to_j:
            steps.append(("".join(same), "".join(removed[i:to_i]), "".join(added[j:to_j])))
            same = []
        same += removed[to_i : to_i + 1]
        i, j = to_i + 1, to_j + 1
    return list(_pieces(steps, "".join([*same, *old[len(old) - end :]])))


def _split(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text)
    kinds = text.translate({ord(character): _kind(character) for character in set(text)})
    return [text[word.start() : word.end()] for word in _WORD.finditer(kinds)]


def _kind(character: str) -> str:
    """Return one letter for the role of a character in a word: the alphabet of `_WORD`, else a full stop."""
    kind = category(character)
    if character.isspace():
        return " "
    if character in "'\u2019":
        return "'"
    if character == "\u200d":
        return "j"
    if kind[0] == "M" or kind == "Cf" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return "m"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "f"
    if UNSPACED.match(character):
        return "u"
    return "w" if kind[0] in "LN" or character == "_" else "."


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the indexes of a longest common subsequence in both sequences, in order.

    Bit i of row j is 0 if the first i + 1 words of `old` have more in common with the first j of `new` than the first i
    have.
    """
    places: dict[str, int] = {}
    for i, word in enumerate(old):
        places[word] = places.get(word, 0) | 1 << i
    full = (1 << len(old)) - 1
    row = full
    rows = [row]
    for word in new:
        if found := row & places.get(word, 0):
            row = (row + found | row - found) & full
        rows.append(row)
    common = []
    i, j = len(old), len(new)
    while i and j:
        if rows[j] >> i - 1 & 1:
            i -= 1
        elif not rows[j - 1] >> i - 1 & 1:
            j -= 1
        else:
            i -= 1
            j -= 1
            common.append((i, j))
    return common[::-1]


def _pieces(steps: Sequence[tuple[str, str, str]], rest: str) -> Iterator[tuple[Op, str]]:
    """Return the pieces of steps (common text, then removed, then added), followed by the common rest.

    A blank between two replaced words is replaced with them, to avoid unreadable results such as [-quick][+lazy][=
    ][-fox][+dog].
    """
    removed = added = ""
    for same, out, into in steps:
        if removed + added and same.isspace() and "\n" not in same:
            removed += same
            added += same
        else:
            yield from _piece(removed, added, same)
            removed = added = ""
        removed += out
        added += into
    yield from _piece(removed, added, rest)


def _piece(removed: str, added: str, same: str) -> Iterator[tuple[Op, str]]:
    if removed:
        yield "-", removed
    if added:
        yield "+", added
    if same:
        yield "=", same
