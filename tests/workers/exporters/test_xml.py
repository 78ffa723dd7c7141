"""Text in XML: what a parser reads is what was written, without the characters that XML forbids."""

from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.times import EARLIEST
from workers.exporters.xml import allowed, cdata, element, mail_date, seconds

PIECES = st.sampled_from(("]]>", "]]", ">", "<![CDATA[", "&amp;", "\0", "x"))


@given(st.text(max_size=60) | st.lists(PIECES).map("".join))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    text = text.replace("\r", "")
    document = f"<a>{element('b', text)}</a>".encode(errors="surrogatepass")
    assert fromstring(document).findtext("b") == allowed(text)  # noqa: S314 - written here


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_character_that_xml_forbids_is_dropped(character: str) -> None:
    assert allowed(f"a{character}b") == "ab"
    assert cdata(f"]]{character}>") == "<![CDATA[]]]]><![CDATA[>]]>"


def test_times_are_in_utc_unless_they_are_asked_for_local() -> None:
    assert seconds(1_700_000_000_999, ZoneInfo("Asia/Tokyo")) == "2023-11-15 07:13:20"
    assert seconds(1_700_000_000_999) == "2023-11-14 22:13:20"
    assert mail_date(EARLIEST) == "Mon, 01 Jan 0001 00:00:00 +0000"
    assert seconds(EARLIEST) == seconds(EARLIEST, ZoneInfo("America/New_York")) == "0001-01-01 00:00:00"
    assert mail_date(1_700_000_000_999) == "Tue, 14 Nov 2023 22:13:20 +0000"
