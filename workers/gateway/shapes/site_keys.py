"""Keys of a site, as given in requests."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from core.ids import END

SHORTEST_SECRET = 32
"""Bytes, the size of the hash of HS256 (RFC 7518, section 3.2)."""

Secret = Annotated[
    str,
    Meta(
        max_length=512,
        description="A secret of at least 32 bytes in UTF-8.",
        # The handler counts bytes; a schema can only count characters.
        extra_json_schema={"minLength": SHORTEST_SECRET},
    ),
]
JWKS_URL_PATTERN: Final = rf"^https://[!-~]{{1,1990}}{END}"
JwksUrl = Annotated[
    str,
    Meta(
        pattern=JWKS_URL_PATTERN,
        max_length=2000,
        description="URL of the key set: at most 64 KiB with 20 keys. While it is in use it is fetched every 10 "
        "minutes, and when a token names an unknown key, but at most once in 10 s. While its host is away, the last "
        "set is used.",
    ),
]


MOST_KEYS: Final = 20
"""Most keys of a key set."""


class Jwk(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One public key (RFC 7517). Members not named here are dropped, private ones above all."""

    kty: Literal["RSA", "EC", "OKP"]
    kid: str | None = None
    use: str | None = None
    alg: str | None = None
    crv: str | None = None
    n: str | None = None
    e: str | None = None
    x: str | None = None
    y: str | None = None


class Jwks(Struct, frozen=True, kw_only=True):
    """A set of public keys (RFC 7517).

    A key verifies tokens of one algorithm: that of its `alg`, or RS256, ES256 or EdDSA by its type. The algorithms are
    RS256, RS512 and PS256 (with 2048 to 8192 bits), ES256 and EdDSA (Ed25519). Keys with another use or algorithm are
    ignored.
    """

    keys: Annotated[tuple[Jwk, ...], Meta(min_length=1, max_length=MOST_KEYS)]


class KeysGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys that sign the tokens of a site: either secrets, several of them valid at once, or a key set."""

    hs256: Annotated[tuple[Secret, ...], Meta(min_length=1, max_length=10)] | UnsetType = UNSET
    jwks: Jwks | JwksUrl | UnsetType = UNSET


EitherKeys = Annotated[KeysGiven, Meta(extra_json_schema={"oneOf": [{"required": ["hs256"]}, {"required": ["jwks"]}]})]
