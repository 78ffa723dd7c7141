"""Loaded by the generator of requests: what it must not find. See `test_fuzz`."""

from typing import Any, Final

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

from core.domain.policy_fields import NOT_IMPLEMENTED

UNSAYABLE: Final = {
    "/anchor": "an anchor that is there, and that of the parent",
    "/parent_revision": "needs a parent",
    "/title": "has something that can be seen",
    "/name": "has something that can be seen",
    "/quote/exact": "has something that can be seen",
    "/url": "lies in an origin of the publication",
    "/until": "is not past",
    "/at": "is a time that is not later than now, or a position",
    "/after": "is a position, and excludes at",
    "/around": "is a position, and excludes cursor",
    "/q": "has a letter or a digit",
    "/strip": "excludes what chooses among events",
    "/from": "is a time, or in a thread a position",
    "/to": "is a time, or in a thread a position",
    **{
        f"{under}/{name}": "is a value that this version implements"
        for under in ("", "/policy")
        for name in (*NOT_IMPLEMENTED, "comment", "language", "timezone", "rules_url")
    },
}
"""What a field means beyond its schema: well-formed requests may be refused for it."""

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
            assert pointers <= UNSAYABLE.keys(), told
    else:
        assert status < 400 or status in TAKEN, response.text
