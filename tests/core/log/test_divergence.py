"""What tells a follower that the log is not the one that it has read: the envelope of the last entry, and no words."""

import pytest

from core.log.divergence import DivergenceCheck
from core.log.port import Entry, LogDiverged
from core.position import START, Position

FIRST, SECOND = (Position(1, number) for number in (1, 2))


def follower() -> DivergenceCheck:
    check = DivergenceCheck(3, START)
    assert check.beyond([Entry(FIRST, b"{}", b"words")]) == [Entry(FIRST, b"{}", b"words")]
    return check


def test_words_that_are_gone_are_no_divergence() -> None:
    second = Entry(SECOND, b"{}", b"")
    assert follower().beyond([Entry(FIRST, b"{}", b""), second]) == [second]


@pytest.mark.parametrize(
    "entries",
    [[], [Entry(SECOND, b"{}", b"words")], [Entry(FIRST, b'{"ap":"0-1"}', b"words")]],
    ids=["gone", "elsewhere", "another"],
)
def test_a_last_entry_that_is_gone_or_another_is_told(entries: list[Entry]) -> None:
    with pytest.raises(LogDiverged) as raised:
        follower().beyond(entries)
    assert (raised.value.partition, raised.value.position) == (3, FIRST)
