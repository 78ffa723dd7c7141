"""What authors and readers do with comments, and how one comment is read."""

from typing import Any, Final

from core import ids
from core.application.current_state import comment_of, policy_of
from core.application.transact import Result
from core.domain import commands
from core.domain.comment import Comment
from core.events.envelope import Recorded
from projections.read.queries import PermalinkThen
from projections.read.revisions import History
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.preconditions import revisions_named
from workers.gateway.http.response import Reply
from workers.gateway.operations.as_of import PAST, answer_then
from workers.gateway.operations.fresh_row import fresh_row
from workers.gateway.operations.operation import COMMENT, THREAD, Asked, Call, Who
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.operations.writing import answered, carry_out, on_comment, written
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import rows


async def read_comment(asked: Asked[shapes.PermalinkQuery, None]) -> Reply:
    """One comment with its replies, and what it hangs under, now or as they were."""
    if asked.query.at is not None:
        return await answer_then(asked, asked.query.at, PermalinkThen(comment=asked.comment))
    await caught_up(asked, asked.query.after)
    views = asked.services.views
    return found(await views.permalink(asked.site, asked.thread, asked.comment, asked.viewer))


async def read_revisions(asked: Asked[shapes.RevisionsQuery, None]) -> Reply:
    """The texts of a comment that the caller may see."""
    query, services = asked.query, asked.services
    await caught_up(asked, query.after)

    async def history() -> History:
        return (await policy_of(services.log, asked.site, asked.thread, folds=services.folds)).history

    answer = await services.views.revisions(
        asked.site,
        asked.thread,
        asked.comment,
        asked.viewer,
        history=history,
        diff=query.diff is not None,
        limit=query.limit,
        cursor=query.cursor,
    )
    return found(answer)


async def post_comment(asked: Asked[NoQuery, shapes.PostComment]) -> Reply:
    """Write a comment. The answer does not wait for the views: its row is made from what was recorded."""
    body = asked.body
    comment = ids.comment_id(asked.site, asked.thread, asked.caller.id, asked.key)
    command = commands.PostComment(
        comment=comment,
        body=body.body,
        parent=body.parent,
        parent_revision=body.parent_revision,
        anchor=body.anchor,
        url=body.url,
        title=body.title,
    )
    result = await carry_out(asked, command, thread=asked.thread)
    location = (b"location", f"{asked.place}/{comment}".encode())
    posted = _posted(result)
    if posted is None:
        return await written(asked, result, comment, location)
    row = fresh_row(posted, result.answered, asked.viewer)
    return answered(asked, row, result, location)


async def edit_comment(asked: Asked[NoQuery, shapes.EditComment]) -> Reply:
    """Write a new revision in view of the latest."""
    command = commands.EditComment(
        comment=asked.comment,
        revision=revisions_named(asked.headers.get(b"if-match")),
        body=asked.body.body,
        reason=asked.body.reason,
    )
    result = await carry_out(asked, command, thread=asked.thread)
    services = asked.services
    # A repeat is answered with the comment as it is now, of which only the log tells what waits.
    comment = result.comment or await comment_of(
        services.log, asked.site, asked.thread, asked.comment, caller=asked.caller, folds=services.folds
    )
    return await written(asked, result, asked.comment, waiting=_waiting(comment))


async def withdraw_comment(asked: Asked[NoQuery, Any]) -> Reply:
    """Take one's own comment back; replies stay."""
    return await on_comment(asked, commands.WithdrawComment(comment=asked.comment))


async def restore_comment(asked: Asked[NoQuery, Any]) -> Reply:
    """Take the withdrawal back."""
    return await on_comment(asked, commands.RestoreComment(comment=asked.comment))


async def vote(asked: Asked[NoQuery, shapes.CastVote]) -> Reply:
    """Set one's own vote. The answer does not wait for the views: the vote is counted on top of what they have."""
    command = commands.Vote(comment=asked.comment, value=asked.body.value, revision=asked.body.revision)
    views = asked.services.views
    # Staff sees more of a row than other readers, and all of it is in the views alone.
    voter = None if asked.viewer.staff else asked.viewer.member
    row_asked = None if voter is None else views.ask_row(asked.site, asked.thread, asked.comment, voter)
    result = await carry_out(asked, command, thread=asked.thread)
    if voter is not None and result.comment is not None and result.earlier is not None:
        # A vote that changes nothing appends nothing. The vote that stands may be one that the views do not have yet.
        recorded = result.recorded[0] if result.recorded else None
        row = await views.voted_row(
            asked.site, asked.thread, asked.comment, row_asked, recorded, result.earlier, result.comment.position
        )
        if row is not None:
            return answered(asked, row, result)
    return await written(asked, result, asked.comment)


async def report(asked: Asked[NoQuery, shapes.FileReport]) -> Reply:
    """Tell the moderators about a comment."""
    body = asked.body
    command = commands.Report(comment=asked.comment, reason=body.reason, note=body.note, revision=body.revision)
    return await on_comment(asked, command)


def _waiting(comment: Comment) -> rows.Waiting | None:
    """What waits of a comment, as its author may know it."""
    revision = comment.waiting
    if revision is None:
        return None
    held_by = (
        rows.HeldBy(kind="rule", name=revision.rule)
        if revision.ruling is None
        else rows.HeldBy(kind="staff", name=None)
    )
    return rows.Waiting(revision=revision.number, held_by=held_by)


def _posted(result: Result) -> Recorded | None:
    """What a post appended for the comment itself; None where it was carried out before."""
    return result.recorded[-1] if result.recorded else None


_THEME: Final = "Comments"
_WRITING: Final = ("not-allowed", "suspended", "idempotency-key-reused")
_WORDS: Final = ("not-entitled", "thread-closed", "thread-archived", "body-empty", "body-too-long")

CALLS: Final = (
    Call(
        name="postComment",
        method="POST",
        path=f"{THREAD}/comments",
        who=Who.CALLER,
        theme=_THEME,
        summary="Write a comment, or a reply",
        detail=(
            "A first comment with `url` and `title` opens its thread, where `url` lies in one of the origins that the "
            "policy names; staff needs none to be named. In a thread that is open, both are passed over. A reply takes "
            "the anchor of its parent, and hangs under the deepest ancestor that the policy allows."
        ),
        handler=post_comment,
        body=shapes.PostComment,
        given={"body": "The Senate never voted on it."},
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
    ),
    Call(
        name="readComment",
        method="GET",
        path=COMMENT,
        who=Who.ANYONE,
        theme=_THEME,
        summary="Read one comment, its ancestors and its replies, now or as they were",
        handler=read_comment,
        query=shapes.PermalinkQuery,
        answer=rows.Permalink,
        example={"thread": rows.EXAMPLE_THREAD, "ancestors": [], "comment": rows.EXAMPLE_ROW},
        problems=PAST,
        caching=Caching.BY_TOKEN,
        past=True,
    ),
    Call(
        name="editComment",
        method="PATCH",
        path=COMMENT,
        who=Who.AUTHOR,
        theme=_THEME,
        summary="Write a new text",
        detail=(
            "The policy judges it again; a held edit leaves what readers see in place, and the answer says with "
            "`waiting` which text waits, and for what."
        ),
        handler=edit_comment,
        body=shapes.EditComment,
        given={"body": "The Senate never voted on it.", "reason": "Spelling"},
        answer=rows.Written,
        example={**rows.EXAMPLE_WRITTEN, "waiting": {"revision": 3, "held_by": {"kind": "rule", "name": "links"}}},
        problems=(*_WRITING, *_WORDS, "edit-window-over", "comment-withdrawn", "stale-revision", "revision-required"),
        keyed=True,
        edits=True,
    ),
    Call(
        name="withdrawComment",
        method="DELETE",
        path=COMMENT,
        who=Who.AUTHOR,
        theme=_THEME,
        summary="Take one's own comment back",
        handler=withdraw_comment,
        answer=rows.Written,
        example={
            **rows.EXAMPLE_WRITTEN,
            "comment": {**rows.EXAMPLE_ROW, "status": "withdrawn", "reason": None},
        },
        problems=("not-allowed", "idempotency-key-reused"),
        keyed=True,
    ),
    Call(
        name="restoreComment",
        method="POST",
        path=f"{COMMENT}/restoration",
        who=Who.AUTHOR,
        theme=_THEME,
        summary="Take a withdrawal back",
        detail="The comment returns to the status it had, or was given meanwhile.",
        handler=restore_comment,
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        problems=(*_WRITING, "thread-closed", "thread-archived"),
        keyed=True,
    ),
    Call(
        name="vote",
        method="PUT",
        path=f"{COMMENT}/vote",
        who=Who.CALLER,
        theme=_THEME,
        summary="Vote on a comment, or take the vote back",
        detail=(
            "Taking a vote back (`value` 0) always passes: where votes are off, in an archived thread, for a suspended "
            "member, and of a comment that is not published any more."
        ),
        handler=vote,
        body=shapes.CastVote,
        given={"value": 1, "revision": 2},
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        problems=(
            *_WRITING,
            "votes-off",
            "own-vote",
            "thread-archived",
            "comment-not-published",
            "stale-revision",
        ),
        keyed=True,
    ),
    Call(
        name="reportComment",
        method="POST",
        path=f"{COMMENT}/reports",
        who=Who.CALLER,
        theme=_THEME,
        summary="Report a comment to the moderators",
        detail="One open report a member and comment: a second one changes nothing and answers 200.",
        handler=report,
        body=shapes.FileReport,
        given={"reason": "abuse", "note": "Calls me names."},
        answer=rows.Written,
        example=rows.EXAMPLE_WRITTEN,
        statuses=(201, 200),
        problems=(*_WRITING, "thread-archived", "comment-not-published", "stale-revision"),
        keyed=True,
    ),
    Call(
        name="readRevisions",
        method="GET",
        path=f"{COMMENT}/revisions",
        who=Who.ANYONE,
        theme=_THEME,
        summary="Read the edit history of a comment, oldest first",
        detail="With the votes that each text had when it was last on the page.",
        handler=read_revisions,
        query=shapes.RevisionsQuery,
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
