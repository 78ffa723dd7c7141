"""The member record, as a decision reads it."""

from hypothesis import given
from hypothesis import strategies as st

from core import member_record
from core.member_record import CHARACTER, ENTRY, MemberRecord, entry, stored
from core.text.shingles import sketch

TEXT = "The Senate never voted on it, whatever the paper says."


def test_a_member_of_whom_nothing_is_noted_has_an_empty_record() -> None:
    assert member_record.read([None] * 5) == member_record.NO_RECORD


def test_a_record_is_read_from_its_fields() -> None:
    texts = entry("c1", sketch(TEXT))
    assert len(texts) == ENTRY
    assert len(stored(texts)) == CHARACTER * ENTRY
    read = member_record.read([b"3", b"1700000000000", None, stored(texts), b"2"])
    assert read == MemberRecord(published=3, last_at=1_700_000_000_000, texts=texts, approved=2)


def test_a_text_is_like_one_in_another_comment_and_not_like_an_earlier_one_of_its_own() -> None:
    record = MemberRecord(
        texts=entry("c1", sketch("Something else altogether, I should say.")) + entry("c2", sketch(TEXT))
    )
    assert record.alike("c3", sketch(TEXT)) == 100
    assert record.alike("c2", sketch(TEXT)) == 0
    assert member_record.NO_RECORD.alike("c3", sketch(TEXT)) == 0


def test_a_text_without_words_has_no_entry() -> None:
    assert entry("c1", sketch("…")) == ""


@given(st.binary())
def test_a_damaged_record_is_read_and_nothing_is_like_it(texts: bytes) -> None:
    found = member_record.read([None, None, None, texts, None])
    assert found.alike("c1", sketch(TEXT)) == 0
