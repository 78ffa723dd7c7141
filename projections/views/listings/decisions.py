"""Decisions of moderators by their position.

`<ms> <n> <thread> <comment> <revision> <verdict> <by> <author> <since>`: the comment had been in the moderation queue
since `since`, in milliseconds since 1970; `*` if it was not in it.
"""

from typing import Final, NamedTuple

from core.position import Position
from projections.thread.state import CommentState, DecisionMark
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Members,
    fourth_word,
    position_text,
    third_word,
)
from projections.views.listings.queue import NOBODY


class ListedDecision(NamedTuple):
    """A member of the listing."""

    position: Position
    thread: str
    comment: str
    revision: int
    verdict: str
    by: str
    author: str
    since: int | None


def _of_comment(comment: CommentState, thread: str) -> Members:
    return tuple((_member(mark, comment, thread), 0) for mark in comment.decisions)


def _member(mark: DecisionMark, comment: CommentState, thread: str) -> str:
    place = position_text(mark.position.ms, mark.position.n)
    since = NOBODY if mark.since is None else mark.since.ms
    return f"{place} {thread} {comment.id} {mark.revision} {mark.verdict} {mark.by} {comment.author.id} {since}"


def decision_of(member: str) -> ListedDecision:
    """Parse a member."""
    ms, n, thread, comment, revision, verdict, by, author, since = member.split(" ")
    return ListedDecision(
        position=Position(int(ms), int(n)),
        thread=thread,
        comment=comment,
        revision=int(revision),
        verdict=verdict,
        by=by,
        author=author,
        since=None if since == NOBODY else int(since),
    )


DECISIONS: Final = CommentListing(
    "decisions",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
