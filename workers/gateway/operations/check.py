"""The check of one thread: whether what is served of it is what its events say."""

from typing import Final

from core.refusals import NotAllowed
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import THREAD, Access, Operation, Request
from workers.gateway.shapes import check as shapes


async def check_thread(request: Request[NoQuery, None]) -> Response:
    """Compare the served views of a thread with the fold of its log. Raises NotAllowed, NotFound, Unavailable."""
    if not request.caller.sees_all:
        raise NotAllowed("this requires the role moderator or auditor")
    # The slot in the read gate is free for others meanwhile: a check takes long, and has a bound of its own.
    with request.gate.released():
        return json(await request.services.checks.check(request.site, request.thread))


OPERATIONS: Final = (
    Operation(
        name="checkThread",
        method="GET",
        path=f"{THREAD}/check",
        access=Access.STAFF,
        tag="Record",
        summary="Check that what is served of a thread is what its events say",
        detail=(
            "Folds the thread from the log and compares it with the served views. One check runs at a time; its result "
            "is kept until the next event of the thread, at most 60 s."
        ),
        handler=check_thread,
        answer=shapes.Check,
        example={"events": 38, "identical": True, "at": "2023-10-29T11:30:00.000Z", "differs": [], "not_compared": []},
        problems=("not-allowed",),
    ),
)
