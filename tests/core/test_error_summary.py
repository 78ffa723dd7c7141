from typing import Annotated

import pytest
from msgspec import Meta, Struct, ValidationError, convert

from core.error_summary import fault, located, pointer_to


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("revision 7 after 2"), "ValueError: revision 7 after 2"),
        (
            ValueError("invalid literal for int() with base 10: 'my words'"),
            "ValueError: invalid literal for int() with base 10: …",
        ),
        (ValueError('not "a, b" but\n\u201cc\u201d'), "ValueError: not … but …"),
        (ValueError("x" * 300), "ValueError: " + "x" * 120),
        (ValueError(), "ValueError"),
        (KeyError("ada"), "KeyError"),
        (TypeError("nobody knows what this says"), "TypeError"),
    ],
)
def test_an_error_is_told_without_the_values_that_it_quotes(error: Exception, told: str) -> None:
    assert fault(error) == told


class Part(Struct):
    size: int


class Whole(Struct):
    parts: dict[str, list[Part]]
    other: Annotated[int, Meta(ge=0)] = 0
    words: dict[Annotated[str, Meta(pattern="^[a-z]+$")], int] = {}


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"parts": {"a": [{"size": 1}, {"size": "x"}]}}, "/parts/1/size"),
        ({"parts": {}, "other": -1}, "/other"),
        ({"parts": {}, "words": {"A": 1}}, "/words"),
        ({}, ""),
    ],
)
def test_the_place_of_a_validation_error_is_a_json_pointer(given: object, pointer: str) -> None:
    with pytest.raises(ValidationError) as caught:
        convert(given, Whole)
    said, found = located(caught.value)
    assert (found, " - at" in said) == (pointer, False)


def test_a_field_with_a_slash_or_a_tilde_is_escaped_in_a_pointer() -> None:
    assert pointer_to("a/b~c") == "/a~1b~0c"
