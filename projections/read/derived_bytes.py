"""What was made from something that never changes, remembered: so many bytes of it, the longest unused go first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

OVERHEAD: Final = 500
"""Bytes that keeping one takes besides it and what it was made from."""

_Key = TypeVar("_Key", bound=Hashable)


class Memo(Generic[_Key]):
    """At most `most_bytes` of what was made, by all that it was made from: so nothing in it is ever out of date."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, tuple[bytes, int]] = OrderedDict()
        self.bytes = 0
        """How many are kept."""

    def get(self, key: _Key) -> bytes | None:
        """What was made from that, where it is remembered."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: _Key, made: bytes, *, made_from: int) -> None:
        """Remember it, unless it would take a quarter of the room; `made_from` is how many bytes the key takes."""
        size = len(made) + made_from + OVERHEAD
        if key in self._kept or size > self._most_bytes // 4:
            return
        self._kept[key] = (made, size)
        self.bytes += size
        while self.bytes > self._most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self.bytes -= gone

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.bytes = 0
