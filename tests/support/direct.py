"""Appends of events that no decider decided."""

from core import heads
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.log.port import Append, Appended, Load, Log, NewEvent
from core.position import Position


async def append_directly(log: Log, stamp: Stamp, *events: Event, c: bytes | None = None) -> list[Position]:
    """Append events in one append, with this content if given; their positions."""
    made = []
    for one in events:
        e, content = encode(one, stamp)
        note, mark = heads.note(one, stamp.batch), heads.mark(one)
        head = heads.of(one, stamp.actor)
        made.append(NewEvent(head=head, e=e, c=content if c is None else c, note=note, mark=mark))
    now = (await log.load(Load(site=stamp.site, thread=stamp.thread, heads=()))).now
    outcome = await log.append(Append(site=stamp.site, thread=stamp.thread, expected={}, events=tuple(made), now=now))
    assert isinstance(outcome, Appended)
    return list(outcome.positions)
