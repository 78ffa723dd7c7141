"""Amounts in sentences."""

import pytest

from workers.runtime.amounts import counted, size


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 facts"), (1, "1 fact"), (999, "999 facts"), (1_020_000, "1,020,000 facts")]
)
def test_a_number_has_its_noun_in_the_plural_unless_it_is_one_and_thousands_apart(number: int, told: str) -> None:
    assert counted(number, "fact") == told


def test_bytes_are_told_in_the_unit_that_suits_them() -> None:
    assert (size(0), size(5 * 2**20), size(3 * 2**30)) == ("0.0 MiB", "5.0 MiB", "3.0 GiB")
