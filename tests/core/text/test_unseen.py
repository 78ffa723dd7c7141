"""Names, badges, titles and quotes that differ only in what cannot be seen are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.unicode import as_it_looks, is_blank, one_line, quoted, seen
from tests.core.text.test_unicode import ENGLAND, awkward

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and the empty Braille cell.
UNSEEN = [
    chr(point)
    for first, last in (
        *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
        *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
        *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
        *((0xE0000, 0xE01EF),),
    )
    for point in range(first, last + 1)
]
NAMES = ["Ada", "Ada Lovelace", "Ünal", "Ольга", "山田太郎"[:2], "かな", "한글", "Ada 1", "ada_l", "Ngọc"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_loses_what_cannot_be_seen_wherever_it_stands(name: str) -> None:
    wrong = {
        f"U+{ord(character):04X} at {at}"
        for character in UNSEEN
        for at in range(len(name) + 1)
        if one_line(name[:at] + character + name[at:], 100) != name
        # Selectors choose a shape of a Han character.
        and not (at and "\u4e00" <= name[at - 1] <= "\u9fff" and unicodedata.category(character) == "Mn")
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with ZWNJ
        "\u06f1\u06f3\u06f9\u06f9 \u0647\u200d.\u0634",  # a Persian year, with ZWJ behind a letter that joins nothing
        "\u0915\u094d\u200d\u0937",  # Devanagari, with ZWJ
        "\u0915\u094d\u200c\u0937",
        "\u09b0\u200d\u09cd\u09af",  # Bengali, with ZWJ before a virama
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala
        "\u0d28\u0d4d\u200d",  # Malayalam, with ZWJ at the end
        "\u1798\u17c9\u200c\u17ba\u1784",  # Khmer, with ZWNJ
        "\u1820\u180b\u1822\u180e\u1820",  # Mongolian
        "\u0709\u0712\u200c\u0712",  # Syriac
        "\u845b\U000e0100\u57ce",  # a Han character in a chosen shape
        "\u1100\u1160\u11ab",  # Old Korean without a vowel
        "\u2801\u2800\u2803",  # two words in Braille
        "\u05e9\u05e4\u05ea C++\u200e",  # Hebrew that ends in a name from left to right
        "C++\u200e (\u05d0)",
        "\u2764\ufe0f",
        "3\ufe0f\u20e3",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f9d1\U0001f3fd\u200d\u2695\ufe0f",
        "\u2764\ufe0f\u200d\U0001f525",
        ENGLAND,
        "\u2229\ufe00",
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(text: str) -> None:
    assert one_line(text, 100) == text
    assert quoted(text) == text


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("\u0645\u06cc\u200c", "\u0645\u06cc"),  # nothing follows
        ("\u062f\u200c\u0627", "\u062f\u0627"),  # letters that do not join anyway
        ("\u0628\u200d\u0628", "\u0628\u0628"),  # letters that join anyway
        ("\u0645\u06cc\u200c\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\u0645\u06cc\u200b\u200c\u200e\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\u05d0\u200f\u05d1", "\u05d0\u05d1"),
        ("\u05d0\u05d1\u200f", "\u05d0\u05d1"),
        ("a\u200e\u05d0", "a\u05d0"),
        ("(\u200fC++\u200e)", "(C++)"),
        ("\U0001f600\ufe0f", "\U0001f600"),
        ("\u260e\ufe0e", "\u260e"),
        ("\U0001f600\u200d", "\U0001f600"),
        ("\u2764\u200b\ufe0f", "\u2764"),
        ("\u2764\ufe0f\u200b\u200d\u2060\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        ("\u0e2a\u0e27\u0e31\u0e2a\u200b\u0e14\u0e35", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35"),
        ("e\u200c\u0301", "\u00e9"),
        ("A\u3164d\u2800a\u2060", "Ada"),
    ],
)
def test_what_changes_nothing_that_is_seen_goes(text: str, form: str) -> None:
    assert one_line(text, 100) == form


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("\u0645\u06cc\u200c\u062e\u0648", 4, "\u0645\u06cc…"),
        ("\u2764\ufe0f\u200d\U0001f525 and more", 4, "\u2764\ufe0f…"),
        (ENGLAND + "abc", 5, "\U0001f3f4…"),
    ],
)
def test_a_cut_leaves_nothing_behind_that_only_the_next_character_needed(text: str, limit: int, line: str) -> None:
    assert one_line(text, limit) == line


def test_a_quote_keeps_its_white_space_and_how_it_is_composed() -> None:
    assert quoted(" cafe\u0301 \n\u200b\u202eand\xad ") == " cafe\u0301 \nand "


def test_words_look_like_the_letters_that_they_show() -> None:
    assert as_it_looks("ｂａｎｋ\u200b．ｏｒｇ") == "bank.org"


scripts = st.text(
    alphabet=UNSEEN[:60]
    + list("aé3 #\n.山각가\u05d0\u05b8\u0645\u062f\u0915\u094d\u17c9\u1820\u2801\u2764\u20e3😀")
    + list("👍🏽🇬🇧\u0301\u0316")
)


@given(st.one_of(awkward, scripts, st.text()))
def test_once_is_enough(text: str) -> None:
    form = seen(text)
    assert seen(form) == form
    assert quoted(quoted(text)) == quoted(text)
    assert unicodedata.is_normalized("NFC", form)
    assert is_blank(form) == is_blank(text)
    assert [c for c in unicodedata.normalize("NFD", quoted(text)) if c not in UNSEEN] == [
        c for c in unicodedata.normalize("NFD", quoted(text)) if not is_blank(c) or c.isspace()
    ]


@given(st.one_of(awkward, scripts), st.integers(1, 12))
def test_a_line_is_the_same_once_it_is_cut(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert one_line(line, limit) == line
    assert len(line) <= limit
