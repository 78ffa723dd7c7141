"""Restoring the log from a backup: the same entries at the same positions, and the heads derived from them.

A backup holds no heads. While writes continue, heads are ahead of the position up to which entries were copied, and
they cannot be turned back; but they can be derived from the entries. A script therefore rebuilds them as the append
does, and checks the back pointers of every entry against them. An entry that does not match is not written.
"""

from collections.abc import Sequence
from typing import Final

import redis.exceptions
from msgspec import Struct

from core import heads
from core.events.envelope import decode
from core.events.skip_events import UnknownEvent
from core.heads import LAST
from core.log.port import BrokenChain, Entry
from core.position import Position
from core.redis.command import Argument
from core.redis.deployment import Deployment
from core.redis.errors import PATIENCE, retry
from core.redis.script import Script

RESTORE: Final = Script("core.log", "restore", behind=("core.redis:stream", "heads", "back_pointers"))


class UnknownType(Exception):
    """The type of an event is unknown to this version, so the head that it advanced cannot be determined."""


class Restored(Struct, frozen=True):
    """All entries were written."""


class Elsewhere(Struct, frozen=True):
    """The log ends at another position than `before`. Nothing was written."""

    last: Position


async def write_again(
    deployment: Deployment, partition: int, before: Position, entries: Sequence[Entry]
) -> Restored | Elsewhere:
    """Write entries after the position `before`, atomically. A repeated call writes once.

    Raises `Unavailable`, UnknownType, and BrokenChain if an entry does not follow those before it.
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
        note = heads.note(event, envelope.batch)
        arguments += (place, str(position), e, c, head, note, heads.mark(event) or "")
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
    # The reply to the first attempt was lost.
    return Restored() if last == entries[-1].position else Elsewhere(last)
