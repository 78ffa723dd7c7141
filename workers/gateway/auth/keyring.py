"""The keys that sign a site's tokens: stored outside the log, read for every request with a token.

One hash per site, in the site's own partition: `kind` is `hs256` or `jwks`, `keys` is the JSON of the given keys.
Reading the hash every time makes a rotation effective at once. The reads of one event loop tick share one pipeline, and
equal bytes give the same object, so nothing is parsed twice. Key material never leaves this module and `tokens`: no
event, response, metric or log line contains any.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import count
from typing import Any, Final, Literal, NamedTuple

import msgspec
from joserfc.jwk import OctKey
from msgspec import Struct

from core import heads
from core.caller import Caller
from core.keys import Keys
from core.lru import Lru
from core.redis import errors
from core.redis.router import PendingCommand, Router
from core.redis.script import Script
from workers.gateway.auth.site_names import SiteNames


class VerifiedToken(Struct, frozen=True):
    """A verified token: its caller and its period of validity (seconds since 1970)."""

    caller: Caller
    begins: float
    ends: float


MOST_BYTES: Final = 8 * 1024 * 1024
"""Default size of the token cache in bytes: about eight thousand tokens."""
TOKEN_OVERHEAD: Final = 950
"""Overhead of a cached token in bytes, besides the token."""

Tokens = Lru[tuple[int, str], VerifiedToken]
"""Cache of verified tokens. The key is the number of the signing key set, and the token."""


_NUMBERS: Final = count()


class SiteKeys:
    """The current keys of one site, and the cached tokens that they signed."""

    def __init__(
        self, kind: Literal["hs256", "jwks"], secrets: tuple[bytes, ...] = (), tokens: Tokens | None = None
    ) -> None:
        self.kind = kind
        self.secrets = tuple(OctKey.import_key(secret) for secret in secrets)
        self._tokens = Tokens(MOST_BYTES) if tokens is None else tokens
        # Separates the tokens of key sets in the shared cache. A number, so that the cache holds no old secret.
        self._number = next(_NUMBERS)

    def __repr__(self) -> str:
        """Show the kind only."""
        return f"SiteKeys({self.kind!r})"

    def recall(self, token: str) -> VerifiedToken | None:
        """Return the cached result for this token, if any."""
        return self._tokens.get((self._number, token))

    def remember(self, token: str, found: VerifiedToken) -> None:
        """Cache the result for a token."""
        self._tokens.put((self._number, token), found, TOKEN_OVERHEAD + len(token))


class KeySet(Struct, frozen=True):
    """Keys as stored. The log may contain their kind, number and digest, and nothing else."""

    kind: Literal["hs256", "jwks"]
    number: int
    document: bytes
    """JSON of a list of secrets, of a key set, or of the address of a key set."""

    @property
    def digest(self) -> str:
        """Hash that identifies this key set and reveals nothing about it."""
        return blake2b(self.document, digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """Show kind and number only."""
        return f"Given({self.kind!r}, {self.number})"


class PendingKeys(NamedTuple):
    """A read of a site's keys in progress, and the last known keys."""

    last: SiteKeys
    begun: PendingCommand


_OPEN: Final = Script("core.redis", "open_site_keys")
_READ: Final = "read_keys"
"""Name of the read in logs and metrics."""

PATIENCE: Final = 1.0
"""Seconds for which a read of keys is retried. Later steps of the same request have their own retry time."""


class Keyring:
    """Reads and replaces the keys of sites. Raises `core.refusals.Unavailable` if the server stays unreachable."""

    def __init__(self, redis: Router, keys: Keys, *, patience: float = PATIENCE, most_bytes: int = MOST_BYTES) -> None:
        """`most_bytes` bounds the cached tokens of all sites together."""
        self._redis = redis
        self._patience = patience
        self._keys = keys
        self.tokens = Tokens(most_bytes)
        self.names = SiteNames(redis, keys, patience=patience)
        self._parsed: dict[str, tuple[Mapping[bytes, bytes], SiteKeys]] = {}

    async def read(self, site: str) -> SiteKeys | None:
        """Return the current keys of a site. None if the site has no keys and so does not exist."""
        return self._known(site, await self._fields(site))

    def begin(self, site: str) -> PendingKeys | None:
        """Start a read of a site's keys, to continue with the last known keys. None if no keys are known."""
        known = self._parsed.get(site)
        return None if known is None else PendingKeys(known[1], self._redis.begin("HGETALL", self._place(site)))

    async def finish(self, site: str, pending: PendingKeys) -> SiteKeys | None:
        """Return the current keys of a site: the same object as the last known keys if they have not changed."""
        begun: PendingCommand | None = pending.begun

        async def attempt() -> Any:
            nonlocal begun
            if begun is None:
                return await self._redis.call("HGETALL", self._place(site))
            first, begun = begun, None
            return await self._redis.finish(first)

        return self._known(site, _mapping(await self._retry(attempt, _READ)))

    def _known(self, site: str, fields: dict[bytes, bytes]) -> SiteKeys | None:
        if not fields:
            self._parsed.pop(site, None)
            return None
        known = self._parsed.get(site)
        if known is not None and known[0] == fields:
            return known[1]
        parsed = _parse(fields, self.tokens)
        self._parsed[site] = fields, parsed
        return parsed

    async def holds(self, site: str, key_set: KeySet) -> bool | None:
        """True if these are the keys of the site. None if the site has no keys."""
        fields = await self._fields(site)
        return fields == _fields_of(key_set) if fields else None

    async def open(self, site: str, key_set: KeySet) -> bool | None:
        """Give an opened site these keys unless it has keys. Returns True if they are its keys now.

        None if the site is not opened; it then gets no keys. Of several concurrent calls one sets the keys.
        """
        await self.names.note(site)
        partition = self._keys.of(site)
        keys = partition.heads(site, ""), self._place(site)
        args = heads.SITE, key_set.kind, key_set.document
        reply: bytes = await self._retry(lambda: self._redis.run(_OPEN, keys, args), "set_keys")
        return None if reply == b"UNOPENED" else reply == b"SAME"

    async def write(self, site: str, key_set: KeySet) -> None:
        """Replace the keys of a site. From the next request on, tokens signed with any other key are invalid."""
        await self.names.note(site)
        pairs = [part for pair in _fields_of(key_set).items() for part in pair]
        await self._retry(lambda: self._redis.call("HSET", self._place(site), *pairs), "set_keys")

    async def _fields(self, site: str) -> dict[bytes, bytes]:
        return _mapping(await self._retry(lambda: self._redis.call("HGETALL", self._place(site)), _READ))

    def _place(self, site: str) -> str:
        return self._keys.of(site).site_keys(site)

    async def _retry(self, attempt: Callable[[], Any], what: str) -> Any:
        return await errors.retry(attempt, what, patience=self._patience)


def _mapping(reply: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _fields_of(key_set: KeySet) -> dict[bytes, bytes]:
    return {b"kind": key_set.kind.encode(), b"keys": key_set.document}


def is_keys(fields: Mapping[bytes, bytes]) -> bool:
    """True if these fields are well-formed stored keys of a site."""
    if fields.keys() != {b"kind", b"keys"}:
        return False
    try:
        if fields[b"kind"] == b"jwks":
            msgspec.json.decode(fields[b"keys"])
        else:
            _parse(fields, Tokens(0))
    except (ValueError, RecursionError):
        return False
    return fields[b"kind"] in (b"hs256", b"jwks")


def _parse(fields: Mapping[bytes, bytes], tokens: Tokens) -> SiteKeys:
    if fields[b"kind"] == b"jwks":
        return SiteKeys("jwks", tokens=tokens)
    secrets = msgspec.json.decode(fields[b"keys"], type=tuple[str, ...])
    return SiteKeys("hs256", tuple(secret.encode() for secret in secrets), tokens)
