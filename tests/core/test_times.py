from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.moment import parse_moment, place_of
from core.position import START, Position
from core.times import EARLIEST, LATEST, parse_rfc3339, rfc3339

offsets = st.one_of(
    st.sampled_from(["Z", "z", "+00:00", "-00:00"]),
    st.builds("{}{:02}:{:02}".format, st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59)),
)
written = st.builds(
    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    st.one_of(st.integers(0, 9999), st.sampled_from([0, 1, 1969, 1970, 9999])),
    st.one_of(st.integers(1, 12), st.sampled_from([1, 12])),
    st.one_of(st.integers(1, 31), st.sampled_from([1, 31])),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from(["", ".5", ".999999999", ".0004"]),
    offsets,
)


@given(written)
def test_what_is_taken_can_be_written_back_and_is_the_same_time(text: str) -> None:
    try:
        ms = parse_rfc3339(text)
    except ValueError:
        return
    told = rfc3339(ms)
    assert len(told) == len("2023-10-29T11:20:00.000Z")
    assert parse_rfc3339(told) == ms
    assert datetime.fromisoformat(told) <= datetime.fromisoformat(text.upper())


@given(st.integers(EARLIEST, LATEST))
def test_every_millisecond_of_the_years_1_to_9999_is_written_and_read(ms: int) -> None:
    assert parse_rfc3339(rfc3339(ms)) == ms


@given(st.integers())
def test_writing_a_time_never_fails(ms: int) -> None:
    assert rfc3339(ms) == rfc3339(min(max(ms, EARLIEST), LATEST))


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1970-01-01T00:59:59.9999+01:00", -1),
        ("1812-06-24T00:00:00Z", int(datetime(1812, 6, 24, tzinfo=UTC).timestamp()) * 1000),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59.999999999Z", LATEST),
        ("9999-12-31T23:59:59+23:59", LATEST - 999 - (23 * 60 + 59) * 60_000),
    ],
)
def test_times_before_1970_are_times(text: str, ms: int) -> None:
    assert parse_rfc3339(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:59.999-00:01",
        "0001-01-01T00:00:00+00:01",
        "0000-01-01T00:00:00Z",
        "9999-12-31T24:00:00Z",
        "2023-10-29T24:00:00Z",
        "2023-10-29T11:20:60Z",
        "2023-02-29T11:20:00Z",
        "2023-10-29T11:20:00+24:00",
        "2023-10-29T11:20:00+00:60",
        "2023-10-29T11:20:00",
        "2023-10-29",
        "٢٠٢٣-10-29T11:20:00Z",
        "",
    ],
)
def test_what_is_no_time_or_cannot_be_written_back_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_rfc3339(text)


def test_a_moment_is_a_time_or_a_position() -> None:
    assert parse_moment("1698579000000-42") == Position(1698579000000, 42)
    assert parse_moment("1970-01-01t00:00:01z") == 1000
    for text in ("", "x", "5", "T", "1-1T", "2023-10-29"):
        with pytest.raises(ValueError, match="a time"):
            parse_moment(text)
    assert place_of(Position(7, 1)) == Position(7, 1)
    assert place_of(7) == Position(7, 0)
    assert place_of(-7) == START, "nothing was recorded then"
