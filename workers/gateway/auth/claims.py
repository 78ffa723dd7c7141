"""Claims of a site's tokens: where they are in the payload, what they mean, and the caller whom they describe.

The policy says where a publication's tokens have each claim (`claims`), and which roles count (`roles`). A claim that
the policy places elsewhere is read there alone: the publication may mean something else by Hansard's name for it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from core.caller import Caller, Role, SignedOpening
from core.domain.context import LONGEST_NAME
from core.domain.origins import LONGEST, normalised
from core.ids import MEMBER_PATTERN
from core.policy import CORAL, Policy
from core.policy import Claims as ClaimPlaces
from core.text.unicode import one_line
from workers.gateway.http.refusals import InvalidToken

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
            "address. It does not begin with `guest:`: such ids are those of guests who got their token from Hansard.",
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
        Strings,
        Meta(
            description="`moderator`, `auditor`, `admin`. None includes another. Other values are ignored, and so are "
            "roles that the policy does not list."
        ),
    ] = ()
    thread: Annotated[
        str | None,
        Meta(
            description="Thread whose article the publication describes with this token. With `url` and `title`, a "
            "first comment with the token opens the thread."
        ),
    ] = None
    url: Annotated[str | None, Meta(description="Address of the article.")] = None
    title: Annotated[str | None, Meta(description="Title of the article.")] = None
    labels: Annotated[Strings, Meta(description="Labels of the thread.")] = ()


class TokenRules(Struct, frozen=True, kw_only=True):
    """The part of a policy by which tokens are read."""

    places: ClaimPlaces = {}
    roles: frozenset[str] = frozenset(Policy().roles)


USUAL: Final = TokenRules()
"""The rules of a site whose policy says nothing about tokens."""

_Claims = TypeVar("_Claims")
_DECODER: Final = msgspec.json.Decoder(Claims)
_NAMES: Final = Claims.__struct_fields__
_CORAL: Final = {
    "sub": "user.id",
    "name": "user.username",
    "email": "user.email",
    "badges": "user.badges",
    "roles": "user.role",
}
_LISTS: Final = frozenset({"badges", "entitlements", "roles", "labels"})
_ROLES: Final[dict[str, Role]] = {"moderator": "moderator", "auditor": "auditor", "admin": "admin"}
_MISSING: Final = object()


def rules_of(policy: Policy) -> TokenRules:
    """Return the rules for tokens in a policy."""
    return TokenRules(places=policy.claims, roles=frozenset(policy.roles))


def read_claims(payload: bytes, rules: TokenRules = USUAL, *, audience: str | None = None) -> Claims:
    """Decode the payload of a verified token. Raises InvalidToken.

    `audience` is that of a token of Coral without one: its secret signs for one site alone.
    """
    if not rules.places:
        return decoded(_DECODER, payload)
    try:
        document = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidToken("the payload of the token is not JSON") from None
    if not isinstance(document, dict):
        raise InvalidToken("the payload of the token is not well-formed")
    is_coral = rules.places == CORAL
    given = {}
    for name, place in _places(rules).items():
        value = _at(document, place)
        if value is not _MISSING and value is not None:
            given[name] = _usual_form(name, value, is_coral=is_coral)
    if is_coral and audience is not None:
        given.setdefault("aud", audience)
    try:
        return msgspec.convert(given, Claims)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None


def written_claims(claims: Mapping[str, Any], rules: TokenRules) -> dict[str, Any]:
    """Return claims under the names at which `read_claims` finds them."""
    places = _places(rules)
    return {places.get(name, name): value for name, value in claims.items()}


def caller_of(claims: Claims, rules: TokenRules = USUAL) -> Caller:
    """Return the caller whom the claims describe. Raises InvalidToken."""
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
        roles=frozenset(_ROLES[role] for role in claims.roles if role in _ROLES and role in rules.roles),
        opening=_opening(claims),
    )


def _opening(claims: Claims) -> SignedOpening | None:
    """The article that the token describes; None if it does not say all of it."""
    if claims.thread is None or claims.url is None or claims.title is None:
        return None
    return SignedOpening(thread=claims.thread, url=claims.url, title=claims.title, labels=claims.labels)


def decoded(decoder: "msgspec.json.Decoder[_Claims]", payload: bytes) -> _Claims:
    """Decode a payload. Raises InvalidToken."""
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidToken("the payload of the token is not JSON") from None


def _places(rules: TokenRules) -> dict[str, str]:
    """The place of each claim that is read."""
    named = _CORAL if rules.places == CORAL else rules.places
    assert isinstance(named, dict)
    return {name: named.get(name, name) for name in _NAMES}


def _at(document: dict[str, Any], place: str) -> Any:
    """The value at a place: that of a claim with this whole name, else of a member of a member, by the dots."""
    if place in document:
        return document[place]
    value: Any = document
    for name in place.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _usual_form(name: str, value: Any, *, is_coral: bool) -> Any:
    """A value as Hansard's own claim has it, where a publication's tokens write the same in another way."""
    if name == "sub" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if name in _LISTS and isinstance(value, str):
        value = [value]
    if name == "roles" and isinstance(value, list):
        roles = [role.lower() if is_coral else role for role in value if isinstance(role, str)]
        return [role for role in roles if role in _ROLES]
    return value


def _wrong(error: msgspec.ValidationError) -> InvalidToken:
    """Return an error that names the wrong claim. It repeats nothing of the token but names of known claims."""
    said = str(error)
    claim = said.rpartition(" - at `$.")[2].rstrip("`").partition("[")[0]
    for name in _NAMES:
        if claim == name:
            return InvalidToken(f"the claim {name} is not well-formed")
        if said == f"Object missing required field `{name}`":
            return InvalidToken(f"the claim {name} is missing")
    return InvalidToken("the payload of the token is not well-formed")
