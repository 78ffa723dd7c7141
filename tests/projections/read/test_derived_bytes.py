from projections.read.derived_bytes import OVERHEAD, Memo


def test_what_was_made_is_found_by_what_it_was_made_from() -> None:
    memo = Memo[tuple[str, str]](100_000)
    assert memo.get(("a", "b")) is None
    memo.put(("a", "b"), b"made", made_from=2)
    assert memo.get(("a", "b")) == b"made"
    assert memo.get(("b", "a")) is None


def test_the_longest_unused_goes_and_no_more_bytes_are_kept_than_were_allowed() -> None:
    room = 10 * (1000 + OVERHEAD)
    memo = Memo[int](room)
    for number in range(10):
        memo.put(number, bytes(900), made_from=100)
    assert memo.bytes == room
    assert memo.get(0) is not None
    memo.put(10, bytes(900), made_from=100)
    memo.put(10, bytes(900), made_from=100)
    assert memo.bytes == room
    assert [number for number in range(11) if memo.get(number) is None] == [1]


def test_what_would_take_much_of_the_room_is_not_kept() -> None:
    memo = Memo[int](10_000)
    memo.put(1, bytes(100), made_from=2500)
    assert memo.get(1) is None
    assert memo.bytes == 0
