"""The stored state of screening: per partition, how far its log was looked at, and what is due.

Both lie in the slot of the log, so a failover that takes events back takes back what was stored after them. A copy
restored from a backup has neither: the log is then looked at from its beginning.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from core.keys import Keys
from core.position import START, Position
from core.redis.command import Argument
from core.redis.errors import retry
from core.redis.router import Router
from core.redis.script import Script

COMMIT: Final = Script("workers.screener", "screening_commit")
STRIKE: Final = Script("workers.screener", "screening_strike")


class DueItem(NamedTuple):
    """Something due about a comment: to ask about its texts, or to tell of a decision on one."""

    what: Literal["ask", "tell"]
    site: str
    thread: str
    comment: str

    @property
    def field(self) -> str:
        """The item as it is stored."""
        return " ".join(self)


def item_of(field: str) -> DueItem:
    """Parse a stored item."""
    what, site, thread, comment = field.split(" ")
    return DueItem("ask" if what == "ask" else "tell", site, thread, comment)


class DueStore:
    """Reads and writes the state of screening. Raises `core.refusals.Unavailable`, `redis.exceptions.RedisError`."""

    def __init__(self, calls: Router, keys: Keys) -> None:
        self._calls = calls
        self._keys = keys

    async def cursor(self, partition: int) -> Position:
        """Position of the last event looked at."""
        key = self._keys[partition].screening_cursor
        found: bytes | None = await retry(lambda: self._calls.call("GET", key), "read_screening")
        return START if found is None else Position.decode(found)

    async def due(self, partition: int) -> dict[DueItem, Position]:
        """Return what is due, with the positions of the events that ask for it."""
        key = self._keys[partition].screening_due
        flat: list[bytes] = await retry(lambda: self._calls.call("HGETALL", key), "read_screening")
        return {item_of(field.decode()): Position.decode(at) for field, at in zip(flat[::2], flat[1::2], strict=True)}

    async def commit(self, partition: int, nonce: str, cursor: Position, due: Mapping[DueItem, Position]) -> bool:
        """Store the cursor and what is due. False if another worker holds the lease."""
        keys = self._keys[partition]
        pairs = [part for item, at in due.items() for part in (item.field, str(at))]
        return await self._run(
            COMMIT,
            [keys.screening_lease, keys.screening_cursor, keys.screening_due],
            [nonce, str(cursor), *pairs],
        )

    async def strike(self, partition: int, nonce: str, item: DueItem, at: Position) -> bool:
        """Strike out an item, unless a later event asks for it again. False if another worker holds the lease."""
        keys = self._keys[partition]
        return await self._run(STRIKE, [keys.screening_lease, keys.screening_due], [nonce, item.field, str(at)])

    async def _run(self, script: Script, keys: list[str], arguments: list[Argument]) -> bool:
        reply: bytes = await retry(lambda: self._calls.run(script, keys, arguments), script.name)
        return reply == b"OK"
