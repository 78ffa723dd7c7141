"""Public keys of a publication (RFC 7517): which of a key set can verify tokens, and by which algorithm.

A key has exactly one algorithm: that of its `alg`, or of its type where it names none. The header of a token chooses
among keys, and never an algorithm: RS256 does not turn into HS256 because a token says so.
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from msgspec import Struct

from workers.gateway.http.refusals import InvalidToken, UnknownKey
from workers.gateway.shapes.site_keys import MOST_KEYS, Jwk

LONGEST_HEADER: Final = 4096
LONGEST_SIGNATURE: Final = 2048
_RSA_BITS: Final = range(2048, 8193)
"""Sizes of RSA keys. A smaller one can be broken; a larger one makes each verification dear."""
_RSA_EXPONENTS: Final = range(3, 2**32)

_ALGORITHMS: Final = {
    "RS256": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The algorithms, each with the type and the curve of its keys."""
_USUAL: Final = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
_SAME: Final = {"Ed25519": "EdDSA"}
"""Names of RFC 9864 for algorithms with an older name."""
_TYPES: Final[dict[str, Any]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}

_numbers: Final = count(1)


class MalformedKey(ValueError):
    """A key that is meant to verify tokens cannot: the message says why."""


class UnusableKeySet(ValueError):
    """A document is no key set, or none of its keys can verify tokens."""


class TokenHeader(Struct, frozen=True):
    """The members of a header that are read. None of them is obeyed, and no other is read."""

    alg: str
    kid: str | None = None


class _Registry(jws.JWSRegistry):
    """The one algorithm of a key."""

    max_header_length = LONGEST_HEADER
    max_signature_length = LONGEST_SIGNATURE

    def __init__(self, algorithm: str) -> None:
        super().__init__(strict_check_header=False)
        self._model = self.algorithms[algorithm]

    def get_alg(self, name: str) -> Any:
        del name  # `PublicKey.payload` has compared it
        return self._model


class PublicKey:
    """A public key with its algorithm."""

    def __init__(self, kid: str | None, algorithm: str, key: Any) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._key = key
        self._registry = _Registry(algorithm)

    def payload(self, token: str) -> bytes | None:
        """Return the payload of a token whose header names this algorithm; None if this key did not sign it.

        Raises InvalidToken for a token that is not well-formed.
        """
        try:
            return jws.deserialize_compact(token, self._key, registry=self._registry).payload
        except BadSignatureError:
            return None
        except (JoseError, ValueError, TypeError):
            raise InvalidToken("the token is not well-formed") from None


class PublicKeys:
    """A key set: the keys of it that can verify tokens."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = tuple(keys)
        self.number = next(_numbers)
        """Separates the tokens that were verified by this set from those of others."""

    def __len__(self) -> int:
        return len(self._keys)

    def payload(self, token: str) -> bytes:
        """Return the payload of a token that one of the keys signed. Raises UnknownKey, InvalidToken."""
        header = _header(token)
        algorithm = _SAME.get(header.alg, header.alg)
        if algorithm not in _ALGORITHMS:
            raise InvalidToken(f"a key set signs with {', '.join(_ALGORITHMS)}, and this token names none of them")
        named = [key for key in self._keys if header.kid is None or key.kid == header.kid]
        if header.kid is not None and not named:
            # A set whose keys have no names cannot be searched by name.
            named = [key for key in self._keys if key.kid is None]
        for key in named:
            if key.algorithm == algorithm and (payload := key.payload(token)) is not None:
                return payload
        if header.kid is not None and any(key.kid == header.kid for key in named):
            raise InvalidToken("the token is not signed with the key and the algorithm that its kid stands for")
        raise UnknownKey("no key of the publication's key set has signed the token")


def usable_key(jwk: Jwk) -> PublicKey | None:
    """Return a key that can verify tokens; None for a key with another use or algorithm. Raises MalformedKey."""
    if jwk.use not in {None, "sig"}:
        return None
    named = _USUAL.get((jwk.kty, None if jwk.kty == "RSA" else jwk.crv)) if jwk.alg is None else jwk.alg
    algorithm = _SAME.get(named or "", named or "")
    if algorithm not in _ALGORITHMS:
        return None
    kind, curve = _ALGORITHMS[algorithm]
    if (kind, curve) != (jwk.kty, None if kind == "RSA" else jwk.crv):
        raise MalformedKey(f"a key of {algorithm} has another type or curve")
    members = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}[kind]
    given = {"kty": kind, **{name: getattr(jwk, name) for name in members}}
    if None in given.values():
        raise MalformedKey(f"a key of type {kind} needs {', '.join(members)}")
    if kind == "RSA":
        _check_rsa(given)
    try:
        return PublicKey(jwk.kid, algorithm, _TYPES[kind].import_key(given))
    except (JoseError, ValueError, TypeError):
        raise MalformedKey(f"this is no key of type {kind}") from None


def usable_keys(jwks: Iterable[Jwk]) -> PublicKeys:
    """Return the keys of a set that can verify tokens, without those that cannot, malformed ones included."""
    found = []
    for jwk in jwks:
        try:
            key = usable_key(jwk)
        except MalformedKey:
            continue
        if key is not None:
            found.append(key)
    return PublicKeys(found)


class _Document(Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


_DOCUMENT: Final = msgspec.json.Decoder(_Document)
_HEADER: Final = msgspec.json.Decoder(TokenHeader)


def read_key_set(document: bytes) -> PublicKeys:
    """Decode a key set as its publication serves it. Raises UnusableKeySet.

    A key of an unknown type is left out: a publication may use it elsewhere.
    """
    try:
        given = _DOCUMENT.decode(document).keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnusableKeySet("the document is not a key set") from None
    if len(given) > MOST_KEYS:
        raise UnusableKeySet(f"the key set has more than {MOST_KEYS} keys")
    known = []
    for one in given:
        try:
            known.append(msgspec.convert(one, Jwk))
        except msgspec.ValidationError:
            continue
    found = usable_keys(known)
    if not found:
        raise UnusableKeySet("no key of the key set can verify tokens")
    return found


def _header(token: str) -> TokenHeader:
    segment = token.partition(".")[0]
    try:
        return _HEADER.decode(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise InvalidToken("the header of the token is not well-formed") from None


def _check_rsa(given: dict[str, Any]) -> None:
    """Raise MalformedKey unless modulus and exponent are of a size that is safe, and quick to verify with."""
    try:
        modulus, exponent = (int.from_bytes(urlsafe_b64decode(given[name] + "==")) for name in ("n", "e"))
    except ValueError:
        raise MalformedKey("n and e of an RSA key must be base64url") from None
    if modulus.bit_length() not in _RSA_BITS:
        raise MalformedKey(f"an RSA key must have {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits")
    if exponent not in _RSA_EXPONENTS or exponent % 2 == 0 or modulus % 2 == 0:
        raise MalformedKey("this is no RSA key")
