"""LRU cache bounded by the total size of its values."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Lru(Generic[_Key, _Value]):
    """LRU cache. The caller of `put` gives the size of a value, in bytes or in a unit of its own."""

    def __init__(self, most_bytes: int, *, most_each: int | None = None) -> None:
        """All values together take at most `most_bytes`, each of them at most `most_each`."""
        self._most_bytes = most_bytes
        self._most_each = most_bytes if most_each is None else most_each
        self._kept: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self.bytes = 0
        """Bytes kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[_Key]:
        """Keys, least recently used first."""
        return iter(self._kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def values(self) -> Iterator[_Value]:
        """Values, least recently used first. None of them counts as used now."""
        return (value for value, _ in self._kept.values())

    def get(self, key: _Key) -> _Value | None:
        """Return the value of a key, which counts as used now; None if it is not cached."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: _Key, value: _Value, size: int) -> None:
        """Set the value of a key. A value larger than `most_each` is not cached, and the old one is dropped."""
        self.drop(key)
        if size > self._most_each:
            return
        self._kept[key] = value, size
        self.bytes += size
        while self.bytes > self._most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self.bytes -= gone

    def drop(self, key: _Key) -> None:
        """Drop a key."""
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.bytes -= gone[1]

    def clear(self) -> None:
        """Drop all keys."""
        self._kept.clear()
        self.bytes = 0
