from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.text import diff
from core.text.diff import words

texts = (
    st.text(alphabet="ab ,.'\n\u2019é\u0301漢字ไท\U0001f468\u200d\U0001f469\U0001f1ec\U0001f1e7", max_size=60)
    | st.text()
)


def test_the_example_of_the_contract() -> None:
    assert words("the Senat", "the Senate") == [("=", "the "), ("-", "Senat"), ("+", "Senate")]


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("", "", []),
        ("same", "same", [("=", "same")]),
        ("", "new", [("+", "new")]),
        ("old", "", [("-", "old")]),
        ("a c", "a b c", [("=", "a "), ("+", "b "), ("=", "c")]),
        ("a b c", "a c", [("=", "a "), ("-", "b "), ("=", "c")]),
        ("I don't know", "I do not know", [("=", "I "), ("-", "don't"), ("+", "do not"), ("=", " know")]),
        ("Well.", "Well!", [("=", "Well"), ("-", "."), ("+", "!")]),
        ("one\n\ntwo", "uno\n\ndos", [("-", "one"), ("+", "uno"), ("=", "\n\n"), ("-", "two"), ("+", "dos")]),
    ],
)
def test_words_are_compared(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    assert words(before, after) == pieces


def test_blanks_between_replaced_words_are_replaced_with_them() -> None:
    assert words("the quick brown fox", "the lazy dog") == [
        ("=", "the "),
        ("-", "quick brown fox"),
        ("+", "lazy dog"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("今日は天気がいい", "今日は雨がいい", [("-", "天気"), ("+", "雨")]),
        ("हिन्दी भाषा", "हिन्दू भाषा", [("-", "हिन्दी"), ("+", "हिन्दू")]),
        ("می\u200cخواهم", "می\u200cخواهد", [("-", "می\u200cخواهم"), ("+", "می\u200cخواهد")]),
        ("x👨\u200d👩\u200d👧", "x👨\u200d👩\u200d👦", [("-", "👨\u200d👩\u200d👧"), ("+", "👨\u200d👩\u200d👦")]),
        ("🇬🇧🇫🇷", "🇬🇧🇩🇪", [("-", "🇫🇷"), ("+", "🇩🇪")]),
        ("👍🏽", "👍🏿", [("-", "👍🏽"), ("+", "👍🏿")]),
    ],
)
def test_what_is_read_as_one_is_never_cut(before: str, after: str, changed: list[tuple[str, str]]) -> None:
    assert [piece for piece in words(before, after) if piece[0] != "="] == changed


@given(texts, texts)
@example("a b", "b a")
@example("a  b", "b  a")
def test_both_texts_can_be_read_off_their_difference(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(text for op, text in pieces if op != "+") == before
    assert "".join(text for op, text in pieces if op != "-") == after
    assert all(text for _, text in pieces)
    assert all(left[0] != right[0] for left, right in pairwise(pieces))
    assert ("+", "-") not in {(left[0], right[0]) for left, right in pairwise(pieces)}


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert words(text, text) == ([("=", text)] if text else [])


@given(st.lists(st.sampled_from("abc"), max_size=9), st.lists(st.sampled_from("abc"), max_size=9))
def test_what_is_common_is_as_long_as_can_be(old: list[str], new: list[str]) -> None:
    common = diff._common(old, new)
    assert all(old[i] == new[j] for i, j in common)
    assert all(left[0] < right[0] and left[1] < right[1] for left, right in pairwise(common))
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, word in enumerate(old):
        for j, other in enumerate(new):
            longest[i + 1][j + 1] = longest[i][j] + 1 if word == other else max(longest[i][j + 1], longest[i + 1][j])
    assert len(common) == longest[-1][-1]


def test_texts_beyond_the_bound_differ_as_a_whole_but_for_what_they_begin_and_end_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, after = "a b c d e", "a x c y e"
    assert len(words(before, after)) == 7
    # The middles, `b c d` and `x c y`, are five words each with their blanks.
    monkeypatch.setattr(diff, "PAIRS", 24)
    assert words(before, after) == [("=", "a "), ("-", "b c d"), ("+", "x c y"), ("=", " e")]


def test_two_bodies_of_prose_of_the_usual_limit_are_compared_in_full() -> None:
    before = "the word is not said often, but it is said. " * 113
    after = before.replace("often", "seldom")
    assert len(before) > 4950
    assert sum(len(text) for op, text in words(before, after) if op == "=") == len(before) - 113 * len("often")
