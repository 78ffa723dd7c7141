"""Appends of events that no decider decided, such as those that an import brings."""

from typing import Final

from core import heads
from core.caller import Actor
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.log.port import Append, Appended, Load, Log, NewEvent
from core.position import Position
from tests.support.house import SITE, THREAD, House

IMPORTED: Final = "old-blog"
"""Id of the import whose events `bring` writes."""
IMPORTER: Final = Actor(kind="system", id="import")
OLD: Final = 1_500_000_000_000
"""A time, in milliseconds since 1970, before Hansard."""


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


async def bring(
    house: House, *events: Event, by: Actor = IMPORTER, at: int = OLD, thread: str = THREAD, imported: str = IMPORTED
) -> Position:
    """Write events as an import does, and wait until the views of the thread have them; the last position."""
    stamp = Stamp(actor=by, site=SITE, thread=thread, cause="import", batch=imported, at=at)
    last = (await append_directly(house.log, stamp, *events))[-1]
    if thread:
        await house.passed(last, thread)
    return last
