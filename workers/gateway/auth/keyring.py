"""The keys that sign a site's tokens: kept apart from the log, read with every request that brings a token.

A hash a site, in the site's own partition: `kind` is `hs256` or `jwks`, `keys` the JSON of what was given. Reading
it every time makes a rotation count at once; what was read in one tick of the event loop goes out as one pipeline,
and equal bytes give the same object, so that nothing is parsed twice. Key material never leaves this module and
`tokens`: it has no place in an event, an answer, a metric or a log line.
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


class Remembered(Struct, frozen=True):
    """A token that was verified with these keys: who it names, and from when until when (seconds since 1970)."""

    caller: Caller
    begins: float
    ends: float


MOST_BYTES: Final = 8 * 1024 * 1024
"""Default size of the remembered tokens: about eight thousand."""
REMEMBERED: Final = 950
"""Bytes that remembering a token takes besides it."""

Tokens = Lru[tuple[int, str], Remembered]
"""Tokens that were verified, by the number of the keys that signed them."""


_NUMBERS: Final = count()


class SiteKeys:
    """The keys of one site as they are now, and the tokens that they were found to have signed."""

    def __init__(
        self, kind: Literal["hs256", "jwks"], secrets: tuple[bytes, ...] = (), tokens: Tokens | None = None
    ) -> None:
        self.kind = kind
        self.secrets = tuple(OctKey.import_key(secret) for secret in secrets)
        self._tokens = Tokens(MOST_BYTES) if tokens is None else tokens
        # Other keys have other tokens, though they share the room; a number, so that no old secret is kept by it.
        self._number = next(_NUMBERS)

    def __repr__(self) -> str:
        """Show the kind alone."""
        return f"SiteKeys({self.kind!r})"

    def recall(self, token: str) -> Remembered | None:
        """What this token was found to be."""
        return self._tokens.get((self._number, token))

    def remember(self, token: str, found: Remembered) -> None:
        """Keep what a token was found to be."""
        self._tokens.put((self._number, token), found, REMEMBERED + len(token))


class KeySet(Struct, frozen=True):
    """Keys as they are kept: what tells two sets apart, and what the log may know of them."""

    kind: Literal["hs256", "jwks"]
    number: int
    document: bytes
    """The JSON of a list of secrets, of a key set, or of its address."""

    @property
    def digest(self) -> str:
        """What tells this set from another, and nothing about it."""
        return blake2b(self.document, digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """Show kind and number alone."""
        return f"Given({self.kind!r}, {self.number})"


class PendingKeys(NamedTuple):
    """A look at the keys of a site that is under way, and those that it had last."""

    last: SiteKeys
    begun: PendingCommand


_OPEN: Final = Script("core.redis", "open_site_keys")
_READ: Final = "read_keys"
"""What logs and metrics call reading them."""

PATIENCE: Final = 1.0
"""Seconds within which keys are asked for again; what comes after in the same request has a patience of its own."""


class Keyring:
    """Reads and replaces the keys of sites. Raises `core.refusals.Unavailable` where the server stays away."""

    def __init__(self, redis: Router, keys: Keys, *, patience: float = PATIENCE, most_bytes: int = MOST_BYTES) -> None:
        """`most_bytes` is for the tokens of all sites together."""
        self._redis = redis
        self._patience = patience
        self._keys = keys
        self.tokens = Tokens(most_bytes)
        self.names = SiteNames(redis, keys, patience=patience)
        self._parsed: dict[str, tuple[Mapping[bytes, bytes], SiteKeys]] = {}

    async def read(self, site: str) -> SiteKeys | None:
        """The keys of a site as they are now; None where it has none, and so does not exist."""
        return self._known(site, await self._fields(site))

    def begin(self, site: str) -> PendingKeys | None:
        """Ask for the keys of a site, and go on with those that it had last; None where none are remembered."""
        known = self._parsed.get(site)
        return None if known is None else PendingKeys(known[1], self._redis.begin("HGETALL", self._place(site)))

    async def finish(self, site: str, look: PendingKeys) -> SiteKeys | None:
        """The keys of the site as they are: the very object where they are those that it had last."""
        begun: PendingCommand | None = look.begun

        async def ask() -> Any:
            nonlocal begun
            if begun is None:
                return await self._redis.call("HGETALL", self._place(site))
            first, begun = begun, None
            return await self._redis.finish(first)

        return self._known(site, _mapping(await self._insist(ask, _READ)))

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

    async def holds(self, site: str, given: KeySet) -> bool | None:
        """Whether these are the keys of the site; None where it has none."""
        fields = await self._fields(site)
        return fields == _fields_of(given) if fields else None

    async def open(self, site: str, given: KeySet) -> bool | None:
        """Give a site that was opened these keys, unless it has keys. Returns whether they are its keys now.

        None where the site is not opened, and then it has no keys. Of several who open it at once one gives the keys.
        """
        await self.names.note(site)
        partition = self._keys.of(site)
        keys = partition.heads(site, ""), self._place(site)
        args = heads.SITE, given.kind, given.document
        reply: bytes = await self._insist(lambda: self._redis.run(_OPEN, keys, args), "set_keys")
        return None if reply == b"UNOPENED" else reply == b"SAME"

    async def write(self, site: str, given: KeySet) -> None:
        """Replace the keys of a site. From the next request on, no other key signs its tokens."""
        await self.names.note(site)
        pairs = [part for pair in _fields_of(given).items() for part in pair]
        await self._insist(lambda: self._redis.call("HSET", self._place(site), *pairs), "set_keys")

    async def _fields(self, site: str) -> dict[bytes, bytes]:
        return _mapping(await self._insist(lambda: self._redis.call("HGETALL", self._place(site)), _READ))

    def _place(self, site: str) -> str:
        return self._keys.of(site).site_keys(site)

    async def _insist(self, ask: Callable[[], Any], what: str) -> Any:
        return await errors.retry(ask, what, patience=self._patience)


def _mapping(reply: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _fields_of(given: KeySet) -> dict[bytes, bytes]:
    return {b"kind": given.kind.encode(), b"keys": given.document}


def is_keys(fields: Mapping[bytes, bytes]) -> bool:
    """Whether this is how the keys of a site are stored."""
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
