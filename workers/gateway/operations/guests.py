"""Guests: tokens for readers without an account, where the policy of the site says so. No account is made."""

from secrets import token_urlsafe
from typing import Final

from core.application.current_state import guest_likeness, site_of
from core.domain.context import LONGEST_NAME
from core.refusals import BadField, NameNotAllowed, NotAllowed, NotFound
from core.text.unicode import one_line
from workers.gateway.auth import tokens
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.shapes import guests as shapes

_RANDOM: Final = 15
"""Random bytes of a guest's id."""


async def take_guest_token(request: Request[NoQuery, shapes.Guest]) -> Response:
    """Sign a token for a new guest, or for the guest that asks."""
    services, site = request.services, request.site
    found = await site_of(services.log, site, cache=services.aggregate_cache)
    if not found.policy.guests:
        raise NotAllowed("this site has no guests")
    name = one_line(request.body.name, LONGEST_NAME)
    if not name:
        raise BadField("/name", "nothing in the name is visible")
    now = services.clock()
    own = "" if request.token is None else request.token.id
    if await guest_likeness(services.log, found, name, own=own, slug=site) is not None:
        raise NameNotAllowed
    guest = await _guest(request)
    key = await services.keyring.guest_key(site)
    if key is None:
        raise NotFound("there is no such site")
    expires = int(now) + tokens.GUEST_VALID_FOR
    return json({"token": tokens.signed_for_guest(key, site, guest, name, expires), "exp": expires})


async def _guest(request: Request[NoQuery, shapes.Guest]) -> str:
    """The id of the guest. Raises NotAllowed for another token than a guest's, RateExceeded."""
    if request.token is not None:
        if not tokens.is_own_guest(request.token):
            raise NotAllowed("only a guest with a token of this call may ask for the next one")
        return request.token.id
    await request.services.rates.take_guest(request.site, request.network)
    return tokens.GUEST + token_urlsafe(_RANDOM)


OPERATIONS: Final = (
    Operation(
        name="takeGuestToken",
        method="POST",
        path=f"{ROOT}/guests",
        access=Access.ANYONE,
        tag="Guests",
        summary="Get a token for a guest",
        detail=(
            "Where the policy says `guests`. The token is valid for 24 hours, is of the kind `guest`, and has no "
            "roles, badges or entitlements. With a valid token of this call, the response is for the same guest, whose "
            "name may change. No account is made and no address is kept. New guests are limited per site, and per "
            "network where the operator has set the trusted proxies. A name that looks like that of staff, or is "
            "reserved, is refused."
        ),
        handler=take_guest_token,
        body=shapes.Guest,
        request_example={"name": "A reader"},
        answer=shapes.GuestToken,
        example={"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "exp": 1698665400},
        problems=("not-allowed", "name-not-allowed"),
    ),
)
