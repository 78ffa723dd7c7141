"""Upcasting of older event shapes to the current ones, and downcasting of current shapes to older ones.

`VERSION` is the current version of each type. A change of shape that a default cannot express raises the version and
adds one pure step to `STEPS`, from the whole entry (facts and content as one dict) of one version to that of the next.

A version is appended only if the deployment's format allows it (`core.formats.INTRODUCED`). `EARLIER` has the step back
where the previous version can express the same. Without one, the command waits for `hansard upgrade`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.events.types import EVENTS

Step = Callable[[dict[str, Any]], dict[str, Any]]

VERSION: Final[dict[str, int]] = {str(event.__struct_config__.tag): 1 for event in EVENTS}
"""Current version of every event type."""

STEPS: Final[Mapping[tuple[str, int], Step]] = {}
"""(type, version) to the step to the next version."""


Back = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Returns facts and content in the shape of the previous version; None if that shape cannot express them."""

EARLIER: Final[Mapping[tuple[str, int], Back]] = {}
"""(type, version) to the step to the previous version."""


def upcast(
    name: str,
    version: int,
    entry: dict[str, Any],
    *,
    steps: Mapping[tuple[str, int], Step] = STEPS,
    today: Mapping[str, int] = VERSION,
) -> dict[str, Any]:
    """Return `entry` of event type `name` in its current shape. Raises KeyError if a step is missing: our bug."""
    for at in range(version, today[name]):
        entry = steps[name, at](entry)
    return entry
