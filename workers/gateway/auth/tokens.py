"""Bearer tokens: the identity of the caller, asserted by the publication.

A token is a JWT (RFC 7519) in the Authorization header, and nowhere else. The site determines the algorithm: the one
in the header of the token is compared with it, never obeyed. Claims are those of the contract. `exp` and `nbf` have
60 s of leeway, because clocks differ.
"""

import re
from base64 import urlsafe_b64decode
from hmac import compare_digest
from typing import Annotated, Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OctKey
from msgspec import Meta, Struct

from core.caller import Caller, Role
from core.domain.authoring import LONGEST_NAME
from core.domain.origins import LONGEST, normalised
from core.ids import MEMBER_PATTERN
from core.text.unicode import one_line
from core.times import LATEST
from workers.gateway.auth.keyring import SiteKeys, VerifiedToken
from workers.gateway.http.refusals import InvalidToken, Unauthenticated

LEEWAY: Final = 60
"""Seconds of leeway for `exp` and `nbf`."""
LONGEST_TOKEN: Final = 8192
_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
"""Compact serialization of a JWS (RFC 7515, section 7.1)."""
OPERATOR_AUDIENCE: Final = "hansard"

Strings = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=50)]


Expires = Annotated[int | float, Meta(description="Expiry in seconds since 1970, with 60 s of leeway.")]
Begins = Annotated[
    int | float | None, Meta(description="Start of validity in seconds since 1970, with 60 s of leeway.")
]


class Claims(Struct, frozen=True, kw_only=True):
    """The claims of a token. Claims that are not listed here are ignored."""

    sub: Annotated[
        str,
        Meta(
            pattern=MEMBER_PATTERN,
            max_length=64,
            description="The publication's own id for the user. It is public as `author.id`, so never use an e-mail "
            "address.",
        ),
    ]
    name: Annotated[
        str, Meta(min_length=1, max_length=1000, description="Name shown with the comments posted with this token.")
    ]
    aud: Annotated[str | tuple[str, ...], Meta(description="The site, or a list that contains it.")]
    exp: Expires
    nbf: Begins = None
    kind: Annotated[str | None, Meta(description="`guest` for a guest. Any other value, or none, means a member.")] = (
        None
    )
    avatar: Annotated[
        Annotated[str, Meta(max_length=LONGEST)] | None,
        Meta(description="Address of a picture, https only."),
    ] = None
    badges: Annotated[Strings, Meta(description="Labels shown next to the name.")] = ()
    entitlements: Annotated[
        Strings,
        Meta(description="Entitlements of the user, such as `subscriber`. `comment` in the policy may require one."),
    ] = ()
    roles: Annotated[
        Strings, Meta(description="`moderator`, `auditor`, `admin`. None includes another; other values are ignored.")
    ] = ()


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
_CLAIMS: Final = msgspec.json.Decoder(Claims)
_OPERATOR: Final = msgspec.json.Decoder(OperatorClaims)
_SITE_ROLES: Final[dict[str, Role]] = {"moderator": "moderator", "auditor": "auditor", "admin": "admin"}


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
        claims = _decoded(_OPERATOR, payload)
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
    """Return the caller named by `token` of `site`, valid at `now` (seconds since 1970). Raises InvalidToken."""
    if keys.kind == "jwks":
        raise InvalidToken(
            "this site signs with a JWKS, which this version of Hansard cannot verify yet: "
            "it accepts only tokens of sites with HS256 secrets"
        )
    known = keys.recall(token)
    if known is None:
        claims = _decoded(_CLAIMS, _signed_by(token, keys.secrets))
        _check_audience(claims.aud, site)
        _check_time(claims.nbf, claims.exp, now)
        known = VerifiedToken(_caller(claims), claims.nbf or 0, claims.exp)
        keys.remember(token, known)
    else:
        _check_time(known.begins, known.ends, now)
    return known.caller


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


def _decoded(decoder: "msgspec.json.Decoder[Any]", payload: bytes) -> Any:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        _, _, path = str(error).rpartition(" - at `$.")
        claim = path.rstrip("`").partition("[")[0]
        raise InvalidToken(_wrong(claim, str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidToken("the payload of the token is not JSON") from None


def _wrong(claim: str, said: str) -> str:
    """Return a message that names the wrong claim. It repeats nothing of the token but names of known claims."""
    for name in Claims.__struct_fields__:
        if claim == name:
            return f"the claim {name} is not well-formed"
        if said == f"Object missing required field `{name}`":
            return f"the claim {name} is missing"
    return "the payload of the token is not well-formed"


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


def _caller(claims: Claims) -> Caller:
    avatar = None if claims.avatar is None else normalised(claims.avatar)
    if claims.avatar is not None and (avatar is None or not avatar.startswith("https:")):
        raise InvalidToken("the claim avatar is not well-formed")
    return Caller(
        id=claims.sub,
        name=one_line(claims.name, LONGEST_NAME) or claims.sub,
        kind="guest" if claims.kind == "guest" else "member",
        avatar=avatar,
        badges=claims.badges,
        entitlements=frozenset(claims.entitlements),
        # Unknown roles are ignored. A site can never grant the operator's role.
        roles=frozenset(_SITE_ROLES[role] for role in claims.roles if role in _SITE_ROLES),
    )
