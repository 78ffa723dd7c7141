"""Sightings: hints whether the passages of inline questions stand in their articles. Kept 30 days, outside the log.

A sighting is about one wording of a question. It is not shown any more once the question has another one.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from core.keys import Keys
from core.redis import errors
from core.redis.router import Router
from core.redis.script import Script
from core.times import DAY_MS

KEPT_MS: Final = 30 * DAY_MS
"""Time for which a sighting is kept, in milliseconds."""
MOST: Final = 500
"""Sightings per site. Beyond that the oldest is forgotten."""
PATIENCE: Final = 1.0
"""Seconds for which a call is retried."""

_NOTE: Final = Script("core.redis", "note_sighting")


class Quotation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passage of an article, with the text before and after it."""

    exact: str
    prefix: str | None = None
    suffix: str | None = None

    @property
    def digest(self) -> str:
        """Digest of the passage, to tell whether another one was set."""
        return blake2b(msgspec.json.encode(self), digest_size=12).hexdigest()


class Sighting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last search for a passage."""

    found: bool
    seen_at: int
    """In milliseconds since 1970."""
    quote: str
    """Digest of the passage that was searched for."""
    proposal: Quotation | None = None
    """The text that stands there instead."""


class Sighted(NamedTuple):
    """A sighting and its question."""

    thread: str
    anchor: str
    sighting: Sighting


class Sightings:
    """Reads and notes sightings. Raises `core.refusals.Unavailable` if the server stays unreachable."""

    def __init__(self, redis: Router, keys: Keys, *, patience: float = PATIENCE, most: int = MOST) -> None:
        self._redis = redis
        self._keys = keys
        self._patience = patience
        self._most = most

    async def note(self, site: str, thread: str, anchor: str, sighting: Sighting) -> None:
        """Note a sighting in place of an earlier one."""
        partition = self._keys.of(site)
        keys = partition.sightings(site), partition.sighted(site)
        at = sighting.seen_at
        value = msgspec.json.encode(sighting)
        args = _field(thread, anchor), value, at, at - KEPT_MS, self._most, KEPT_MS
        await self._retry(lambda: self._redis.run(_NOTE, keys, args), "note_sighting")

    async def forget(self, site: str, thread: str, anchor: str) -> None:
        """Forget the sighting of a question."""
        partition, field = self._keys.of(site), _field(thread, anchor)
        await self._retry(lambda: self._redis.call("HDEL", partition.sightings(site), field), "forget_sighting")
        await self._retry(lambda: self._redis.call("ZREM", partition.sighted(site), field), "forget_sighting")

    async def read(self, site: str, now: int) -> list[Sighted]:
        """The sightings of a site, the latest first; `now` is in milliseconds since 1970."""
        key = self._keys.of(site).sightings(site)
        reply = await self._retry(lambda: self._redis.call("HGETALL", key), "read_sightings")
        found = [
            Sighted(thread, anchor, _DECODER.decode(value))
            for field, value in zip(reply[::2], reply[1::2], strict=True)
            for thread, anchor in [field.decode().split(" ")]
        ]
        kept = (one for one in found if one.sighting.seen_at >= now - KEPT_MS)
        return sorted(kept, key=lambda one: (-one.sighting.seen_at, one.thread, one.anchor))

    async def _retry(self, attempt: Callable[[], Any], what: str) -> Any:
        return await errors.retry(attempt, what, patience=self._patience)


def _field(thread: str, anchor: str) -> str:
    return f"{thread} {anchor}"


_DECODER: Final = msgspec.json.Decoder(Sighting)
