"""A rule's match in the text as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.read.match_spans import MOST, spans


@pytest.mark.parametrize(
    ("body", "match", "found"),
    [
        ("See https://spam.example now", "https://spam.example", [(4, 24)]),
        ("aaa", "aa", [(0, 2), (1, 3)]),
        ("\N{SNAKE}\N{SNAKE} x \N{SNAKE} x", "x", [(3, 4), (7, 8)]),
        ("See www.spam.example", "http://www.spam.example", [(4, 20)]),
        ("Ask me@spam.example", "mailto:me@spam.example", [(4, 19)]),
        ("See https://spam.example/é", "https://spam.example/%C3%A9", [(4, 26)]),
        ("Nothing", "https://spam.example", []),
        ("Nothing", "", []),
    ],
)
def test_each_place_of_a_match_is_found_in_code_points(body: str, match: str, found: list[tuple[int, int]]) -> None:
    assert spans(body, match) == found


@given(st.text(alphabet="ab\N{SNAKE}", max_size=40), st.text(alphabet="ab\N{SNAKE}", min_size=1, max_size=3))
def test_places_are_all_places(body: str, match: str) -> None:
    every = [(at, at + len(match)) for at in range(len(body)) if body[at : at + len(match)] == match]
    assert spans(body, match) == every


def test_places_are_bounded() -> None:
    assert len(spans("a" * 5000, "a")) == MOST
