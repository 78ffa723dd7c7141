"""Threads that a process keeps, over all its partitions, within a number of bytes."""

from projections.views.parking import Name
from projections.views.thread_cache import ThreadCache


class Holder:
    """Has threads, of which some are busy."""

    def __init__(self, cache: ThreadCache, *names: str, busy: str = "") -> None:
        self.held = [("site", name) for name in names]
        self._busy = busy
        for name in self.held:
            cache.keep(self, name, 100)

    def release(self, name: Name) -> bool:
        if name[1] in self._busy:
            return False
        self.held.remove(name)
        return True


def names(holder: Holder) -> str:
    return "".join(name for _, name in holder.held)


def test_the_longest_unused_goes_whichever_partition_it_is_of() -> None:
    cache = ThreadCache(350)
    one, other = Holder(cache, "a", "b"), Holder(cache, "c", "d")
    cache.use(one, ("site", "a"), 0)
    cache.fit()
    assert (names(one), names(other)) == ("a", "cd")
    cache.use(other, ("site", "c"), 100)
    cache.fit()
    assert (names(one), names(other)) == ("a", "c")
    assert cache.bytes == 300


def test_what_has_changes_to_be_committed_stays_and_is_the_first_to_go_later() -> None:
    cache = ThreadCache(250)
    one = Holder(cache, "a", "b", "c", busy="a")
    cache.fit()
    assert names(one) == "ac"
    one._busy = ""
    cache.keep(one, ("site", "d"), 100)
    one.held.append(("site", "d"))
    cache.fit()
    assert names(one) == "cd"


def test_the_thread_that_was_used_last_stays_however_large_it_is() -> None:
    cache = ThreadCache(1)
    one = Holder(cache, "a", "b")
    cache.fit()
    assert names(one) == "b"


def test_what_was_dropped_is_counted_no_more() -> None:
    cache = ThreadCache(1000)
    one = Holder(cache, "a", "b")
    cache.drop(one, ("site", "a"))
    cache.drop(one, ("site", "a"))
    assert cache.bytes == 100
