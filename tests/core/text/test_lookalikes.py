"""Names that look alike, and what a name may consist of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.lookalikes import skeleton
from core.text.nickname import compared, looks


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Moderator", "MODERATOR"),
        ("Moderator", "M0derat0r"),
        ("Moderator", "Mоderаtоr"),
        ("Moderator", "Módératör"),
        ("Moderator", "M o d e r a t o r"),
        ("Moderator", "Mod.er-ator"),
        ("Alice", "AIice"),
        ("Alice", "ALICE"),
        ("Alice", "A1ice"),
        ("Bern", "Bem"),
        ("Ada", "Ꭺda"),
        ("Ada", "𝐀𝐝𝐚"),
    ],
)
def test_names_that_look_alike_have_one_look(one: str, other: str) -> None:
    assert looks(one) == looks(other)


@pytest.mark.parametrize(("one", "other"), [("Ada", "Ida"), ("Ben", "Bena"), ("Ann", "Anna"), ("Élodie", "Melodie")])
def test_other_names_have_another(one: str, other: str) -> None:
    assert looks(one) != looks(other)


def test_a_name_of_signs_alone_has_a_look_of_its_own() -> None:
    assert skeleton("***") != skeleton("---")
    assert skeleton("***")


@pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "آدا", "עדה", "艾達", "Ada 🌷", "O’Brien"])
def test_names_of_people_are_allowed(name: str) -> None:
    assert compared(name).allowed


@pytest.mark.parametrize("name", ["A\u200bda", "\u202eAda", "A\x07da", " "])
def test_names_with_what_hides_are_not(name: str) -> None:
    assert not compared(name).allowed


@given(st.text(min_size=1, max_size=40))
def test_every_name_has_a_look_and_case_does_not_change_it(name: str) -> None:
    assert len(looks(name)) == 18
    if name.isascii():
        assert looks(name.upper()) == looks(name.lower())
