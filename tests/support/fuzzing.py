"""Loaded by the generator of requests: what it must not find. See `test_fuzz`."""

from typing import Any, Final

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

from core.domain.policy_fields import NOT_IMPLEMENTED

POLICY: Final = ("banner", "rates", "reasons", "report_reasons", "roles", "trusted_by")
"""Fields of a policy that are checked beyond their schema."""
UNSAYABLE: Final = {
    "/anchor": "an anchor that is there, and that of the parent",
    "/parent_revision": "needs a parent",
    "/title": "has something that can be seen",
    "/name": "has something that can be seen",
    "/quote/exact": "has something that can be seen",
    "/proposal": "goes with a passage that was not found",
    "/proposal/exact": "has something that can be seen",
    "/url": "lies in an origin of the publication",
    "/until": "is not past",
    "/at": "is a time that is not later than now, or a position",
    "/after": "is a position, and excludes at",
    "/around": "is a position, and excludes cursor",
    "/q": "has a letter or a digit",
    "/strip": "excludes what chooses among events",
    "/from": "is a time, or in a thread a position",
    "/to": "is a time, or in a thread a position",
    "/since": "is a time",
    "/spam": "goes with a rejection alone",
    "/reason": "excludes spam",
    "/ground": "is that of the code",
    "/secret": "is one of the shape",
    "/terms": "has a term that can be looked for",
    **{
        f"{under}/{name}": "is a value that this version implements"
        for under in ("", "/policy")
        for name in (*NOT_IMPLEMENTED, "language", "timezone", "rules_url", *POLICY)
    },
}
"""What a field means beyond its schema: well-formed requests may be refused for it."""

BELOW: Final = tuple(f"{under}/{name}/" for under in ("", "/policy") for name in POLICY)
"""Beginnings of pointers to what stands in such a field of a policy."""
UNSAYABLE_BELOW: Final = (
    "/claims/",
    "/policy/claims/",
    "/jwks",
    "/keys/jwks",
    "/hs256/",
    "/keys/hs256/",
    "/terms/",
    *BELOW,
)
"""Claims that there are, keys that verify tokens, secrets and terms that are some, by the beginnings of pointers."""

TAKEN: Final = {401, 403, 404, 409, 412, 413, 414, 422, 428, 431}
"""Statuses of well-formed requests. No schema says how long a whole target or head may be."""


@schemathesis.check
def taken(ctx: CheckContext, response: Response, request: Case[Any]) -> None:
    """What is well-formed is not refused as if it were not."""
    del ctx
    if request.meta is None or request.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    status = response.status_code
    if status == 400:
        told = response.json()
        if told["type"] not in ("/problems/bad-cursor", "/problems/unknown-position"):
            pointers = {error["pointer"] for error in told["errors"]}
            pointers = {pointer for pointer in pointers if not pointer.startswith(UNSAYABLE_BELOW)}
            assert pointers <= UNSAYABLE.keys(), told
    else:
        assert status < 400 or status in TAKEN, response.text
