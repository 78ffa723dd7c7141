"""A cache of values by key within a bound on their sizes; the least recently used go first."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Lru(Generic[_Key, _Value]):
    """An LRU cache. The caller of `put` gives the size of a value, in bytes unless it counts otherwise."""

    def __init__(self, most_bytes: int, *, most_each: int | None = None) -> None:
        """All values together take at most `most_bytes`, each of them at most `most_each`."""
        self._most_bytes = most_bytes
        self._most_each = most_bytes if most_each is None else most_each
        self._kept: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self.bytes = 0
        """Bytes that are kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[_Key]:
        """The keys, the least recently used first."""
        return iter(self._kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def values(self) -> Iterator[_Value]:
        """The values, the least recently used first. None of them counts as used now."""
        return (value for value, _ in self._kept.values())

    def get(self, key: _Key) -> _Value | None:
        """The value of a key, which counts as used now; None where it is not kept."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: _Key, value: _Value, size: int) -> None:
        """Keep a value in place of what the key had, unless it is larger than one may be."""
        self.drop(key)
        if size > self._most_each:
            return
        self._kept[key] = value, size
        self.bytes += size
        while self.bytes > self._most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self.bytes -= gone

    def drop(self, key: _Key) -> None:
        """Keep the value of a key no longer."""
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.bytes -= gone[1]

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self.bytes = 0
