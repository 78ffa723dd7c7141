"""The words of a text as a search compares them."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile("[\\w'\u2019]+")


def searched_words(text: str) -> list[str]:
    """The words of a text, without regard to case and to the spelling of characters."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def begin(wanted: Iterable[str], texts: Iterable[str]) -> bool:
    """True if each of the wanted words begins a word of one of the texts."""
    said = {word for text in texts for word in searched_words(text)}
    return all(any(word.startswith(beginning) for word in said) for beginning in wanted)
