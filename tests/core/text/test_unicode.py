import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.unicode import STACK, is_blank, normalise, one_line

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
MARKS = "\u0301\u0316\u20dd\ufe0f\U000e0100\u200d\u200c\u200b\u200e\u200f\u061c\u034f\u09be\u09c7\u1161\u11a8\u1100"
UNSEEN = (
    "\x00\x07\x1b\x7f\x85\x9f\xad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ud800\udfff\ufdd0\uffff"
)
awkward = st.text(
    alphabet=MARKS + UNSEEN + "ae\u0304 \u3164\n\r\t\u2028\U0001f3f4\U000e0067\U000e0062\U000e007f" + ENGLAND
)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("cafe\u0301", "café"),
        ("a\r\nb\rc\u0085d\u2028e\u2029f\x0bg\x0ch", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("\n \t\n  - a\n  - b\n \n", "  - a\n  - b"),
        ("  one line \t", "one line"),
        ("a\tb", "a\tb"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("\ufeffa\u2060b\ufeff", "a\u2060b"),
        ("exe.\u202egpj", "exe.gpj"),
        ("\u2066a\u2067b\u2068c\u2069", "abc"),
        ("\ud83d a \udc00", "a"),
        ("a\ufdd0b\uffffc\U0010ffffd", "abcd"),
        ("co\u00adoperate", "cooperate"),
        ("a\U000e0068\U000e0069b", "ab"),
        ("x\ufe0f\ufe0e\U000e0101", "x\ufe0f"),
    ],
)
def test_a_text_is_brought_into_one_form(text: str, form: str) -> None:
    assert normalise(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "\u05e9\u05c1\u05c2\u05bc\u05b8\u05bd\u0591",  # a letter with points and accents
        "(\u200fC++\u200e)",
        "\u0645\u061c 1",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with ZWNJ
        "\u0915\u094d\u200d\u0937",  # Devanagari, with ZWJ
        "\u0e2a\u0e27\u0e31\u0e2a\u200b\u0e14\u0e35",  # Thai, with a zero-width space
        "\u0f67\u0f90\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82",  # a Tibetan stack
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\u2764\ufe0f \U0001f44d\U0001f3fd \U0001f1ec\U0001f1e7",
        ENGLAND,
        "\u845b\U000e0100",  # a Han character in a chosen shape
        "tab\tand\n\n\nlines",
    ],
)
def test_honest_text_stays(text: str) -> None:
    assert normalise(text) == unicodedata.normalize("NFC", text)


def test_a_flag_that_is_not_whole_loses_its_tags() -> None:
    assert normalise(ENGLAND[:-1]) == "\U0001f3f4"
    assert normalise(ENGLAND[0] + "\u202e" + ENGLAND[1:]) == "\U0001f3f4"
    assert normalise(f"{ENGLAND}\U000e0067{ENGLAND}") == ENGLAND * 2


@pytest.mark.parametrize(
    "unit", ["\u0301", "\u0301\u0316", "\u200d", "\u0301\u200d", "\u20dd", "\u200f", "\u0316\u0301\ufe0f", "\u0344"]
)
def test_marks_do_not_pile_up(unit: str) -> None:
    form = normalise(f"q{unit * 1000}y{unit}z")
    assert form.startswith("q")
    assert form.endswith(unicodedata.normalize("NFC", normalise(f"y{unit}z")))
    assert len(form) <= 1 + STACK + 1 + len(unit) + 1


def test_every_mark_and_every_character_that_is_not_seen_is_capped() -> None:
    for point in range(0x110000):
        character = chr(point)
        if unicodedata.category(character) in ("Mn", "Me", "Cf") and normalise(f"a{character}b"):
            assert len(normalise(f"a{character * 99}b")) <= STACK + 2 + 1, hex(point)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "\u00a0\u2003\u3000",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u3164",
        "\u115f\u1160\uffa0",
        "\u2800",
        "\u034f",
        "\ufe0f",
        "\U000e0100",
        "\u17b4\u17b5",
        "\u180e",
        "\u200e\u200f\u061c",
        "\U0001d173",
        "\ud800",
        "\x00",
        "\ufffc",
    ],
)
def test_what_cannot_be_seen_is_blank_and_empty(text: str) -> None:
    assert is_blank(text)
    assert normalise(text) == ""
    assert one_line(text, 10) == ""


@pytest.mark.parametrize("text", ["a", ".", "\u0301", "\ufffd", "\U0001f600", "\u200b-\u200b", "漢", "\U0001fae8"])
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not is_blank(text)
    assert normalise(text) != ""


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("  Ada \n\t Lovelace ", 40, "Ada Lovelace"),
        ("\u202eAda\u202c", 40, "Ada"),
        ("山田\u3000太郎", 40, "山田 太郎"),
        ("12345", 5, "12345"),
        ("123456", 5, "1234…"),
        ("123 567", 5, "123…"),
        ("\U0001f468\u200d\U0001f469", 2, "\U0001f468…"),
        ("\U0001f468\u200d\U0001f469x", 3, "\U0001f468…"),
        ("ab", 1, "…"),
    ],
)
def test_a_name_is_one_line(text: str, limit: int, line: str) -> None:
    assert one_line(text, limit) == line


@given(st.one_of(awkward, st.text()))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    form = normalise(text)
    assert normalise(form) == form
    assert unicodedata.is_normalized("NFC", form)
    assert not set(form) & set(UNSEEN)
    assert is_blank(text) == is_blank(form) == (form == "")
    form.encode()


@given(st.one_of(awkward, st.text()), st.integers(1, 20))
def test_a_line_stays_within_its_limit_and_the_same(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line
    assert one_line(line, limit) == line
    assert (line == "") == is_blank(text)


@given(st.text())
def test_text_in_which_nothing_acts_unseen_is_only_composed_and_trimmed(text: str) -> None:
    plain = "".join(c for c in text if unicodedata.category(c) in {"Lu", "Ll", "Nd", "Po", "Sm", "Zs"})
    assert normalise(plain) == unicodedata.normalize("NFC", plain).strip()
