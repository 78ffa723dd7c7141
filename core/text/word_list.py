"""Word lists: terms that are looked for in texts as whole words, in time linear in the text.

The automaton is that of Aho and Corasick. In scripts without word separators (Han, Kana, Thai, …) a term is found
within a word, too.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from unicodedata import category

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from core.text.diff import UNSPACED
from core.text.readings import Reading, folded, undisguised
from core.text.unicode import one_line

LONGEST_TERM: Final = 200
"""Maximum length of a term, in code points."""
MOST_SPANS: Final = 100
"""Maximum number of spans that a search returns."""


class UselessTerm(ValueError):
    """A term that cannot be looked for; the message says why."""


class WordList:
    """The compiled terms of a list."""

    def __init__(self, terms: Iterable[str]) -> None:
        forms = list(dict.fromkeys(form for term in terms for form in _forms(term)))
        self.has_phrases = any(" " in form for form in forms)
        """True if a term has several words."""
        self._automaton = AhoCorasick(forms, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA)

    def spans(self, readings: Sequence[Reading]) -> list[tuple[int, int]]:
        """The places of terms in a text, by its readings, in order: code points from and to, the end exclusive."""
        found: set[tuple[int, int]] = set()
        for reading in readings:
            for _, start, end in self._automaton.find_matches_as_indexes(reading.text, overlapping=True):
                if _is_whole(reading.text, start, end):
                    found.add(reading.span(start, end))
                    if len(found) == MOST_SPANS:
                        return sorted(found)
        return sorted(found)


def checked_term(term: str) -> str:
    """Return a term in the form in which it is stored. Raises UselessTerm."""
    if any(category(character) in {"Cc", "Cs"} for character in term):
        raise UselessTerm("the term has a control character")
    if len(term) > LONGEST_TERM:
        raise UselessTerm(f"the term has more than {LONGEST_TERM} characters")
    form = one_line(term, LONGEST_TERM)
    if not form:
        raise UselessTerm("nothing in the term is visible")
    if not any(category(character)[0] in "LN" or category(character) == "So" for character in folded(form)):
        raise UselessTerm("the term would match everything: it has no letter, no digit and no symbol")
    return form


def _forms(term: str) -> tuple[str, ...]:
    """The forms in which a term is looked for: as it is, and in another script than Latin with look-alikes as one."""
    form = folded(term)
    other = undisguised(term)
    return (form,) if form.isascii() or other.isascii() else (form, other)


def _is_whole(text: str, start: int, end: int) -> bool:
    """True if a match is no part of a longer word."""
    return not (
        (start and _in_word(text[start - 1]) and _in_word(text[start]))
        or (end < len(text) and _in_word(text[end]) and _in_word(text[end - 1]))
    )


def _in_word(character: str) -> bool:
    """True for a character of a word that is set apart from its neighbours."""
    if character.isascii():
        return character.isalnum() or character == "_"
    return (character.isalnum() or category(character)[0] == "M") and UNSPACED.match(character) is None
