"""The token desk of the sample: signs tokens for people of the sample site, so that anybody at this machine can try it.

It exists only under `hansard up --sample` that listens on a loopback address with no proxy in front. It answers only
requests of its own pages: the browser says so (`Sec-Fetch-Site`), and the `Host` is a loopback address. A stranger's
name that resolves to this machine (DNS rebinding) gets what an unknown path gets: 404.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from joserfc import jwt
from msgspec import Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from core.refusals import NotFound
from workers.gateway.auth.claims import written_claims
from workers.gateway.auth.keyring import Keyring
from workers.gateway.http import caching, parameters, problems
from workers.gateway.http.headers import headers_of
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response, json, send_response
from workers.gateway.web.hosted import HostedPage
from workers.runtime.loopback import is_loopback

ROUTE: Final = "/desk/token"

VALID_FOR: Final = 3600
"""Seconds for which a token of the desk is valid."""

_FORWARDED: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})
"""Headers that only a proxy writes: behind one, a loopback address proves nothing."""


class Role(Struct, frozen=True, kw_only=True):
    """A person of the sample to look at a page as: the words for the person, and the claims of the token."""

    access: str
    label: str
    sub: str
    name: str
    roles: tuple[str, ...] = ()
    entitlements: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()


ROLES: Final[Mapping[str, Role]] = {
    "bea": Role(access="a reader", label="Bea, reader", sub="bea", name="Bea"),
    "ilse": Role(
        access="a subscriber",
        label="Ilse, subscriber",
        sub="ilse",
        name="Ilse Marchetti",
        entitlements=("subscriber",),
        badges=("founding subscriber",),
    ),
    "wilma": Role(
        access="a moderator", label="Wilma, moderator", sub="wilma", name="Wilma Drost", roles=("moderator",)
    ),
    "auditor": Role(access="an auditor", label="an auditor", sub="auditor", name="Ada Quist", roles=("auditor",)),
}
"""Everybody for whom the desk signs, by the value of `as`."""


class Sample(Struct, frozen=True, kw_only=True):
    """The site and the thread of the sample discussion."""

    site: str
    thread: str


def is_of_this_machine(headers: Mapping[bytes, bytes]) -> bool:
    """True if a request names a loopback address as its host, and no proxy has passed it on."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name, bracket, rest = host.partition("]")
    name = name + bracket if bracket else name.partition(":")[0]
    port = rest if bracket else host[len(name) :]
    well_formed = not port or (port[0] == ":" and port[1:].isdecimal())
    return well_formed and is_loopback(name) and _FORWARDED.isdisjoint(headers)


def token_url(scope: Scope, sample: Sample | None, site: str) -> str | None:
    """Return where a page of this site gets tokens of the person that `as` names; None where no desk is open for it."""
    if sample is None or site != sample.site or not is_of_this_machine(headers_of(scope)):
        return None
    who = parameters.parse(scope["query_string"]).get("as", [""])[0]
    return f"{ROUTE}?as={who}" if who in ROLES else None


def endpoint(sample: Sample, keyring: Keyring, clock: Callable[[], float]) -> ASGIApp:
    """Return the ASGI endpoint of the desk. `clock` returns seconds since 1970."""

    async def make(scope: Scope, receive: Receive) -> Response:
        del receive
        return _own(json({"token": await _signed(scope, sample, keyring, clock())}))

    page = HostedPage(ROUTE, make, _own)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        if is_of_this_machine(headers) and headers.get(b"sec-fetch-site") == b"same-origin":
            await page(scope, receive, send)
            return
        record: RequestRecord = scope["hansard"]
        reply = _own(problems.reply(NotFound("there is nothing at this address")))
        await send_response(send, record.ends(reply), without_body=scope["method"] == "HEAD")

    return guarded


def _own(reply: Response) -> Response:
    """Return a response that no other origin may read, and no cache may store."""
    kept_here = ((b"cache-control", caching.NO_STORE), (b"cross-origin-resource-policy", b"same-origin"))
    return reply._replace(cors=False).also(*kept_here)


async def _signed(scope: Scope, sample: Sample, keyring: Keyring, now: float) -> str:
    """Return the token of the person that `as` names. Raises NotFound if there is none, or no secret to sign with."""
    role = ROLES.get(parameters.parse(scope["query_string"]).get("as", [""])[0])
    keys = await keyring.read(sample.site)
    if role is None or keys is None or not keys.secrets:
        raise NotFound("the desk has no person of this name")
    claims: dict[str, Any] = {
        "aud": sample.site,
        "sub": role.sub,
        "name": role.name,
        "exp": int(now) + VALID_FOR,
        "roles": list(role.roles),
        "entitlements": list(role.entitlements),
        "badges": list(role.badges),
    }
    return jwt.encode({"alg": "HS256"}, written_claims(claims, keys.rules), keys.secrets[0], algorithms=["HS256"])
