"""A position: the id of an event in its log, `<ms>-<n>`.

`ms` is the time of recording, in milliseconds since 1970, and never goes backwards. `n` is the dense sequence number of
the partition, from 1. A position is a legal Redis stream id. Positions order by `(ms, n)`, within one partition.
"""

import re
from typing import Final, NamedTuple, Self

_FORM: Final = re.compile(r"(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,14})")


class Position(NamedTuple):
    """A position in the log of one partition."""

    ms: int
    n: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a position. Raises ValueError for anything but `<ms>-<n>` in plain decimal."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError("a position must be <ms>-<n>")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode a stream id from the server, without validation."""
        ms, _, n = data.partition(b"-")
        return tuple.__new__(cls, (int(ms), int(n)))  # half the time of cls(…), and every log entry is decoded here

    def __str__(self) -> str:
        return f"{self.ms}-{self.n}"


def is_position(text: str) -> bool:
    """True if the text is a well-formed position."""
    return _FORM.fullmatch(text) is not None


START: Final = Position(0, 0)
"""Position before the first event of any partition."""


def kept(data: bytes | None) -> Position:
    """Return the position stored at a server key; `START` where there is no such key."""
    return START if data is None else Position.decode(data)
