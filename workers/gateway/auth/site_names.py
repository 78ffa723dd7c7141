"""The names of all sites of a deployment: a set beside the sites' keys, which are one Redis key each.

A name is added before the keys of its site are written. Earlier versions added no names, and a restore writes only
keys. So all keys of the servers are scanned if the last scan is more than a day old, and not more often.
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
"""Seconds after a scan of the servers for which the set is considered complete."""
_PAGE: Final = 500
"""Keys per step of a scan."""
_WHAT: Final = "list_sites"
"""Name of the operation in logs and metrics."""


class SiteNames:
    """Adds and lists names. Raises `core.refusals.Unavailable` if the server is unreachable for `patience` s.

    With `read_only`, the names that a scan finds are not added: for who looks at a deployment and changes nothing.
    """

    def __init__(self, redis: Router, keys: Keys, *, patience: float, read_only: bool = False) -> None:
        self._redis = redis
        self._keys = keys
        self._patience = patience
        self._read_only = read_only
        self._scans = SingleFlight[str, frozenset[str]]()

    async def note(self, site: str) -> None:
        """Add the name of a site that is about to have keys."""
        await self._call("SADD", SITES, site)

    async def all(self) -> frozenset[str]:
        """Return the names of all sites that have keys or are about to have keys."""
        is_complete = await self._call("EXISTS", SITES_NOTED)
        members: list[bytes] = await self._call("SMEMBERS", SITES)
        noted = frozenset(name.decode() for name in members)
        return noted if is_complete else noted | await self._scans.get("", self._scan)

    async def _scan(self) -> frozenset[str]:
        """Scan the keys of all servers and add the names that are found."""
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
        if self._read_only:
            return names
        with suppress(Unavailable):  # a server that takes no writes can still be read: the next call scans again
            if names:
                await self._call("SADD", SITES, *sorted(names))
            await self._call("SET", SITES_NOTED, "1", "EX", KEPT_S)
        return names

    async def _call(self, *command: str | int) -> Any:
        return await retry(lambda: self._redis.call(*command), _WHAT, patience=self._patience)
