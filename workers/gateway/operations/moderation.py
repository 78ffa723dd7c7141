"""Operations of moderators on comments besides decisions: redaction, picks and pins."""

from typing import Any, Final

from core.domain.moderation import FeatureComment, PinComment, RedactRevision
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response
from workers.gateway.operations.operation import COMMENT, Access, Operation, Request
from workers.gateway.operations.writing import on_comment
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import rows


async def redact(request: Request[NoQuery, shapes.Redact]) -> Response:
    """Destroy one text."""
    revision = int(request.path["revision"])
    command = RedactRevision(comment=request.comment, revision=revision, reason=request.body.reason)
    return await on_comment(request, command)


async def feature(request: Request[NoQuery, Any]) -> Response:
    """Make a comment an editors' pick."""
    return await on_comment(request, FeatureComment(comment=request.comment, featured=True))


async def unfeature(request: Request[NoQuery, Any]) -> Response:
    """Remove a comment from the editors' picks."""
    return await on_comment(request, FeatureComment(comment=request.comment, featured=False))


async def pin(request: Request[NoQuery, Any]) -> Response:
    """Pin a comment."""
    return await on_comment(request, PinComment(comment=request.comment, pinned=True))


async def unpin(request: Request[NoQuery, Any]) -> Response:
    """Undo the pinning of a comment."""
    return await on_comment(request, PinComment(comment=request.comment, pinned=False))


TAG: Final = "Moderation"
MODERATION: Final = ("not-allowed", "suspended", "idempotency-key-reused")
STAFF_ROW: Final = {
    **rows.EXAMPLE_ROW,
    "reason": None,
    "moderation": {
        "reason": None,
        "code": None,
        "ground": None,
        "spam": False,
        "note": "Checked with the desk.",
        "rule": None,
        "match": None,
        "by": "u-2",
        "at": "2023-10-29T11:35:00.000Z",
    },
}
WRITTEN: Final = {"position": "1698579300000-43", "comment": STAFF_ROW}

OPERATIONS: Final = (
    Operation(
        name="redact",
        method="PUT",
        path=COMMENT + "/revisions/{revision}/redaction",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Redact one text permanently; the row stays",
        handler=redact,
        body=shapes.Redact,
        request_example={"reason": "Names a minor."},
        answer=rows.Written,
        example=WRITTEN,
        problems=(*MODERATION, "revision-published"),
        keyed=True,
    ),
    Operation(
        name="feature",
        method="PUT",
        path=f"{COMMENT}/featured",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Make a comment an editors' pick",
        handler=feature,
        answer=rows.Written,
        example={**WRITTEN, "comment": {**STAFF_ROW, "featured": True}},
        problems=(*MODERATION, "comment-not-published"),
        keyed=True,
    ),
    Operation(
        name="unfeature",
        method="DELETE",
        path=f"{COMMENT}/featured",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Remove a comment from the editors' picks",
        handler=unfeature,
        answer=rows.Written,
        example=WRITTEN,
        problems=MODERATION,
        keyed=True,
    ),
    Operation(
        name="pin",
        method="PUT",
        path=f"{COMMENT}/pinned",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Pin a top-level comment: it comes first on the page",
        detail=(
            "One comment of a thread is pinned: another takes its place. It comes first on the first page in every "
            "order. While it is not published, it is not shown."
        ),
        handler=pin,
        answer=rows.Written,
        example={**WRITTEN, "comment": {**STAFF_ROW, "pinned": True}},
        problems=(*MODERATION, "not-top-level", "comment-not-published"),
        keyed=True,
    ),
    Operation(
        name="unpin",
        method="DELETE",
        path=f"{COMMENT}/pinned",
        access=Access.MODERATOR,
        tag=TAG,
        summary="Undo the pinning of a comment",
        handler=unpin,
        answer=rows.Written,
        example=WRITTEN,
        problems=MODERATION,
        keyed=True,
    ),
)
