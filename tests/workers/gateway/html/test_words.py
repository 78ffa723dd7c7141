"""Words of languages: every file has every sentence, with the same places in it."""

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from workers.gateway.html.words import FALLBACK, Words, languages, words_of

WEB: Final = Path(__file__).parents[4] / "workers" / "gateway" / "web" / "static"
FILES: Final = sorted((WEB / "words").glob("*.json"))
FORMS: Final = {"zero", "one", "two", "few", "many", "other"}


def sentences(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found


def places(sentence: Any) -> set[str]:
    texts = sentence.values() if isinstance(sentence, dict) else [sentence] if isinstance(sentence, str) else sentence
    return {place for text in texts for place in re.findall(r"\{(\w+)\}", text)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_language_has_every_sentence_with_the_same_places(path: Path) -> None:
    english, found = sentences(WEB / "words" / f"{FALLBACK}.json"), sentences(path)
    assert found.keys() == english.keys()
    for key, sentence in found.items():
        assert places(sentence) == places(english[key]), key
        if isinstance(sentence, dict):
            assert "other" in sentence
            assert sentence.keys() <= FORMS
    assert len(found["months"]) == len(found["months_short"]) == 12
    assert found["direction"] in ("ltr", "rtl")


def test_the_script_knows_the_languages_that_there_are_files_of() -> None:
    (listed,) = re.findall(r"LANGUAGES = \[(.*?)\]", (WEB / "shared" / "words.js").read_text())
    assert sorted(re.findall(r'"([\w-]+)"', listed)) == [path.stem for path in FILES] == sorted(languages())


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
        ("fr", {0: "one", 1: "one", 2: "other"}),
        ("he", {0: "other", 1: "one", 2: "two", 3: "other"}),
        ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other", 103: "few", 111: "many"}),
    ],
)
def test_a_number_chooses_its_plural_form(language: str, forms: dict[int, str]) -> None:
    words = Words(language, {"group": ".", "n": {form: form for form in FORMS}})
    assert {n: words.count("n", n) for n in forms} == forms


def test_a_form_that_a_language_lacks_is_the_other_one() -> None:
    assert Words("ar", {"group": ",", "n": {"other": "{n} replies"}}).count("n", 2) == "2 replies"


@pytest.mark.parametrize("wanted", [("en",), ("en-GB",), ("EN-us",), (None, "en"), ("tlh", "en"), (), (None,), ("",)])
def test_the_first_language_that_is_there_is_taken_and_otherwise_english(wanted: tuple[str | None, ...]) -> None:
    assert words_of(*wanted).language == "en"
