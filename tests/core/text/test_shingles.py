"""Sketches: how much two texts have in common."""

from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import shingles
from core.text.shingles import HASHES, sketch, words_of


def alike(own: str, others: list[str]) -> int:
    """The likeness to the nearest of some texts, by their sketches."""
    return shingles.alike(own, "".join(others), HASHES, lambda _: False)


WORDS: Final = [f"w{number}" for number in range(500)]
TEXT: Final = "The Senate never voted on it, whatever the paper says about that long night in the capital."


def test_the_same_words_are_alike_whatever_their_case_and_punctuation() -> None:
    assert alike(sketch(TEXT), [sketch(TEXT.upper().replace(",", " –"))]) == 100
    assert alike(sketch("同じ文章を何度も書く"), [sketch("同じ文章を何度も書く!")]) == 100


def test_another_text_is_not() -> None:
    assert alike(sketch(TEXT), [sketch("I took it twice last winter and slept well both times, thank you.")]) == 0
    assert alike("", [sketch(TEXT)]) == alike(sketch(TEXT), []) == 0


def test_a_text_with_a_changed_word_is_mostly_alike() -> None:
    assert 50 <= alike(sketch(TEXT), [sketch(TEXT.replace("paper", "magazine"))]) < 100


def test_a_few_words_have_a_sketch_too() -> None:
    assert alike(sketch("Thanks!"), [sketch("thanks")]) == 100
    assert alike(sketch("Thanks!"), [sketch("No thanks")]) == 0
    assert sketch("…") == ""


@given(st.text(st.characters(max_codepoint=127)))
def test_the_words_of_plain_text_are_those_of_any_other(text: str) -> None:
    assert [*words_of(text), "é".encode()] == words_of(f"{text} é")


@given(st.text())
def test_a_sketch_is_of_one_size_or_empty(text: str) -> None:
    assert len(sketch(text)) == (HASHES if words_of(text) else 0)


@pytest.mark.parametrize("shared", [0, 50, 80, 100])
def test_the_share_is_estimated(shared: int) -> None:
    shares = []
    for seed in range(40):
        words = Random(seed).sample(WORDS, 200)
        other = words[: 2 * shared] + Random(seed + 1).sample(WORDS, 200)[2 * shared :]
        shares.append(alike(sketch(" ".join(words)), [sketch(" ".join(other))]))
    rows = 2 * shared
    exact = 100 * rows / (400 - rows)
    assert abs(sum(shares) / len(shares) - exact) < 12
