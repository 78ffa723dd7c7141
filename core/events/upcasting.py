"""Old shapes of events, brought to today's; and today's shapes, brought back to older ones.

`VERSION` tells today's version of each type. A change of shape that a default cannot express raises it, and adds one
pure step to `STEPS`, from the whole entry (facts and content as one dict) of one version to that of the next.

A version is appended only where the deployment's format allows it (`core.formats.INTRODUCED`). Where the version before
can say the same, `EARLIER` has the step back; without one, the command waits for `hansard upgrade`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.events.types import EVENTS

Step = Callable[[dict[str, Any]], dict[str, Any]]

VERSION: Final[dict[str, int]] = {str(event.__struct_config__.tag): 1 for event in EVENTS}
"""Today's version of every event type."""

STEPS: Final[Mapping[tuple[str, int], Step]] = {}
"""(type, version) to the step that leads to the next version."""


Back = Callable[[dict[str, Any]], dict[str, Any] | None]
"""The facts and the content of an event in the shape of the version before; None where that shape cannot say them."""

EARLIER: Final[Mapping[tuple[str, int], Back]] = {}
"""(type, version) to the step that leads to the version before."""


def upcast(
    name: str,
    version: int,
    entry: dict[str, Any],
    *,
    steps: Mapping[tuple[str, int], Step] = STEPS,
    today: Mapping[str, int] = VERSION,
) -> dict[str, Any]:
    """`entry` of event type `name` in today's shape. Raises KeyError where a step is missing: a defect of ours."""
    for at in range(version, today[name]):
        entry = steps[name, at](entry)
    return entry
