"""The screener of a site: where to ask about its texts, and the secret for that. Sealed, and never in the log.

It is kept beside the site's signing keys. A copy of the server's files, or a backup, does not show it without the
operator's key (`core.sealing`).
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.keys import Keys
from core.redis import errors
from core.redis.router import Router
from core.sealing import Seal

PATIENCE: Final = 1.0
"""Seconds for which a call is retried."""


class Screener(Struct, frozen=True, kw_only=True):
    """A screener: its address, its shape (the protocol by which it is asked), and the secret that it knows."""

    url: str
    shape: str
    secret: str

    def __repr__(self) -> str:
        """Show the shape only."""
        return f"Screener({self.shape!r})"


class Screeners:
    """Keeps and reads the screeners of sites. Raises `core.refusals.Unavailable` if the server stays unreachable."""

    def __init__(self, redis: Router, keys: Keys, secret: str | None, *, patience: float = PATIENCE) -> None:
        """`secret` is the operator's (`HANSARD_CONTACTS_KEY`); without one, nothing is kept."""
        self._redis = redis
        self._keys = keys
        self._patience = patience
        self._seal = Seal(secret)

    def require_key(self) -> None:
        """Raise Unavailable without a key."""
        self._seal.require_key()

    async def keep(self, site: str, screener: Screener) -> None:
        """Keep the screener of a site, in place of an earlier one. Raises Unavailable."""
        sealed = self._seal.close(msgspec.json.encode(screener), _place(site))
        await self._retry(lambda: self._redis.call("SET", self._keys.of(site).screener(site), sealed), "keep_screener")

    async def read(self, site: str) -> Screener | None:
        """Return the screener of a site; None if it has none. Raises Unsealable, Unavailable."""
        key = self._keys.of(site).screener(site)
        found: bytes | None = await self._retry(lambda: self._redis.call("GET", key), "read_screener")
        return None if found is None else _DECODER.decode(self._seal.open(found, _place(site)))

    async def forget(self, site: str) -> None:
        """Forget the screener of a site."""
        await self._retry(lambda: self._redis.call("DEL", self._keys.of(site).screener(site)), "forget_screener")

    async def _retry(self, attempt: Callable[[], Any], what: str) -> Any:
        return await errors.retry(attempt, what, patience=self._patience)


def _place(site: str) -> str:
    return f"{site} screener"


_DECODER: Final = msgspec.json.Decoder(Screener)
