"""Values for spreadsheets."""

import pytest

from core.text.spreadsheet import safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_is_none(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "words", "1 = 1", 0, -1, None])
def test_every_other_value_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) == value
