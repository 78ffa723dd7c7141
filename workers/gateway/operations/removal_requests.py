"""Operations on removal requests: an author asks that a superseded text be removed, or the request ends."""

from typing import Any, Final

from core.domain.removal import EndRemovalRequest, RequestRemoval
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response
from workers.gateway.operations.operation import COMMENT, Access, Operation, Request
from workers.gateway.operations.writing import on_comment
from workers.gateway.shapes import rows


async def request_removal(request: Request[NoQuery, Any]) -> Response:
    """Ask that a superseded text be removed."""
    return await on_comment(request, RequestRemoval(comment=request.comment, revision=_revision(request)))


async def end_removal_request(request: Request[NoQuery, Any]) -> Response:
    """Take a removal request back, or refuse the removal."""
    return await on_comment(request, EndRemovalRequest(comment=request.comment, revision=_revision(request)))


def _revision(request: Request[Any, Any]) -> int:
    return int(request.path["revision"])


_PATH: Final = COMMENT + "/revisions/{revision}/removal-request"
_TAG: Final = "Comments"

OPERATIONS: Final = (
    Operation(
        name="requestRemoval",
        method="POST",
        path=_PATH,
        access=Access.AUTHOR,
        tag=_TAG,
        summary="Ask that a superseded text of one's own comment be removed",
        detail="From then on, only its author and staff find the text, and the request waits in the moderation queue "
        "(`state=removal`). A redaction grants it.",
        handler=request_removal,
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        problems=("not-allowed", "revision-published", "revision-redacted", "idempotency-key-reused"),
        keyed=True,
        rate="reports",
    ),
    Operation(
        name="endRemovalRequest",
        method="DELETE",
        path=_PATH,
        access=Access.AUTHOR_OR_MODERATOR,
        tag=_TAG,
        summary="Take a removal request back, or refuse the removal",
        detail="Its author takes the request back; a moderator refuses it. Everyone finds the text again.",
        handler=end_removal_request,
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        problems=("not-allowed", "suspended", "idempotency-key-reused"),
        keyed=True,
    ),
)
