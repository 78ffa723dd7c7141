"""A skip: the operator lets every fold pass over one event that cannot be applied.

The event stays in the log, and beside it who let it be passed over and why. A skip is an aggregate of its own, named by
the position of that event, so that whoever fails at an event needs one look at the heads to know what becomes of it.
Nothing of the thread is folded to decide about it: what cannot be applied there may be what keeps it from being folded.
"""

from msgspec import Struct

from core.domain.commands import SkipEvent
from core.domain.context import Context
from core.events.envelope import Recorded
from core.events.types import Event, EventSkipped
from core.position import Position
from core.refusals import BadField, NotFound, NotParked
from core.text.unicode import words_or_none


class Skip(Struct, frozen=True, kw_only=True):
    """Whether an event was skipped. `position` is that of the `event.skipped`, None where there is none."""

    position: Position | None = None


def decide(command: SkipEvent, skip: Skip, context: Context, named: Recorded | None) -> list[Event]:
    """What follows from skipping the event `named`, which is None where the thread has no event there.

    Raises NotFound, NotAllowed, NotParked, BadField.
    """
    context.require_site()
    if named is None:
        raise NotFound("there is no such event in this thread")
    context.require_operator()
    if skip.position is not None:
        return []
    if command.parked != command.position:
        raise NotParked(current=command.parked)
    reason = words_or_none(command.reason)
    if reason is None:
        raise BadField("/reason", "an event is skipped for a reason that can be read")
    return [EventSkipped(position=command.position, reason=reason)]
