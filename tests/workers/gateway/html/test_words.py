"""Words of languages: every file has every sentence, with the same places in it."""

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from workers.gateway.html.words import FALLBACK, Words, languages, words_of

WEB: Final = Path(__file__).parents[4] / "workers" / "gateway" / "web" / "static"
FOLDERS: Final = (
    WEB / "words",
    *(WEB / "words" / name for name in ("write", "staff")),
    *(WEB / "audit" / name for name in ("words", "later", "exhibit")),
    *(WEB / "console" / name for name in ("words", "later", "figures")),
)
"""Words of the section and the reading pages, of writing, of staff, of the audit room with its parts and exhibits, and
of the console with its parts and its figures."""
FILES: Final = sorted(path for folder in FOLDERS for path in folder.glob("*.json"))
IDS: Final = [f"{path.parents[1].name}-{path.parent.name}-{path.stem}" for path in FILES]
FORMS: Final = {
    "ar": ["zero", "one", "two", "few", "many", "other"],
    "de": ["one", "other"],
    "en": ["one", "other"],
    "es": ["one", "many", "other"],
    "fr": ["one", "many", "other"],
    "he": ["one", "two", "other"],
}
"""Plural categories of each language (CLDR)."""
ALONE: Final = {"ar": {"zero", "one", "two"}, "de": {"one"}, "en": {"one"}, "es": {"one"}, "he": {"one", "two"}}
"""Categories that stand for one number each, by language: there the number may be a word, or be left out.

French has none, since its `one` stands for 0 and 1.
"""
NOTE: Final = "_note"
"""Key of a word to those who read the file."""


def sentences(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found


def places(sentence: Any) -> set[str]:
    texts = sentence.values() if isinstance(sentence, dict) else [str(sentence)]
    return {place for text in texts for place in re.findall(r"\{(\w+)\}", text)}


def shape(sentence: Any) -> str:
    """What a sentence is made of: forms by number, twelve months, text or a number."""
    return (
        f"{type(sentence).__name__} of 12"
        if isinstance(sentence, list) and len(sentence) == 12
        else type(sentence).__name__
    )


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_language_has_every_sentence_with_the_same_places(path: Path) -> None:
    english, found = sentences(path.with_stem(FALLBACK)), sentences(path)
    assert found.keys() - {NOTE} == english.keys()
    for key, sentence in english.items():
        assert shape(found[key]) == shape(sentence), key
        assert places(found[key]) == places(sentence), key
    assert found["direction"] in ("ltr", "rtl")


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_files_of_a_language_agree_on_its_locale_and_its_direction(path: Path) -> None:
    found, section = sentences(path), sentences(WEB / "words" / path.name)
    assert (found["locale"], found["direction"]) == (section["locale"], section["direction"])


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_sentence_about_a_number_has_every_form_of_its_language(path: Path) -> None:
    alone = ALONE.get(path.stem, set())
    for key, sentence in sentences(path).items():
        if not isinstance(sentence, dict):
            continue
        assert list(sentence) == FORMS[path.stem], key
        wanted = places(sentence)
        for form, text in sentence.items():
            assert wanted - places(text) <= ({"n"} if form in alone else set()), (key, form)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_words_are_plain_text_without_markup_or_spaces_at_their_ends(path: Path) -> None:
    for key, sentence in sentences(path).items():
        for text in sentence.values() if isinstance(sentence, dict) else [sentence]:
            assert not re.search(r"[<>&\x00-\x1f\u202a-\u202e\u2066-\u2069]", str(text)), key
            assert key == "group" or str(text) == str(text).strip(), key


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_translation_says_whether_a_speaker_has_read_it(path: Path) -> None:
    assert ("No native speaker has read this file yet." in sentences(path).get(NOTE, "")) == (path.stem != FALLBACK)


def test_the_script_knows_the_languages_that_there_are_files_of() -> None:
    (listed,) = re.findall(r"LANGUAGES = \[(.*?)\]", (WEB / "shared" / "words.js").read_text())
    known = sorted(re.findall(r'"([\w-]+)"', listed))
    assert known == sorted(languages())
    for folder in FOLDERS:
        assert known == sorted(path.stem for path in folder.glob("*.json"))


def test_every_sentence_is_used_and_none_that_is_not_there() -> None:
    code = [*WEB.rglob("*.js"), *WEB.parent.glob("*.py"), *(WEB.parents[1] / "html").glob("*.py")]
    text = "\n".join(path.read_text() for path in code)
    for key in sentences(WEB / "words" / "en.json"):
        stem = "gone_" if key.startswith("gone_") else key
        assert re.search(rf'["`]{stem}|all\.{stem}\b|\("{stem}"', text), key


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", {0: "other", 1: "one", 2: "other"}),
        ("de", {0: "other", 1: "one", 1_000_000: "other"}),
        ("es", {0: "other", 1: "one", 2: "other", 1_000_000: "many", 2_000_001: "other"}),
        ("fr", {0: "one", 1: "one", 2: "other", 1_000_000: "many", 1_000_001: "other"}),
        ("he", {0: "other", 1: "one", 2: "two", 3: "other"}),
        ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other", 103: "few", 111: "many"}),
    ],
)
def test_a_number_chooses_its_plural_form(language: str, forms: dict[int, str]) -> None:
    words = Words(language, {"group": ".", "n": {form: form for form in FORMS["ar"]}})
    assert {n: words.count("n", n) for n in forms} == forms


def test_a_form_that_a_language_lacks_is_the_other_one() -> None:
    assert Words("ar", {"group": ",", "n": {"other": "{n} replies"}}).count("n", 2) == "2 replies"


@pytest.mark.parametrize("wanted", [("en",), ("en-GB",), ("EN-us",), (None, "en"), ("tlh", "en"), (), (None,), ("",)])
def test_the_first_language_that_is_there_is_taken_and_otherwise_english(wanted: tuple[str | None, ...]) -> None:
    assert words_of(*wanted).language == "en"


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "1,234 12,345"), ("de", "1.234 12.345"), ("es", "1234 12.345"), ("fr", "1\u202f234 12\u202f345")],
)
def test_a_number_is_grouped_as_its_language_does(language: str, written: str) -> None:
    number = words_of(language).number
    assert f"{number(1234)} {number(12345)}" == written
    assert number(-999) == "-999"
