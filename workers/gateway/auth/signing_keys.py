"""The keys that sign a site's tokens, as parsed for verification, and the tokens that they verified."""

from collections.abc import Mapping
from itertools import count
from typing import Any, Final, Literal

import msgspec
from joserfc.jwk import OctKey
from msgspec import Struct

from core.caller import Caller
from core.lru import Lru
from workers.gateway.auth.claims import USUAL, TokenRules
from workers.gateway.auth.fetched_keys import FetchedKeys, KeyFetcher
from workers.gateway.auth.public_keys import PublicKeys, usable_keys
from workers.gateway.shapes.site_keys import Jwks

GUESTS: Final = b"guests"
"""Field of the key that signs the tokens of guests."""
_KIND: Final = b"kind"
_KEYS: Final = b"keys"


class VerifiedToken(Struct, frozen=True):
    """A verified token: its caller and its period of validity (seconds since 1970)."""

    caller: Caller
    begins: float
    ends: float


MOST_BYTES: Final = 8 * 1024 * 1024
"""Default size of the token cache in bytes: about eight thousand tokens."""
TOKEN_OVERHEAD: Final = 950
"""Overhead of a cached token in bytes, besides the token."""

Tokens = Lru[tuple[int, int, str], VerifiedToken]
"""Cache of verified tokens. The key is the numbers of the keys of the site and of its key set, and the token."""


_NUMBERS: Final = count()


class SiteKeys:
    """The current keys of one site, the rules for its tokens, and the cached tokens that they verified."""

    def __init__(
        self,
        kind: Literal["hs256", "jwks"],
        secrets: tuple[bytes, ...] = (),
        tokens: Tokens | None = None,
        guests: bytes | None = None,
        *,
        public: PublicKeys | FetchedKeys | None = None,
        rules: TokenRules = USUAL,
    ) -> None:
        """`public` is the key set of a site of kind `jwks`."""
        self.kind = kind
        self.secrets = tuple(OctKey.import_key(secret) for secret in secrets)
        self.guests = None if guests is None else OctKey.import_key(guests)
        """The key that signs the tokens of guests; None if no guest has asked for one yet."""
        self.rules = rules
        self.fetched = public if isinstance(public, FetchedKeys) else None
        """The key set at an address; None if the operator gave the keys themselves."""
        self._public = public if isinstance(public, PublicKeys) else PublicKeys()
        self._tokens = Tokens(MOST_BYTES) if tokens is None else tokens
        # Separates the tokens of key sets in the shared cache. A number, so that the cache holds no old secret.
        self._number = next(_NUMBERS)

    def __repr__(self) -> str:
        """Show the kind only."""
        return f"SiteKeys({self.kind!r})"

    @property
    def public(self) -> PublicKeys:
        """The public keys of the publication. Raises KeysNotFetched."""
        return self._public if self.fetched is None else self.fetched.keys

    def recall(self, token: str) -> VerifiedToken | None:
        """Return the cached result for this token, if any."""
        return self._tokens.get((self._number, self._set, token))

    def remember(self, token: str, found: VerifiedToken) -> None:
        """Cache the result for a token."""
        self._tokens.put((self._number, self._set, token), found, TOKEN_OVERHEAD + len(token))

    @property
    def _set(self) -> int:
        """Number of the fetched key set: what an earlier one has verified is not recalled."""
        current = None if self.fetched is None else self.fetched.current
        return 0 if current is None else current.number


def is_keys(fields: Mapping[bytes, bytes]) -> bool:
    """True if these fields are well-formed stored keys of a site."""
    if fields.keys() - {GUESTS} != {_KIND, _KEYS}:
        return False
    try:
        if fields[_KIND] == b"jwks":
            msgspec.json.decode(fields[_KEYS])
        else:
            parsed_keys(fields, Tokens(0), None, USUAL)
    except (ValueError, RecursionError):
        return False
    return fields[_KIND] in (b"hs256", b"jwks")


def parsed_keys(
    fields: Mapping[bytes, bytes], tokens: Tokens, fetcher: KeyFetcher | None, rules: TokenRules
) -> SiteKeys:
    """Parse the stored keys of a site. Without a fetcher, a key set at an address is never fetched.

    Keys that cannot verify tokens are left out: an earlier version may have stored them.
    """
    guests = fields.get(GUESTS)
    if fields[_KIND] == b"jwks":
        return SiteKeys("jwks", tokens=tokens, guests=guests, public=_public(fields[_KEYS], fetcher), rules=rules)
    secrets = msgspec.json.decode(fields[_KEYS], type=tuple[str, ...])
    return SiteKeys("hs256", tuple(secret.encode() for secret in secrets), tokens, guests, rules=rules)


def _public(document: bytes, fetcher: KeyFetcher | None) -> PublicKeys | FetchedKeys:
    stored: Any = msgspec.json.decode(document, type=Jwks | str)
    if isinstance(stored, Jwks):
        return usable_keys(stored.keys)
    return FetchedKeys(stored) if fetcher is None else fetcher.at(stored)
