"""Words of a language, read from the files that the scripts of the pages load, too.

A file has one sentence per key. A sentence with a number in it may have one form per plural category (CLDR); the
category of a number is decided here in Python and by `Intl.PluralRules` in a browser.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec

FALLBACK: Final = "en"
"""Language of which every sentence exists."""


class DayNames(NamedTuple):
    """One day in words: short and long, without its year and with it."""

    day: str
    date: str
    long_day: str
    long_date: str


class Words:
    """The words of one language."""

    def __init__(self, language: str, sentences: Mapping[str, Any]) -> None:
        self.language = language
        self.direction: str = sentences.get("direction", "ltr")
        """`ltr` or `rtl`."""
        self._sentences = sentences
        self._group_from: int = sentences.get("group_from", 1000)
        self._plural = _PLURALS.get(language, _of_english)
        self.day_names = lru_cache(512)(self._day_names)
        """Return the names of a day by year, month and day."""

    def with_more(self, sentences: Mapping[str, Any]) -> "Words":
        """Return words of the same language with more sentences."""
        return Words(self.language, {**self._sentences, **sentences})

    def say(self, key: str, **values: str) -> str:
        """Return a sentence with its places filled. Raises KeyError for an unknown key."""
        text: str = self._sentences[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def around(self, key: str) -> Sequence[str]:
        """Return the pieces of a sentence: plain text at even indices, names of places at odd ones."""
        return _pieces(self._sentences[key])

    def count(self, key: str, n: int) -> str:
        """Return a sentence about a number, in the plural form of that number. Raises KeyError for an unknown key."""
        found: str | Mapping[str, str] = self._sentences[key]
        text = found if isinstance(found, str) else found.get(self._plural(n)) or found["other"]
        return text.replace("{n}", self.number(n))

    def number(self, n: int) -> str:
        """Return a number in digits, grouped by thousands from the number on that the language groups."""
        least = self._group_from
        return str(n) if -least < n < least else f"{n:,}".replace(",", self._sentences["group"])

    def day_clock(self, day: str, clock: str) -> str:
        """Return a day in words with an hour behind it."""
        return self.say("day_clock", day=day, clock=clock)

    def _day_names(self, year: int, month: int, day: int) -> DayNames:
        short = {"day": str(day), "month": self._sentences["months_short"][month - 1], "year": str(year)}
        long = {**short, "month": self._sentences["months"][month - 1]}
        return DayNames(
            self.say("day", **short),
            self.say("date", **short),
            self.say("long_day", **long),
            self.say("long_date", **long),
        )


@cache
def languages() -> Mapping[str, Words]:
    """Return the words of every language that has a file, read once."""
    folder = files("workers.gateway.web") / "static" / "words"
    found = {}
    for entry in folder.iterdir():
        language, _, ending = entry.name.rpartition(".")
        if ending == "json":
            found[language] = Words(language, msgspec.json.decode(entry.read_bytes()))
    return found


def words_of(*wanted: str | None) -> Words:
    """Return the words of the first language that has a file, in whole or by its first part; otherwise English."""
    known = languages()
    for tag in wanted:
        for name in (tag.lower(), tag.lower().partition("-")[0]) if tag else ():
            if name in known:
                return known[name]
    return known[FALLBACK]


@cache
def _pieces(text: str) -> Sequence[str]:
    found: list[str] = []
    for piece in text.split("{"):
        name, closed, rest = piece.partition("}")
        found += [name, rest] if closed else [piece]
    return found


def _of_english(n: int) -> str:
    return "one" if n == 1 else "other"


def _of_french(n: int) -> str:
    return "one" if n in (0, 1) else _of_spanish(n)


def _of_spanish(n: int) -> str:
    if n == 1:
        return "one"
    return "many" if n and n % 1_000_000 == 0 else "other"


def _of_hebrew(n: int) -> str:
    return {1: "one", 2: "two"}.get(n, "other")


def _of_arabic(n: int) -> str:
    few, many = range(3, 11), range(11, 100)
    if n in (0, 1, 2):
        return ("zero", "one", "two")[n]
    if n % 100 in few:
        return "few"
    return "many" if n % 100 in many else "other"


_PLURALS: Final[Mapping[str, Callable[[int], str]]] = {
    "ar": _of_arabic,
    "es": _of_spanish,
    "fr": _of_french,
    "he": _of_hebrew,
}
"""Plural category of whole numbers by language (CLDR). Languages that are not listed have the two of English."""
