"""The log written again from a backup: the same entries at the same positions, and the heads that follow from them.

Heads are not kept in a backup. While people go on writing, they are ahead of the position up to which entries were
taken, and they cannot be turned back; but they follow from the entries. So they are made anew by a script that does
what the append does, and holds the back pointers of every entry to them: what does not add up is not written.
"""

from collections.abc import Sequence
from typing import Final

import redis.exceptions
from msgspec import Struct

from core import heads
from core.events.envelope import decode
from core.events.types import UnknownEvent
from core.heads import LAST
from core.log.port import BrokenChain, Entry
from core.position import Position
from core.redis.command import Argument
from core.redis.deployment import Deployment
from core.redis.errors import PATIENCE, retry
from core.redis.script import Script

RESTORE: Final = Script("core.log", "restore")


class UnknownType(Exception):
    """An event of a type that this version does not know: which head it advanced cannot be told."""


class Restored(Struct, frozen=True):
    """The entries are there, all of them."""


class Elsewhere(Struct, frozen=True):
    """The log ends at another position than they come after. Nothing was written."""

    last: Position


async def write_again(
    deployment: Deployment, partition: int, before: Position, entries: Sequence[Entry]
) -> Restored | Elsewhere:
    """Write entries after those up to `before`, whole or not at all; asking twice writes once.

    Raises `Unavailable`, UnknownType, and BrokenChain where an entry does not follow those before it.
    """
    keys = deployment.keys[partition]
    places: dict[str, int] = {}
    arguments: list[Argument] = [str(before), LAST, len(entries)]
    for position, e, c in entries:
        recorded = decode(position, e, c)
        envelope, event = recorded.envelope, recorded.event
        if isinstance(event, UnknownEvent):
            raise UnknownType(event.name)
        place = places.setdefault(keys.heads(envelope.site, envelope.thread), len(places) + 2)
        head = heads.of(event, envelope.actor)
        arguments += (place, str(position), e, c, head, heads.note(event), heads.mark(event) or "")
    try:
        reply: bytes = await retry(
            lambda: deployment.calls.run(RESTORE, [keys.log, *places], arguments), RESTORE.name, patience=PATIENCE
        )
    except redis.exceptions.ResponseError as error:
        word, _, detail = str(error).partition(" ")
        if word == "BROKEN":
            raise BrokenChain(detail) from error
        raise
    if reply == b"OK":
        return Restored()
    last = Position.decode(reply.removeprefix(b"AT "))
    # The reply to the first try was lost.
    return Restored() if last == entries[-1].position else Elsewhere(last)
