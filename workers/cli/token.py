"""`hansard token`: a signed token for trials and scripts. A publication signs its own tokens."""

import time
from functools import partial
from typing import Annotated, Any, Final, Literal

import anyio
from cyclopts import Parameter
from joserfc import jwt
from joserfc.jwk import OctKey

from core.application.current_state import site_of
from core.ids import is_member, is_site
from core.log.redis import RedisLog
from core.text.unicode import is_blank
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Where, typed
from workers.cli.target import deployment
from workers.gateway.auth.claims import written_claims
from workers.gateway.auth.keyring import Keyring
from workers.gateway.auth.signing_keys import SiteKeys
from workers.gateway.auth.tokens import GUEST, OPERATOR_AUDIENCE
from workers.runtime.generated_secrets import secrets_of
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

SiteRole = Literal["moderator", "auditor", "admin"]

LONGEST: Final = 87_600
"""Longest validity of a token, in hours: ten years."""


def token(  # noqa: PLR0913 - a token says as much
    *,
    site: Annotated[str | None, Parameter(help="Site that the token is for.")] = None,
    sub: Annotated[str | None, Parameter(help="Id of the member, public beside what they write.")] = None,
    name: Annotated[str | None, Parameter(help="Name of the member, as shown.")] = None,
    role: Annotated[tuple[SiteRole, ...], Parameter(help="Can be repeated.", negative="", show_default=False)] = (),
    entitlement: Annotated[
        tuple[str, ...], Parameter(help="For example subscriber. Can be repeated.", negative="", show_default=False)
    ] = (),
    badge: Annotated[
        tuple[str, ...], Parameter(help="Shown beside the name. Can be repeated.", negative="", show_default=False)
    ] = (),
    kind: Annotated[Literal["member", "guest"], Parameter(help="A guest is not a member.")] = "member",
    operator: Annotated[
        bool, Parameter(help="Print a token of the deployment's operator instead.", negative="", show_default=False)
    ] = False,
    hours: Annotated[float, Parameter(help="Hours for which the token is valid.")] = 24,
    where: Where = NOWHERE,
) -> int:
    """Print a signed token, and nothing else.

    It is signed with the first secret of the site, which is read from the deployment, and has its claims where the
    policy of the site says. An operator's token is signed
    with the admin secret.

    For example:

        hansard token --site sample --sub bea --name Bea

        hansard token --site sample --sub ilse --name Ilse --entitlement subscriber

        hansard token --site sample --sub wilma --name Wilma --role moderator

        TOKEN=$(hansard token --operator)
    """
    if not 0 < hours <= LONGEST:
        raise UsedWrongly(f"--hours must be more than 0 and at most {LONGEST}, which is ten years")
    found = where.quietly()
    expires = int(time.time() + hours * 3600)
    if operator:
        if site or sub or name or role or entitlement or badge or kind != "member":
            raise UsedWrongly("an operator's token takes no other claims: give only --operator")
        claims: dict[str, Any] = {"aud": OPERATOR_AUDIENCE, "roles": ["operator"], "exp": expires}
        output.line(_signed(claims, OctKey.import_key(_admin_secret(found).encode())))
        return 0
    if site is None or sub is None or name is None:
        raise UsedWrongly("a token needs --site, --sub and --name; --operator needs neither")
    name, badge = typed(name), tuple(map(typed, badge))
    _check(site, sub, name)
    claims = {"sub": sub, "name": name, "aud": site, "exp": expires}
    if kind != "member":
        claims["kind"] = kind
    for claim, values in (("roles", role), ("entitlements", entitlement), ("badges", badge)):
        if values:
            claims[claim] = list(values)
    keys = anyio.run(_site_keys, found, site)
    output.line(_signed(written_claims(claims, keys.rules), keys.secrets[0]))
    return 0


def _check(site: str, sub: str, name: str) -> None:
    if not is_site(site):
        raise UsedWrongly(f"{site!r} is not a valid site id: 1 to 40 of a-z, 0-9 and -")
    if not is_member(sub):
        raise UsedWrongly(f"{sub!r} is not a valid member id: 1 to 64 letters, digits and . _ ~ : -")
    if sub.startswith(GUEST):
        raise UsedWrongly(f"a member id that begins with {GUEST} is that of a guest, who gets a token from the gateway")
    if is_blank(name):
        raise UsedWrongly("the name has no visible character")


def _admin_secret(found: Settings) -> str:
    if found.admin_secret is None and (found.data / "secrets.json").exists():
        return secrets_of(found.data).admin
    return found.needed("admin_secret")


async def _site_keys(found: Settings, site: str) -> SiteKeys:
    async with deployment(found) as opened:
        sites = partial(site_of, RedisLog(opened))
        keys = await Keyring(opened.calls, opened.keys, sites=sites).read(site)
    if keys is None:
        raise Failed(f"There is no site {site}")
    if not keys.secrets:
        raise Failed(f"The tokens of site {site} are signed with a JWKS: only the publication has the signing key")
    return keys


def _signed(claims: dict[str, Any], key: OctKey) -> str:
    return jwt.encode({"alg": "HS256"}, claims, key)
