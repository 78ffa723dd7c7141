"""Events that an import brings, written into a house without the import itself."""

from typing import Final

from core.caller import Actor
from core.domain.import_state import SYSTEM
from core.events.envelope import Stamp
from core.events.event import Event
from core.position import Position
from tests.support.direct import append_directly
from tests.support.house import SITE, THREAD, House

IMPORTED: Final = "old-blog"
"""Id of the import whose events `bring` writes."""
OLD: Final = 1_500_000_000_000
"""A time, in milliseconds since 1970, before Hansard."""


async def bring(
    house: House, *events: Event, by: Actor = SYSTEM, at: int = OLD, thread: str = THREAD, imported: str = IMPORTED
) -> Position:
    """Write events as an import does, and wait until the views of the thread have them; the last position."""
    stamp = Stamp(actor=by, site=SITE, thread=thread, cause="import", batch=imported, at=at)
    last = (await append_directly(house.log, stamp, *events))[-1]
    if thread:
        await house.passed(last, thread)
    return last
