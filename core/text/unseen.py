r"""Removal of invisible characters from a line of text, except where a script or an emoji needs them.

Invisible are the characters with the property Default_Ignorable_Code_Point that `core.text.unicode` keeps, and the
empty Braille cell. Of those between two visible characters, at most one variation selector and one other stay, if they
change how their neighbours look:

- ZWNJ and ZWJ between letters that join without (Arabic, Syriac, Mongolian, …; RFC 5892, appendix A), beside a virama
  (Indic scripts), ZWNJ beside a register shifter (Khmer), ZWJ between emoji.
- LRM, RLM and ALM in text with right-to-left letters, unless beside a letter of their own direction.
- U+FE0F after a symbol that is text without it, and in keycaps; selectors of shapes of Han characters, and those that
  other scripts and mathematics have.
- The marks of Mongolian, Duployan and Old Korean that are nothing by themselves; a grapheme joiner between two marks.
- The empty cell between two other Braille cells.

Word joiners, zero-width spaces and blank letters (U+3164) do not change the look of a name.
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import bidirectional, category, combining

UNSEEN: Final = (
    r"\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060\u2800\u3164"
    r"\ufe00-\ufe0f\uffa0\U0001bca0-\U0001bca3\U000e0100-\U000e01ef"
)
"""Contents of a regular expression's character class."""
_RUN: Final = re.compile(f"[{UNSEEN}]+")
_LOOKED_AT: Final = 16
"""Number of characters inspected before and after a run: more than the marks that a letter has."""

_VIRAMA: Final = 9
"""The canonical combining class of viramas."""
_RIGHT_TO_LEFT: Final = re.compile(
    r"[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_DIRECTIONS: Final = {"\u200e": "L", "\u200f": "R", "\u061c": "R"}
# Emoji that are shown as text unless a selector follows (emoji-variation-sequences.txt, Emoji_Presentation=No).
_TEXT_EMOJI: Final = re.compile(
    r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u2328\u23cf\u23ed-\u23ef\u23f1\u23f2\u23f8-\u23fa"
    r"\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb\u25fc\u2600-\u2604\u260e\u2611\u2618\u261d\u2620\u2622\u2623\u2626\u262a\u262e"
    r"\u262f\u2638-\u263a\u2640\u2642\u265f\u2660\u2663\u2665\u2666\u2668\u267b\u267e\u2692\u2694-\u2697\u2699\u269b"
    r"\u269c\u26a0\u26a7\u26b0\u26b1\u26c8\u26cf\u26d1\u26d3\u26e9\u26f0\u26f1\u26f4\u26f7-\u26f9\u2702\u2708\u2709\u270c"
    r"\u270d\u270f\u2712\u2714\u2716\u271d\u2721\u2733\u2734\u2744\u2747\u2763\u2764\u27a1\u2934\u2935\u2b05-\u2b07"
    r"\u3030\u303d\u3297\u3299\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f202\U0001f237\U0001f321\U0001f324-\U0001f32c"
    r"\U0001f336\U0001f37d\U0001f396\U0001f397\U0001f399-\U0001f39b\U0001f39e\U0001f39f\U0001f3cb-\U0001f3ce"
    r"\U0001f3d4-\U0001f3df\U0001f3f3\U0001f3f5\U0001f3f7\U0001f43f\U0001f441\U0001f4fd\U0001f549\U0001f54a\U0001f56f"
    r"\U0001f570\U0001f573-\U0001f579\U0001f587\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2"
    r"\U0001f5bc\U0001f5c2-\U0001f5c4\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8\U0001f5ef"
    r"\U0001f5f3\U0001f5fa\U0001f6cb\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9\U0001f6f0\U0001f6f3]"
)
_KEYCAP: Final = "\u20e3"
_HAN: Final = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A character and the selector after it: Han, Mongolian, and other scripts listed in StandardizedVariants.txt.
_SELECTED: Final = re.compile(
    rf"[{_HAN}][\ufe00-\ufe02\U000e0100-\U000e01ef]"
    r"|[\u1820-\u18aa][\u180b-\u180d\u180f]"
    r"|[\u1000-\u109f\u2200-\u22ff\u2a00-\u2aff\ua840-\ua877\uaa60-\uaa7f\U00010ac0-\U00010aff]\ufe00"
)
# Characters needed between two others: the one before, the character itself, and the one after.
_BETWEEN: Final = re.compile(
    r"[\u1820-\u18aa]\u180e[\u1820-\u18aa]"
    r"|[\U0001bc00-\U0001bc99][\U0001bca0-\U0001bca3][\U0001bc00-\U0001bc99]"
    r"|[\u2801-\u28ff]\u2800[\u2801-\u28ff]"
    r"|[\u1100-\u115e\ua960-\ua97c]\u1160[\u11a8-\u11ff\ud7cb-\ud7fb]"
    r"|[\s\S]?\u115f[\u1161-\u11a7\ud7b0-\ud7c6]"
)
_SHIFTERS: Final = "\u17c9\u17ca"


def without_unseen(text: str) -> str:
    """Remove the invisible characters that no visible character needs."""
    if text.isascii() or _RUN.search(text) is None:
        return text
    directed = _RIGHT_TO_LEFT.search(text) is not None
    # A removed character may have separated two others.
    while (kept := _RUN.sub(lambda run: _kept(run, directed=directed), text)) != text:
        text = kept
    return text


def _kept(run: re.Match[str], *, directed: bool) -> str:
    text = run.string
    before = _RUN.sub("", text[max(0, run.start() - _LOOKED_AT) : run.start()])
    behind = _RUN.sub("", text[run.end() : run.end() + _LOOKED_AT])
    selector = run[0][0] if _selects(before, run[0][0], behind) else ""
    for character in run[0]:
        if _needed(character, before, behind, directed=directed):
            return selector + character
    return selector


def _selects(before: str, selector: str, behind: str) -> bool:
    """True if the character before a variation selector has a shape for it."""
    if selector == "\ufe0f":
        keycap = behind[:1] == _KEYCAP and before[-1:] in tuple("0123456789#*")
        return keycap or _TEXT_EMOJI.fullmatch(before[-1:]) is not None
    return _SELECTED.fullmatch(before[-1:] + selector) is not None


def _needed(character: str, before: str, behind: str, *, directed: bool) -> bool:
    """True if the character changes how its neighbours look."""
    if not before and not behind:
        return False
    if character in _DIRECTIONS:
        return directed and _DIRECTIONS[character] not in (_direction(before[::-1]), _direction(behind))
    if character == "\u200c":
        halved = _combining(before[-1:]) == _VIRAMA and _continues(behind)
        shifted = before[-1:] in tuple(_SHIFTERS) or behind[:1] in tuple(_SHIFTERS)
        return halved or _combining(behind[:1]) == _VIRAMA or shifted or _joined(before, behind)
    if character == "\u200d":
        if _VIRAMA in (_combining(before[-1:]), _combining(behind[:1])):
            return True
        letters = not _joined(before, behind) and (_joined(before, _JOINING) or _joined(_JOINING, behind))
        return letters or (_pictured(before[-1:]) and _pictured(behind[:1]))
    if character == "\u034f":
        return _combining(before[-1:]) > 0 and _combining(behind[:1]) > 0
    return _BETWEEN.fullmatch(before[-1:] + character + behind[:1]) is not None


_JOINING: Final = "\u0628"
"""A letter that joins on both sides."""
_FIRST_JOINING: Final = "\u0600"
"""No letter before this code point joins."""


def _joined(before: str, behind: str) -> bool:
    """True if the last letter of `before` joins the first letter of `behind`, whatever their marks."""
    left, right = _letter(before[::-1]), _letter(behind)
    return left >= _FIRST_JOINING and right >= _FIRST_JOINING and _join(left, right)


def _letter(text: str) -> str:
    return next((character for character in text if category(character) not in ("Mn", "Me", "Cf")), "")


@lru_cache(maxsize=1024)
def _join(left: str, right: str) -> bool:
    # Imported late: it takes 15 ms, and few names need it.
    import idna  # noqa: PLC0415 # see above

    try:
        return _combining(left) != _VIRAMA and idna.valid_contextj(f"{left}\u200c{right}", 1)
    except ValueError:
        return False  # a character unknown to this Unicode version


def _combining(character: str) -> int:
    return combining(character) if character else 0


def _continues(text: str) -> bool:
    return text != "" and category(text[0])[0] in "LM"


def _pictured(character: str) -> bool:
    return "\U0001f000" <= character <= "\U0001faff" or (character >= "\u2000" and category(character) in ("So", "Sm"))


def _direction(text: str) -> str:
    """Return the direction of the first character of a text, ignoring marks, which have none of their own."""
    first = next((kind for kind in map(bidirectional, text) if kind != "NSM"), "")
    return "R" if first == "AL" else first
