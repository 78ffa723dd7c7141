"""Bodies written to do harm. `hostile.json` keeps each with the html that it becomes, for reviewers to read."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.diff import words
from core.text.links import first_link
from core.text.render import remembered, render
from core.text.unicode import is_blank, normalise
from tests.support.rendered_page import Page, read

CORPUS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("hostile.json").read_text(encoding="utf-8"))
WRITTEN = [case for case in CORPUS if "body" in case]
ALL = [
    pytest.param(
        case["body"] if "body" in case else case["before"] + case["repeat"] * case["times"],
        id=case["name"],
    )
    for case in CORPUS
]

fragments = st.sampled_from(
    [case["body"] for case in WRITTEN]
    + list("[]()<>*_`!#-+.:/&;@\\|~='\" \n\t")
    + ["http://", "https://", "www.", "mailto:", "example.com", "javascript:", "](", "[a]: ", "> ", "- ", "1. ", "```"]
    + ["\u0338", "\u0301", "\u200d", "\u200f", "\u202e", "\ud800", "\u3164", "\u00a0", "é", "漢"]
)
hostile = st.one_of(st.lists(fragments, max_size=12).map("".join), st.text(max_size=200))


@pytest.mark.parametrize("body", ALL)
def test_hostile_text_becomes_harmless_html(body: str) -> None:
    page = read(render(body))
    assert_link_is_found(body, page)


@pytest.mark.parametrize("body", ALL)
def test_hostile_text_is_normalised_once_and_for_all(body: str) -> None:
    once = normalise(body)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert is_blank(body) == (once == "")


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: str(case["name"]))
def test_the_html_is_what_a_reviewer_read(case: dict[str, Any]) -> None:
    assert render(case["body"]) == case["html"], "where this is meant, raise RENDERER and review hostile.json"


def test_html_that_somebody_composes_again_is_still_harmless() -> None:
    html = render("\u0338 onmouseover=alert(1) x\n\n*\u0338*")
    assert html.count("&#x338;") == 2
    read(unicodedata.normalize("NFC", html))


def assert_link_is_found(body: str, page: Page) -> None:
    """The rule goes by the first link of the page; one more is found only where a text was too costly to render."""
    link = first_link(body)
    if page.links or not remembered(body).given_up:
        assert link == (page.links[0] if page.links else None)


@given(hostile)
def test_no_text_makes_harmful_html(body: str) -> None:
    html = render(body)
    page = read(html)
    assert_link_is_found(body, page)
    assert render(normalise(body)) == html
    assert (html == "") == is_blank(body)
    assert html == "" or not is_blank(page.text), "readers see something of what is not blank"


@given(hostile, hostile)
def test_any_two_texts_have_a_difference(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(text for op, text in pieces if op != "+") == before
    assert "".join(text for op, text in pieces if op != "-") == after
