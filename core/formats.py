"""Formats: the number in a deployment's record that says which event shapes may be appended.

All storage additions of a release (event types, event versions, layouts of keys and values) share one format. A new
deployment begins at the newest format. `hansard upgrade` raises an older one when every live process reads the new
format. Until then the shapes of the older format are appended (`core.events.types.INTRODUCED`).
"""

from typing import Final

from msgspec import Struct


class Formats(Struct, frozen=True, kw_only=True):
    """The formats that a version of Hansard reads, and the newest one that it writes."""

    reads: tuple[int, ...]
    writes: int


FORMATS: Final = Formats(reads=(1, 2, 3, 4), writes=4)
"""The formats of this version."""

SALTED_SINCE: Final = 3
"""First format in which the content of events is salted (`core.events.content`)."""


def reads(formats: Formats) -> str:
    """Return the readable formats in words."""
    if len(formats.reads) == 1:
        return f"format {formats.reads[0]}"
    return f"formats {', '.join(map(str, formats.reads[:-1]))} and {formats.reads[-1]}"
