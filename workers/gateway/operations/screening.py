"""Operations on the screener of a site."""

from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit

from msgspec import UNSET

from core.application.current_state import site_of
from core.domain.origins import normalised
from core.domain.screener_setup import ConfigureScreener, RemoveScreener
from core.refusals import BadField, NotFound, Unavailable
from core.screener import Screener
from core.sealing import Unsealable
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.services import Services
from workers.gateway.operations.writing import execute, position_response, with_durability
from workers.gateway.shapes.common import Position as PositionAnswer
from workers.gateway.shapes.screening import ScreenerGiven, ScreenerShown
from workers.runtime.address_guard import fault_of
from workers.screening_shapes.registry import SHAPES


async def read_screener(request: Request[NoQuery, None]) -> Response:
    """The screener of the site, without its secret."""
    try:
        screener = await request.services.screeners.read(request.site)
    except Unsealable:
        raise Unavailable("the screener was sealed with another key: set it up again") from None
    if screener is None:
        raise NotFound("this site has no screener")
    return json({"url": screener.url, "shape": screener.shape})


async def put_screener(request: Request[NoQuery, ScreenerGiven]) -> Response:
    """Set up the screener of a site: record it, then keep it, so that none is unrecorded."""
    services = request.services
    services.screeners.require_key()
    known = await _known(services, request.site)
    screener = _checked(request.body, known, services)
    if screener == known:
        site = await site_of(services.log, request.site, cache=services.aggregate_cache)
        return json({"position": str(site.position)})
    digest = blake2b(f"{screener.url}\n{screener.secret}".encode(), digest_size=16).hexdigest()
    host = urlsplit(screener.url).hostname or ""
    result = await execute(request, ConfigureScreener(shape=screener.shape, host=host, digest=digest))
    await services.screeners.keep(request.site, screener)
    return position_response(request, await with_durability(request, result))


async def delete_screener(request: Request[NoQuery, None]) -> Response:
    """Take the screener of a site away: record that, then forget it."""
    result = await execute(request, RemoveScreener())
    await request.services.screeners.forget(request.site)
    return position_response(request, await with_durability(request, result))


async def _known(services: Services, site: str) -> Screener | None:
    try:
        return await services.screeners.read(site)
    except Unsealable:
        return None  # sealed with another key: it is set up again


def _checked(given: ScreenerGiven, known: Screener | None, services: Services) -> Screener:
    """The screener to keep. Raises BadField."""
    url = normalised(given.url)
    if url is None:
        raise BadField("/url", "the address must be https, without a user")
    fault = fault_of(url, services.private_hosts)
    if fault is not None:
        raise BadField("/url", fault)
    if given.secret is UNSET:
        if known is None or known.shape != given.shape:
            raise BadField("/secret", "the site has no secret for this shape yet")
        return Screener(url=url, shape=given.shape, secret=known.secret)
    fault = SHAPES[given.shape].fault_of(given.secret)
    if fault is not None:
        raise BadField("/secret", fault)
    return Screener(url=url, shape=given.shape, secret=given.secret)


_SCREENER: Final = ROOT + "/screening"
_TAG: Final = "Sites"
_EXAMPLE: Final = {"url": "https://screener.example/hansard", "shape": "hansard"}

OPERATIONS: Final = (
    Operation(
        name="readScreener",
        method="GET",
        path=_SCREENER,
        access=Access.ADMIN,
        required_role="admin",
        tag=_TAG,
        summary="Read the screener of a site, without its secret",
        handler=read_screener,
        answer=ScreenerShown,
        example=_EXAMPLE,
        problems=("not-allowed",),
    ),
    Operation(
        name="putScreener",
        method="PUT",
        path=_SCREENER,
        access=Access.ADMIN,
        required_role="admin",
        tag=_TAG,
        summary="Set up the screener of a site, or another one",
        detail=(
            "Where the policy has `screening`, the screener is asked about the texts of all but staff. It is not asked "
            "during this call. Texts that wait are asked about at the new address."
        ),
        handler=put_screener,
        body=ScreenerGiven,
        request_example={**_EXAMPLE, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        answer=PositionAnswer,
        example={"position": "1698579000000-42"},
        problems=("not-allowed", "suspended"),
    ),
    Operation(
        name="deleteScreener",
        method="DELETE",
        path=_SCREENER,
        access=Access.ADMIN,
        required_role="admin",
        tag=_TAG,
        summary="Take the screener of a site away",
        detail="Texts that wait for it, and later ones, are then judged as the policy says for a screener that fails.",
        handler=delete_screener,
        answer=PositionAnswer,
        example={"position": "1698579000000-42"},
        problems=("not-allowed", "suspended"),
    ),
)
