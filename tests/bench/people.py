"""Who takes part in what is measured, and words for them to say. The same for the same seed."""

import random
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

_PROSE: Final = (
    "the train that never came back to Aldgate was late again because nobody had told the driver about snow on "
    "that line and the minister who promised new carriages before spring has since moved to another house"
)
_WORDS: Final = _PROSE.split()


def body(dice: random.Random, characters: int = BODY) -> str:
    """A comment of so many characters: two paragraphs of plain words."""
    words = " ".join(dice.choices(_WORDS, k=characters))
    half = words.index(" ", characters // 2)
    return f"{words[:half]}\n\n{words[half + 1 :]}"[: characters - 1] + "."
