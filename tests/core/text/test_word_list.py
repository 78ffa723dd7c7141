"""Word lists: whole words, in any case, disguised or not, in time linear in the text."""

from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.text.readings import folded, readings
from core.text.unicode import normalise
from core.text.word_list import LONGEST_TERM, MOST_SPANS, UselessTerm, WordList, checked_term

TERMS: Final = ("fool", "bad word", "schön", "хуй", "馬鹿", "🖕", "1488", "C++")
LIST: Final = WordList(TERMS)


def found(text: str, words: WordList = LIST) -> list[str]:
    """The places of terms, as they stand in the text."""
    return [text[start:end] for start, end in words.spans(list(readings(text)))]


@pytest.mark.parametrize(
    "said",
    [
        *("fool", "FOOL", "Fool", "ｆｏｏｌ", "bad word", "Bad Word", "schön", "SCHÖN", "馬鹿", "🖕", "1488", "C++"),
        *("хуй", "ХУЙ"),
    ],
)
def test_a_term_is_found_in_any_case(said: str) -> None:
    for text in (said, f"you {said}!", f"({said})", f"“{said}”, they said", f"{said}\n{said}"):
        assert set(found(text)) == {said}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("you f00l", "f00l"),
        ("you fo0l!!!", "fo0l"),
        ("f o o l", "f o o l"),
        ("a f.o.o.l, you", "f.o.o.l"),
        ("f - o - o - l", "f - o - o - l"),
        ("f 0 0 l", "f 0 0 l"),
        ("you fооl", "fооl"),
        ("you fööl", "fööl"),
        ("you 𝐟𝐨𝐨𝐥", "𝐟𝐨𝐨𝐥"),
        ("a f o o l", "f o o l"),
        ("bad   word", "bad   word"),
        ("bad\nword", "bad\nword"),
        ("b4d w0rd", "b4d w0rd"),
        ("xyй", "xyй"),
        ("Straße, ﬁn, fööl", "fööl"),
    ],
)
def test_a_disguised_term_is_found_where_it_stands(text: str, said: str) -> None:
    assert found(text) == [said]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "foolish",
            "a befooled man",
            "fool_ish",
            "foo l",
            "fo ol",
            "badword",
            "schon",
            "14880",
            "21488",
            "1 488",
            "хуйня",
        ),
        *("f o x", "455", "100 %", "कफool", ""),
    ],
)
def test_a_part_of_a_longer_word_is_not_found_and_neither_is_another_word(text: str) -> None:
    assert found(text) == []


def test_without_blanks_between_words_a_term_is_found_within() -> None:
    assert found("你真是馬鹿啊") == ["馬鹿"]
    assert found("馬鹿fool") == ["馬鹿", "fool"]


def test_digits_and_signs_are_letters_only_in_words_that_have_one() -> None:
    words = WordList(["ass", "oeo", "sick"])
    assert found("in 455 of 030", words) == []
    assert found("an @ss, a4s and $ick, as$", words) == ["@ss", "$ick", "as$"]
    assert found("a1l", WordList(["ail"])) == found("a1l", WordList(["all"])) == ["a1l"]


def test_all_places_are_found_up_to_a_bound() -> None:
    assert found("fool, fool and a bad word") == ["fool", "fool", "bad word"]
    assert len(found("fool " * 1000)) == MOST_SPANS


@given(st.lists(st.sampled_from(["fool", "x", "bad", "word", "ö", "é", "ß", "1", " ", "\n", ".", "f", "o", "l", "ﬁ"])))
@example(["ß", " ", "fool"])
def test_every_place_lies_in_the_text_and_says_a_term(parts: list[str]) -> None:
    text = normalise("".join(parts))
    for start, end in LIST.spans(list(readings(text))):
        assert 0 <= start < end <= len(text)
        assert folded(text[start:end])[0] in "fbs1хx"


@given(st.text(max_size=60), st.sampled_from(TERMS))
def test_a_term_between_blanks_is_found_in_any_text(text: str, term: str) -> None:
    whole = normalise(f"{text} {term} {text}")
    assert term in found(whole) or len(found(whole)) == MOST_SPANS


@pytest.mark.parametrize(
    "text", ["@" * 5000, "a!" * 2500, "a " * 2500, "!" * 5000, "@@@@a" * 1000, "a1 " * 1600, "é" * 5000, "a..." * 1250]
)
def test_no_text_makes_more_readings_than_a_few_of_its_own_length(text: str) -> None:
    made = list(readings(text))
    assert len(made) <= 8
    assert all(len(one.text) <= 2 * len(text) for one in made)


# --- terms ---


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("", "nothing in the term is visible"),
        ("  ", "nothing in the term is visible"),
        ("\u200b", "nothing in the term is visible"),
        ("*", "would match everything"),
        (".*", "would match everything"),
        ("...", "would match everything"),
        ("_", "would match everything"),
        ("\u0301", "would match everything"),
        ("a\x00b", "control character"),
        ("a\nb", "control character"),
        ("a\ud800", "control character"),
        ("a" * (LONGEST_TERM + 1), "more than 200 characters"),
    ],
)
def test_a_term_that_cannot_be_looked_for_is_refused_with_the_reason(term: str, why: str) -> None:
    with pytest.raises(UselessTerm, match=why):
        checked_term(term)


def test_a_term_is_stored_without_what_cannot_be_seen() -> None:
    assert checked_term("  bad \u2003 wo\u200brd ") == "bad word"
    assert checked_term("schön") == "schön"
