import pytest

from core.error_summary import fault


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
