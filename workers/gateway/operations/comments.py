"""Operations of authors and readers on comments, and the read of one comment."""

from typing import Any, Final

import msgspec

from core import ids
from core.application.current_state import comment_of, policy_of
from core.application.transact import Result
from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.comment import Comment
from core.domain.report import FileReport
from core.domain.vote import CastVote
from core.events.envelope import Recorded
from projections.read.comments import permalink
from projections.read.overlay import held_by
from projections.read.queries import PermalinkThen
from projections.read.revisions import History, revisions
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.preconditions import revisions_named
from workers.gateway.http.response import Response
from workers.gateway.operations.as_of import PAST, answer_then
from workers.gateway.operations.fresh_row import fresh_row
from workers.gateway.operations.operation import COMMENT, THREAD, Access, Operation, Request
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.operations.writing import comment_response, execute, on_comment, row_response
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import rows


async def read_comment(request: Request[shapes.PermalinkQuery, None]) -> Response:
    """Read one comment with its replies and ancestors, now or in the past."""
    if request.query.at is not None:
        return await answer_then(request, request.query.at, PermalinkThen(comment=request.comment))
    await caught_up(request, request.query.after)
    served = request.services.served
    return found(await permalink(served, request.site, request.thread, request.comment, request.viewer))


async def read_revisions(request: Request[shapes.RevisionsParameters, None]) -> Response:
    """Texts of a comment that the caller may see."""
    query, services = request.query, request.services
    await caught_up(request, query.after)

    async def history() -> History:
        return (await policy_of(services.log, request.site, request.thread, cache=services.aggregate_cache)).history

    return found(
        await revisions(services.served, request.site, request.thread, request.comment, request.viewer, history, query)
    )


async def post_comment(request: Request[NoQuery, shapes.PostComment]) -> Response:
    """Post a comment. The response does not wait for the views: its row is built from the recorded event."""
    body = request.body
    comment = ids.comment_id(request.site, request.thread, request.caller.id, request.key)
    command = PostComment(
        comment=comment,
        body=body.body,
        parent=body.parent,
        parent_revision=body.parent_revision,
        anchor=body.anchor,
        url=body.url,
        title=body.title,
    )
    result = await execute(request, command, thread=request.thread)
    location = (b"location", f"{request.place}/{comment}".encode())
    posted = _posted(result)
    if posted is None:
        return await comment_response(request, result, comment, location)
    row = fresh_row(posted, result.answered, request.viewer)
    return row_response(request, row, result, location)


async def edit_comment(request: Request[NoQuery, shapes.EditComment]) -> Response:
    """Add a revision to a comment, given the latest one."""
    command = EditComment(
        comment=request.comment,
        revision=revisions_named(request.headers.get(b"if-match")),
        body=request.body.body,
        reason=request.body.reason,
    )
    result = await execute(request, command, thread=request.thread)
    services = request.services
    # A repeat gets the comment as it is now; only the log has its waiting revision.
    comment = result.comment or await comment_of(
        services.log,
        request.site,
        request.thread,
        request.comment,
        caller=request.caller,
        cache=services.aggregate_cache,
    )
    return await comment_response(request, result, request.comment, waiting=_waiting(comment))


async def withdraw_comment(request: Request[NoQuery, Any]) -> Response:
    """Withdraw the caller's own comment. Its replies stay."""
    return await on_comment(request, WithdrawComment(comment=request.comment))


async def restore_comment(request: Request[NoQuery, Any]) -> Response:
    """Restore the caller's withdrawn comment."""
    return await on_comment(request, RestoreComment(comment=request.comment))


async def vote(request: Request[NoQuery, shapes.CastVote]) -> Response:
    """Set the caller's vote. The response does not wait for the views: the vote is added to their tally."""
    command = CastVote(comment=request.comment, value=request.body.value, revision=request.body.revision)
    rows_now = request.services.current_rows
    # A row for staff has more fields, and only the views have all of them.
    voter = None if request.viewer.staff else request.viewer.member
    row_asked = None if voter is None else rows_now.ask(request.site, request.thread, request.comment, voter)
    result = await execute(request, command, thread=request.thread)
    if voter is not None and result.comment is not None and result.earlier is not None:
        # A vote that changes nothing appends nothing, and the standing vote may not be in the views yet.
        recorded = result.recorded[0] if result.recorded else None
        row = await rows_now.voted(
            request.site, request.thread, request.comment, row_asked, recorded, result.earlier, result.comment.position
        )
        if row is not None:
            return row_response(request, row, result)
    return await comment_response(request, result, request.comment)


async def report(request: Request[NoQuery, shapes.FileReport]) -> Response:
    """Report a comment to the moderators."""
    body = request.body
    command = FileReport(comment=request.comment, reason=body.reason, note=body.note, revision=body.revision)
    return await on_comment(request, command)


def _waiting(comment: Comment) -> rows.Waiting | None:
    """The waiting revision of a comment, as its author may know it."""
    text = comment.waiting
    if text is None:
        return None
    return rows.Waiting(revision=comment.latest, held_by=msgspec.convert(held_by(text), rows.HeldBy))


def _posted(result: Result) -> Recorded | None:
    """The event that a post appended for the comment itself; None if the command was a repeat."""
    return result.recorded[-1] if result.recorded else None


_TAG: Final = "Comments"
_WRITING: Final = ("not-allowed", "suspended", "idempotency-key-reused")
_WORDS: Final = ("not-entitled", "warning-open", "thread-closed", "thread-archived", "body-empty", "body-too-long")

OPERATIONS: Final = (
    Operation(
        name="postComment",
        method="POST",
        path=f"{THREAD}/comments",
        access=Access.CALLER,
        tag=_TAG,
        summary="Post a comment or a reply",
        detail=(
            "A first comment with `url` and `title` opens its thread if `url` is in one of the origins that the policy "
            "lists. If the policy lists none, only staff can open threads. In an open thread, both fields are ignored. "
            "A reply has the anchor of its parent, and is attached to the deepest ancestor that the policy allows."
        ),
        handler=post_comment,
        body=shapes.PostComment,
        request_example={"body": "The Senate never voted on it."},
        answer=rows.Written,
        example={**rows.EXAMPLE_WRITTEN, "comment": {**rows.EXAMPLE_ROW, "revision": 1, "edited": None}},
        statuses=(201,),
        problems=(
            *_WRITING,
            *_WORDS,
            "thread-not-opened",
            "url-not-allowed",
            "anchor-closed",
            "parent-not-published",
            "stale-revision",
            "unknown-parent",
        ),
        keyed=True,
        rate="posts",
    ),
    Operation(
        name="readComment",
        method="GET",
        path=COMMENT,
        access=Access.ANYONE,
        tag=_TAG,
        summary="Read one comment, its ancestors and its replies, now or in the past",
        handler=read_comment,
        query=shapes.PermalinkQuery,
        answer=rows.Permalink,
        example={"thread": rows.EXAMPLE_THREAD, "ancestors": [], "comment": rows.EXAMPLE_ROW},
        problems=PAST,
        caching=Caching.BY_TOKEN,
        past=True,
    ),
    Operation(
        name="editComment",
        method="PATCH",
        path=COMMENT,
        access=Access.AUTHOR,
        tag=_TAG,
        summary="Edit a comment",
        detail=(
            "The policy is applied to the new text. If it holds the edit, readers still see the previous text, and "
            "`waiting` in the response says which revision waits, and why."
        ),
        handler=edit_comment,
        body=shapes.EditComment,
        request_example={"body": "The Senate never voted on it.", "reason": "Spelling"},
        answer=rows.Written,
        example={**rows.EXAMPLE_WRITTEN, "waiting": {"revision": 3, "held_by": {"kind": "rule", "name": "links"}}},
        problems=(*_WRITING, *_WORDS, "edit-window-over", "comment-withdrawn", "stale-revision", "revision-required"),
        keyed=True,
        rate="posts",
        edits=True,
    ),
    Operation(
        name="withdrawComment",
        method="DELETE",
        path=COMMENT,
        access=Access.AUTHOR,
        tag=_TAG,
        summary="Withdraw a comment",
        handler=withdraw_comment,
        answer=rows.Written,
        example={
            **rows.EXAMPLE_WRITTEN,
            "comment": {**rows.EXAMPLE_ROW, "status": "withdrawn", "reason": None},
        },
        problems=("not-allowed", "idempotency-key-reused"),
        keyed=True,
    ),
    Operation(
        name="restoreComment",
        method="POST",
        path=f"{COMMENT}/restoration",
        access=Access.AUTHOR,
        tag=_TAG,
        summary="Restore a withdrawn comment",
        detail="The comment returns to the status it had before, or to the one that it has been given since.",
        handler=restore_comment,
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        problems=(*_WRITING, "thread-closed", "thread-archived"),
        keyed=True,
        rate="posts",
    ),
    Operation(
        name="vote",
        method="PUT",
        path=f"{COMMENT}/vote",
        access=Access.CALLER,
        tag=_TAG,
        summary="Vote on a comment, or retract the vote",
        detail=(
            "Retracting a vote (`value` 0) is always allowed: if voting is disabled, if the thread is archived, if the "
            "member is suspended, and if the comment is no longer published. A vote that a moderator voided can only "
            "be retracted (403 `vote-voided`)."
        ),
        handler=vote,
        body=shapes.CastVote,
        request_example={"value": 1, "revision": 2},
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        problems=(
            *_WRITING,
            "votes-off",
            "own-vote",
            "vote-voided",
            "thread-archived",
            "comment-not-published",
            "stale-revision",
        ),
        keyed=True,
        rate="votes",
    ),
    Operation(
        name="reportComment",
        method="POST",
        path=f"{COMMENT}/reports",
        access=Access.CALLER,
        tag=_TAG,
        summary="Report a comment to the moderators",
        detail="One open report per member and comment: a second one changes nothing, and the response is 200.",
        handler=report,
        body=shapes.FileReport,
        request_example={"reason": "abuse", "note": "Calls me names."},
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        statuses=(201, 200),
        problems=(*_WRITING, "not-entitled", "thread-archived", "comment-not-published", "stale-revision"),
        keyed=True,
        rate="reports",
    ),
    Operation(
        name="readRevisions",
        method="GET",
        path=f"{COMMENT}/revisions",
        access=Access.ANYONE,
        tag=_TAG,
        summary="Read the edit history of a comment, oldest first",
        detail="Includes the votes that each text had when it was last on the page.",
        handler=read_revisions,
        query=shapes.RevisionsParameters,
        answer=shapes.Revisions,
        example={
            "comment": rows.EXAMPLE_ROW["id"],
            "revisions": [
                {
                    "revision": 2,
                    "at": "2023-10-29T11:31:00.000Z",
                    "by": {"name": "Sayantani"},
                    "status": "published",
                    "body": "The Senate never voted on it.",
                    "html": "<p>The Senate never voted on it.</p>",
                    "votes_then": {"up": 9, "down": 2},
                    "diff": [["=", "The "], ["-", "Senat"], ["+", "Senate"], ["=", " never voted on it."]],
                }
            ],
            "next": None,
        },
        problems=("bad-cursor", "unknown-position"),
        caching=Caching.BY_TOKEN,
    ),
)
