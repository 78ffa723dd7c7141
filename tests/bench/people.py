"""Who takes part in what is measured, and words for them to say. The same for the same seed."""

import random
from functools import cache
from itertools import accumulate
from typing import Final

from core.caller import Caller

SITE: Final = "bench"
ROOT: Final = f"/v1/sites/{SITE}"
"""Where it is over HTTP."""
SECRET: Final = "the secret of the site that is measured"
BODY: Final = 300
"""Characters of a comment."""

OPERATOR: Final = Caller(id="operator", name="Operator", roles=frozenset({"operator"}))
MODERATOR: Final = Caller(id="moderator", name="Moderator", roles=frozenset({"moderator"}))
MEMBERS: Final = tuple(Caller(id=f"u-{number}", name=f"Member {number}") for number in range(2000))
BY_ID: Final = {member.id: member for member in MEMBERS}

_WORDS: Final = ((40, 1), (600, 2), (4000, 3))
"""Up to these ranks, words have so many syllables: as in a language, the frequent ones are short."""
_ONSETS: Final = ("b", "c", "d", "g", "h", "l", "m", "n", "p", "s", "t", "v", "st", "th")
_ENDS: Final = ("a", "e", "i", "o", "u", "an", "er", "is", "on", "ea")
_SHORTEST: Final = 2
"""Letters of the shortest word."""


def body(dice: random.Random, characters: int = BODY) -> str:
    """A comment of so many characters: two paragraphs of plain words, drawn by Zipf's law.

    As in a language, most comments have no three words in a row in common.
    """
    most = characters // (_SHORTEST + 1) + 1
    words = " ".join(dice.choices(vocabulary(), cum_weights=_weights(), k=most))
    half = words.index(" ", characters // 2)
    return f"{words[:half]}\n\n{words[half + 1 :]}"[: characters - 1] + "."


@cache
def vocabulary() -> tuple[str, ...]:
    """Made words, the most frequent first."""
    dice = random.Random(0)
    made: dict[str, None] = {}
    for upto, syllables in _WORDS:
        while len(made) < upto:
            made["".join(dice.choice(_ONSETS) + dice.choice(_ENDS) for _ in range(syllables))] = None
    return tuple(made)


@cache
def _weights() -> tuple[float, ...]:
    return tuple(accumulate(1 / rank for rank in range(1, len(vocabulary()) + 1)))
