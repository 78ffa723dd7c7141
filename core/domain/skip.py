"""The skip aggregate: the operator lets every fold pass over one event that cannot be applied.

The event stays in the log, next to a record of the operator and the reason. A skip is an aggregate of its own, named by
the position of the skipped event, so that a fold that fails finds it with one look-up of a head. The decision folds
nothing of the thread: the event that cannot be applied may prevent that fold.
"""

from typing import Final

from msgspec import Struct

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.events.event import Event
from core.events.skip_events import EventSkipped
from core.position import Position
from core.refusals import BadField, NotFound, NotParked
from core.text.unicode import words_or_none


class SkipEvent(Command, frozen=True, kw_only=True, tag="skip-event"):
    """Make every fold skip one event of the thread. `parked` is where the thread is parked according to its views."""

    position: str
    reason: str
    parked: str | None = None


class Skip(Struct, frozen=True, kw_only=True):
    """A skip of an event. `position` is that of the `event.skipped`, None if the event was not skipped."""

    position: Position | None = None


def decide(command: SkipEvent, context: Context, loaded: Loaded) -> list[Event]:
    """Return the event that skips the event named by the command.

    Raises NotFound, NotAllowed, NotParked, BadField.
    """
    context.require_site()
    if loaded.named is None:
        raise NotFound("there is no such event in this thread")
    context.require_operator()
    skip: Skip = loaded.skip(command.position)
    if skip.position is not None:
        return []
    if command.parked != command.position:
        raise NotParked(current=command.parked)
    reason = words_or_none(command.reason)
    if reason is None:
        raise BadField("/reason", "the reason needs a visible character")
    return [EventSkipped(position=command.position, reason=reason)]


def _needs(command: SkipEvent, _: str) -> Needs:
    own = heads.skip(command.position)
    return Needs(heads_only=(own,), expected=(own,))


def _unchanged_since(command: SkipEvent, _: Context, loaded: Loaded) -> Position | None:
    skip: Skip = loaded.skip(command.position)
    return skip.position


def _named(command: SkipEvent) -> Position | None:
    try:
        return Position.parse(command.position)
    except ValueError:
        return None


HANDLERS: Final[Handlers] = {
    SkipEvent: Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, named=_named),
}
