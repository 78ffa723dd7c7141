"""Bearer tokens: the identity of the caller, asserted by the publication.

A token is a JWT (RFC 7519) in the Authorization header, and nowhere else. The site determines the algorithm: the one
in the header of the token is compared with it, never obeyed. Claims are those of the contract. `exp` and `nbf` have
60 s of leeway, because clocks differ.
"""

import re
from base64 import urlsafe_b64decode
from contextlib import suppress
from hmac import compare_digest
from typing import Annotated, Final

import msgspec
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OctKey
from msgspec import Meta, Struct

from core.caller import Caller
from core.ids import MEMBER_PATTERN
from core.times import LATEST
from workers.gateway.auth.claims import (
    Begins,
    Claims,
    Expires,
    Strings,
    TokenRules,
    caller_of,
    decoded,
    read_claims,
)
from workers.gateway.auth.signing_keys import SiteKeys, VerifiedToken
from workers.gateway.http.refusals import InvalidToken, Unauthenticated

LEEWAY: Final = 60
"""Seconds of leeway for `exp` and `nbf`."""
LONGEST_TOKEN: Final = 8192
_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
"""Compact serialization of a JWS (RFC 7515, section 7.1)."""
OPERATOR_AUDIENCE: Final = "hansard"
GUEST: Final = "guest:"
"""Beginning of the ids of guests whose tokens Hansard signed."""
GUEST_VALID_FOR: Final = 24 * 3600
"""Seconds for which the token of a guest is valid."""


class OperatorClaims(Struct, frozen=True, kw_only=True):
    """The claims of an operator's token."""

    aud: Annotated[str | tuple[str, ...], Meta(description="`hansard`, or a list that contains it.")]
    exp: Expires
    roles: Annotated[Strings, Meta(description="Exactly `operator`.")]
    sub: Annotated[
        str,
        Meta(
            pattern=MEMBER_PATTERN,
            max_length=64,
            description="Name of the operator in the audit; `operator` if missing.",
        ),
    ] = "operator"
    nbf: Begins = None


class Audience(Struct, frozen=True):
    """The audience claim of a token."""

    aud: str | tuple[str, ...]


_AUDIENCE: Final = msgspec.json.Decoder(Audience)
_HS256: Final = jws.JWSRegistry(algorithms=["HS256"], strict_check_header=False)
_OPERATOR: Final = msgspec.json.Decoder(OperatorClaims)


class Operators:
    """Authenticates the operator of the deployment by the operator's secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._key = OctKey.import_key(self._secret)

    def signs_with(self, secret: str) -> bool:
        """True if this is the operator's secret."""
        return compare_digest(self._secret, secret.encode())

    def __repr__(self) -> str:
        """Show the class name only."""
        return "Operators()"

    def verify(self, token: str, now: float) -> Caller:
        """Return the operator named by `token`, valid at `now` (seconds since 1970). Raises InvalidToken."""
        payload = _signed_by(token, (self._key,))
        claims = decoded(_OPERATOR, payload)
        _check_audience(claims.aud, OPERATOR_AUDIENCE)
        _check_time(claims.nbf, claims.exp, now)
        if claims.roles != ("operator",):
            raise InvalidToken("the token of an operator must have exactly the role operator")
        return Caller(id=claims.sub, name=claims.sub, roles=frozenset({"operator"}))


def bearer(authorization: bytes | None) -> str | None:
    """Return the token of an Authorization header. None if there is no header.

    Raises InvalidToken for other schemes, and for a token that is too long or not in the form of a JWT.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(b" ")
    token = token.strip(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise InvalidToken("the Authorization header must consist of Bearer and a token")
    if len(token) > LONGEST_TOKEN:
        raise InvalidToken("the token is too long")
    if _COMPACT.fullmatch(token) is None:
        raise InvalidToken("the token is not well-formed")
    return token.decode("ascii")


def is_for_operators(authorization: bytes | None, site: str) -> bool:
    """True if the unverified audience of a token includes the operator's and not `site`. This proves nothing."""
    try:
        token = bearer(authorization)
        if token is None:
            return False
        payload = token.split(".")[1]
        said = _AUDIENCE.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).aud
    except (InvalidToken, msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return False
    audiences = (said,) if isinstance(said, str) else said
    return OPERATOR_AUDIENCE in audiences and site not in audiences


def verify(token: str, site: str, keys: SiteKeys, now: float) -> Caller:
    """Return the caller named by `token` of `site`, valid at `now` (seconds since 1970).

    Raises UnknownKey (an InvalidToken) and KeysNotFetched where a newer key set of the publication may help, or
    InvalidToken.
    """
    return verified(token, site, keys, now).caller


def is_own_guest(caller: Caller) -> bool:
    """True for a guest whose token Hansard signed."""
    return caller.id.startswith(GUEST)


def signed_for_guest(key: OctKey, site: str, guest: str, name: str, expires: int) -> str:
    """Return a token for a guest of a site, whose id begins with `GUEST`; `expires` is in seconds since 1970."""
    claims = {"sub": guest, "name": name, "aud": site, "exp": expires, "kind": "guest"}
    return jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])


def verified(token: str, site: str, keys: SiteKeys, now: float) -> VerifiedToken:
    """Return the result of `verify` with the time at which the token ends. Raises as `verify`."""
    known = keys.recall(token)
    if known is None:
        claims, rules = _verified(token, site, keys)
        _check_audience(claims.aud, site)
        _check_time(claims.nbf, claims.exp, now)
        caller = Caller(id=claims.sub, name=claims.name, kind="guest") if rules is None else caller_of(claims, rules)
        known = VerifiedToken(caller, claims.nbf or 0, claims.exp)
        keys.remember(token, known)
    else:
        _check_time(known.begins, known.ends, now)
    return known


def _verified(token: str, site: str, keys: SiteKeys) -> tuple[Claims, TokenRules | None]:
    """Return the claims of a signed token, and the rules that they were read by.

    There are none for a token that Hansard signed for a guest. Raises InvalidToken, KeysNotFetched.
    """
    if keys.guests is not None:
        # The site's own keys come second: they are tried only on what the guests' key did not sign.
        with suppress(InvalidToken):
            return read_claims(_signed_by(token, (keys.guests,))), None
    if keys.kind == "jwks":
        claims = read_claims(keys.public.payload(token), keys.rules)
    else:
        # A secret of the site signs for the site alone. A key set may sign for anything else of the publication.
        claims = read_claims(_signed_by(token, keys.secrets), keys.rules, audience=site)
    if claims.sub.startswith(GUEST):
        raise InvalidToken(f"the claim sub begins with {GUEST}, which only tokens of POST /guests may")
    return claims, keys.rules


def required() -> Unauthenticated:
    """Return the error for a request without a token to an operation that needs one."""
    return Unauthenticated("a bearer token is required in the Authorization header")


def _signed_by(token: str, keys: tuple[OctKey, ...]) -> bytes:
    """Return the payload of a token signed by one of the keys. Raises InvalidToken."""
    for key in keys:
        try:
            return jws.deserialize_compact(token, key, registry=_HS256).payload
        except BadSignatureError:
            continue  # another of the valid secrets may have signed the token
        except UnsupportedAlgorithmError:
            raise InvalidToken("the token is not signed with HS256") from None
        except (JoseError, ValueError, TypeError):
            raise InvalidToken("the token is not well-formed") from None
    raise InvalidToken("the signature of the token is not from a valid key")


def _check_audience(aud: str | tuple[str, ...], wanted: str) -> None:
    if aud != wanted and (isinstance(aud, str) or wanted not in aud):
        raise InvalidToken("the token is for another audience")


def _check_time(begins: float | None, ends: float, now: float) -> None:
    if max(ends, begins or 0) * 1000 > LATEST:
        raise InvalidToken("exp and nbf must be seconds since 1970, up to year 9999")
    if ends + LEEWAY <= now:
        raise InvalidToken("the token has expired")
    if begins is not None and begins - LEEWAY > now:
        raise InvalidToken("the token is not valid yet")
