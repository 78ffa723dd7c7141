"""What is shown on a terminal: nothing in it acts there, and nothing else is changed."""

import re

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from workers.runtime import escaping, logs

ACTS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]")
hostile = st.text(st.one_of(st.characters(), st.sampled_from("\x00\x1b\x9b\x7f\n\t\r\u202e\u2066\u2028\ud800a\\")))
encodable = hostile.filter(lambda text: not re.search(r"[\ud800-\udfff]", text))


@given(text=hostile)
def test_no_line_has_anything_that_acts(text: str) -> None:
    shown = escaping.line(text)
    assert ACTS.search(shown) is None
    if ACTS.search(text) is None:
        assert shown == text
    shown.encode()


@given(text=hostile)
def test_a_block_keeps_its_lines(text: str) -> None:
    shown = escaping.block(text)
    assert ACTS.search(shown.replace("\n", "").replace("\t", "")) is None
    assert shown.count("\n") == text.count("\n")


@given(value=st.recursive(encodable, lambda inner: st.lists(inner) | st.dictionaries(encodable, inner), max_leaves=9))
def test_a_document_says_the_same_and_nothing_in_it_acts(value: object) -> None:
    ready = escaping.json(msgspec.json.encode(value))
    assert ACTS.search(ready.decode()) is None
    assert msgspec.json.decode(ready) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [("\x1b[31m", r"\x1b[31m"), ("a\nb\tc\rd", r"a\nb\tc\rd"), ("\u202eexe.gnp", r"\u202eexe.gnp"), ("\x9b", r"\x9b")],
)
def test_what_acts_is_written_out(text: str, shown: str) -> None:
    assert escaping.line(text) == shown


def test_only_texts_with_lines_keep_them() -> None:
    page = {"title": "a\nb", "comments": [{"body": "a\nb\x1b", "diff": [["=", "a\n"]], "author": {"name": "c\nd"}}]}
    assert escaping.document(page) == {
        "title": r"a\nb",
        "comments": [{"body": "a\nb\\x1b", "diff": [["=", "a\n"]], "author": {"name": r"c\nd"}}],
    }


def test_hebrew_arabic_and_emoji_are_left_as_they_are() -> None:
    text = "\u05e9\u05dc\u05d5\u05dd\u200f \u0645\u0631\u062d\u0628\u0627\u200e \u200f\U0001f469\u200d\U0001f692"
    assert escaping.line(text) == text


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_line_of_the_log_acts(form: logs.Format, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    try:
        logs.configure(form)
        structlog.get_logger("a").warning("happened", thread="a\x1b]0;owned\x07\x9b\u202e\nforged", worker=["\x1b"])
    finally:
        structlog.reset_defaults()
    out = capsysbinary.readouterr().err.decode()
    assert out.count("\n") == 1
    said = re.sub(r"\x1b\[[0-9;]*m", "", out) if form == "console" else out
    assert ACTS.search(said.rstrip("\n")) is None
