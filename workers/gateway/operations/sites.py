"""Sites: opened and keyed by the operator, their policy changed by admins."""

import warnings
from functools import partial
from typing import Any, Final

import msgspec
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey
from msgspec import UNSET

from core.application.current_state import site_of
from core.application.transact import would_refuse
from core.concurrency import gathered
from core.domain.commands import ChangePolicy, OpenSite, RekeySite
from core.domain.site import Site
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.refusals import BadField, NotFound, SiteExists
from projections.read import cursors
from workers.gateway.auth.keyring import Given
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Reply, json
from workers.gateway.operations.operation import ROOT, Asked, Call, Who
from workers.gateway.operations.services import Services
from workers.gateway.operations.writing import CREATED, OK, acknowledged, carry_out, positioned, still
from workers.gateway.shapes import sites as shapes
from workers.gateway.shapes.common import Position as PositionAnswer
from workers.gateway.shapes.keys import SHORTEST_SECRET, EitherKeys, Jwks, KeysGiven


async def open_site(asked: Asked[NoQuery, shapes.OpenSite]) -> Reply:
    """Open a site: record that it began, then give it the keys.

    In this order the one whose opening is recorded gives the keys: until then others are refused, and change nothing.
    An opening that broke off in between is completed by asking again.
    """
    services, body = asked.services, asked.body
    keyring = services.keyring
    given = _given(services, body.keys, "/keys")
    command = OpenSite(name=body.name, policy=body.policy, keys_kind=given.kind, keys_number=given.number)
    # Asked beforehand, so that what is refused neither gives keys nor records anything.
    refusal = await would_refuse(services.log, command, site=asked.site, caller=asked.caller, folds=services.folds)
    if isinstance(refusal, SiteExists) and await keyring.holds(asked.site, given) is False:
        refusal.extra["errors"].append(_OTHER_KEYS)
    if refusal is not None:
        raise refusal
    if await keyring.open(asked.site, given) is False:
        raise SiteExists(("/keys", _OTHER))
    result = await carry_out(asked, command)
    if not await keyring.open(asked.site, given):
        raise SiteExists(("/keys", _OTHER))
    result = await still(asked, result)
    return acknowledged(
        asked, _answer(asked.site, await _site(asked), result.position, CREATED if result.created else OK), result
    )


async def replace_keys(asked: Asked[NoQuery, EitherKeys]) -> Reply:
    """Record that the keys are replaced, and replace them; in this order nothing is replaced unrecorded."""
    given = _given(asked.services, asked.body, "")
    site = await _site(asked)
    if await asked.services.keyring.holds(asked.site, given):
        return json({"position": str(site.position)})
    command = RekeySite(kind=given.kind, number=given.number, keys_digest=given.digest)
    result = await carry_out(asked, command)
    await asked.services.keyring.write(asked.site, given)
    return positioned(asked, await still(asked, result))


async def list_sites(asked: Asked[shapes.SitesQuery, None]) -> Reply:
    """All sites, by name. Where an opening broke off, a page may be short and still have a cursor."""
    query = asked.query
    mark = cursors.mark("sites", query.limit)
    after = "" if query.cursor is None else cursors.read(query.cursor, mark, cursors.SITE)[0]
    names = sorted(name for name in await asked.services.keyring.names.all() if name > after)
    some = names[: query.limit]
    sites = await gathered([partial(_site_or_none, asked, name) for name in some])
    told = [_told(name, site, site.policy_at) for name, site in zip(some, sites, strict=True) if site is not None]
    following = cursors.write(mark, some[-1]) if len(names) > len(some) else None
    return json({"sites": told, "next": following})


async def read_site(asked: Asked[NoQuery, None]) -> Reply:
    """The site and its policy."""
    site = await _site(asked)
    return _answer(asked.site, site, site.policy_at)


async def change_policy(asked: Asked[NoQuery, PolicyChanges]) -> Reply:
    """Change fields of the policy; the others stay."""
    result = await carry_out(asked, ChangePolicy(changes=asked.body))
    return acknowledged(asked, _answer(asked.site, await _site(asked), result.position), result)


async def _site(asked: Asked[Any, Any]) -> Site:
    return await site_of(asked.services.log, asked.site, folds=asked.services.folds)


async def _site_or_none(asked: Asked[Any, Any], name: str) -> Site | None:
    try:
        return await site_of(asked.services.log, name, folds=asked.services.folds)
    except NotFound:
        return None


def _answer(name: str, site: Site, position: Position | None, status: int = OK) -> Reply:
    return json(_told(name, site, position), status)


def _told(name: str, site: Site, position: Position | None) -> dict[str, Any]:
    return {"site": name, "name": site.name, "policy": site.policy, "position": str(position)}


def _given(services: Services, keys: KeysGiven, pointer: str) -> Given:
    """Keys as they are kept. Raises BadField for what is no key of a site."""
    if keys.hs256 is not UNSET and keys.jwks is UNSET:
        for number, secret in enumerate(keys.hs256):
            _check_secret(secret, f"{pointer}/hs256/{number}")
            if services.operators.signs_with(secret):
                # Whoever signs the tokens of that site would be the operator of all.
                raise BadField(f"{pointer}/hs256/{number}", "a site has a secret of its own")
        return Given("hs256", len(keys.hs256), msgspec.json.encode(keys.hs256))
    if keys.jwks is not UNSET and keys.hs256 is UNSET:
        number = len(keys.jwks.keys) if isinstance(keys.jwks, Jwks) else 1
        return Given("jwks", number, msgspec.json.encode(keys.jwks))
    raise BadField(pointer, "keys are either hs256 or jwks")


def _check_secret(secret: str, pointer: str) -> None:
    if len(secret.encode()) < SHORTEST_SECRET:
        raise BadField(pointer, f"a secret has at least {SHORTEST_SECRET} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)
            OctKey.import_key(secret.encode())
    except (ValueError, SecurityWarning):
        raise BadField(pointer, "this is a public key or a certificate, and no secret") from None


_OTHER: Final = "it was opened with other keys, or they were replaced since"
_OTHER_KEYS: Final = {"pointer": "/keys", "detail": _OTHER}
_SITE: Final = {
    "site": "unherd",
    "name": "UnHerd",
    "policy": msgspec.to_builtins(Policy()),
    "position": "1698570000000-1",
}
_KEYS: Final = {"hs256": ["0123456789abcdef0123456789abcdef"]}
_THEME: Final = "Sites"
ALL: Final = "/v1/sites"

CALLS: Final = (
    Call(
        name="listSites",
        method="GET",
        path=ALL,
        who=Who.OPERATOR,
        theme=_THEME,
        summary="List all sites with their policies, by name",
        detail="Never their keys.",
        handler=list_sites,
        query=shapes.SitesQuery,
        answer=shapes.SiteList,
        example={"sites": [_SITE], "next": None},
        problems=("bad-cursor",),
    ),
    Call(
        name="openSite",
        method="PUT",
        path=ROOT,
        who=Who.OPERATOR,
        theme=_THEME,
        summary="Open a site",
        detail="Asked again alike it answers 200, otherwise 409, which says in `errors` what differs.",
        handler=open_site,
        body=shapes.OpenSite,
        given={"name": "UnHerd", "keys": _KEYS},
        answer=shapes.SiteAnswer,
        example=_SITE,
        statuses=(201, 200),
        problems=("site-exists",),
    ),
    Call(
        name="replaceKeys",
        method="PUT",
        path=f"{ROOT}/keys",
        who=Who.OPERATOR,
        theme=_THEME,
        summary="Replace the keys of a site",
        detail="From the next request on no other key signs its tokens. Give the old and the new secret to rotate.",
        handler=replace_keys,
        body=EitherKeys,
        given=_KEYS,
        answer=PositionAnswer,
        example={"position": "1698570000000-2"},
    ),
    Call(
        name="readSite",
        method="GET",
        path=ROOT,
        who=Who.ADMIN_OR_OPERATOR,
        door="admin",
        theme=_THEME,
        summary="Read a site and its policy, never its keys",
        handler=read_site,
        answer=shapes.SiteAnswer,
        example=_SITE,
        problems=("not-allowed",),
    ),
    Call(
        name="changePolicy",
        method="PATCH",
        path=f"{ROOT}/policy",
        who=Who.ADMIN,
        theme=_THEME,
        summary="Change the policy of a site",
        detail="Fields that are left out stay as they are.",
        handler=change_policy,
        body=PolicyChanges,
        given={"premoderation": "links"},
        answer=shapes.SiteAnswer,
        example=_SITE,
        problems=("not-allowed", "suspended"),
    ),
)
