"""The names of all sites of a deployment: a set beside the keys of the sites, which are a key each.

A name is noted before the keys of its site are written. A version of before noted none, and a restore writes keys
alone: so all keys of the servers are looked through where nobody has done that for a day, and never again meanwhile.
"""

from contextlib import suppress
from functools import partial
from typing import Any, Final

from core.ids import is_site
from core.keys import SITES, SITES_NOTED, Keys
from core.redis.errors import retry
from core.redis.router import Router
from core.refusals import Unavailable
from core.singleflight import SingleFlight

KEPT_S: Final = 24 * 3600
"""Seconds for which the set is taken to be whole once the servers were looked through."""
_PAGE: Final = 500
"""Keys that are looked at in one step."""
_WHAT: Final = "list_sites"
"""What logs and metrics call it."""


class SiteNames:
    """Notes and tells the names. Raises `core.refusals.Unavailable` where the server stays away for `patience` s."""

    def __init__(self, redis: Router, keys: Keys, *, patience: float) -> None:
        self._redis = redis
        self._keys = keys
        self._patience = patience
        self._looking = SingleFlight[str, frozenset[str]]()

    async def note(self, site: str) -> None:
        """Note the name of a site that is about to have keys."""
        await self._call("SADD", SITES, site)

    async def all(self) -> frozenset[str]:
        """The names of all sites that have keys, or are about to."""
        whole = await self._call("EXISTS", SITES_NOTED)
        members: list[bytes] = await self._call("SMEMBERS", SITES)
        noted = frozenset(name.decode() for name in members)
        return noted if whole else noted | await self._looking.get("", self._looked)

    async def _looked(self) -> frozenset[str]:
        """Look through the keys of all servers, and note what is found."""
        found: set[str] = set()
        for server in self._redis.each():
            cursor = b"0"
            while True:
                scan = partial(server.call, "SCAN", cursor, "MATCH", self._keys.site_keys_pattern(), "COUNT", _PAGE)
                cursor, page = await retry(scan, _WHAT, patience=self._patience)
                found.update(key.decode(errors="replace").rpartition(":")[2] for key in page)
                if cursor == b"0":
                    break
        names = frozenset(filter(is_site, found))
        with suppress(Unavailable):  # a server that takes no writes can still be read: the next call looks again
            if names:
                await self._call("SADD", SITES, *sorted(names))
            await self._call("SET", SITES_NOTED, "1", "EX", KEPT_S)
        return names

    async def _call(self, *command: str | int) -> Any:
        return await retry(lambda: self._redis.call(*command), _WHAT, patience=self._patience)
