"""Sites: opened and given keys by the operator, their policy changed by admins."""

import warnings
from functools import partial
from typing import Any, Final

import msgspec
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey
from msgspec import UNSET

from core.application.current_state import site_of, site_then
from core.application.transact import would_refuse
from core.concurrency import gathered
from core.domain.origins import normalised
from core.domain.site import ChangePolicy, OpenSite, RekeySite, Site
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.refusals import BadField, NotAllowed, NotFound, NotYetOpened, SiteExists
from projections.read import cursors
from projections.read.queries import ListQuery
from workers.gateway.auth.keyring import KeySet
from workers.gateway.auth.public_keys import MalformedKey, usable_key
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.reading import moment_of
from workers.gateway.operations.services import Services
from workers.gateway.operations.writing import CREATED, OK, acknowledged, execute, position_response, with_durability
from workers.gateway.shapes import sites as shapes
from workers.gateway.shapes.common import Position as PositionAnswer
from workers.gateway.shapes.site_keys import SHORTEST_SECRET, EitherKeys, Jwks, KeysGiven


async def open_site(request: Request[NoQuery, shapes.OpenSite]) -> Response:
    """Open a site: record the opening, then write the keys.

    In this order, only the caller whose opening is recorded writes keys; until then other callers are refused and
    change nothing. A retry completes an interrupted opening.
    """
    services, body = request.services, request.body
    keyring = services.keyring
    key_set = _given(services, body.keys, "/keys")
    command = OpenSite(name=body.name, policy=body.policy, keys_kind=key_set.kind, keys_number=key_set.number)
    # Checked first, so that a refused request neither writes keys nor records anything.
    refusal = await would_refuse(
        services.log, command, site=request.site, caller=request.caller, cache=services.aggregate_cache
    )
    if isinstance(refusal, SiteExists) and await keyring.holds(request.site, key_set) is False:
        refusal.extra["errors"].append(_OTHER_KEYS)
    if refusal is not None:
        raise refusal
    if await keyring.open(request.site, key_set) is False:
        raise SiteExists(("/keys", _OTHER))
    result = await execute(request, command)
    if not await keyring.open(request.site, key_set):
        raise SiteExists(("/keys", _OTHER))
    result = await with_durability(request, result)
    return acknowledged(
        request, _answer(request.site, await _site(request), result.position, CREATED if result.created else OK), result
    )


async def replace_keys(request: Request[NoQuery, EitherKeys]) -> Response:
    """Replace the keys of a site: record the replacement, then write the keys, so that none is unrecorded."""
    key_set = _given(request.services, request.body, "")
    site = await _site(request)
    if await request.services.keyring.holds(request.site, key_set):
        return json({"position": str(site.position)})
    command = RekeySite(kind=key_set.kind, number=key_set.number, keys_digest=key_set.digest)
    result = await execute(request, command)
    await request.services.keyring.write(request.site, key_set)
    return position_response(request, await with_durability(request, result))


async def list_sites(request: Request[ListQuery, None]) -> Response:
    """All sites, by name. After an interrupted opening a page may be short and still have a cursor."""
    query = request.query
    mark = cursors.mark("sites", query.limit)
    after = "" if query.cursor is None else cursors.read(query.cursor, mark, cursors.SITE)[0]
    names = sorted(name for name in await request.services.keyring.names.all() if name > after)
    page = names[: query.limit]
    sites = await gathered([partial(_site_or_none, request, name) for name in page])
    documents = [
        _document(name, site, site.policy_at) for name, site in zip(page, sites, strict=True) if site is not None
    ]
    following = cursors.write(mark, page[-1]) if len(names) > len(page) else None
    return json({"sites": documents, "next": following})


async def read_site(request: Request[NoQuery, None]) -> Response:
    """The site and its policy."""
    site = await _site(request)
    return _answer(request.site, site, site.policy_at)


async def read_policy(request: Request[shapes.PolicyQuery, None]) -> Response:
    """The policy of the site, now or at a moment."""
    if not request.caller.roles & _READERS:
        raise NotAllowed("this requires the role admin or auditor")
    site = await _site(request)
    at = request.query.at
    if at is not None:
        then = await site_then(request.services.log, request.site, moment_of("/at", at))
        if then is None:
            raise NotYetOpened("the site was not opened yet at that time")
        site = then
    return _answer(request.site, site, site.policy_at)


async def change_policy(request: Request[NoQuery, PolicyChanges]) -> Response:
    """Change fields of the policy; the other fields stay."""
    result = await execute(request, ChangePolicy(changes=request.body))
    return acknowledged(request, _answer(request.site, await _site(request), result.position), result)


async def _site(request: Request[Any, Any]) -> Site:
    return await site_of(request.services.log, request.site, cache=request.services.aggregate_cache)


async def _site_or_none(request: Request[Any, Any], name: str) -> Site | None:
    try:
        return await site_of(request.services.log, name, cache=request.services.aggregate_cache)
    except NotFound:
        return None


def _answer(name: str, site: Site, position: Position | None, status: int = OK) -> Response:
    return json(_document(name, site, position), status)


def _document(name: str, site: Site, position: Position | None) -> dict[str, Any]:
    return {"site": name, "name": site.name, "policy": site.policy, "position": str(position)}


def _given(services: Services, keys: KeysGiven, pointer: str) -> KeySet:
    """The key set to store. Raises BadField for keys that a site cannot have."""
    if keys.hs256 is not UNSET and keys.jwks is UNSET:
        for number, secret in enumerate(keys.hs256):
            _check_secret(secret, f"{pointer}/hs256/{number}")
            if services.operators.signs_with(secret):
                # The holder of the site's secret could sign as operator of all sites.
                raise BadField(
                    f"{pointer}/hs256/{number}", "a site needs a secret of its own, not that of the operator"
                )
        return KeySet("hs256", len(keys.hs256), msgspec.json.encode(keys.hs256))
    if keys.jwks is not UNSET and keys.hs256 is UNSET:
        if isinstance(keys.jwks, Jwks):
            _check_public_keys(keys.jwks, f"{pointer}/jwks/keys")
            return KeySet("jwks", len(keys.jwks.keys), msgspec.json.encode(keys.jwks))
        address = normalised(keys.jwks)
        if address is None:
            raise BadField(f"{pointer}/jwks", "the address must be https, without a user")
        return KeySet("jwks", 1, msgspec.json.encode(address))
    raise BadField(pointer, "keys must be either hs256 or jwks")


def _check_secret(secret: str, pointer: str) -> None:
    if len(secret.encode()) < SHORTEST_SECRET:
        raise BadField(pointer, f"a secret must have at least {SHORTEST_SECRET} bytes")
    if len(set(secret)) == 1:
        raise BadField(pointer, "a secret must not repeat one character: make a random one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)
            OctKey.import_key(secret.encode())
    except (ValueError, SecurityWarning):
        raise BadField(pointer, "this is a public key or a certificate, not a secret") from None


def _check_public_keys(jwks: Jwks, pointer: str) -> None:
    """Raise BadField for a key that is meant to verify tokens and cannot, and for a set without any that can."""
    usable = 0
    for number, jwk in enumerate(jwks.keys):
        try:
            usable += usable_key(jwk) is not None
        except MalformedKey as error:
            raise BadField(f"{pointer}/{number}", str(error)) from None
    if not usable:
        raise BadField(pointer, "no key of the set can verify tokens: RS256, RS512, PS256, ES256 or EdDSA")


_OTHER: Final = "the site was opened with other keys, or its keys have been replaced since"
_OTHER_KEYS: Final = {"pointer": "/keys", "detail": _OTHER}
_SITE: Final = {
    "site": "unherd",
    "name": "UnHerd",
    "policy": msgspec.to_builtins(Policy()),
    "position": "1698570000000-1",
}
_KEYS: Final = {"hs256": ["0123456789abcdef0123456789abcdef"]}
_TAG: Final = "Sites"
_READERS: Final = frozenset({"admin", "auditor"})
ALL: Final = "/v1/sites"

OPERATIONS: Final = (
    Operation(
        name="listSites",
        method="GET",
        path=ALL,
        access=Access.OPERATOR,
        tag=_TAG,
        summary="List all sites with their policies, by name",
        detail="The response never includes keys.",
        handler=list_sites,
        query=ListQuery,
        answer=shapes.SiteList,
        example={"sites": [_SITE], "next": None},
        problems=("bad-cursor",),
    ),
    Operation(
        name="openSite",
        method="PUT",
        path=ROOT,
        access=Access.OPERATOR,
        tag=_TAG,
        summary="Open a site",
        detail="The response to a repeated, identical request is 200. A request with other values gets 409, with the "
        "differences in `errors`.",
        handler=open_site,
        body=shapes.OpenSite,
        request_example={"name": "UnHerd", "keys": _KEYS},
        answer=shapes.SiteAnswer,
        example=_SITE,
        statuses=(201, 200),
        problems=("site-exists", "bad-rule"),
    ),
    Operation(
        name="replaceKeys",
        method="PUT",
        path=f"{ROOT}/keys",
        access=Access.OPERATOR,
        tag=_TAG,
        summary="Replace the keys of a site",
        detail="From the next request on, only tokens signed with these keys are valid. To rotate a secret, send the "
        "old and the new one.",
        handler=replace_keys,
        body=EitherKeys,
        request_example=_KEYS,
        answer=PositionAnswer,
        example={"position": "1698570000000-2"},
    ),
    Operation(
        name="readSite",
        method="GET",
        path=ROOT,
        access=Access.ADMIN_OR_OPERATOR,
        required_role="admin",
        tag=_TAG,
        summary="Read a site and its policy, without its keys",
        handler=read_site,
        answer=shapes.SiteAnswer,
        example=_SITE,
        problems=("not-allowed",),
    ),
    Operation(
        name="readPolicy",
        method="GET",
        path=f"{ROOT}/policy",
        access=Access.ADMIN_OR_AUDITOR,
        tag=_TAG,
        summary="Read the policy of a site, as it is or as it was",
        detail="`position` is that of the event that set the policy: decisions name it as `by_policy`.",
        handler=read_policy,
        query=shapes.PolicyQuery,
        answer=shapes.SiteAnswer,
        example=_SITE,
        problems=("not-allowed", "not-yet-opened"),
    ),
    Operation(
        name="changePolicy",
        method="PATCH",
        path=f"{ROOT}/policy",
        access=Access.ADMIN_OR_OPERATOR,
        required_role="admin",
        tag=_TAG,
        summary="Change the policy of a site",
        detail=(
            "Missing fields keep their values. The change is in force at once, and no feed tells of it. A version that "
            "does not know a rule holds every text: update every gateway before you set a new kind of rule."
        ),
        handler=change_policy,
        body=PolicyChanges,
        request_example={"premoderation": "none", "rules": [{"kind": "links_over", "links": 3}]},
        answer=shapes.SiteAnswer,
        example=_SITE,
        problems=("not-allowed", "suspended", "bad-rule"),
    ),
)
