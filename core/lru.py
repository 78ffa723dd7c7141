"""A mapping that keeps what was used last, within a number of bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Lru(Generic[_Key, _Value]):
    """At most `most_bytes` of values by key; the longest unused go first. The caller of `put` gives the size."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self.bytes = 0
        """Bytes that are kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: _Key) -> _Value | None:
        """The value of a key, which counts as used now; None where it is not kept."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: _Key, value: _Value, size: int) -> None:
        """Keep a value of `size` bytes in place of what the key had, unless it alone is larger than there is room."""
        before = self._kept.pop(key, None)
        if before is not None:
            self.bytes -= before[1]
        if size > self._most_bytes:
            return
        self._kept[key] = value, size
        self.bytes += size
        while self.bytes > self._most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self.bytes -= gone
