"""Formats: the number in a deployment's record that says which shapes of events may be appended.

All that a release adds to the storage (event types, event versions, layouts of keys and values) shares one format. A
new deployment begins at the newest format; an older one is raised by `hansard upgrade`, when every live process reads
the new format. Until then the shapes of the older format are appended.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Formats(Struct, frozen=True, kw_only=True):
    """The formats that a version of Hansard reads, and the newest one that it writes."""

    reads: tuple[int, ...]
    writes: int


FORMATS: Final = Formats(reads=(1,), writes=1)
"""The formats of this version."""

INTRODUCED: Final[Mapping[tuple[str, int], int]] = {}
"""(event type, version) to the first format that allows it to be appended; one that is not here, every format does."""


def reads(formats: Formats) -> str:
    """The formats that are read, in words."""
    if len(formats.reads) == 1:
        return f"format {formats.reads[0]}"
    return f"formats {', '.join(map(str, formats.reads[:-1]))} and {formats.reads[-1]}"
