"""Encoding of a decided event for an append."""

from core import heads
from core.events.envelope import Codec, Stamp
from core.events.event import Event
from core.log.port import NewEvent


def new_event(event: Event, stamp: Stamp, format_: int, codec: Codec) -> NewEvent:
    """Return an event as an append takes it, for a deployment of this format. Raises FormatTooOld."""
    e, c = codec.encode(event, stamp, format_)
    return NewEvent(
        head=heads.of(event, stamp.actor),
        e=e,
        c=c,
        note=heads.note(event, stamp.batch),
        mark=heads.mark(event),
    )
