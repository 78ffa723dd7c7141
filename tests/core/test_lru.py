from core.lru import Lru


def test_no_more_bytes_are_kept_than_were_allowed_and_the_longest_unused_go() -> None:
    kept = Lru[str, int](100)
    for number, name in enumerate("abcd"):
        kept.put(name, number, 25)
    assert kept.get("a") == 0
    kept.put("e", 4, 50)
    assert kept.bytes == 100
    assert [name for name in "abcde" if kept.get(name) is not None] == ["a", "d", "e"]
    assert len(kept) == 3


def test_what_is_put_again_takes_the_place_of_what_was_there() -> None:
    kept = Lru[str, int](100)
    kept.put("a", 1, 60)
    kept.put("a", 2, 70)
    assert (kept.get("a"), kept.bytes) == (2, 70)


def test_what_alone_is_too_large_is_not_kept_nor_what_was_there_before() -> None:
    kept = Lru[str, int](100)
    kept.put("a", 1, 60)
    kept.put("b", 1, 40)
    kept.put("a", 2, 101)
    assert kept.get("a") is None
    assert (kept.get("b"), kept.bytes) == (1, 40)


def test_one_may_take_less_than_all_of_the_room() -> None:
    kept = Lru[str, int](100, most_each=25)
    kept.put("a", 1, 26)
    kept.put("b", 2, 25)
    assert ([*kept], kept.bytes) == (["b"], 25)


def test_what_is_dropped_takes_no_room() -> None:
    kept = Lru[str, int](100)
    for name in "abc":
        kept.put(name, 1, 20)
    kept.drop("b")
    kept.drop("d")
    assert ([*kept], kept.bytes) == (["a", "c"], 40)
    kept.clear()
    assert ([*kept], kept.bytes) == ([], 0)
